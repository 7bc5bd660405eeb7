from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch
from torch import Tensor, nn

from searchengine.embedding.clip.config import (
    DualEncoderConfig,
    ImageBackboneConfig,
    ImageConfig,
    ModifiedResNetConfig,
    TextBackboneConfig,
    TextConfig,
    TextTransformerConfig,
    VisionTransformerConfig,
)
from searchengine.embedding.clip.dual_encoder import DualEncoder
from searchengine.embedding.clip.text_transformer import TextTransformer
from searchengine.embedding.clip.transformer import LayerNorm
from searchengine.embedding.clip.vision_transformer import VisionTransformer
from searchengine.embedding.export import quiet_exporter
from tests.embedding.clip.references import spread
from tests.embedding.clip.test_backbones import BERT, GPT2, RESNET

SIZE, DIM, VOCABULARY, CONTEXT = 64, 24, 60, 16

IMAGES: dict[str, ImageConfig] = {
    "vision transformer": VisionTransformerConfig(SIZE, 16, 32, 2, 4, "quick_gelu"),
    "vision transformer with patch norm": VisionTransformerConfig(SIZE, 16, 32, 2, 4, "gelu", patch_norm=True),
    "modified resnet": ModifiedResNetConfig(SIZE, (1, 1, 1, 1), 8, 4),
    "backbone": ImageBackboneConfig(SIZE, RESNET),
}
TEXTS: dict[str, TextConfig] = {
    "text transformer": TextTransformerConfig(32, 2, 4, "quick_gelu", VOCABULARY, CONTEXT),
    "text transformer with a named end": TextTransformerConfig(32, 2, 4, "gelu", VOCABULARY, CONTEXT, 50),
    "bert": TextBackboneConfig(CONTEXT, "first", BERT),
    "gpt2": TextBackboneConfig(CONTEXT, "last", GPT2),
}
CONFIGS = {
    f"{image}, {text}": DualEncoderConfig(IMAGES[image], TEXTS[text], DIM)
    for image, text in zip(IMAGES, TEXTS, strict=True)
}
EVERY_KIND = pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)


def encoder_of(config: DualEncoderConfig) -> DualEncoder:
    torch.manual_seed(0)
    return DualEncoder(config).eval()


def pictures(count: int) -> Tensor:
    return torch.randn(count, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(count))


def sentences(count: int, length: int) -> tuple[Tensor, Tensor]:
    """Tokens and mask, int64 (count, length) each; the last sentence is shorter, and all end with the token 50."""
    tokens = torch.randint(3, 49, (count, length), generator=torch.Generator().manual_seed(count))
    mask = torch.ones_like(tokens)
    tokens[:, -1] = 50
    tokens[-1, length - 2 :] = torch.tensor([50, 0])
    mask[-1, -1] = 0
    return tokens, mask


@EVERY_KIND
def test_a_configuration_survives_being_written_as_json(config: DualEncoderConfig) -> None:
    assert DualEncoderConfig.from_json(json.loads(json.dumps(config.to_json()))) == config


@pytest.mark.parametrize(
    "changes",
    [{"image": None}, {"image": {"kind": "unheard of"}}, {"text": {"kind": "text_transformer"}}, {"image": "resnet"}],
    ids=str,
)
def test_json_that_is_no_configuration_is_refused(changes: dict[str, Any]) -> None:
    good = next(iter(CONFIGS.values())).to_json()
    with pytest.raises((KeyError, TypeError, ValueError)):
        DualEncoderConfig.from_json({**good, **changes})
    with pytest.raises(TypeError, match="one for images and one for texts"):
        DualEncoderConfig.from_json({**good, "image": good["text"]})


@EVERY_KIND
def test_both_towers_give_unit_vectors_of_one_length(config: DualEncoderConfig) -> None:
    encoder = encoder_of(config)
    images, texts = encoder.encode_images(pictures(3)), encoder.encode_texts(*sentences(4, 9))
    assert (images.shape, texts.shape) == ((3, DIM), (4, DIM))
    torch.testing.assert_close(torch.cat([images, texts]).norm(dim=1), torch.ones(7))
    assert math.isclose(encoder.logit_scale.exp().item(), 1 / 0.07, rel_tol=1e-5)
    assert encoder.logit_bias.item() == 0


@EVERY_KIND
def test_a_seed_decides_the_first_weights(config: DualEncoderConfig) -> None:
    first, second = encoder_of(config).state_dict(), encoder_of(config).state_dict()
    assert all(torch.equal(first[name], second[name]) for name in first)
    torch.manual_seed(1)
    other = DualEncoder(config).state_dict()
    assert not torch.equal(first["image_projection.weight"], other["image_projection.weight"])


@EVERY_KIND
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16], ids=["float16", "bfloat16"])
def test_half_precision_stays_near(config: DualEncoderConfig, dtype: torch.dtype) -> None:
    encoder = encoder_of(config)
    tokens = sentences(4, 9)
    expected = torch.cat([encoder.encode_images(pictures(3)), encoder.encode_texts(*tokens)])
    with torch.autocast("cpu", dtype):
        mixed = torch.cat([encoder.encode_images(pictures(3)), encoder.encode_texts(*tokens)])
    encoder.to(dtype)
    pure = torch.cat([encoder.encode_images(pictures(3)), encoder.encode_texts(*tokens)])
    for vectors in (mixed, pure):
        assert vectors.dtype == torch.float32
        assert (vectors * expected).sum(1).min() > (0.9999 if dtype == torch.float16 else 0.999)


