"""A checkpoint of the transformers library that sees pictures and speaks: its three parts, loaded together.

What is done with them, the captioner and the matcher say. The pictures are prepared by the checkpoint's own image
processor, with Pillow, as the library's reference does it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from searchengine.embedding.checkpoint_files import damaged, reading, weights
from searchengine.errors import ModelError, printable

if TYPE_CHECKING:
    import torch

    from searchengine.records import Pixels

ORDINARY_SIDE = 384
"""Pixels of the input of a processor that doesn't say its size."""


@dataclass(frozen=True, slots=True, eq=False)
class VisionLanguage:
    """The parts of one model, on one device."""

    folder: Path
    model: Any
    tokenizer: Any
    processor: Any  # of pictures
    device: str

    @classmethod
    def load(cls, folder: Path, auto_class: str, device: str) -> Self:
        """The checkpoint in `folder`, float32, by a class of transformers. Raises ModelDamagedError."""
        import transformers

        if not weights(folder):
            raise damaged(folder, "its weights are missing")
        with reading(folder):
            model, loaded = getattr(transformers, auto_class).from_pretrained(
                folder, local_files_only=True, dtype="float32", output_loading_info=True
            )
            tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
            processor = transformers.AutoImageProcessor.from_pretrained(  # type: ignore[no-untyped-call]  # theirs
                folder, local_files_only=True, backend="pil"
            )
        if missing := loaded["missing_keys"]:  # transformers fills them with random numbers
            raise damaged(folder, f"{len(missing)} of its weights are missing, such as {min(missing)}")
        return cls(folder, model.eval().to(device), tokenizer, processor, device)

    @property
    def at_least(self) -> int:
        """Pixels that both sides of a photo decoded at reduced size must keep: twice the input."""
        sizes = [self.processor.size, getattr(self.processor, "crop_size", None)]
        sides = [side for size in sizes if size for side in dict(size).values() if isinstance(side, int)]
        return 2 * max(sides, default=ORDINARY_SIDE)

    def pixels(self, images: Sequence[Pixels]) -> torch.Tensor:
        """Pictures, each uint8 (h, w, 3), as the model takes them: float32 (n, 3, height, width)."""
        prepared = self.processor(images=list(images), return_tensors="pt", input_data_format="channels_last")
        tensor: torch.Tensor = prepared["pixel_values"].to(self.device)
        return tensor

    @contextmanager
    def inference(self) -> Iterator[None]:
        """No gradients, and a GPU that is too small as an error of ours."""
        import torch

        try:
            with torch.inference_mode():
                yield
        except torch.OutOfMemoryError as error:
            raise ModelError(
                f"The GPU has not enough free memory for the model in {printable(self.folder)}.",
                "Close what else uses it, or take a smaller model; `searchengine models` lists them.",
            ) from error
