"""Which files are photos: by suffix where that is enough, by their first bytes where it isn't.

Nothing here opens a file or imports a codec, so that walking a folder stays cheap. What a format's bytes mean is
`decode`'s business.
"""

# Paths are bytes here, which pathlib does not take.
# ruff: noqa: PTH119

from __future__ import annotations

import os
import re

from searchengine.conditions import RAW_FORMATS

HEAD = 64
"""Bytes from the start of a file that `sniff` needs."""

RAW_SUFFIXES = frozenset(b"." + name.encode() for name in RAW_FORMATS - {"raw"})
"""Cameras' own formats, which need the extra `raw`."""

PICTURE_SUFFIXES = frozenset(
    b".jpg .jpeg .jpe .jfif .png .apng .webp .gif .tif .tiff .bmp .dib .heic .heif .heics .heifs .hif .avif .avifs"
    b" .jp2 .j2k .jpf .jpx .jpc .j2c".split()
)

PHOTO_SUFFIXES = PICTURE_SUFFIXES | RAW_SUFFIXES

STANDS_FOR_RAW = frozenset(b".jpg .jpeg .heic .heif .hif".split())
"""What cameras write beside a RAW; such a picture stands for the shot."""

OTHER_SUFFIXES = frozenset(
    # moving pictures
    b".3g2 .3gp .asf .avi .flv .insv .lrv .m2ts .m2v .m4v .mkv .mod .mov .mp4 .mpeg .mpg .mts .mxf .ogv .ts .vob"
    b" .webm .wmv"
    # sound
    b" .aac .aif .aiff .amr .flac .m4a .mid .mp3 .oga .ogg .opus .wav .wma"
    # archives, disk images, programs
    b" .7z .apk .bz2 .deb .dll .dmg .exe .gz .iso .jar .msi .pkg .rar .so .tar .tgz .vmdk .whl .xz .zip .zst"
    # documents and drawings
    b" .ai .csv .doc .docx .eps .epub .htm .html .ini .json .log .md .odp .ods .odt .pdf .ppt .pptx .psb .psd .rtf"
    b" .svg .tex .url .xls .xlsx .xml .yaml .yml"
    # what photo programs leave beside photos
    b" .aae .aplibrary .cos .dop .ithmb .lrcat .lrcat-data .on1 .pp3 .rw2xmp .thm .xmp"
    # programming
    b" .c .cc .class .cpp .css .db .go .h .hpp .java .js .o .parquet .pkl .py .pyc .rb .rs .sh .sql .sqlite .toml"
    b" .npy .npz .onnx .pt .safetensors .whl".split()
)
"""Known to be no photos, and never opened."""

_BOX_BRANDS = {
    b"avif": "avif", b"avis": "avif",
    b"heic": "heic", b"heix": "heic", b"heim": "heic", b"heis": "heic", b"hevc": "heic", b"hevx": "heic",
    b"hevm": "heic", b"hevs": "heic",
    b"crx ": "raw",
}  # fmt: skip  # a table reads best with a family on a line
_BOX_FAMILIES = (b"mif1", b"msf1", b"miaf")  # a still picture of some codec; the compatible brands tell which

_RAW_STARTS = (
    b"FUJIFILMCCD-RAW", b"IIU\x00", b"IIRO", b"IIRS", b"MMOR", b"FOVb", b"\x00MRM", b"II\x1a\x00\x00\x00HEAPCCDR",
)  # fmt: skip  # Fujifilm, Panasonic, Olympus (three), Sigma, Minolta, Canon's CRW

_STARTS = (
    ("jpeg", re.compile(rb"\xff\xd8\xff")),
    ("png", re.compile(rb"\x89PNG\r\n\x1a\n")),
    ("webp", re.compile(rb"RIFF.{4}WEBP", re.DOTALL)),
    ("gif", re.compile(rb"GIF8[79]a")),
    ("raw", re.compile(rb"II\*\x00.{4}CR|" + b"|".join(map(re.escape, _RAW_STARTS)), re.DOTALL)),
    ("tiff", re.compile(rb"II[*+]\x00|MM\x00[*+]")),
    # Two letters alone would take many a text for a bitmap: the size of the second header must be one that exists.
    ("bmp", re.compile(rb"BM.{12}[\x0c\x10\x28\x34\x38\x40\x6c\x7c]\x00\x00\x00", re.DOTALL)),
    ("jp2", re.compile(rb"\x00\x00\x00\x0cjP {2}\r\n\x87\n|\xff\x4f\xff\x51")),
)


def split_name(name: bytes) -> tuple[bytes, bytes]:
    """A file's name without its suffix, and the suffix in lower case with its dot; empty when it has none."""
    dot = name.rfind(b".")
    return (name[:dot], name[dot:].lower()) if dot > 0 else (name, b"")


def suffix_of(path: bytes) -> bytes:
    """The suffix of a path, as in `split_name`."""
    return split_name(os.path.basename(path))[1]


def sniff(head: bytes) -> str | None:
    """The format that a file's first `HEAD` bytes announce, as in `PhotoFacts.format`; None when it is no photo.

    Cameras' own formats are "raw" here, except those that look like any TIFF from outside.
    """
    for name, start in _STARTS:
        if start.match(head):
            return name
    if head[4:8] == b"ftyp":
        return _sniff_boxes(head)
    return None


def _sniff_boxes(head: bytes) -> str | None:
    """HEIF, AVIF and Canon's CR3 share a container (ISO/IEC 14496-12) and differ in the brands it names."""
    major, compatible = head[8:12], head[16:]
    if major not in _BOX_FAMILIES:
        return _BOX_BRANDS.get(major)
    brands = [compatible[start : start + 4] for start in range(0, len(compatible) - 3, 4)]
    return next((_BOX_BRANDS[brand] for brand in brands if brand in _BOX_BRANDS), "heic")
