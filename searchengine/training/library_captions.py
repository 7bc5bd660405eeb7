"""A library's own captions as data: what a person has written into the IPTC and XMP of their photos."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from searchengine.training.data import CaptionedPhotos

if TYPE_CHECKING:
    from searchengine.store.database import Database


def captions_of(database: Database) -> CaptionedPhotos:
    """The photos within reach that have a caption, one place of each, in the order of their paths; may be none."""
    captions = database.photos.captions()
    places = sorted((path, photo.photo_id) for path, _, photo in database.files.within_reach(list(captions)))
    return CaptionedPhotos(
        tuple(Path(os.fsdecode(path)) for path, _ in places),
        tuple((captions[photo_id],) for _, photo_id in places),
    )
