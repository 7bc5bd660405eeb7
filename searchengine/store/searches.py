"""The queries that are remembered, with what a person said of the photos in their answers.

A query is kept while it is saved, has marks, or an album or a concept refers to it. Lines are written here as they are
given: in the query language's own form, so that one question is known by one line.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, delete, exists, func, insert, select, update

from searchengine.store.connections import Connections
from searchengine.store.schema import AlbumRow, ConceptRow, MarkRow, PhotoLabelRow, ProbeRow, SearchRow
from searchengine.store.sqlite import insert_new


@dataclass(frozen=True, slots=True)
class Search:
    """A query that is remembered."""

    id: int
    line: str
    saved: bool  # because a person said so
    good: tuple[int, ...] = ()  # photos that were said to fit, ascending
    bad: tuple[int, ...] = ()  # photos that were said not to


class Searches:
    """The tables of searches and of marks."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def all(self) -> list[Search]:
        """Every query that is remembered, by line."""
        return self._found()

    def of(self, line: str) -> Search | None:
        """What is remembered of a query."""
        return next(iter(self._found(SearchRow.line == line)), None)

    def remember(self, line: str) -> int:
        """See that a query is remembered, and return its id; what is known of it stays."""
        writer = self._connections.writer
        insert_new(writer, SearchRow, [{"line": line, "saved": False}])
        return writer.scalars(select(SearchRow.id).where(SearchRow.line == line)).one()

    def save(self, line: str, *, saved: bool = True) -> None:
        """Keep a query because a person said so, or no longer."""
        writer = self._connections.writer
        writer.execute(update(SearchRow).where(SearchRow.id == self.remember(line)).values(saved=saved))
        self.tidy()

    def rewrite(self, search_id: int, line: str) -> None:
        """Know a query by another line, which isn't remembered yet, with all that is known of it."""
        self._connections.writer.execute(update(SearchRow).where(SearchRow.id == search_id).values(line=line))

    def mark(self, line: str, good: Iterable[int], bad: Iterable[int]) -> None:
        """Note what a person said of photos in the answer to a query; what they said before holds for the others."""
        writer = self._connections.writer
        search_id = self.remember(line)
        last = writer.scalar(select(func.max(MarkRow.turn)).where(MarkRow.search_id == search_id)) or 0
        said = {**dict.fromkeys(good, True), **dict.fromkeys(bad, False)}
        rows = [
            {"search_id": search_id, "photo_id": photo_id, "turn": last + 1, "good": fits}
            for photo_id, fits in said.items()
        ]
        if rows:
            writer.execute(insert(MarkRow), rows)
            self._unlearn(search_id)

    def undo(self, line: str) -> bool:
        """Take back what was said last, so that what was said before holds; False if nothing was."""
        last = select(func.max(MarkRow.turn)).where(MarkRow.search_id == _id_of(line).scalar_subquery())
        return self._take_back(line, MarkRow.turn == last.scalar_subquery())

    def forget(self, line: str) -> bool:
        """Take back all that was said of a query's answer; False if nothing was."""
        return self._take_back(line)

    def tidy(self) -> None:
        """Drop the queries that there is no reason left to keep."""
        referred = (
            exists(select(table.search_id).where(table.search_id == SearchRow.id))
            for table in (MarkRow, ConceptRow, AlbumRow)
        )
        self._connections.writer.execute(delete(SearchRow).where(~SearchRow.saved, *(~each for each in referred)))

    def _take_back(self, line: str, *which: ColumnElement[bool]) -> bool:
        writer = self._connections.writer
        search_id = writer.scalar(_id_of(line))
        if search_id is None:
            return False
        taken = writer.execute(delete(MarkRow).where(MarkRow.search_id == search_id, *which)).rowcount
        if taken:
            self._unlearn(search_id)
            self.tidy()
        return taken > 0

    def _unlearn(self, search_id: int) -> None:
        """What follows from the marks must be learnt anew."""
        concepts = select(ConceptRow.label_id).where(ConceptRow.search_id == search_id)
        for table in (ProbeRow, PhotoLabelRow):
            self._connections.writer.execute(delete(table).where(table.label_id.in_(concepts)))

    def _found(self, *which: ColumnElement[bool]) -> list[Search]:
        query = (
            select(SearchRow.id, SearchRow.line, SearchRow.saved, MarkRow.photo_id, MarkRow.good)
            .join(MarkRow, MarkRow.search_id == SearchRow.id, isouter=True)
            .where(*which)
            .order_by(SearchRow.line, MarkRow.photo_id, MarkRow.turn)
        )
        searches: dict[int, Search] = {}
        marks: dict[int, dict[int, bool]] = {}
        with self._connections.reading() as connection:
            for search_id, line, saved, photo_id, good in connection.execute(query):
                searches[search_id] = Search(search_id, line, saved)
                if photo_id is not None:
                    marks.setdefault(search_id, {})[photo_id] = good  # the newest turn comes last
        return [_with_marks(search, marks.get(search.id, {})) for search in searches.values()]


def _id_of(line: str) -> Select[int]:
    return select(SearchRow.id).where(SearchRow.line == line)


def _with_marks(search: Search, marks: dict[int, bool]) -> Search:
    good, bad = (tuple(photo for photo, fits in marks.items() if fits is wanted) for wanted in (True, False))
    return Search(search.id, search.line, search.saved, good, bad)
