"""The looks of photos that came into the library before looks did, from their thumbnails: no photo is read again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from searchengine.photos.look import look_of_thumbnail
from searchengine.photos.thumbnails import Thumbnails

BATCH = 500
"""Photos whose looks are written in one transaction; a third of a second's work."""


def missing_looks(
    lacking: Sequence[tuple[int, bytes]], thumbnails: Thumbnails, threads: int
) -> Iterator[tuple[int, dict[int, bytes]]]:
    """The looks of photos, given by id and fingerprint, in batches: how many are done, and the looks by id.

    A photo without a usable thumbnail is left out; the next run asks again, which costs next to nothing.
    """

    def read(fingerprint: bytes) -> bytes | None:
        jpeg = thumbnails.get(fingerprint)
        try:
            return None if jpeg is None else look_of_thumbnail(jpeg)
        except OSError:
            return None

    with ThreadPoolExecutor(threads) as pool:
        for start in range(0, len(lacking), BATCH):
            part = lacking[start : start + BATCH]
            looks = pool.map(read, [fingerprint for _, fingerprint in part])
            found = {photo_id: seen for (photo_id, _), seen in zip(part, looks, strict=True) if seen is not None}
            yield start + len(part), found
