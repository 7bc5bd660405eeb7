"""One person's photo library: opens it and puts the parts together. The faces call nothing else.

    with Library.open(settings) as library:
        library.index(["~/Pictures"])
        for hit in library.search("two dogs on a beach"):
            print(hit.score, hit.path)

What a part can do by itself is asked of the part: `library.database`, `library.thumbnails`, `library.models`,
`library.own_classes`, `library.searches`, `library.duplicates`, `library.facets`, `library.tags`.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event
from types import TracebackType
from typing import TYPE_CHECKING, Self

from searchengine.answerer import Answerer, open_same
from searchengine.describing.tags import Tags
from searchengine.embedding.catalog import BUILTIN
from searchengine.embedding.model_store import ModelStore
from searchengine.embedding.precision import AUTO
from searchengine.errors import LibraryDamagedError, LibraryError, UsageError
from searchengine.photos.previews import Previews
from searchengine.photos.thumbnails import Thumbnails
from searchengine.records import Band, IndexReport, PhotoData, Progress, Query, Results, Sort
from searchengine.searching.albums import Albums
from searchengine.searching.duplicates import Duplicates
from searchengine.searching.facets import Facets
from searchengine.searching.likeness import LikenessReader
from searchengine.searching.remembered import Remembered
from searchengine.store.database import FILE, Database
from searchengine.training.concepts import learn_concepts
from searchengine.training.own_classes import OwnClasses
from searchengine.training.progress import untold

if TYPE_CHECKING:
    from searchengine.conditions import Condition
    from searchengine.describing.description import Description
    from searchengine.embedding.base import EmbeddingModel
    from searchengine.indexing.pipeline import Indexer
    from searchengine.records import Hit, ModelIdentity
    from searchengine.searching.explain import Explanation
    from searchengine.searching.why import WordFit
    from searchengine.settings import Settings
    from searchengine.store.prune import Pruned
    from searchengine.training.progress import Tell

logger = logging.getLogger(__name__)

OnProgress = Callable[[Progress], None]


class Library:
    """A library, open. Threads may share it."""

    def __init__(self, settings: Settings, database: Database) -> None:
        """`Library.open` is the way in."""
        self.settings = settings
        self.database = database
        self.thumbnails = Thumbnails(settings.library / "thumbnails")
        self.previews = Previews(settings.library / "previews")
        self.models = ModelStore(settings.models)
        self.own_classes = OwnClasses(database)
        self.albums = Albums(database, lambda *asked: self._answering().searcher.find(*asked))
        self.duplicates = Duplicates(database)
        self.facets = Facets(database)
        self.tags = Tags(database)
        self.searches = Remembered(database, lambda: self._teach(self._answering()))
        self._answerer: Answerer | None = None

    @staticmethod
    def exists(settings: Settings) -> bool:
        """Whether there is a library at the place that the settings name."""
        return (settings.library / FILE).exists()

    @classmethod
    def open(cls, settings: Settings, *, create: bool = False) -> Self:
        """Open the library, or with `create` make it where there is none.

        Raises LibraryError in its kinds; UsageError when the settings ask for another model than the library's;
        ModelError when a new library's model isn't on this machine.
        """
        if create and not cls.exists(settings):
            _first_model(settings)  # before anything is made: a library is never without a model
        database = Database.open(settings.library, create=create)
        try:
            library = cls(settings, database)
            library._settle_model()
        except BaseException:
            database.close()
            raise
        return library

    def index(
        self,
        folders: Sequence[str | os.PathLike[str]] = (),
        *,
        exclude: Sequence[str] | None = None,
        precision: str = AUTO,
        progress: OnProgress | None = None,
        stop: Event | None = None,
    ) -> IndexReport:
        """Take in the photos in these folders, or without any look again at all that are known.

        `exclude`: gitignore patterns for these folders from now on; None leaves theirs. `precision`: what the model
        computes in on a processor, one of `PRECISIONS`. `stop`, when set, and Ctrl-C end the run early, with everything
        done so far kept. Raises UsageError for a folder that isn't there, LibraryError in its kinds.
        """
        if not folders and not self.database.roots.all():
            raise _no_folders()
        report = self._indexer(stop, precision).run([os.fsencode(folder) for folder in folders], exclude, progress)
        self._follow()
        return report

    def watch(self, on_report: Callable[[IndexReport], None], stop: Event) -> None:
        """Index now, and again whenever something changes in the folders, until `stop` is set.

        Raises as `index`; while another program is indexing, it waits.
        """
        from searchengine.indexing.watch import watch

        if not self.database.roots.all():
            raise _no_folders()

        def follow_and_tell(report: IndexReport) -> None:
            self._follow()
            on_report(report)

        watch(self.database, self._indexer(stop), stop, on_report=follow_and_tell)

    def search(
        self,
        line: str | None = None,
        *,
        like: Sequence[str | Path | int | PhotoData] = (),
        conditions: Sequence[Condition] = (),
        limit: int = 20,
        offset: int = 0,
        min_score: float | None = None,
        everything: bool = False,
        sort: Sort = Sort.RELEVANCE,
        expand: bool = False,
        rerank: str | None = None,
        newest: int | None = None,
    ) -> Results:
        """The photos that fit a line of the query language, look like other photos, or both; best first.

        `like`: photos by path, by id, or themselves; those that are in the library are left out of the answer.
        `everything`: also what doesn't fit, and all photos where nothing is asked; `expand`: near-copies one by one.
        `rerank`: the name of a model that looks at the first hits again, together with the words. `newest`: an id;
        photos that came later are left out, so that pages hold together while the library grows. Raises UsageError
        for a query that asks nothing and doesn't want everything, with its kind QueryError for a mistake in the line;
        NotFoundError for an unknown id, label or album; PhotoUnreadableError.
        """
        photos = tuple(Path(photo) if isinstance(photo, str) else photo for photo in like)
        query = Query(line, photos, tuple(conditions), limit, offset, min_score, everything, sort, expand, newest)
        if rerank is not None:
            return self._reranked(query, rerank)
        return self._answering().searcher.search(query)

    def similar(self, photo: str | Path | int | PhotoData, *, limit: int = 20) -> Results:
        """The photos that look like this one, which need not be in the library."""
        return self.search(like=[photo], limit=limit)

    def describe(self, photo: str | Path | int | PhotoData) -> Description:
        """What a photo shows, in the library or not: labels, the nearest captions, saved searches that find it.

        Raises NotFoundError for an unknown id, PhotoUnreadableError.
        """
        from searchengine.describing.captions import CaptionIndex
        from searchengine.describing.description import Description

        answering = self._answering()
        model_id, model = answering.index.model_id, answering.model.get
        likeness = LikenessReader(self.database, model_id, model).read(Path(photo) if isinstance(photo, str) else photo)
        labels = (*self.own_classes.fitting(likeness.vector, model_id), *answering.labeller.fitting(likeness.vector))
        captions = CaptionIndex(self.database, model_id, model)
        found, notes = [], [] if likeness.note is None else [likeness.note]
        for search in self.searches.saved():
            try:
                if likeness.photo_id in answering.searcher.find(search.line, Band.WEAK):
                    found.append(search.line)
            except UsageError as error:
                notes.append(f"The saved search '{search.line}' can't be answered: {error.what}")
        return Description(
            photo_id=likeness.photo_id,
            labels=tuple(sorted(labels, key=lambda label: -label.confidence)),
            captions=captions.nearest(likeness.vector, answering.yardsticks.get()) if len(captions) else (),
            searches=tuple(found),
            notes=tuple(notes),
        )

    def why(self, line: str, hits: Iterable[Hit]) -> dict[int, tuple[WordFit, ...]]:
        """How well these photos fit the words of a query, by id. Raises QueryError."""
        return self._answering().reasons.why(line, [hit.id for hit in hits])

    def explain(
        self, photo: str | Path | int, line: str, tell: Callable[[int, int], None] = lambda _done, _whole: None
    ) -> Explanation:
        """Which regions of a photo, in the library or not, speak for what a query asks for.

        `tell` hears how many views of the photo the model has seen, and of how many. Raises UsageError for a query that
        asks for nothing that a picture shows, NotFoundError for an unknown id, PhotoUnreadableError.
        """
        return self._answering().reasons.explain(photo, line, tell)

    def use_model(
        self, name: str, *, precision: str = AUTO, progress: OnProgress | None = None, stop: Event | None = None
    ) -> IndexReport:
        """Switch to another model: embed every photo with it beside the old, then answer with it.

        Until that is complete the old one answers; interrupted, the same call goes on. Raises ModelError when the model
        isn't on this machine.
        """
        from searchengine.indexing.pipeline import Indexer

        model = self.models.open(name, precision=precision)
        report = Indexer(self.database, model, self.thumbnails, stop=stop).embed_missing(progress)
        if not report.interrupted:
            with self.database.writing():
                model_id = self.database.models.register(model.identity)
            self._teach(self._answerer_with(model_id, model.identity), lambda: model)
            with self.database.writing():
                self.database.models.use(model_id)
            self._answering().labeller.bring_up_to_date()
            self.refresh_index()
        return report

    def learn_classes(self, table: Path, tell: Tell = untold) -> tuple[str, ...]:
        """Learn a person's own classes from a CSV with the columns image and label, for the model that answers now.

        Returns what is wrong with single lines. Raises UsageError when nothing can be learnt.
        """
        answering = self._answering()
        return self.own_classes.train(table, answering.index.model_id, answering.model.get, tell)

    def forget(self, folder: str | os.PathLike[str]) -> int:
        """Stop watching a folder: its photos aren't found any more. Returns how many files that were.

        Until `prune`, indexing it again costs no embedding. Raises NotFoundError for a folder that isn't watched.
        """
        from searchengine.indexing.lock import index_lock
        from searchengine.indexing.roots import normal

        with index_lock(self.settings.library), self.database.writing():
            return self.database.roots.remove(normal(folder))

    def prune(self) -> Pruned:
        """Forget files that are gone and photos that have no place left, with their vectors and thumbnails."""
        from searchengine.indexing.lock import index_lock
        from searchengine.store.prune import prune

        with index_lock(self.settings.library):
            pruned = prune(self.database)
            kept = self.database.photos.fingerprints()
            self.thumbnails.keep_only(kept)
            self.previews.keep_only(kept)
        self.refresh_index()
        self._answering().yardsticks.remake()
        return pruned

    @staticmethod
    def restore(settings: Settings, backup: Path) -> None:
        """Put a backup in the library's place. Raises LibraryError in its kinds, NotFoundError."""
        from searchengine.store.backup import restore

        caches = [*settings.library.glob("vectors-*.faiss"), *settings.library.glob("yardstick-*.npz")]
        restore(settings.library, backup, caches=caches)

    @property
    def model_identity(self) -> ModelIdentity:
        """The model that the library is searched with."""
        return self._answering().identity

    @property
    def index_file(self) -> Path:
        """Where the vector index of that model lies, or would: a cache."""
        return self._answering().file

    def index_recall(self) -> float | None:
        """The share of the nearest ten photos that searches found when the vector index was made.

        None where a search compares with every photo, and finds them all.
        """
        from searchengine.vectors import faiss_file

        try:
            return faiss_file.read_recall(self.index_file)
        except LibraryDamagedError:
            return None

    def refresh_index(self) -> None:
        """Bring the vector index's file up to the database; other programs' searches don't wait for that."""
        self._answering().index.refresh()

    @property
    def model(self) -> EmbeddingModel:
        """The model that the library is searched with; loaded at its first use."""
        return self._answering().model.get()

    def close(self) -> None:
        """Let go of the library's files."""
        try:
            if self._answerer is not None:
                self._answerer.searcher.keep_words()
        except LibraryError as error:  # it would only have made the same queries quicker
            logger.debug("%s", error)
        finally:
            self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _follow(self) -> None:
        """Bring what follows from the embeddings up to date: labels of every source, and the vector index's file."""
        answering = self._answering()
        self._teach(answering)
        answering.labeller.bring_up_to_date()
        answering.index.refresh()
        answering.yardsticks.get()

    def _teach(self, answering: Answerer, model: Callable[[], EmbeddingModel] | None = None) -> None:
        """Let a model learn the concepts and own classes that it doesn't know yet, and give them to the photos."""
        model_id = answering.index.model_id
        learn_concepts(self.database, model_id, answering.vector_of, answering.yardsticks.get)
        self.own_classes.bring_up_to_date(model_id, model or answering.model.get)

    def _reranked(self, query: Query, name: str) -> Results:
        """A page of the answer that a second look gives."""
        from searchengine.searching.reranking import FIRST, reranked, wordings

        if query.sort is not Sort.RELEVANCE:
            raise UsageError("An answer has one order: by date, or by a second look.", "Leave --sort or --rerank out.")
        texts, matcher, end = wordings(query.line), self.models.matcher(name), query.offset + query.limit
        # The first hits change places among themselves, so all of them are wanted whatever the page.
        whole = self._answering().searcher.search(replace(query, limit=max(end, FIRST), offset=0))
        results = reranked(whole, texts, matcher)
        return replace(results, hits=results.hits[query.offset : end])

    def _indexer(self, stop: Event | None, precision: str = AUTO) -> Indexer:
        from searchengine.indexing.pipeline import Indexer

        # Many photos pay for waking a GPU; a single query, as `model` answers it, does not.
        model = open_same(self.models, self.model_identity, precision=precision)
        return Indexer(self.database, model, self.thumbnails, stop=stop)

    def _answering(self) -> Answerer:
        """What answers at this moment; another one once another model has become the active one."""
        active = self.database.models.active()
        if active is None:
            raise LibraryDamagedError(
                "The library has no model.", "Put back a backup with `searchengine restore FILE`."
            )
        # Two threads may both make one; neither is wrong, and what is costly in them is loaded at its first use.
        answerer = self._answerer
        if answerer is None or answerer.index.model_id != active[0]:
            self._answerer = answerer = self._answerer_with(*active)
        return answerer

    def _answerer_with(self, model_id: int, identity: ModelIdentity) -> Answerer:
        return Answerer(self.settings.library, self.database, self.models, model_id, identity)

    def _settle_model(self) -> None:
        """See that the library has a model, and that it is the one that was asked for."""
        active = self.database.models.active()
        if active is None:
            identity = _first_model(self.settings)
            with self.database.writing():
                self.database.models.use(self.database.models.register(identity))
        elif self.settings.model and self.models.canonical_name(self.settings.model) != active[1].name:
            raise UsageError(
                f"This library was made with the model {active[1].name}, not {self.settings.model}.",
                f"To switch: `searchengine models use {self.settings.model}`.",
            )


def _no_folders() -> UsageError:
    return UsageError("The library knows no folders yet.", "Name one: `searchengine index ~/Pictures`.")


def _first_model(settings: Settings) -> ModelIdentity:
    """The model of a new library. Raises ModelError and NotFoundError when it isn't on this machine."""
    chosen = settings.model or settings.default_model or BUILTIN
    return ModelStore(settings.models).open(chosen, accelerated=False).identity
