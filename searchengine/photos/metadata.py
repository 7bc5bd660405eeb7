"""What one source of metadata says of a photo (EXIF, XMP, IPTC), and how several become a photo's facts.

Each source has its own reader, `exif`, `xmp` and `iptc`, and none of them fails: what can't be understood isn't there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from searchengine.records import Stamp

LONGEST = 4000
"""Characters of a caption or a name that are kept; what is longer is no caption but a program's data."""

MOST_KEYWORDS = 500


@dataclass(frozen=True, slots=True)
class Metadata:
    """What one source says."""

    taken_at: datetime | None = None
    camera: str | None = None
    lens: str | None = None
    position: tuple[float, float] | None = None  # latitude, longitude in degrees
    caption: str | None = None
    keywords: tuple[str, ...] = ()


def tidy(text: object) -> str | None:
    """A text as it came, without control characters and the blanks around it; None when nothing is left."""
    if not isinstance(text, str):
        return None
    text = text.encode("utf-8", "replace").decode("utf-8")[:LONGEST]
    kept = "".join(character if character.isprintable() or character in "\n\t" else " " for character in text)
    return kept.strip() or None


def tidy_all(texts: Sequence[object]) -> tuple[str, ...]:
    """Keywords in their order, each once."""
    return tuple(dict.fromkeys(word for text in texts[:MOST_KEYWORDS] if (word := tidy(text))))


def position(latitude: float | None, longitude: float | None) -> tuple[float, float] | None:
    """A place on earth; None for what is none, and for 0, 0, which cameras write that don't know where they are."""
    if latitude is None or longitude is None:
        return None
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180) or latitude == longitude == 0:
        return None
    return latitude, longitude


def file_time(stamp: Stamp | None) -> datetime | None:
    """When the file was last written, as this machine's local time."""
    if stamp is None:
        return None
    try:
        return datetime.fromtimestamp(stamp.mtime_ns // 10**9, tz=UTC).astimezone().replace(tzinfo=None)
    except (OverflowError, ValueError, OSError):
        return None
