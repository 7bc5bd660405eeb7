"""What can be said of one photo: the record that `Library.describe` gives, put together from everything that knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from searchengine.describing.captions import NearCaption
    from searchengine.records import Label


@dataclass(frozen=True, slots=True)
class Description:
    """A photo in words. Empty where nothing fits, rather than wrong."""

    photo_id: int | None  # where the library has it
    labels: tuple[Label, ...]  # the surest first
    captions: tuple[NearCaption, ...]  # the nearest first
    searches: tuple[str, ...]  # saved searches that find it, by line; none for a photo that isn't in the library
    notes: tuple[str, ...] = ()  # what a person should know about it, in sentences
