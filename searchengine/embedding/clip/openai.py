"""OpenAI's CLIP from its weights alone: every size is read off their shapes.

The nine that OpenAI published (RN50, RN101, RN50x4, RN50x16, RN50x64, ViT-B/32, ViT-B/16, ViT-L/14, ViT-L/14@336px),
and any other of these architectures. How weights come out of a file, `weights_file.py` says.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from torch import Tensor

from searchengine.embedding.clip.config import (
    DualEncoderConfig,
    ImageConfig,
    ModifiedResNetConfig,
    TextTransformerConfig,
    VisionTransformerConfig,
)
from searchengine.embedding.clip.dual_encoder import DualEncoder
from searchengine.embedding.clip.names import COUNTER, OPENAI, from_theirs, to_theirs, weight_names
from searchengine.errors import ModelUnsupportedError

HEAD = 64
"""The width of an attention head in all of them; the shapes don't tell."""
NO_WEIGHTS = {"input_resolution", "context_length", "vocab_size", "attn_mask"}
"""What else is in some checkpoints: facts that the shapes tell too, and a mask that is computed."""


def build_model(state: Mapping[str, Tensor], config: DualEncoderConfig | None = None) -> DualEncoder:
    """The model of these weights, called as in OpenAI's checkpoints, of any precision; in float32, for evaluation.

    `config` says what shapes don't, where OpenAI's own habits (heads of 64, QuickGELU) don't hold. Raises
    ModelUnsupportedError for the weights of something else.
    """
    config = config or infer_config(state)
    names = weight_names(config, OPENAI)
    known = {name for weight in names for name in weight.theirs}
    missing = {name for name in known - state.keys() if not name.endswith(COUNTER)}
    if missing:
        raise _other(f"{min(missing)} is missing")
    if unknown := state.keys() - known - NO_WEIGHTS:
        raise _other(f"CLIP has no {min(unknown)}")
    encoder = DualEncoder(config)
    ours = from_theirs(names, state)
    try:
        encoder.load_state_dict({**ours, "logit_bias": encoder.logit_bias})
    except RuntimeError as error:
        raise _other(str(error).strip().splitlines()[-1].strip()) from error
    return encoder.eval()


def state_dict_of(encoder: DualEncoder) -> dict[str, Tensor]:
    """The weights of a model as OpenAI calls them.

    Raises ModelUnsupportedError for towers that OpenAI's CLIP hasn't, such as BERT.
    """
    return to_theirs(weight_names(encoder.config, OPENAI), encoder.state_dict())


def infer_config(state: Mapping[str, Tensor]) -> DualEncoderConfig:
    """The sizes of the model of these weights. Raises ModelUnsupportedError when a weight of CLIP's isn't there."""
    try:
        context, text_width = state["positional_embedding"].shape
        text = TextTransformerConfig(
            width=text_width,
            layers=_count(state, r"transformer\.resblocks\.(\d+)\."),
            heads=max(1, text_width // HEAD),
            activation="quick_gelu",
            vocabulary=state["token_embedding.weight"].shape[0],
            context=context,
        )
        return DualEncoderConfig(_infer_image(state), text, dim=state["text_projection"].shape[1])
    except KeyError as error:
        raise _other(f"{error.args[0]} is missing") from error
    except (ValueError, IndexError) as error:  # a tensor with another number of axes
        raise _other("a weight has another shape than CLIP's") from error


def _infer_image(state: Mapping[str, Tensor]) -> ImageConfig:
    if "visual.proj" in state:
        width, _, patch, _ = state["visual.conv1.weight"].shape
        side = math.isqrt(state["visual.positional_embedding"].shape[0] - 1)
        layers = _count(state, r"visual\.transformer\.resblocks\.(\d+)\.")
        return VisionTransformerConfig(side * patch, patch, width, layers, max(1, width // HEAD), "quick_gelu")
    side = math.isqrt(state["visual.attnpool.positional_embedding"].shape[0] - 1)
    width = state["visual.layer1.0.conv1.weight"].shape[0]
    blocks = [_count(state, rf"visual\.layer{stage}\.(\d+)\.") for stage in (1, 2, 3, 4)]
    return ModifiedResNetConfig(
        32 * side, (blocks[0], blocks[1], blocks[2], blocks[3]), width, max(1, 32 * width // HEAD)
    )


def _count(state: Mapping[str, Tensor], pattern: str) -> int:
    """How many numbers stand where the pattern has its group."""
    return len({found[1] for name in state if (found := re.match(pattern, name))})


def _other(reason: str) -> ModelUnsupportedError:
    return ModelUnsupportedError(f"These are not the weights of a CLIP as OpenAI wrote it: {reason}.")
