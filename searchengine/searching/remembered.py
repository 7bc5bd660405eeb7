"""The queries that a library remembers: saved ones, and what a person said of their answers.

A query is known by how the query language writes it, so that one question is remembered once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from searchengine.errors import NotFoundError, UsageError
from searchengine.searching.named import lasting, photo_ids
from searchengine.searching.plan import plan
from searchengine.searching.query import canonical
from searchengine.store.concepts import CONCEPT

if TYPE_CHECKING:
    from searchengine.store.database import Database
    from searchengine.store.searches import Search

Named = str | Path | int
"""A photo by its path or its id."""


class Remembered:
    """The remembered queries of one library. Every method may raise QueryError and LibraryError in its kinds."""

    def __init__(self, database: Database, marks_changed: Callable[[], None]) -> None:
        """`marks_changed` is called when what follows from the marks must be worked out anew."""
        self._database = database
        self._marks_changed = marks_changed

    def saved(self) -> list[Search]:
        """The saved queries, by line."""
        return [search for search in self._database.searches.all() if search.saved]

    def of(self, line: str) -> Search | None:
        """What is remembered of a query."""
        return self._database.searches.of(lasting(line))

    def save(self, line: str) -> None:
        """Keep a query."""
        with self._database.writing():
            self._database.searches.save(lasting(line))

    def remove(self, line: str) -> None:
        """Keep a query no longer; marks on its answer stay. Raises NotFoundError."""
        search = self.of(line)
        if search is None or not search.saved:
            raise NotFoundError(f"There is no saved search '{canonical(line)}'.", "See `searchengine searches list`.")
        with self._database.writing():
            self._database.searches.save(search.line, saved=False)

    def mark(self, line: str, good: Sequence[Named] = (), bad: Sequence[Named] = ()) -> None:
        """Note which photos fit a query and which don't; from now on its answer follows that.

        Raises UsageError for a query that asks for nothing to be told apart, and for a photo that is said to be both;
        NotFoundError for a photo that isn't in the library.
        """
        if not plan(line).by_content:
            raise UsageError(
                f"'{canonical(line)}' has an answer without doubt: it asks for no words and no photo.",
                "Feedback is for what words or a photo find.",
            )
        fitting, others = photo_ids(self._database, good), photo_ids(self._database, bad)
        if not fitting and not others:
            raise UsageError("Nothing was said of any photo.", "Name some with --good or --bad.")
        both = set(fitting) & set(others)
        if both:
            raise UsageError(f"Photo {min(both)} is said to fit and not to fit.", "Name it once.")
        with self._database.writing():
            self._database.searches.mark(lasting(line), fitting, others)
        self._marks_changed()

    def undo(self, line: str) -> None:
        """Take back what was said last of a query's answer; what was said before holds again. Raises NotFoundError."""
        with self._database.writing():
            taken_back = self._database.searches.undo(lasting(line))
        self._changed(line, taken_back)

    def forget(self, line: str) -> None:
        """Take back all that was said of a query's answer, with the concepts made of it. Raises NotFoundError."""
        with self._database.writing():
            concepts = [each for each in self._database.concepts.all() if each.line == lasting(line)]
            for concept in concepts:
                self._database.labels.remove(concept.label_id)
            taken_back = self._database.searches.forget(lasting(line))
            self._database.searches.tidy()
        self._changed(line, taken_back or bool(concepts))

    def save_as(self, line: str, name: str) -> None:
        """Make a concept of a query: a label that every photo has which fits as the marked ones do.

        It follows the marks from now on. A concept of this name is replaced. Raises UsageError for a query without a
        mark of a photo that fits, and for one of more than words and photos together.
        """
        search = self.of(line)
        if not name.strip():
            raise UsageError("A concept needs a name.", "For example --save-as 'my dog'.")
        if search is None or not search.good:
            raise UsageError(
                f"No photo was said to fit '{canonical(line)}' yet.", "Name some that do with --good, then save it."
            )
        first, *rest = plan(search.line).alternatives
        if rest or first.excluded or first.conditions:
            raise UsageError(
                f"'{search.line}' is more than words or photos together, from which alone a concept can be learnt.",
                "Leave out what narrows it; it can stand beside the label: tag:NAME folder:Trips.",
            )
        with self._database.writing():
            label_id = self._database.labels.add(self._known_as(name.strip()), CONCEPT)
            self._database.concepts.make(label_id, search.id)
            self._database.searches.tidy()  # what it was made of before
        self._marks_changed()

    def _known_as(self, name: str) -> str:
        """The name as a concept has it already, in any case, or else as it is given."""
        known = {each.name.casefold(): each.name for each in self._database.concepts.all()}
        return known.get(name.casefold(), name)

    def _changed(self, line: str, changed: bool) -> None:
        if not changed:
            raise NotFoundError(f"Nothing was said of the answer to '{canonical(line)}'.")
        self._marks_changed()
