"""A folder with OpenAI's weights as OpenCLIP lays it out, on the hub too: how CLIP's ResNets are to be had.

    open_clip_config.json        what the weights' shapes don't tell, and how pictures are prepared
    open_clip_model.safetensors  the weights, by OpenAI's names (or open_clip_pytorch_model.bin)
    tokenizer.json               the vocabulary (or merges.txt, or OpenAI's own file)

OpenCLIP knows many other architectures by the same files; they are refused by what their configuration asks for.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from searchengine.embedding.checkpoint_files import OPEN_CLIP_CONFIG, damaged, read_json, weights, weights_checksum
from searchengine.embedding.clip.config import (
    Activation,
    DualEncoderConfig,
    ModifiedResNetConfig,
    TextTransformerConfig,
    VisionTransformerConfig,
)
from searchengine.embedding.clip.folder import DualEncoderFolder, towers_of
from searchengine.embedding.clip.tokenizer import VOCABULARIES, find_tokenizer
from searchengine.embedding.model_folder import TOKENIZER
from searchengine.embedding.preprocessing import MEAN, RESAMPLES, RESIZES, STD, Normalisation, Preprocessing
from searchengine.errors import ModelUnsupportedError, printable

if TYPE_CHECKING:
    from tokenizers import Tokenizer

    from searchengine.embedding.towers import Towers

WEIGHTS = "open_clip_model.safetensors"
KNOWN = {
    "model_cfg": {"embed_dim", "quick_gelu", "vision_cfg", "text_cfg"},
    "vision_cfg": {"image_size", "layers", "width", "patch_size", "head_width"},
    "text_cfg": {"context_length", "vocab_size", "width", "heads", "layers"},
    "preprocess_cfg": {"size", "mode", "mean", "std", "interpolation", "resize_mode", "fill_color"},
}
"""What the configuration of a CLIP in OpenAI's architecture says; anything more makes it another one."""


@dataclass(frozen=True, slots=True)
class OpenClipCheckpoint:
    """Such a folder as a `Checkpoint`. `open` it."""

    folder: Path
    config: Mapping[str, Any]  # "model_cfg"
    pictures: tuple[Preprocessing, Normalisation]
    languages: tuple[str, ...] = ()  # such a checkpoint doesn't say
    fixed_length: bool = False

    @classmethod
    def open(cls, folder: Path) -> OpenClipCheckpoint:
        """The checkpoint in `folder`. Raises ModelMissingError, ModelUnsupportedError, ModelDamagedError."""
        checkpoint = cls.described(folder)
        if not weights(folder):
            raise damaged(folder, "its weights are missing")
        if not any((folder / name).is_file() for name in VOCABULARIES):
            raise damaged(folder, "its tokenizer is missing")
        return checkpoint

    @classmethod
    def described(cls, folder: Path) -> OpenClipCheckpoint:
        """What the configuration in `folder` describes, whether or not the rest is there yet. Raises as `open`."""
        contents = read_json(folder, OPEN_CLIP_CONFIG)
        try:
            config, pictures = contents["model_cfg"], contents.get("preprocess_cfg", {})
            for name, part in {**contents, **config}.items():
                if name in KNOWN and (unknown := part.keys() - KNOWN[name]):
                    raise _unsupported(folder, f"{name} has {min(unknown)}")
            return cls(folder, config, _pictures(folder, config["vision_cfg"]["image_size"], pictures))
        except (KeyError, TypeError, ValueError, AttributeError, ZeroDivisionError) as error:
            raise damaged(folder, f"{OPEN_CLIP_CONFIG} doesn't say what it must ({error!r})") from error

    def checksum(self) -> str:
        """The sha256 of the weights. Reads them all."""
        return weights_checksum(self.folder)

    def preprocessing(self) -> tuple[Preprocessing, Normalisation]:
        """How its pictures are prepared."""
        return self.pictures

    def tokenizer(self) -> Tokenizer:
        """Its tokenizer, complete."""
        text = self.config.get("text_cfg", {})
        sizes = {"vocabulary": int(text.get("vocab_size", 49408)), "context": int(text.get("context_length", 77))}
        return find_tokenizer(self.folder, **sizes)

    def towers(self) -> Towers:
        """Both towers in PyTorch, float32, on the processor."""
        return towers_of(self.dual_encoder())

    def dual_encoder(self) -> DualEncoderFolder:
        """Everything in the folder. Raises ModelDamagedError, ModelUnsupportedError."""
        from searchengine.embedding.clip.openai import build_model, infer_config
        from searchengine.embedding.clip.weights_file import read_weights

        state = read_weights(weights(self.folder)[0])
        config = _as_it_says(infer_config(state), self.config)
        if config.image.image_size != self.pictures[0].height:
            raise damaged(self.folder, f"its weights are for pictures of {config.image.image_size} pixels")
        return DualEncoderFolder(build_model(state, config), *self.pictures, self.tokenizer(), self.languages)


