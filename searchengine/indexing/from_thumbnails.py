"""What photos lack that came into the library before it was kept, from their thumbnails: no photo is read again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from searchengine.photos.thumbnails import Thumbnails

BATCH = 500
"""Photos that are written in one transaction; a third of a second's work."""


def from_thumbnails(
    lacking: Sequence[tuple[int, bytes]], work_out: Callable[[bytes], bytes], thumbnails: Thumbnails, threads: int
) -> Iterator[tuple[int, dict[int, bytes]]]:
    """What `work_out` makes of the JPEGs of photos, given by id and fingerprint.

    In batches: how many are done, and what was made, by id. A photo without a usable thumbnail is left out; the next
    run asks again, which costs next to nothing.
    """

    def read(fingerprint: bytes) -> bytes | None:
        jpeg = thumbnails.get(fingerprint)
        try:
            return None if jpeg is None else work_out(jpeg)
        except OSError:
            return None

    with ThreadPoolExecutor(threads) as pool:
        for start in range(0, len(lacking), BATCH):
            part = lacking[start : start + BATCH]
            made = pool.map(read, [fingerprint for _, fingerprint in part])
            yield start + len(part), {id_: each for (id_, _), each in zip(part, made, strict=True) if each is not None}
