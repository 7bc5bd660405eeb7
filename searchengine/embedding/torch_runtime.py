"""A checkpoint as an `EmbeddingModel`, run by PyTorch in half precision: on a GPU, or on a processor with bfloat16.

The preprocessing and the tokenizer are those of the model folder that was exported from the same checkpoint, and so is
the identity: what one runtime embedded, the other may search.
"""

from __future__ import annotations

import ctypes.util
import platform
import sys
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from searchengine.embedding.base import EmbeddingModel
from searchengine.embedding.lazy import Lazy
from searchengine.embedding.model_folder import TOKENIZER, ModelFolder
from searchengine.embedding.onnx_runtime import load_tokenizer, tokenize
from searchengine.embedding.precision import BFLOAT16, FLOAT16
from searchengine.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from searchengine.embedding.checkpoint import Checkpoint
    from searchengine.embedding.towers import Towers

DRIVERS = ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")
"""What Linux has where there is a GPU: NVIDIA's driver, the one of Windows' subsystem, AMD's."""


def accelerator() -> str | None:
    """The GPU that PyTorch can use, as its device name; None where there is none.

    Importing PyTorch takes seconds, so it is asked only where the machine looks as if it had one.
    """
    if not _looks_accelerated():
        return None
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else None


class TorchModel(EmbeddingModel):
    """A checkpoint on a GPU, loaded there at its first use.

    Matrix products and convolutions are in float16, on a processor those of photos in bfloat16; normalisations, softmax
    and the sums between the layers stay in float32 (PyTorch's autocast), so that no activation overflows.
    """

    def __init__(self, folder: ModelFolder, checkpoint: Checkpoint, device: str) -> None:
        """`folder` is the export of `checkpoint`; `device` is PyTorch's name: "cuda", "mps" or "cpu"."""
        self.precision = BFLOAT16 if device == "cpu" else FLOAT16
        self.identity = folder.identity
        self.preprocessing = folder.preprocessing
        self.languages = folder.languages
        self.device = device
        self.tokenizer = Lazy(lambda: load_tokenizer(folder.path / TOKENIZER))
        self.towers = Lazy(lambda: self._load(checkpoint))

    def _encode_prepared(self, batch: NDArray[np.uint8]) -> NDArray[np.float32]:
        import torch

        towers = self.towers.get()
        with self._half_precision():
            vectors: torch.Tensor = towers.image(torch.tensor(batch, device=self.device))
            return np.asarray(vectors.float().cpu().numpy())

    def _encode_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        import torch

        tokens = tokenize(self.tokenizer.get(), texts)
        towers = self.towers.get()
        # In bfloat16 a sentence's vector would depend on its batch, and on a processor one is quick as it is.
        with self._half_precision(enabled=self.device != "cpu"):
            vectors: torch.Tensor = towers.text(*(torch.tensor(array, device=self.device) for array in tokens))
            return np.asarray(vectors.float().cpu().numpy())

    def _load(self, checkpoint: Checkpoint) -> Towers:
        towers = checkpoint.towers()
        with self._half_precision():
            towers.image.to(self.device)
            towers.text.to(self.device)
        return towers

    @contextmanager
    def _half_precision(self, *, enabled: bool = True) -> Iterator[None]:
        """No gradients, half precision where that is sound, and a GPU that is too small as an error of ours."""
        import torch

        try:
            with torch.inference_mode(), torch.autocast(self.device, getattr(torch, self.precision), enabled=enabled):
                yield
        except torch.OutOfMemoryError as error:
            raise ModelError(
                f"The GPU has not enough free memory for the model {self.identity.name}.",
                "Close what else uses it, or take a smaller model; `searchengine models` lists them.",
            ) from error


def _looks_accelerated() -> bool:
    if sys.platform == "darwin":
        return platform.machine() == "arm64"
    if sys.platform == "win32":
        return ctypes.util.find_library("nvcuda") is not None
    return any(Path(driver).exists() for driver in DRIVERS)
