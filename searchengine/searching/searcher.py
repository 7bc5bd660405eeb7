"""From a query to its answer: planned, asked, narrowed, ranked, collapsed and cut into pages."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from searchengine.conditions import Condition, InAlbum, InFolder, Not
from searchengine.errors import UsageError
from searchengine.ranking.grouping import Traits, collapse
from searchengine.ranking.relevance import THRESHOLDS, band
from searchengine.records import Band, FileState, Hit, Results, Sort
from searchengine.searching.albums import album_ids
from searchengine.searching.candidates import Candidates, candidates, excluded
from searchengine.searching.marks import Marks, as_meant
from searchengine.searching.named import lasting
from searchengine.searching.plan import LikePhoto, plan
from searchengine.searching.plan_words import condition_in_words
from searchengine.searching.questions import Asker, Questions
from searchengine.store.roots import lies_in

if TYPE_CHECKING:
    from searchengine.embedding.base import EmbeddingModel
    from searchengine.ranking.relevance import Yardstick
    from searchengine.records import Ids, Photo, Query
    from searchengine.searching.live_index import LiveIndex
    from searchengine.searching.plan import Plan
    from searchengine.searching.questions import Question
    from searchengine.searching.yardsticks import Yardsticks
    from searchengine.store.database import Database

EMPTY = "The library holds no photos yet; `searchengine index FOLDER` adds a folder's."
NONE_TOGETHER = "No photo satisfies all the filters together."
NOTHING_FITS = "Nothing fits well; the nearest are these."

NEAREST = 5
"""Photos that are shown when nothing fits."""

LEAST = THRESHOLDS[Band.WEAK]
"""The relevance at which an answer ends."""

REMEMBERED = 100
"""Lines of which all photos are kept in mind: those of albums and saved searches."""

FILTERS = 8
"""Sets of conditions of which the photos are kept in mind: who narrows a search goes on with other words."""

FIRST = 64
"""Lines that are ranked at first, of which the pages are cut; twice as many when further ones are asked for."""

ANSWERS = 32
"""Answers whose lines are kept in mind, so that the next page of one costs no search."""

GROUPED = 4096
"""Photos of an answer among which near-copies are looked for, each beside all others. Nobody looks through more."""

LISTED = 4096
"""Photos that are held against what must not fit at once, where nothing else is asked of their content."""


@dataclass(frozen=True, slots=True, eq=False)
class _Line:
    """One line of an answer: a photo with the near-copies that it stands for."""

    id: int
    score: float | None = None
    relevance: float | None = None
    alike: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class _Answer:
    """The lines of an answer, and what is to be said of it."""

    lines: Sequence[_Line]
    notes: tuple[str, ...]
    fits: bool = True
    total: int | None = None
    newest: int = 0


class Searcher:
    """Answers queries over one library with one model. Threads may share it."""

    def __init__(
        self, database: Database, index: LiveIndex, model: Callable[[], EmbeddingModel], yardsticks: Yardsticks
    ) -> None:
        """`model` gives the loaded model; it is called only when words or an unknown photo are asked for."""
        self._database = database
        self._index = index
        self._asker = Asker(database, index.model_id, model)
        self._yardsticks = yardsticks
        self._found = lru_cache(REMEMBERED)(self._find)
        self._matching = lru_cache(FILTERS)(self._match)
        self._answered = lru_cache(ANSWERS)(lambda _version, *asked: self._answer(*asked))
        self._version = 0  # of the database, to which what is kept in mind belongs

    def search(self, query: Query) -> Results:
        """The photos that fit, best first; without anything asked of their content, the newest first.

        Raises UsageError for a query that asks nothing and doesn't want everything, QueryError for a mistake in its
        line, NotFoundError for an unknown id, label or album, and PhotoUnreadableError.
        """
        _check_page(query)
        planned = plan(query.line, query.like, query.conditions, everything=query.everything)
        if planned.by_content and not len(self._index.ids):
            return Results((), (EMPTY,))
        if not planned.by_content:
            answer = self._answer(query, planned)
            return replace(self._results(answer.lines, planned, answer.notes), total=answer.total, newest=answer.newest)
        needed, most = query.offset + query.limit, FIRST
        while most < needed:
            most *= 2
        whole = replace(query, limit=most, offset=0)
        if _depends_on_files(planned):
            answer = self._answer(whole, planned)
        else:
            answer = self._answered(self._version_now(), whole, planned)
        results = self._results(answer.lines[query.offset : needed], planned, answer.notes)
        return replace(results, fits=answer.fits, newest=answer.newest)

    def _answer(self, query: Query, planned: Plan) -> _Answer:
        # With a photo beside the line something else is asked than what was marked.
        questions = self._questions(planned, None if query.like else query.line)
        masks = [_up_to(query.newest, self._satisfying(question, ())) for question in questions.each]
        newest = max((int(mask[-1]) for mask in masks if len(mask)), default=0)
        if not newest:
            return _Answer((), (self._why_none(questions.each),))
        if not questions.by_content:
            listed = self._listed(questions.each, masks, most=query.offset + query.limit)
            lines = [_Line(int(photo_id)) for photo_id in listed[query.offset :]]
            total = None if any(question.excluded for question in questions.each) else len(_union(masks))
            return _Answer(lines, questions.notes, total=total, newest=newest)
        lines, fits = self._ranked(query, questions.each, masks)
        notes = questions.notes if fits else (*questions.notes, NOTHING_FITS)
        return _Answer(lines, notes, fits=fits, newest=newest)

    def find(self, line: str, least: Band, opened: tuple[str, ...] = ()) -> Ids:
        """All photos that a line finds with at least this relevance, int64 (n,), ascending; conditions alone: all.

        `opened`: the albums that are being filled from it. Asked again, it answers from memory until something is
        written. Raises as `search`.
        """
        return self._found(self._version_now(), line, least, opened)

    def _find(self, _version: int, line: str, least: Band, opened: tuple[str, ...]) -> Ids:
        questions = self._questions(plan(line), line)
        masks = [self._satisfying(question, opened) for question in questions.each]
        if not questions.by_content:
            ids = self._listed(questions.each, masks).copy()
        else:
            threshold = THRESHOLDS.get(least, 0.0)
            windows = self._candidates(questions.each, masks, threshold)
            found = [window.ids[window.relevance >= threshold] for window in windows]
            ids = np.concatenate(found) if found else np.empty(0, np.int64)
        ids.sort()
        ids.flags.writeable = False  # everybody gets the same
        return ids

    def asked(self, line: str) -> tuple[Question, ...]:
        """What a line asks for, as the model sees it, without feedback: a question for each alternative.

        Raises as `search`.
        """
        return self._questions(plan(line), None).each

    def keep_words(self) -> None:
        """Keep in the library how the model sees the words that were asked for. Raises LibraryError in its kinds."""
        self._asker.keep()

    def _version_now(self) -> int:
        """The database's version; what was kept in mind of an older one is let go."""
        version = self._database.version()
        if version != self._version:
            self._version = version
            self._found.cache_clear()
            self._matching.cache_clear()
            self._answered.cache_clear()
        return version

    # --- narrowing ---

    def _questions(self, planned: Plan, marked: str | None) -> Questions:
        """What is asked, as the person meant it who marked photos in the answer to the line `marked`."""
        questions = self._asker.questions(planned, self._yardsticks.get)
        if not marked or not questions.by_content:
            return questions
        marks = Marks.on(lasting(marked), self._database, self._index.model_id)
        return questions if marks is None else as_meant(questions, marks, self._yardsticks.get())

    def _satisfying(self, question: Question, opened: tuple[str, ...]) -> Ids:
        """The photos that satisfy a question's conditions, int64 (n,), ascending; hidden ones are left out."""
        conditions = question.conditions
        if not conditions and question.vector is not None:
            ids, hidden = self._index.ids, self._database.photos.hidden()
            return np.setdiff1d(ids, hidden, assume_unique=True) if len(hidden) else ids
        albums: list[tuple[str, bool]] = []
        others = []
        for condition in conditions:
            match condition:
                case InAlbum(name):
                    albums.append((name, True))
                case Not(InAlbum(name)):
                    albums.append((name, False))
                case _:
                    others.append(condition)
        ids = self._matching(self._version_now(), tuple(others))
        for name, wanted in albums:
            ids = ids[np.isin(ids, album_ids(self._database, name, self.find, opened)) == wanted]
        return ids

    def _match(self, _version: int, conditions: tuple[Condition, ...]) -> Ids:
        ids = self._database.photos.matching(conditions)
        ids.flags.writeable = False  # everybody gets the same
        return ids

    def _why_none(self, questions: Sequence[Question]) -> str:
        """Why nothing satisfies the conditions of any question, naming those that nothing satisfies alone."""
        if not self._database.photos.count():
            return EMPTY
        each = dict.fromkeys(condition for question in questions for condition in question.conditions)
        unmet = [one for one in each if not len(self._satisfying(replace(questions[0], conditions=(one,)), ()))]
        return f"No photo satisfies this: {'; '.join(map(condition_in_words, unmet))}." if unmet else NONE_TOGETHER

    def _listed(self, questions: Sequence[Question], masks: Sequence[Ids], most: int | None = None) -> Ids:
        """The photos that satisfy one of the questions, int64 (n,), the newest first; of these the first `most`."""
        everything = self._newest_first(_union(masks))
        if not any(question.excluded for question in questions):
            return everything[:most]
        kept: list[Ids] = []
        for start in range(0, len(everything), LISTED):
            if most is not None and sum(map(len, kept)) >= most:
                break
            part = everything[start : start + LISTED]
            kept.append(part[self._admitted(part, questions, masks)])
        return np.concatenate([everything[:0], *kept])[:most]

    def _admitted(self, ids: Ids, questions: Sequence[Question], masks: Sequence[Ids]) -> np.ndarray:
        """Which photos one of the questions admits, bool (n,): none of what must not fit does. Unknown ones don't."""
        known, vectors = self._index.vectors(ids)
        admitted = np.zeros(len(ids), bool)
        for question, mask in zip(questions, masks, strict=True):
            bad = known[excluded(question, vectors, self._yardsticks.get())] if question.excluded else known[:0]
            admitted |= np.isin(ids, mask) & ~np.isin(ids, bad)
        return admitted

    # --- ranking ---

    def _candidates(self, questions: Sequence[Question], masks: Sequence[Ids], least: float) -> Iterator[Candidates]:
        return candidates(questions, masks, self._index, self._yardsticks.get(), least=least)

    def _ranked(self, query: Query, questions: Sequence[Question], masks: Sequence[Ids]) -> tuple[list[_Line], bool]:
        """The lines of the page that was asked for, and whether what they show fits."""
        least = 0.0 if query.everything else LEAST
        needed = query.offset + query.limit
        found: Candidates | None = None
        nearest: Candidates | None = None
        lines: list[_Line] = []
        since = np.empty(0, np.int64)  # for each photo found, where its window begins
        for window in self._candidates(questions, masks, least):
            fitting = window.take((window.relevance >= least) & _scored(window, query.min_score))
            nearest = nearest if nearest is not None and len(nearest) else window.take(slice(0, NEAREST))
            since = np.concatenate((since, np.full(len(fitting), len(since))))
            found = fitting if found is None else found.followed_by(fitting)
            if query.sort is Sort.RELEVANCE and len(found) >= needed:  # of fewer photos there aren't more lines
                lines = self._collapsed(found, needed, since, expand=query.expand)
                if len(lines) >= needed:
                    break
        if nearest is not None and not (found is not None and len(found)) and not query.everything:
            nearest = nearest.take(_scored(nearest, query.min_score))
            return _lines(nearest)[query.offset : needed], not len(nearest)
        if found is not None and query.sort is Sort.DATE:
            lines = self._collapsed(self._by_date(found), needed, None, expand=query.expand)
        elif found is not None and len(found) < needed:
            lines = self._collapsed(found, needed, since, expand=query.expand)
        return lines[query.offset : needed], True

    def _by_date(self, found: Candidates) -> Candidates:
        order = np.argsort(found.ids)
        newest = self._newest_first(found.ids)
        return found.take(order[np.searchsorted(found.ids, newest, sorter=order)])

    def _collapsed(self, found: Candidates, most: int, since: Ids | None, *, expand: bool) -> list[_Line]:
        """The first lines, at most so many, with near-copies under the first of them; `since` as in `collapse`."""
        if expand or not len(found):
            return _lines(found.take(slice(0, most)))
        yardstick: Yardstick = self._yardsticks.get()
        front = found.take(slice(0, GROUPED))
        traits = Traits(front.vectors, *self._database.looks.of(front.ids))
        since = None if since is None else since[:GROUPED]
        groups = collapse(traits, float(yardstick.mean @ yardstick.mean), most=most, since=since)
        firsts = _lines(front.take(np.array([group[0] for group in groups], np.intp)))
        lines = [
            replace(line, alike=tuple(front.ids[group[1:]].tolist()))
            for line, group in zip(firsts, groups, strict=True)
        ]
        return lines + _lines(found.take(slice(GROUPED, GROUPED + most - len(lines))))

    def _newest_first(self, ids: Ids) -> Ids:
        order = self._database.photos.newest_first()
        return order[np.isin(order, ids)]

    # --- showing ---

    def _results(self, lines: Sequence[_Line], planned: Plan, notes: tuple[str, ...]) -> Results:
        folders = [
            each.path
            for alternative in planned.alternatives
            for each in alternative.conditions
            if isinstance(each, InFolder)
        ]
        photos = {photo.id: photo for photo in self._database.photos.get([line.id for line in lines])}
        hits = tuple(
            Hit(
                line.id,
                line.score,
                _asked_for_first(photos[line.id], folders),
                line.relevance,
                None if line.relevance is None else band(line.relevance),
                line.alike,
            )
            for line in lines
            if line.id in photos
        )
        there = tuple(hit for hit in hits if hit.paths)  # the last file may have gone since the search began
        return Results(there, (*notes, *_away(there)))


