"""A checkpoint of this program: a `DualEncoder` on disk with all that it takes to search with it.

    config.json         its sizes, how its pictures are prepared, which languages it reads
    model.safetensors   the weights, float32
    tokenizer.json      for the library tokenizers; its truncation and padding are the model's

Training writes such folders and starts from them; to the rest of the program each is a `Checkpoint` like any other.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from searchengine.embedding.checkpoint_files import CONFIG, damaged, read_json, reading, weights_checksum
from searchengine.embedding.clip.config import DualEncoderConfig
from searchengine.embedding.model_folder import TOKENIZER
from searchengine.embedding.onnx_runtime import load_tokenizer
from searchengine.embedding.preprocessing import Normalisation, Preprocessing

if TYPE_CHECKING:
    import torch
    from tokenizers import Tokenizer

    from searchengine.embedding.clip.dual_encoder import DualEncoder
    from searchengine.embedding.towers import Towers

MODEL_TYPE = "searchengine_dual_encoder"
"""What `config.json` says of such a folder."""
WEIGHTS = "model.safetensors"


@dataclass(frozen=True, slots=True)
class DualEncoderFolder:
    """A dual encoder of any checkpoint, with all that it takes to search with it, loaded."""

    encoder: DualEncoder  # float32, on the processor, in evaluation mode
    preprocessing: Preprocessing
    normalisation: Normalisation
    tokenizer: Tokenizer
    languages: tuple[str, ...]


def save_dual_encoder(
    folder: Path,
    encoder: DualEncoder,
    preprocessing: Preprocessing,
    normalisation: Normalisation,
    tokenizer: Tokenizer,
    languages: tuple[str, ...] = (),
) -> None:
    """Write a checkpoint into `folder`, which is made when it isn't there. Raises OSError.

    The configuration comes last: without it, what a killed program left is no checkpoint.
    """
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    (folder / CONFIG).unlink(missing_ok=True)
    weights = {name: _as_saved(tensor) for name, tensor in encoder.state_dict().items()}
    save_file(weights, folder / WEIGHTS, metadata={"format": "pt"})
    tokenizer.save(str(folder / TOKENIZER))
    config = {
        "model_type": MODEL_TYPE,
        "model": encoder.config.to_json(),
        "preprocessing": asdict(preprocessing),
        "normalisation": asdict(normalisation),
        "languages": list(languages),
    }
    (folder / CONFIG).write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def towers_of(loaded: DualEncoderFolder) -> Towers:
    """The towers of a dual encoder, with its normalisation."""
    from searchengine.embedding.towers import Towers

    encoder = loaded.encoder
    return Towers(encoder, images=encoder.encode_images, texts=encoder.encode_texts, normalisation=loaded.normalisation)


def load_dual_encoder(folder: Path) -> DualEncoderFolder:
    """The checkpoint that `save_dual_encoder` wrote into `folder`.

    Raises ModelMissingError when there is none, ModelDamagedError when it isn't whole.
    """
    return DualEncoderCheckpoint.open(folder).dual_encoder()


@dataclass(frozen=True, slots=True)
class DualEncoderCheckpoint:
    """Such a folder as a `Checkpoint`. `open` it."""

    folder: Path
    languages: tuple[str, ...]
    config: DualEncoderConfig
    pictures: tuple[Preprocessing, Normalisation]
    fixed_length: bool = False

    @classmethod
    def open(cls, folder: Path) -> DualEncoderCheckpoint:
        """The checkpoint in `folder`. Raises ModelMissingError, ModelDamagedError."""
        contents = read_json(folder, CONFIG)
        try:
            if contents["model_type"] != MODEL_TYPE:
                raise damaged(folder, f"it is no {MODEL_TYPE}")
            preprocessing = Preprocessing(**contents["preprocessing"])
            scale, shift = (tuple(map(float, contents["normalisation"][key])) for key in ("scale", "shift"))
            normalisation = Normalisation((scale[0], scale[1], scale[2]), (shift[0], shift[1], shift[2]))
            languages = tuple(map(str, contents["languages"]))
            config = DualEncoderConfig.from_json(contents["model"])
        except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
            raise damaged(folder, f"{CONFIG} doesn't say what it must ({error!r})") from error
        for name, what in ((WEIGHTS, "its weights are"), (TOKENIZER, "its tokenizer is")):
            if not (folder / name).is_file():
                raise damaged(folder, f"{what} missing")
        return cls(folder, languages, config, (preprocessing, normalisation))

    def checksum(self) -> str:
        """The sha256 of the weights. Reads them all."""
        return weights_checksum(self.folder)

    def preprocessing(self) -> tuple[Preprocessing, Normalisation]:
        """How its pictures are prepared."""
        return self.pictures

    def tokenizer(self) -> Tokenizer:
        """Its tokenizer, complete."""
        return load_tokenizer(self.folder / TOKENIZER)

    def towers(self) -> Towers:
        """Both towers in PyTorch, float32, on the processor."""
        return towers_of(self.dual_encoder())

    def dual_encoder(self) -> DualEncoderFolder:
        """Everything in the folder. Raises ModelDamagedError."""
        from safetensors.torch import load_file

        from searchengine.embedding.clip.dual_encoder import DualEncoder

        with reading(self.folder):
            encoder = DualEncoder(self.config)
            encoder.load_state_dict(load_file(self.folder / WEIGHTS))
        return DualEncoderFolder(encoder.eval(), *self.pictures, self.tokenizer(), self.languages)


def _as_saved(tensor: torch.Tensor) -> torch.Tensor:
    """A weight as it is on disk: in float32 wherever it was trained; what counts (batches seen) stays as it is."""
    tensor = tensor.detach().cpu().contiguous()
    return tensor.float() if tensor.is_floating_point() else tensor
