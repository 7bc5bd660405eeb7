"""The concepts: labels that follow from the marks on a query. What each model learns of one lies among the probes."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import delete, select

from searchengine.store.connections import Connections
from searchengine.store.schema import ConceptRow, LabelRow, MarkRow, PhotoLabelRow, ProbeRow, SearchRow
from searchengine.store.sqlite import upsert

CONCEPT = "concept"
"""The source of labels that follow from marks on a query."""


@dataclass(frozen=True, slots=True)
class Concept:
    """A label and the query whose marks it follows from."""

    label_id: int
    name: str
    line: str


class Concepts:
    """The table of concepts."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def all(self) -> list[Concept]:
        """Every concept, by name."""
        query = (
            select(ConceptRow.label_id, LabelRow.name, SearchRow.line)
            .join(LabelRow, LabelRow.id == ConceptRow.label_id)
            .join(SearchRow, SearchRow.id == ConceptRow.search_id)
            .order_by(LabelRow.name)
        )
        with self._connections.reading() as connection:
            return [Concept(*row) for row in connection.execute(query)]

    def make(self, label_id: int, search_id: int) -> None:
        """This label follows from the marks on this query from now on; what was learnt from others is forgotten."""
        for table in (ProbeRow, PhotoLabelRow):
            self._connections.writer.execute(delete(table).where(table.label_id == label_id))
        upsert(self._connections.writer, ConceptRow, [{"label_id": label_id, "search_id": search_id}], "label_id")

    def said(self) -> dict[int, dict[int, bool]]:
        """By concept the photos that were marked, and whether they fit; the newest mark holds."""
        query = (
            select(ConceptRow.label_id, MarkRow.photo_id, MarkRow.good)
            .join(MarkRow, MarkRow.search_id == ConceptRow.search_id)
            .order_by(MarkRow.turn)
        )
        found: dict[int, dict[int, bool]] = {}
        with self._connections.reading() as connection:
            for label_id, photo_id, good in connection.execute(query):
                found.setdefault(label_id, {})[photo_id] = good
        return found

    def unlearnt(self, model_id: int) -> list[Concept]:
        """The concepts that a model hasn't learnt since their marks last changed."""
        query = select(ProbeRow.label_id).where(ProbeRow.model_id == model_id)
        with self._connections.reading() as connection:
            learnt = set(connection.scalars(query))
        return [concept for concept in self.all() if concept.label_id not in learnt]
