"""Which codec opens which format. Nothing is decoded here: an opened image knows its size and metadata only.

Pillow's format classes are called directly rather than through `Image.open`: the format is known by then, so no codec
that isn't wanted sees hostile bytes, nothing needs to be registered, and the limit on pixels is ours.
"""

from __future__ import annotations

import importlib.metadata
import io
import warnings
from typing import TYPE_CHECKING

import PIL
from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    GifImagePlugin,
    Image,
    Jpeg2KImagePlugin,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

_CODECS: dict[str, type[ImageFile]] = {
    "avif": AvifImagePlugin.AvifImageFile,
    "bmp": BmpImagePlugin.BmpImageFile,
    "gif": GifImagePlugin.GifImageFile,
    "jp2": Jpeg2KImagePlugin.Jpeg2KImageFile,
    "jpeg": JpegImagePlugin.JpegImageFile,
    "png": PngImagePlugin.PngImageFile,
    "tiff": TiffImagePlugin.TiffImageFile,
    "webp": WebPImagePlugin.WebPImageFile,
}

# Pillow warns of odd metadata on the standard error. What is odd either doesn't matter or becomes a reason of ours.
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


def open_image(format_name: str, data: bytes) -> ImageFile:
    """Open one image of a known format, of those that `formats.sniff` names except "raw", without decoding it.

    Raises whatever the codec raises.
    """
    codec = _heif_codec() if format_name == "heic" else _CODECS[format_name]
    return codec(io.BytesIO(data))


def _heif_codec() -> type[ImageFile]:
    # Imported here: it brings a second set of libraries, which most collections never need.
    import pillow_heif

    codec: type[ImageFile] = pillow_heif.HeifImageFile
    return codec


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "absent"


VERSIONS = f"pillow {PIL.__version__}, pillow-heif {_version('pillow-heif')}, rawpy {_version('rawpy')}"
"""The codecs on this machine, as one line."""
