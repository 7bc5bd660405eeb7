"""A library's albums: what their queries find, with what a person put in and took out by hand.

How a query is answered is not known here: whoever asks for an album's photos hands over the function that finds them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from searchengine.errors import UsageError
from searchengine.records import Band, Hit, Results
from searchengine.searching.expression import Field, Leaf, leaves, printed, rewritten
from searchengine.searching.named import lasting, photo_ids
from searchengine.searching.query import parse

if TYPE_CHECKING:
    from searchengine.records import Ids
    from searchengine.store.albums import Album
    from searchengine.store.database import Database
    from searchengine.store.searches import Search

Opened = tuple[str, ...]
"""The names of the albums whose photos are being looked for, the outermost first."""

Find = Callable[[str, Band, Opened], "Ids"]
"""The ids, int64 (n,), of all photos that a query finds with at least this relevance, for an album."""


@dataclass(frozen=True, slots=True)
class AlbumFacts:
    """An album as a list of albums shows it."""

    name: str
    query: str | None  # None: it is filled by hand alone
    least: Band  # of what the query puts in
    photos: int | None  # None: its query can't be answered
    pinned: int
    taken_out: int
    problem: str | None = None  # why its query can't be answered
    next_step: str = ""  # what to do about that


def album_ids(database: Database, name: str, find: Find, opened: Opened = ()) -> Ids:
    """The photos of an album, int64 (n,), ascending; hidden ones are left out.

    Raises NotFoundError where there is none of this name, UsageError when it is one of those that are `opened`
    already, and what `find` raises.
    """
    album = database.albums.named(name)
    if album.name in opened:
        circle = " > ".join((*opened[opened.index(album.name) :], album.name))
        raise UsageError(
            f"The album '{album.name}' would be filled from itself: {circle}.",
            "Change the query of one of them with `searchengine albums change`.",
        )
    found = np.empty(0, np.int64) if album.line is None else find(album.line, album.least, (*opened, album.name))
    kept = np.setdiff1d(found, database.albums.by_hand(album.id, pinned=False))
    return np.union1d(kept, database.albums.by_hand(album.id, pinned=True))


class Albums:
    """The albums of one library. Every method may raise LibraryError in its kinds.

    Names are compared in any case; a name that there isn't raises NotFoundError. Photos are named by their path or id.
    """

    def __init__(self, database: Database, find: Find) -> None:
        self._database = database
        self._find = find

    def all(self) -> list[AlbumFacts]:
        """Every album with how many photos it holds now, by name."""
        return [self.facts(album.name) for album in self._database.albums.all()]

    def facts(self, name: str) -> AlbumFacts:
        """One album with how many photos it holds now."""
        album = self._database.albums.named(name)
        photos, problem, next_step = None, None, ""
        try:
            photos = len(self.ids(name))
        except UsageError as error:
            problem, next_step = error.what, error.next_step
        pinned, taken_out = (len(self._by_hand(name, pinned=which)) for which in (True, False))
        return AlbumFacts(album.name, album.line, album.least, photos, pinned, taken_out, problem, next_step)

    def ids(self, name: str) -> Ids:
        """The photos of an album, int64 (n,), ascending. Raises what its query raises."""
        return album_ids(self._database, name, self._find)

    def by_hand(self, name: str, *, pinned: bool, limit: int | None = None) -> Results:
        """The photos that were put into an album by hand, or that were taken out of it, the newest first."""
        photos = self._database.photos.get(self._by_hand(name, pinned=pinned).tolist())
        newest = sorted(photos, key=lambda photo: photo.facts.taken_at or datetime.min, reverse=True)  # noqa: DTZ901  # local times
        return Results(tuple(Hit(photo.id, None, photo) for photo in newest[:limit]))

    def add(self, name: str, query: str | None = None, least: Band = Band.GOOD) -> None:
        """Make an album that a query fills with what fits it at least so well; without a query, an empty one.

        Raises UsageError for a name that is taken or none, and for a query that can't be answered.
        """
        name = _checked_name(name)
        line = self._tried(name, query, least)
        with self._database.writing():
            self._database.albums.add(name, self._remembered(line), least)

    def change(self, name: str, query: str | None, least: Band) -> None:
        """Fill an album with another query; what was done by hand stays. Raises as `add`."""
        album = self._database.albums.named(name)
        line = self._tried(album.name, query, least)
        with self._database.writing():
            self._database.albums.change(album.id, self._remembered(line), least)
            self._database.searches.tidy()

    def rename(self, name: str, new_name: str) -> None:
        """Call an album otherwise, also in remembered queries. Raises UsageError for a name that is taken."""
        album, new_name = self._database.albums.named(name), _checked_name(new_name)

        def renamed(part: Leaf) -> Leaf:
            return Field("album", new_name) if _names(part, album.name) else part

        with self._database.writing():
            self._database.albums.rename(album.id, new_name)
            for search in self._database.searches.all():
                asked = parse(search.line)
                if any(_names(leaf, album.name) for leaf in leaves(asked)):
                    self._move(search, printed(rewritten(asked, renamed)))
            for other in self._filled_from(album.name):  # where the new line was remembered already
                line = printed(rewritten(parse(other.line or ""), renamed))
                self._database.albums.change(other.id, self._remembered(line), other.least)
            self._database.searches.tidy()

    def _move(self, search: Search, line: str) -> None:
        """Know a query by another line. Where that is remembered too, what was said of the answer becomes one turn."""
        searches = self._database.searches
        if line == search.line:
            return
        if searches.of(line) is None:
            searches.rewrite(search.id, line)
            return
        searches.mark(line, search.good, search.bad)
        if search.saved:
            searches.save(line)
            searches.save(search.line, saved=False)
        searches.forget(search.line)

    def remove(self, name: str) -> None:
        """Forget an album; its photos stay in the library. Raises UsageError while another is filled from it."""
        album = self._database.albums.named(name)
        for other in self._filled_from(album.name):
            raise UsageError(
                f"The album '{other.name}' is filled from '{album.name}'.",
                "Change its query with `searchengine albums change`, or remove it first.",
            )
        with self._database.writing():
            self._database.albums.remove(album.id)
            self._database.searches.tidy()

    def pin(self, name: str, photos: Sequence[str | Path | int]) -> int:
        """Put photos into an album whatever its query says. Returns how many. Raises NotFoundError for other photos."""
        return self._put(name, photos, pinned=True)

    def take_out(self, name: str, photos: Sequence[str | Path | int]) -> int:
        """Take photos out of an album whatever its query says. Returns how many. Raises as `pin`."""
        return self._put(name, photos, pinned=False)

    def undo(self, name: str, photos: Sequence[str | Path | int]) -> int:
        """Let the query decide again on photos that were pinned or taken out. Returns how many. Raises as `pin`."""
        album = self._database.albums.named(name)
        ids = photo_ids(self._database, photos)
        with self._database.writing():
            return self._database.albums.let_go(album.id, ids)

    def _put(self, name: str, photos: Sequence[str | Path | int], *, pinned: bool) -> int:
        album = self._database.albums.named(name)
        ids = photo_ids(self._database, photos)
        with self._database.writing():
            self._database.albums.put(album.id, ids, pinned=pinned)
        return len(ids)

    def _tried(self, name: str, query: str | None, least: Band) -> str | None:
        """A query as the query language writes it, once it has been answered for this album."""
        if query is None or not query.strip():
            return None
        line = lasting(query)
        self._find(line, least, (name,))
        return line

    def _filled_from(self, name: str) -> list[Album]:
        """The albums whose queries name this one."""
        albums = self._database.albums.all()
        return [
            album for album in albums if album.line and any(_names(leaf, name) for leaf in leaves(parse(album.line)))
        ]

    def _remembered(self, line: str | None) -> int | None:
        return None if line is None else self._database.searches.remember(line)

    def _by_hand(self, name: str, *, pinned: bool) -> Ids:
        return self._database.albums.by_hand(self._database.albums.named(name).id, pinned=pinned)


def _names(part: Leaf, album: str) -> bool:
    """Whether a part of a query asks for what is in this album."""
    return isinstance(part, Field) and part.name == "album" and part.value.casefold() == album.casefold()


def _checked_name(name: str) -> str:
    name = name.strip()
    # An album's page has its address by its name, and browsers take dots alone for a way up.
    if not name.strip(".") or not name.isprintable() or '"' in name:
        raise UsageError(f"{name!r} is no name for an album.", "Give it some letters, on one line, without quotes.")
    return name
