"""A captioner's sentences for a library's photos: a few at a time, each lot kept before the next begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Event
from typing import TYPE_CHECKING

from searchengine.embedding.captioner import BATCH
from searchengine.errors import PhotoUnreadableError
from searchengine.photos.indexed import pixels_of
from searchengine.store.captions import Tell, untold

if TYPE_CHECKING:
    from searchengine.embedding.captioner import Captioner
    from searchengine.records import Pixels
    from searchengine.store.database import Database


@dataclass(frozen=True, slots=True)
class Written:
    """What one run of a captioner did."""

    captions: int
    unreadable: tuple[str, ...] = ()  # photos that couldn't be read, a sentence each
    interrupted: bool = False


def write_captions(
    database: Database,
    captioner: Captioner,
    photo_ids: Sequence[int],
    *,
    prompt: str | None = None,
    stop: Event | None = None,
    tell: Tell = untold,
) -> Written:
    """Have a sentence written about each of these photos, in place of one that this captioner wrote before.

    `prompt`: how every sentence begins. When `stop` is set, the run ends with the lot at hand; that and all before it
    stay. A photo that is out of reach, or can't be read, is named and left out. Raises ModelError in its kinds.
    """
    captions = 0
    unreadable: list[str] = []
    for start in range(0, len(photo_ids), BATCH):
        if stop is not None and stop.is_set():
            return Written(captions, tuple(unreadable), interrupted=True)
        pictures: dict[int, Pixels] = {}
        for photo in database.photos.get(photo_ids[start : start + BATCH]):
            try:
                pictures[photo.id] = pixels_of(photo, captioner.at_least)
            except PhotoUnreadableError as error:
                unreadable.append(error.what)
        texts = captioner.captions(list(pictures.values()), prompt)
        said = {photo_id: text for photo_id, text in zip(pictures, texts, strict=True) if text}
        with database.writing():
            database.captions.write(captioner.name, said)
        captions += len(said)
        tell(min(start + BATCH, len(photo_ids)), len(photo_ids))
    return Written(captions, tuple(unreadable))
