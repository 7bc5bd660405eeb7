"""A CLIP from one format into another: OpenAI's, the transformers library's, this program's.

What goes in is a checkpoint's folder, or a file of OpenAI's weights; what comes out is a folder.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from searchengine.embedding.checkpoint import open_checkpoint
from searchengine.embedding.clip.config import TextTransformerConfig
from searchengine.embedding.clip.folder import DualEncoderFolder, save_dual_encoder
from searchengine.embedding.clip.open_clip import save_open_clip
from searchengine.embedding.clip.tokenizer import find_tokenizer
from searchengine.embedding.clip.transformers_clip import save_clip
from searchengine.embedding.preprocessing import MEAN, STD, Normalisation, Preprocessing
from searchengine.errors import ModelError, UsageError, printable


def dual_encoder_from(source: Path, tokenizer: Path | None = None) -> DualEncoderFolder:
    """The dual encoder of a checkpoint's folder, or of a file of OpenAI's weights (`.pt`, `.safetensors`).

    The vocabulary of a file is the one beside it, or in the folder or file `tokenizer`. Raises NotFoundError,
    ModelMissingError, ModelDamagedError, or ModelUnsupportedError for what isn't one of our architectures.
    """
    if not source.is_file():
        loaded = open_checkpoint(source).dual_encoder()
        if tokenizer is not None:
            raise UsageError(f"{printable(source)} has its own tokenizer.", "Leave out --tokenizer.")
        return loaded
    from searchengine.embedding.clip.openai import build_model
    from searchengine.embedding.clip.weights_file import read_weights

    encoder = build_model(read_weights(source))
    text, side = encoder.config.text, encoder.config.image.image_size
    assert isinstance(text, TextTransformerConfig)  # OpenAI's have no other
    vocabulary = find_tokenizer(tokenizer or source.parent, vocabulary=text.vocabulary, context=text.context)
    preprocessing = Preprocessing(side, side, "shortest", side, "bicubic")
    return DualEncoderFolder(encoder, preprocessing, Normalisation.of(MEAN, STD), vocabulary, ())


def _save_ours(folder: Path, loaded: DualEncoderFolder) -> None:
    save_dual_encoder(
        folder, loaded.encoder, loaded.preprocessing, loaded.normalisation, loaded.tokenizer, loaded.languages
    )


FORMATS: Mapping[str, Callable[[Path, DualEncoderFolder], None]] = {
    "searchengine": _save_ours,
    "openai": save_open_clip,
    "transformers": save_clip,
}
"""How each format is written."""


def convert(source: Path, target: Path, kind: str, tokenizer: Path | None = None) -> None:
    """Write the checkpoint at `source` into the folder `target`, which is new, in a format of `FORMATS`.

    The weights are the same numbers in every format. Raises UsageError when there is something at `target`, ModelError
    when it can't be written, and as `dual_encoder_from`.
    """
    if target.exists():
        raise UsageError(f"{printable(target)} is there already.", "Name a folder that isn't.")
    loaded = dual_encoder_from(source, tokenizer)
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        FORMATS[kind](beside, loaded)
        beside.rename(target)
    except OSError as error:
        raise ModelError(f"The model can't be written to {printable(target)}: {error.strerror or error}.") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
