"""Larger pictures for showing, drawn when somebody looks at them. What was looked at longest ago makes room."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path

from searchengine.photos.thumbnails import Thumbnails

SIDE = 1600  # pixels
QUALITY = 85
MAX_BYTES = 2**30
"""Of all previews together; some 4,000 photos."""


class Previews(Thumbnails):
    """A folder of previews that doesn't outgrow its limit. Any number of threads and programs may use it at once."""

    def __init__(self, folder: Path, limit: int = MAX_BYTES) -> None:
        """`limit`: bytes."""
        super().__init__(folder)
        self._limit = limit
        self._lock = threading.Lock()
        self._held: int | None = None  # bytes, as far as this program knows; None: not counted yet

    def get(self, fingerprint: bytes) -> bytes | None:
        """The preview of this content as a JPEG; None when there is none, or it is torn."""
        jpeg = super().get(fingerprint)
        if jpeg is not None:
            with suppress(OSError):  # a library that can't be written to
                os.utime(self.path(fingerprint))  # it was looked at
        return jpeg

    def put(self, fingerprint: bytes, jpeg: bytes) -> None:
        """Keep the preview of this content, and make room for it. Raises OSError when the disk refuses."""
        super().put(fingerprint, jpeg)
        with self._lock:
            self._held = None if self._held is None else self._held + len(jpeg)
            if self._held is None or self._held > self._limit:
                self._held = self._make_room()

    def _make_room(self) -> int:
        """Remove what was looked at longest ago while all is more than the limit. Returns the bytes that are left."""
        found = []
        for path in self.folder.glob("??/*.jpg"):
            with suppress(OSError):  # another program may be doing the same
                status = path.stat()
                found.append((status.st_mtime_ns, status.st_size, path))
        held = sum(size for _, size, _ in found)
        if held > self._limit:
            for _, size, path in sorted(found):
                if held <= 0.9 * self._limit:  # not for every single one that comes
                    break
                with suppress(OSError):
                    path.unlink()
                    held -= size
        return held
