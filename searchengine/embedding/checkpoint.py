"""What every checkpoint on disk is to the rest of the program, and which kind the one in a folder is.

    config.json of a family that transformers knows   `transformers_checkpoint.py`
    config.json of a dual encoder of this program     `clip/folder.py`
    open_clip_config.json, with OpenAI's weights      `clip/open_clip.py`

Nothing here touches the network, and no code from a checkpoint is run.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from searchengine.embedding.checkpoint_files import CONFIG, OPEN_CLIP_CONFIG, damaged, read_json
from searchengine.embedding.clip.folder import MODEL_TYPE, DualEncoderCheckpoint
from searchengine.embedding.clip.open_clip import OpenClipCheckpoint
from searchengine.embedding.transformers_checkpoint import TransformersCheckpoint

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from searchengine.embedding.clip.folder import DualEncoderFolder
    from searchengine.embedding.preprocessing import Normalisation, Preprocessing
    from searchengine.embedding.towers import Towers


class Checkpoint(Protocol):
    """A dual encoder on disk that PyTorch can run, and whatever else it takes. Its methods raise ModelDamagedError."""

    @property
    def folder(self) -> Path:
        """Where it lies."""

    @property
    def languages(self) -> tuple[str, ...]:
        """ISO 639-1 codes of what it reads, as far as it says so itself; empty when unknown."""

    @property
    def fixed_length(self) -> bool:
        """Whether every sentence is padded to the full length."""

    def checksum(self) -> str:
        """The sha256 of the weights, in hexadecimal. Reads them all."""

    def preprocessing(self) -> tuple[Preprocessing, Normalisation]:
        """How its pictures are prepared."""

    def tokenizer(self) -> Tokenizer:
        """Its tokenizer, complete with truncation and padding. Raises ModelUnsupportedError too."""

    def towers(self) -> Towers:
        """Both towers in PyTorch, float32, on the processor."""

    def dual_encoder(self) -> DualEncoderFolder:
        """The model in our own code, as training wants it.

        Raises ModelUnsupportedError for an architecture that isn't written out here.
        """


def open_checkpoint(folder: Path) -> Checkpoint:
    """The checkpoint in `folder`, of whichever kind it is; its weights are not read yet.

    Raises ModelMissingError when there is none, ModelUnsupportedError when it is of a family that we don't run,
    ModelDamagedError when its configuration can't be read or its weights or tokenizer aren't there.
    """
    if not (folder / CONFIG).exists() and (folder / OPEN_CLIP_CONFIG).exists():
        return OpenClipCheckpoint.open(folder)
    model_type = read_json(folder, CONFIG).get("model_type")
    if not isinstance(model_type, str):
        raise damaged(folder, f"{CONFIG} doesn't say its model_type")
    if model_type == MODEL_TYPE:
        return DualEncoderCheckpoint.open(folder)
    return TransformersCheckpoint.open(folder, model_type)