def save_open_clip(folder: Path, loaded: DualEncoderFolder) -> None:
    """Write a dual encoder into `folder` as OpenCLIP lays one out. Raises ModelUnsupportedError, OSError.

    The logit bias, which only the sigmoid loss uses, has no place there.
    """
    from safetensors.torch import save_file

    from searchengine.embedding.clip.openai import state_dict_of

    state = state_dict_of(loaded.encoder)
    contents = {"model_cfg": _model_config(loaded.encoder.config), "preprocess_cfg": _picture_config(loaded)}
    folder.mkdir(parents=True, exist_ok=True)
    save_file(state, folder / WEIGHTS, metadata={"format": "pt"})
    loaded.tokenizer.save(str(folder / TOKENIZER))
    (folder / OPEN_CLIP_CONFIG).write_text(json.dumps(contents, indent=2) + "\n", encoding="utf-8")


def _as_it_says(config: DualEncoderConfig, says: Mapping[str, Any]) -> DualEncoderConfig:
    """The sizes of the weights' shapes, with the activation and the heads of OpenCLIP's configuration."""
    activation: Activation = "quick_gelu" if says.get("quick_gelu", False) else "gelu"
    image, text = config.image, config.text
    head = int(says["vision_cfg"].get("head_width", 64))
    if isinstance(image, VisionTransformerConfig):
        image = replace(image, heads=image.width // head, activation=activation)
    elif isinstance(image, ModifiedResNetConfig):
        image = replace(image, heads=32 * image.width // head)
    if isinstance(text, TextTransformerConfig):
        text = replace(text, heads=int(says["text_cfg"].get("heads", text.heads)), activation=activation)
    return replace(config, image=image, text=text)


def _model_config(config: DualEncoderConfig) -> dict[str, Any]:
    """What `_as_it_says` reads, for a model whose towers are OpenAI's."""
    image, text = config.image, config.text
    activations = {text.activation} if isinstance(text, TextTransformerConfig) else set()
    vision: dict[str, Any] = {"image_size": image.image_size}
    if isinstance(image, VisionTransformerConfig):
        activations.add(image.activation)
        vision |= {"layers": image.layers, "width": image.width, "patch_size": image.patch}
        vision |= {"head_width": image.width // image.heads}
    elif isinstance(image, ModifiedResNetConfig):
        vision |= {"layers": list(image.blocks), "width": image.width, "head_width": 32 * image.width // image.heads}
    if len(activations) > 1:
        raise ModelUnsupportedError("A CLIP of OpenAI has one activation, and this model's towers have two.")
    assert isinstance(text, TextTransformerConfig)
    sizes = {"context_length": text.context, "vocab_size": text.vocabulary, "width": text.width}
    return {
        "embed_dim": config.dim,
        "quick_gelu": "quick_gelu" in activations,
        "vision_cfg": vision,
        "text_cfg": {**sizes, "heads": text.heads, "layers": text.layers},
    }


def _picture_config(loaded: DualEncoderFolder) -> dict[str, Any]:
    how = loaded.preprocessing
    if (how.height, how.width, how.resize_to) != (how.height, how.height, how.height):
        raise ModelUnsupportedError(f"A CLIP of OpenAI has no place for this preprocessing ({how}).")
    mean, std = loaded.normalisation.mean_and_std()
    return {"mean": mean, "std": std, "interpolation": how.resample, "resize_mode": how.resize}


def _pictures(folder: Path, size: Any, says: Mapping[str, Any]) -> tuple[Preprocessing, Normalisation]:
    side = size[0] if isinstance(size, list) and len(set(size)) == 1 else size
    resize, resample = says.get("resize_mode", "shortest"), says.get("interpolation", "bicubic")
    if not isinstance(side, int) or resize not in RESIZES or resample not in RESAMPLES:
        raise _unsupported(
            folder, f"its pictures are prepared in a way that this program doesn't ({resize}, {resample})"
        )
    normalisation = Normalisation.of(says.get("mean", MEAN), says.get("std", STD))
    return Preprocessing(side, side, resize, side, resample), normalisation


def _unsupported(folder: Path, reason: str) -> ModelUnsupportedError:
    return ModelUnsupportedError(
        f"The model in {printable(folder)} is none that this program knows from OpenCLIP: {reason}.",
        "It runs OpenAI's architectures from there; look for a version that was made for transformers.",
    )
