"""The plain records that travel between the layers.

Frozen, without behaviour beyond what is derived from their own fields, and known to every layer. Paths are bytes
(`os.fsencode`), since not every file's name is UTF-8. Nothing here imports anything heavy.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from searchengine.conditions import Condition

    Pixels = NDArray[np.uint8]
    """One picture: uint8 (height, width, 3), sRGB, upright."""

    Vectors = NDArray[np.float32]
    """Embeddings: float32 (n, dim), each of unit length."""

    Vector = NDArray[np.float32]
    """One embedding: float32 (dim,), unit length."""

    Ids = NDArray[np.int64]
    """Photo ids: int64 (n,)."""


# --- files and photos -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Stamp:
    """What `stat` says of a file without opening it; when none of it moved, the file is taken as unchanged."""

    size: int  # bytes
    mtime_ns: int
    sidecar_ns: int = 0  # mtime of the XMP file that belongs to it; 0 when there is none


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A photo file met while walking a folder."""

    path: bytes
    stamp: Stamp
    beside: bytes | None = None  # for a RAW: the picture of the same shot, in the same folder, that stands for it


@dataclass(frozen=True, slots=True)
class PhotoFacts:
    """What a photo's file says about it, apart from its pixels."""

    width: int  # pixels, upright
    height: int
    format: str  # lower case: "jpeg", "png", "heic", …
    taken_at: datetime | None = None  # local time where it was taken, without a zone, as cameras write it
    taken_from: str | None = None  # where that date stands: "exif", "xmp" or "file"
    camera: str | None = None
    lens: str | None = None
    latitude: float | None = None  # degrees, north positive
    longitude: float | None = None  # degrees, east positive
    caption: str | None = None
    keywords: tuple[str, ...] = ()
    flaw: str | None = None  # what is wrong with a file that could be read all the same: "truncated"


@dataclass(frozen=True, slots=True, eq=False)
class DecodedPhoto:
    """A photo opened: its pixels, perhaps at reduced size, and its facts (whose width and height are the full ones)."""

    pixels: Pixels
    facts: PhotoFacts


class FileState(StrEnum):
    """How things stand with a file that the library knows."""

    PRESENT = "present"
    MISSING = "missing"  # its root is there and it isn't
    OFFLINE = "offline"  # its root is away: an unplugged drive


@dataclass(frozen=True, slots=True)
class PhotoFile:
    """One place where a photo lies."""

    path: bytes
    stamp: Stamp
    state: FileState


@dataclass(frozen=True, slots=True)
class Label:
    """A word that fits a photo."""

    name: str
    confidence: float  # 0.5 to 1
    source: str  # who says so: "vocabulary", "probe" (a person's examples) or "concept" (marks on an answer)


@dataclass(frozen=True, slots=True)
class Photo:
    """One content, with the places where it lies."""

    id: int
    fingerprint: bytes  # 16 bytes, of the file's bytes
    facts: PhotoFacts
    files: tuple[PhotoFile, ...]  # by path, and RAWs that have a picture beside them last
    labels: tuple[Label, ...] = ()  # as the active model sees it, the surest first
    placeholder: bytes | None = None  # its colours at 4 × 3 pixels, 36 bytes: red, green, blue, row by row


@dataclass(frozen=True, slots=True)
class Root:
    """A folder that the library watches."""

    id: int
    path: bytes
    exclude: tuple[str, ...] = ()  # gitignore patterns
    online: bool = True
    device: str | None = None  # `st_dev` when it was last there


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that couldn't be read, and is tried again only when it or the decoder changes."""

    path: bytes
    reason: str
    stamp: Stamp
    decoder: str  # the version of the decoder that gave up


# --- models -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ModelIdentity:
    """What makes two vectors comparable. Precision is not part of it."""

    name: str  # "builtin", a catalogue name, a hub name, or the path of a local folder
    revision: str
    checksum: str  # of the weights
    preprocessing: str  # how pixels become the model's input, as one line
    dim: int


# --- indexing ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run has come; sent a few times a second."""

    seen: int  # photo files met while walking
    done: int  # of these, dealt with
    embedded: int  # of these, through the model
    scanning: bool  # whether more may be met
    path: bytes | None = None  # the last one dealt with


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What one run of the indexer did, in files."""

    added: int = 0  # new content
    copied: int = 0  # content that was known, at one more place
    moved: int = 0  # content that was known, at a place that replaces one now gone
    changed: int = 0  # a known place with new content or new facts
    unchanged: int = 0
    missing: int = 0  # places now gone from a root that is there
    offline: int = 0  # places under roots that are away
    unreadable: int = 0  # with the ones of earlier runs that haven't changed
    not_photos: int = 0  # other files met
    embedded: int = 0  # photos through the model
    seconds: float = 0.0
    interrupted: bool = False
    failures: tuple[Failure, ...] = ()  # the new ones of this run


# --- searching --------------------------------------------------------------------------------------------------------


class Band(StrEnum):
    """How well a photo fits a query, in words; best first."""

    STRONG = "strong"
    GOOD = "good"
    WEAK = "weak"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class PhotoData:
    """A photo handed over as the bytes of its file, as a browser does; it has no place on this machine."""

    name: str  # for messages
    data: bytes


class Sort(StrEnum):
    """The order of an answer."""

    RELEVANCE = "relevance"  # what fits best comes first
    DATE = "date"  # what was taken last comes first


@dataclass(frozen=True, slots=True)
class Query:
    """What was asked."""

    line: str | None = None  # in the query language
    like: tuple[Path | int | PhotoData, ...] = ()  # photos: by path (in the library or not), by id, or themselves
    conditions: tuple[Condition, ...] = ()  # which a hit satisfies besides what the line says
    limit: int = 20
    offset: int = 0
    min_score: float | None = None
    everything: bool = False  # also what doesn't fit
    sort: Sort = Sort.RELEVANCE
    expand: bool = False  # near-copies one by one
    newest: int | None = None  # an id: photos that came later are left out, so that further pages go with the first


@dataclass(frozen=True, slots=True)
class Hit:
    """A photo that was found."""

    id: int
    score: float | None  # cosine similarity to what was asked; None when that was conditions alone
    photo: Photo
    relevance: float | None = None  # how sure it is that it fits, 0 to 1; None when conditions alone were asked
    band: Band | None = None  # the same in a word
    alike: tuple[int, ...] = ()  # the near-copies for which it stands, best first
    match: float | None = None  # how well the words match its picture, 0 to 1; None when it wasn't looked at again

    @property
    def path(self) -> bytes:
        """The place to show: one that is there, where there is one."""
        return self.paths[0]

    @property
    def paths(self) -> tuple[bytes, ...]:
        """Every place that isn't missing, those that are reachable first, else in the photo's order."""
        shown = [f for f in self.photo.files if f.state is not FileState.MISSING]
        return tuple(f.path for f in sorted(shown, key=lambda f: f.state is FileState.OFFLINE))


@dataclass(frozen=True, slots=True)
class Results:
    """The answer to a query."""

    hits: tuple[Hit, ...]  # best first
    notes: tuple[str, ...] = ()  # what a person should know about this answer, in sentences
    fits: bool = True  # False: nothing fits, and the hits are the nearest that there are
    total: int | None = None  # photos in the whole answer; None where that isn't known, as when words are asked for
    newest: int = 0  # the id of the newest photo that was considered, for the next page's query

    def __len__(self) -> int:
        return len(self.hits)

    def __iter__(self) -> Iterator[Hit]:
        return iter(self.hits)
