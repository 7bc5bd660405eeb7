"""The captioned photos that a command is about: a data set that was named, or what the library's own photos say."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from searchengine.errors import UsageError
from searchengine.settings import Settings

if TYPE_CHECKING:
    from searchengine.training.data import CaptionedPhotos


@contextmanager
def captioned_photos(source: Path | None, settings: Settings) -> Iterator[CaptionedPhotos]:
    """The photos of `source`; without it, those of the library that have a caption of their own (IPTC or XMP).

    Raises UsageError as `opened_captions`, and where the library has none; LibraryError in its kinds.
    """
    from searchengine.library import Library
    from searchengine.training.data import opened_captions
    from searchengine.training.library_captions import captions_of

    if source is not None:
        with opened_captions(source) as photos:
            yield photos
        return
    with Library.open(settings) as library:
        own = captions_of(library.database)
    if not own:
        raise UsageError(
            "No photo of the library that is within reach has a caption of its own.",
            "Write captions into your photos (IPTC or XMP) and index them, or name a data set.",
        )
    yield own
