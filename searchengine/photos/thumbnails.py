"""Small pictures for showing, kept by the content of the photo that they show.

A cache: what is missing or torn is drawn again by whoever needs it.
"""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections.abc import Container
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from searchengine.records import Pixels

SIDE = 256  # pixels
QUALITY = 80  # where a thumbnail of this size shows no artefacts; 10 to 15 kB


def draw(pixels: Pixels, side: int = SIDE, quality: int = QUALITY) -> bytes:
    """A photo's pixels, uint8 (height, width, 3), as a JPEG of which the longer side has at most `side` pixels."""
    # Imported here: whoever only asks for a thumbnail, as a search does, needs no codec.
    from PIL import Image

    picture = Image.fromarray(pixels)
    scale = side / max(picture.size)
    if scale < 1:
        size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
        picture = picture.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    stream = io.BytesIO()
    picture.save(stream, "JPEG", quality=quality)
    return stream.getvalue()


class Thumbnails:
    """A folder of thumbnails. Any number of threads and programs may use it at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, fingerprint: bytes) -> Path:
        """Where the thumbnail of this content lies, or would."""
        name = fingerprint.hex()
        return self.folder / name[:2] / f"{name[2:]}.jpg"

    def get(self, fingerprint: bytes) -> bytes | None:
        """The thumbnail of this content as a JPEG; None when there is none, or it is torn."""
        try:
            jpeg = self.path(fingerprint).read_bytes()
        except OSError:
            return None
        return jpeg if jpeg.startswith(b"\xff\xd8") and jpeg.endswith(b"\xff\xd9") else None

    def put(self, fingerprint: bytes, jpeg: bytes) -> None:
        """Keep the thumbnail of this content; whoever reads at the same time sees all of it or nothing.

        Raises OSError when the disk refuses.
        """
        path = self.path(fingerprint)
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
            beside = Path(file.name)
            try:
                file.write(jpeg)
                file.close()
                beside.replace(path)
            except BaseException:
                beside.unlink(missing_ok=True)
                raise

    def keep_only(self, fingerprints: Container[bytes]) -> None:
        """Remove every thumbnail of other content, and what a program that was killed left half written.

        Nobody may be indexing meanwhile. What the disk won't let go of stays: a thumbnail too many harms nobody.
        """
        for path in self.folder.glob("??/*"):
            if path.suffix != ".jpg" or _content(path) not in fingerprints:
                with contextlib.suppress(OSError):
                    path.unlink()


def _content(path: Path) -> bytes | None:
    """The fingerprint that a thumbnail is filed under; None for what is no thumbnail."""
    try:
        return bytes.fromhex(path.parent.name + path.stem)
    except ValueError:
        return None
