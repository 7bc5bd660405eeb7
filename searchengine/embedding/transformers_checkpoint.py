"""A folder with a checkpoint of the transformers library: what it is, its preprocessing, its towers in PyTorch.

How its texts become tokens stands in `tokenization.py`; what differs between families, in `families.py`. transformers
and torch are imported when weights or processors are loaded, not before.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from searchengine.embedding.checkpoint_files import damaged, reading, weights, weights_checksum
from searchengine.embedding.clip.folder import DualEncoderFolder
from searchengine.embedding.families import Family, family_of
from searchengine.embedding.preprocessing import RESAMPLES, Normalisation, Preprocessing
from searchengine.embedding.tokenization import build_tokenizer
from searchengine.errors import ModelUnsupportedError, printable

if TYPE_CHECKING:
    import torch
    from tokenizers import Tokenizer

    from searchengine.embedding.towers import Towers

TOKENIZERS = ("tokenizer.json", "vocab.json", "vocab.txt", "spiece.model", "sentencepiece.bpe.model", "tokenizer.model")
"""What the file of a tokenizer is called; without any, transformers makes an empty tokenizer and says nothing."""


@dataclass(frozen=True, slots=True)
class TransformersCheckpoint:
    """A `Checkpoint` whose family we know. `open` it."""

    folder: Path
    family: Family
    positions: int  # tokens that the text tower can take
    languages: tuple[str, ...] = ()  # such a checkpoint doesn't say

    @classmethod
    def open(cls, folder: Path, model_type: str) -> TransformersCheckpoint:
        """The checkpoint in `folder`, whose configuration names this `model_type`.

        Raises ModelUnsupportedError when it is of a family that we don't run, ModelDamagedError when its configuration
        can't be read or its weights or its tokenizer aren't there.
        """
        family = family_of(model_type, printable(folder))
        checkpoint = cls(folder, family, _positions(folder, family))
        if not weights(folder):
            raise damaged(folder, "its weights are missing")
        if not any((folder / name).is_file() for name in TOKENIZERS):
            raise damaged(folder, "its tokenizer is missing")
        return checkpoint

    @property
    def fixed_length(self) -> bool:
        """Whether every sentence is padded to the full length."""
        return self.family.pads_fully

    def checksum(self) -> str:
        """The sha256 of the weights. Reads them all."""
        return weights_checksum(self.folder)

    def preprocessing(self) -> tuple[Preprocessing, Normalisation]:
        """How its pictures are prepared, as its own image processor is configured."""
        import transformers

        with reading(self.folder):
            # The classes that resize with Pillow; those that do it with torchvision differ a little.
            kind = getattr(transformers, self.family.processor)
            processor = kind.from_pretrained(self.folder, local_files_only=True)
        return _preprocessing(self.folder, processor), _normalisation(processor)

    def tokenizer(self) -> Tokenizer:
        """Its tokenizer, complete. Raises ModelUnsupportedError when it is of a kind that we can't carry over."""
        return build_tokenizer(self.folder, self.family, self.positions)

    def towers(self) -> Towers:
        """Both towers in PyTorch, float32, on the processor."""
        from searchengine.embedding.towers import Towers

        normalisation, model = self.preprocessing()[1], load_model(self.folder)
        masks_padding = self.family.masks_padding

        def images(pixels: torch.Tensor) -> torch.Tensor:
            vectors: torch.Tensor = model.get_image_features(pixel_values=pixels).pooler_output
            return vectors

        def texts(input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            mask = attention_mask if masks_padding else None
            vectors: torch.Tensor = model.get_text_features(input_ids=input_ids, attention_mask=mask).pooler_output
            return vectors

        return Towers(model, images=images, texts=texts, normalisation=normalisation)

    def dual_encoder(self) -> DualEncoderFolder:
        """A CLIP in our own code. Raises ModelUnsupportedError for every other family."""
        from searchengine.embedding.clip.transformers_clip import encoder_of

        if self.family.model_type != "clip":
            raise ModelUnsupportedError(
                f"The model in {printable(self.folder)} is a {self.family.name}, which this program runs as it is.",
                "To train or to convert one, take a CLIP.",
            )
        encoder = encoder_of(load_model(self.folder), self.folder)
        return DualEncoderFolder(encoder, *self.preprocessing(), self.tokenizer(), self.languages)


def load_model(folder: Path, *, dispensable: tuple[str, ...] = ()) -> Any:
    """The model in `folder` as its library has it, float32, on the processor; of one tower as well as of two.

    Raises ModelDamagedError, also for missing weights whose names don't start with one of `dispensable`.
    """
    from transformers import AutoModel

    with reading(folder):
        model, loaded = AutoModel.from_pretrained(
            folder, local_files_only=True, dtype="float32", output_loading_info=True
        )
    # transformers fills them with random numbers.
    if missing := [name for name in loaded["missing_keys"] if not name.startswith(dispensable)]:
        raise damaged(folder, f"{len(missing)} of its weights are missing, such as {min(missing)}")
    return model


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