def test_the_stream_between_blocks_stays_in_float32_under_autocast() -> None:
    encoder = encoder_of(CONFIGS["vision transformer, text transformer"])
    seen = []
    for tower in (encoder.image_tower, encoder.text_tower):
        assert isinstance(tower, VisionTransformer | TextTransformer)
        for block in tower.transformer.blocks:
            block.register_forward_hook(lambda _block, _inputs, output: seen.append(output.dtype))
    with torch.autocast("cpu", torch.bfloat16):
        encoder.encode_images(pictures(2))
        encoder.encode_texts(*sentences(2, 5))
    assert seen == 4 * [torch.float32]


def test_a_layer_norm_bears_what_float16_cannot_square() -> None:
    norm = LayerNorm(64).half()
    x = 30_000 * torch.randn(5, 64).clamp(-2, 2).half()  # squared, it is beyond 65,504
    expected = torch.nn.functional.layer_norm(x.float(), (64,))
    assert norm(x).dtype == torch.float16
    torch.testing.assert_close(norm(x).float(), expected, rtol=2e-3, atol=2e-3)


def test_attention_bears_logits_that_float16_cannot_exponentiate() -> None:
    config = CONFIGS["vision transformer, text transformer"]
    encoder = encoder_of(config)
    for name, parameter in encoder.named_parameters():
        if name.endswith("in_projection.weight"):
            parameter.data *= 8  # logits in the hundreds, where exp is beyond float16 and float32 alike
    expected = encoder.encode_images(pictures(3))
    pure = encoder.half().encode_images(pictures(3))
    assert torch.isfinite(pure).all()
    assert (pure * expected).sum(1).min() > 0.99


@EVERY_KIND
def test_checkpointed_activations_give_the_same_gradients(config: DualEncoderConfig) -> None:
    gradients = []
    saved = []
    for enabled in (False, True):
        encoder = spread(encoder_of(config)).train()
        for module in encoder.modules():
            if isinstance(module, nn.Dropout):
                module.p = 0.0
        encoder.checkpoint_activations(enabled)
        kept: list[int] = []
        with torch.autograd.graph.saved_tensors_hooks(lambda t, kept=kept: (kept.append(t.numel()), t)[1], lambda t: t):
            images, texts = encoder.encode_images(pictures(4)), encoder.encode_texts(*sentences(4, 9))
            loss = (images * texts).sum()
        loss.backward()
        saved.append(sum(kept))
        gradients.append({name: parameter.grad for name, parameter in encoder.named_parameters()})
    assert saved[1] < saved[0]  # something was left to be computed again
    for name, plain in gradients[0].items():
        again = gradients[1][name]
        assert (plain is None) == (again is None)
        if plain is not None:
            torch.testing.assert_close(again, plain, rtol=1e-5, atol=1e-7)


class Images(nn.Module):
    def __init__(self, encoder: DualEncoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, pixels: Tensor) -> Tensor:
        return self.encoder.encode_images(pixels)


class Texts(nn.Module):
    def __init__(self, encoder: DualEncoder) -> None:
        super().__init__()
        self.encoder = encoder

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        return self.encoder.encode_texts(input_ids, attention_mask)


@pytest.mark.slow
@EVERY_KIND
def test_an_exported_encoder_gives_the_same_vectors_for_any_number_and_length(
    config: DualEncoderConfig, tmp_path: Any
) -> None:
    encoder = spread(encoder_of(config)).eval()
    any_size = torch.export.Dim.DYNAMIC
    tokens = {0: any_size, 1: any_size}
    with quiet_exporter():
        for tower, inputs, names, shapes in (
            (Images(encoder), (pictures(2),), ["pixels"], {"pixels": {0: any_size}}),
            (
                Texts(encoder),
                sentences(4, 9),
                ["input_ids", "attention_mask"],
                {"input_ids": tokens, "attention_mask": tokens},
            ),
        ):
            path = tmp_path / f"{type(tower).__name__}.onnx"
            torch.onnx.export(
                tower.eval(), inputs, path, input_names=names, dynamic_shapes=shapes, dynamo=True, verbose=False
            )
    images = onnxruntime.InferenceSession(tmp_path / "Images.onnx")
    texts = onnxruntime.InferenceSession(tmp_path / "Texts.onnx")
    for count, length in ((1, 4), (5, CONTEXT)):
        input_ids, mask = sentences(count, length)
        (ours,) = images.run(None, {"pixels": pictures(count).numpy()})
        assert alike(ours, encoder.encode_images(pictures(count))) > 0.9999
        (ours,) = texts.run(None, {"input_ids": input_ids.numpy(), "attention_mask": mask.numpy()})
        assert alike(ours, encoder.encode_texts(input_ids, mask)) > 0.9999


def alike(ours: Any, theirs: Tensor) -> float:
    """The least cosine between rows of unit length."""
    return float(np.einsum("nd,nd->n", ours, theirs.detach().numpy()).min())
