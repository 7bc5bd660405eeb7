"""Pictures and captions made ready once, as files that a training draws from without reading them whole.

    pictures.u8    uint8 (photos, height, width, 3): decoded, resized, a margin left for crops
    tokens.i32     int32 (captions, context), padded
    lengths.i32    int32 (captions,): tokens before the padding
    first.i64      int64 (photos + 1,): photo i's captions are the rows first[i] to first[i + 1]
    pairs.json     the shapes; written last, so that without it nothing here counts

They are memory-mapped: of a million photos only what a step draws is read, and a small set stays in the system's cache.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from searchengine.embedding.preprocessing import Preprocessing, prepare
from searchengine.errors import PhotoUnreadableError, UsageError, printable
from searchengine.training.data import CaptionedPhotos, read_picture
from searchengine.training.progress import Tell, untold

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from searchengine.records import Pixels

SHAPES = "pairs.json"
MARGIN = 1.25  # how much larger than the input pictures are kept, for crops to be taken of them
BLOCK = 256  # pictures or captions in memory at a time


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Pictures and the captions of each, as arrays."""

    pictures: NDArray[np.uint8]  # (photos, height, width, 3)
    tokens: NDArray[np.int32]  # (captions, context)
    lengths: NDArray[np.int32]  # (captions,)
    first: NDArray[np.int64]  # (photos + 1,)
    problems: tuple[str, ...] = ()  # what of the data was left out, a sentence each

    def __len__(self) -> int:
        return len(self.pictures)

    @classmethod
    def open(cls, folder: Path) -> Pairs:
        """What `prepare_pairs` wrote into `folder`."""
        shapes = json.loads((folder / SHAPES).read_text("utf-8"))
        photos, captions = shapes["photos"], shapes["captions"]

        def mapped(name: str, dtype: type, *shape: int) -> NDArray[Any]:
            return np.memmap(folder / name, dtype, "r", shape=shape)

        return cls(
            mapped("pictures.u8", np.uint8, photos, shapes["height"], shapes["width"], 3),
            mapped("tokens.i32", np.int32, captions, shapes["context"]),
            mapped("lengths.i32", np.int32, captions),
            mapped("first.i64", np.int64, photos + 1),
            tuple(shapes["problems"]),
        )


def prepare_pairs(
    photos: CaptionedPhotos,
    preprocessing: Preprocessing,
    tokenizer: Tokenizer,
    folder: Path,
    *,
    margin: float = 1.0,
    tell: Tell = untold,
) -> Pairs:
    """Decode every photo and tokenise every caption into `folder`, or open what was made there before.

    Pictures are prepared as the model wants them, and larger by `margin`, for crops to be taken of them. `tokenizer`
    truncates to the context. A photo that can't be read is left out and named among the `problems`. Raises UsageError
    when none is left, or when the disk has no room.
    """
    if (folder / SHAPES).exists():
        return Pairs.open(folder)
    folder.mkdir(parents=True, exist_ok=True)
    enlarged = scaled(preprocessing, margin)
    _check_room(folder, len(photos) * enlarged.height * enlarged.width * 3)
    problems = list(photos.problems)
    kept = list(_write_pictures(photos, enlarged, folder / "pictures.u8", problems, tell))
    if not kept:
        raise UsageError("None of the photos can be read.", " ".join(problems[:3]))
    first = np.cumsum([0, *(len(photos.captions[photo]) for photo in kept)], dtype=np.int64)
    first.tofile(folder / "first.i64")
    context = _write_captions([caption for photo in kept for caption in photos.captions[photo]], tokenizer, folder)
    shapes = {
        "photos": len(kept), "captions": int(first[-1]), "height": enlarged.height, "width": enlarged.width,
        "context": context, "problems": problems,
    }  # fmt: skip
    (folder / SHAPES).write_text(json.dumps(shapes, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return Pairs.open(folder)


def scaled(preprocessing: Preprocessing, margin: float) -> Preprocessing:
    """The same preprocessing, to a picture larger by `margin`."""
    height, width, to = (
        round(margin * side) for side in (preprocessing.height, preprocessing.width, preprocessing.resize_to)
    )
    return replace(preprocessing, height=height, width=width, resize_to=to)


def _write_pictures(
    photos: CaptionedPhotos, how: Preprocessing, file: Path, problems: list[str], tell: Tell
) -> Iterator[int]:
    """Append every picture that can be read to `file`; their positions among the photos."""

    def read(place: int) -> Pixels | PhotoUnreadableError:
        try:
            return prepare(read_picture(photos.paths[place], how.at_least), how)
        except PhotoUnreadableError as error:
            return error

    with file.open("wb") as out, ThreadPoolExecutor(os.cpu_count()) as pool:
        for places in _blocks(len(photos)):
            for place, picture in zip(places, pool.map(read, places), strict=True):
                if isinstance(picture, PhotoUnreadableError):
                    origin = f"{photos.origins[place]}: " if photos.origins else ""
                    problems.append(origin + picture.what)
                else:
                    out.write(picture.tobytes())
                    yield place
            tell("pictures", places.stop, len(photos), "")


def _write_captions(captions: Sequence[str], tokenizer: Tokenizer, folder: Path) -> int:
    """Write the tokens and lengths of all captions; how many tokens a row has."""
    if tokenizer.truncation is None or tokenizer.padding is None:
        raise ValueError("the tokenizer must truncate and pad")
    context, padding = tokenizer.truncation["max_length"], tokenizer.padding["pad_id"]
    with (folder / "tokens.i32").open("wb") as tokens, (folder / "lengths.i32").open("wb") as lengths:
        for block in _blocks(len(captions)):
            encodings = tokenizer.encode_batch_fast(list(captions[block.start : block.stop]))
            rows = np.full((len(block), context), padding, np.int32)
            for row, encoding in zip(rows, encodings, strict=True):
                row[: len(encoding.ids)] = encoding.ids
            tokens.write(rows.tobytes())
            lengths.write(np.array([sum(encoding.attention_mask) for encoding in encodings], np.int32).tobytes())
    return int(context)


def _blocks(whole: int) -> Iterator[range]:
    for start in range(0, whole, BLOCK):
        yield range(start, min(start + BLOCK, whole))


def _check_room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise UsageError(
            f"The decoded pictures take {needed / 1e9:,.1f} GB; {free / 1e9:,.1f} GB are free for {printable(folder)}.",
            "Put the run elsewhere with --out.",
        )
