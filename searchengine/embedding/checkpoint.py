"""A folder with a checkpoint of the transformers library: what it is, its preprocessing, its towers in PyTorch.

Nothing here touches the network, and no code from the checkpoint is run. How its texts become tokens stands in
`tokenization.py`; what differs between families, in `families.py`. transformers and torch are imported when weights or
processors are loaded, not before.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from searchengine.embedding.families import Family, family_of
from searchengine.embedding.model_folder import checksum
from searchengine.embedding.preprocessing import RESAMPLES, Normalisation, Preprocessing
from searchengine.errors import ModelDamagedError, ModelMissingError, ModelUnsupportedError, printable

if TYPE_CHECKING:
    from searchengine.embedding.towers import Towers

CONFIG = "config.json"
WEIGHTS = (
    re.compile(r"model(-\d{5}-of-\d{5})?\.safetensors"),
    re.compile(r"pytorch_model(-\d{5}-of-\d{5})?\.bin"),
)
"""What files of weights are called, the preferred kind first; a checkpoint may have both, and others' besides."""
TOKENIZERS = ("tokenizer.json", "vocab.json", "vocab.txt", "spiece.model", "sentencepiece.bpe.model", "tokenizer.model")
"""What the file of a tokenizer is called; without any, transformers makes an empty tokenizer and says nothing."""
LONGEST_REASON = 200  # characters; transformers can list every model that it knows


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint on disk whose family we know. `open` it."""

    folder: Path
    family: Family
    positions: int  # tokens that the text tower can take

    @classmethod
    def open(cls, folder: Path) -> Checkpoint:
        """The checkpoint in `folder`.

        Raises ModelMissingError when there is none, ModelUnsupportedError when it is of a family that we don't run,
        ModelDamagedError when its configuration can't be read or its weights aren't there.
        """
        try:
            config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
            kind = config["model_type"]
        except (FileNotFoundError, NotADirectoryError) as error:
            raise ModelMissingError(f"There is no model in {printable(folder)}: it has no {CONFIG}.") from error
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise damaged(folder, f"{CONFIG} can't be read ({error!r})") from error
        family = family_of(str(kind), printable(folder))
        checkpoint = cls(folder, family, _positions(folder, family))
        if not weights(folder):
            raise damaged(folder, "its weights are missing")
        if not any((folder / name).is_file() for name in TOKENIZERS):
            raise damaged(folder, "its tokenizer is missing")
        return checkpoint

    def checksum(self) -> str:
        """The sha256 of the weights; for weights in several files, of their sums. Reads them all."""
        sums = [checksum(path) for path in weights(self.folder)]
        return sums[0] if len(sums) == 1 else hashlib.sha256("".join(sums).encode()).hexdigest()

    def preprocessing(self) -> tuple[Preprocessing, Normalisation]:
        """How its pictures are prepared, as its own image processor is configured."""
        import transformers

        with reading(self.folder):
            # The classes that resize with Pillow; those that do it with torchvision differ a little.
            kind = getattr(transformers, self.family.processor)
            processor = kind.from_pretrained(self.folder, local_files_only=True)
        return _preprocessing(self.folder, processor), _normalisation(processor)

    def towers(self) -> Towers:
        """Both towers in PyTorch, float32, on the processor."""
        from transformers import AutoModel

        from searchengine.embedding.towers import Towers

        normalisation = self.preprocessing()[1]
        with reading(self.folder):
            model, loaded = AutoModel.from_pretrained(
                self.folder, local_files_only=True, dtype="float32", output_loading_info=True
            )
        if missing := loaded["missing_keys"]:  # transformers fills them with random numbers
            raise damaged(self.folder, f"{len(missing)} of its weights are missing, such as {min(missing)}")
        return Towers(model, normalisation, masks_padding=self.family.masks_padding)


def weights(folder: Path) -> list[Path]:
    """The files of weights that count in a checkpoint's folder, by name; none where there is no such folder."""
    for pattern in WEIGHTS:
        if found := sorted(path for path in folder.glob("*") if pattern.fullmatch(path.name)):
            return found
    return []


def stamp(folder: Path) -> dict[str, list[int]]:
    """Size and mtime of whatever decides about a checkpoint's vectors, by name: a cheap way to notice a change."""
    others = [path for end in ("json", "model", "txt") for path in folder.glob(f"*.{end}")]
    stats = {path.name: path.stat() for path in sorted([*weights(folder), *others])}
    return {name: [stat.st_size, stat.st_mtime_ns] for name, stat in stats.items()}


@contextmanager
def reading(folder: Path) -> Iterator[None]:
    """Load something of a checkpoint with transformers: quietly, and with its errors as ours."""
    from safetensors import SafetensorError
    from transformers.utils import logging

    # Its bars and its remarks about configurations tell a person nothing that they could act on.
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # transformers leaves out the annotation
    logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # here too
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, ImportError, SafetensorError) as error:
        reason = (str(error) or repr(error)).strip().splitlines()[0]
        raise damaged(folder, shorten(reason, LONGEST_REASON, placeholder=" …").rstrip(".")) from error


def damaged(folder: Path, reason: str) -> ModelDamagedError:
    """The error for a checkpoint that can't be read."""
    return ModelDamagedError(
        f"The model in {printable(folder)} can't be loaded: {reason}.", "Fetch it again, or take another."
    )


def _positions(folder: Path, family: Family) -> int:
    from transformers import AutoConfig

    with reading(folder):
        text = AutoConfig.from_pretrained(folder, local_files_only=True).text_config
    positions: int = text.max_position_embeddings - family.reserved_positions
    return min(positions, family.longest or positions)


def _preprocessing(folder: Path, processor: Any) -> Preprocessing:
    """What an image processor of transformers does to 8-bit pixels, as a `Preprocessing`."""
    size, crop = processor.size, processor.crop_size if processor.do_center_crop else None
    try:
        if not processor.do_resize:
            raise ValueError("it takes pictures of any size")
        if size.shortest_edge is not None:
            resize, resize_to = "shortest", size.shortest_edge
        else:
            resize, resize_to = "squash", size.height
            if size.height != size.width:
                raise ValueError("it resizes to a rectangle")
        if crop is None and resize == "shortest":
            raise ValueError("its input has no fixed size")
        height, width = (crop.height, crop.width) if crop is not None else (size.height, size.width)
        return Preprocessing(height, width, resize, resize_to, RESAMPLES[int(processor.resample)])
    except (ValueError, TypeError, AttributeError, IndexError) as error:
        raise ModelUnsupportedError(
            f"The preprocessing of the model in {printable(folder)} is not one that this program knows: {error}."
        ) from error


def _normalisation(processor: Any) -> Normalisation:
    """Rescaling, offset and standardising, in the order in which a processor of transformers does them, as one line."""
    scale = processor.rescale_factor if processor.do_rescale else 1.0
    shift = -1.0 if getattr(processor, "rescale_offset", False) else 0.0
    mean, std = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
    if processor.do_normalize:
        mean, std = tuple(processor.image_mean), tuple(processor.image_std)
    again = (1.0, 1.0, 1.0)
    if getattr(processor, "include_top", False):  # EfficientNet's, when it is to classify
        again = tuple(processor.image_std)
    scales = [scale / s / a for s, a in zip(std, again, strict=True)]
    shifts = [(shift - m) / s / a for m, s, a in zip(mean, std, again, strict=True)]
    return Normalisation((scales[0], scales[1], scales[2]), (shifts[0], shifts[1], shifts[2]))
