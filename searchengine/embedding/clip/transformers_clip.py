"""CLIP's vision transformers between our own code and the transformers library's, in both directions.

That library has no ResNet of CLIP's, so a model with one has no such checkpoint.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from searchengine.embedding.checkpoint_files import reading
from searchengine.embedding.clip.config import (
    Activation,
    DualEncoderConfig,
    ModifiedResNetConfig,
    TextTransformerConfig,
    VisionTransformerConfig,
)
from searchengine.embedding.clip.names import TRANSFORMERS, from_theirs, to_theirs, weight_names
from searchengine.embedding.preprocessing import RESAMPLES
from searchengine.errors import ModelUnsupportedError, printable

if TYPE_CHECKING:
    from searchengine.embedding.clip.dual_encoder import DualEncoder
    from searchengine.embedding.clip.folder import DualEncoderFolder

EPSILON = 1e-5
"""Of our layer norms."""
HIGHEST_ID = 2
"""What old checkpoints of CLIP give as `eos_token_id`: they pool where the highest id stands."""


def encoder_of(model: Any, folder: Path) -> DualEncoder:
    """The library's CLIPModel, loaded from `folder`, in our own code; for evaluation.

    Raises ModelUnsupportedError for sizes that our architecture doesn't have.
    """
    from searchengine.embedding.clip.dual_encoder import DualEncoder

    config = _our_config(folder, model.config)
    encoder = DualEncoder(config)
    ours = from_theirs(weight_names(config, TRANSFORMERS), model.state_dict())
    encoder.load_state_dict({**ours, "logit_bias": encoder.logit_bias})
    return encoder.eval()


def save_clip(folder: Path, loaded: DualEncoderFolder) -> None:
    """Write a dual encoder into `folder` as the transformers library writes a CLIP.

    The logit bias, which only the sigmoid loss uses, has no place there. Raises ModelUnsupportedError for towers that
    the library's CLIP hasn't, OSError.
    """
    from transformers import CLIPConfig, CLIPModel, PreTrainedTokenizerFast
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    config = loaded.encoder.config
    if isinstance(config.image, ModifiedResNetConfig):
        raise ModelUnsupportedError(
            "The transformers library has no class for CLIP's ResNets, so this model can't become one of its.",
            "`--to openai` and `--to searchengine` keep it.",
        )
    names = weight_names(config, TRANSFORMERS)
    with reading(folder):
        model = CLIPModel(CLIPConfig(**_their_config(config)))
        model.load_state_dict(to_theirs(names, loaded.encoder.state_dict()))
    how, (mean, std) = loaded.preprocessing, loaded.normalisation.mean_and_std()
    squash = how.resize == "squash"
    processor = CLIPImageProcessorPil(
        size={"height": how.resize_to, "width": how.resize_to} if squash else {"shortest_edge": how.resize_to},
        crop_size={"height": how.height, "width": how.width},
        do_center_crop=True,
        resample=RESAMPLES.index(how.resample),
        image_mean=mean,
        image_std=std,
    )
    padding = (loaded.tokenizer.padding or {}).get("pad_token")
    context = config.text.context
    tokenizer = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]  # transformers leaves out the annotation
        tokenizer_object=loaded.tokenizer, pad_token=padding, eos_token=padding, model_max_length=context
    )
    for part in (model, processor, tokenizer):
        part.save_pretrained(folder)


def _our_config(folder: Path, theirs: Any) -> DualEncoderConfig:
    vision, text = theirs.vision_config, theirs.text_config
    for part in (vision, text):
        if part.intermediate_size != 4 * part.hidden_size or part.layer_norm_eps != EPSILON:
            raise ModelUnsupportedError(
                f"The CLIP in {printable(folder)} has other proportions than OpenAI's, which this program can't train."
            )
    return DualEncoderConfig(
        VisionTransformerConfig(
            image_size=vision.image_size,
            patch=vision.patch_size,
            width=vision.hidden_size,
            layers=vision.num_hidden_layers,
            heads=vision.num_attention_heads,
            activation=_activation(folder, vision.hidden_act),
        ),
        TextTransformerConfig(
            width=text.hidden_size,
            layers=text.num_hidden_layers,
            heads=text.num_attention_heads,
            activation=_activation(folder, text.hidden_act),
            vocabulary=text.vocab_size,
            context=text.max_position_embeddings,
            end_of_text=None if text.eos_token_id == HIGHEST_ID else text.eos_token_id,
        ),
        dim=theirs.projection_dim,
    )


def _activation(folder: Path, name: str) -> Activation:
    if name == "quick_gelu":
        return "quick_gelu"
    if name == "gelu":
        return "gelu"
    raise ModelUnsupportedError(f"The CLIP in {printable(folder)} has the activation {name}, which ours hasn't.")


def _their_config(config: DualEncoderConfig) -> dict[str, Any]:
    image, text = config.image, config.text
    assert isinstance(image, VisionTransformerConfig)  # or its weights had no names there
    assert isinstance(text, TextTransformerConfig)
    ids = {"bos_token_id": None, "pad_token_id": None}
    end = HIGHEST_ID if text.end_of_text is None else text.end_of_text
    return {
        "projection_dim": config.dim,
        "vision_config": {**_sizes(image), "image_size": image.image_size, "patch_size": image.patch},
        "text_config": {
            **_sizes(text),
            "vocab_size": text.vocabulary,
            "max_position_embeddings": text.context,
            "eos_token_id": end,
            **ids,
        },
    }


def _sizes(tower: VisionTransformerConfig | TextTransformerConfig) -> dict[str, Any]:
    return {
        "hidden_size": tower.width,
        "intermediate_size": 4 * tower.width,
        "num_hidden_layers": tower.layers,
        "num_attention_heads": tower.heads,
        "hidden_act": tower.activation,
    }