def _depends_on_files(planned: Plan) -> bool:
    """Whether a photo is asked with: its file may be looked at, and hold something else the next time."""
    asked = (part for each in planned.alternatives for part in (*each.asked, *each.excluded))
    return any(isinstance(part, LikePhoto) for part in asked)


def _union(masks: Sequence[Ids]) -> Ids:
    """The photos of any of these, int64 (n,), ascending."""
    return masks[0] if len(masks) == 1 else np.unique(np.concatenate(masks))


def _up_to(newest: int | None, ids: Ids) -> Ids:
    """Those of the ids, ascending, that aren't of later photos than the newest that counts."""
    return ids if newest is None else ids[: np.searchsorted(ids, newest, side="right")]


def _lines(found: Candidates) -> list[_Line]:
    return [
        _Line(photo_id, None if np.isnan(score) else score, relevance)
        for photo_id, score, relevance in zip(
            found.ids.tolist(), found.scores.tolist(), found.relevance.tolist(), strict=True
        )
    ]


def _scored(found: Candidates, least: float | None) -> np.ndarray:
    """Which have at least this score, bool (n,)."""
    return np.ones(len(found), bool) if least is None else found.scores >= least


def _asked_for_first(photo: Photo, folders: Sequence[bytes]) -> Photo:
    """The photo with its places in the folders that were asked for before its other ones."""
    if not folders:
        return photo
    names = [name for folder in folders for name in (folder, os.path.realpath(folder))]  # known by its real path
    files = sorted(photo.files, key=lambda file: not any(lies_in(file.path, name) for name in names))
    return replace(photo, files=tuple(files))


def _away(hits: tuple[Hit, ...]) -> Iterator[str]:
    away = sum(all(file.state is not FileState.PRESENT for file in hit.photo.files) for hit in hits)
    if away:
        yield f"{away} of these photos {'is' if away == 1 else 'are'} on a drive that isn't connected now."


def _check_page(query: Query) -> None:
    if query.limit < 1:
        raise UsageError(f"A limit of {query.limit} leaves nothing to show.", "Give one of at least 1.")
    if query.offset < 0:
        raise UsageError(f"An answer can't start at {query.offset}.", "Give an offset of 0 or more.")
