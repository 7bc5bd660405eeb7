from __future__ import annotations

import pytest
import torch
from torch.nn.functional import interpolate

from searchengine.embedding.clip.config import VisionTransformerConfig
from searchengine.embedding.clip.configurations import CONFIGURATIONS, Configuration, with_vocabulary
from searchengine.embedding.clip.dual_encoder import DualEncoder
from searchengine.training.loss import contrastive_loss

TINY = [configuration for name, configuration in CONFIGURATIONS.items() if name.endswith("-tiny")]
FULL = [configuration for name, configuration in CONFIGURATIONS.items() if not name.endswith("-tiny")]


def size(configuration: Configuration) -> tuple[DualEncoder, float]:
    """The encoder without memory for its weights, and how many millions of them it has."""
    with torch.device("meta"):
        encoder = DualEncoder(configuration.model)
    return encoder, sum(parameter.numel() for parameter in encoder.parameters()) / 1e6


def test_every_recipe_comes_in_a_size_for_a_laptop() -> None:
    assert {f"{configuration.name}-tiny" for configuration in FULL} == {configuration.name for configuration in TINY}
    for configuration in TINY:
        assert 2 < size(configuration)[1] < 8
        assert 64 <= configuration.model.image.image_size <= 96


@pytest.mark.parametrize(
    ("name", "widths", "dim", "millions"),
    [
        ("vit-b16+gpt2", (768, 512), 512, 150.1),
        ("resnet50+bert", (2048, 768), 512, 133.8),
        ("vit-b16+transformer", (768, 512), 512, 149.6),  # as OpenAI's ViT-B/16
    ],
)
def test_a_full_recipe_has_the_published_sizes(name: str, widths: tuple[int, int], dim: int, millions: float) -> None:
    encoder, weights = size(CONFIGURATIONS[name])
    assert (encoder.image_projection.in_features, encoder.text_projection.in_features) == widths
    assert encoder.image_projection.out_features == encoder.text_projection.out_features == dim
    assert weights == pytest.approx(millions, abs=0.1)


def test_only_the_recipe_with_norms_on_its_embeddings_has_them() -> None:
    for configuration in CONFIGURATIONS.values():
        image = configuration.model.image
        normed = isinstance(image, VisionTransformerConfig) and image.patch_norm
        assert normed == configuration.name.startswith("vit-b16+gpt2")


@pytest.mark.parametrize("configuration", CONFIGURATIONS.values(), ids=CONFIGURATIONS)
def test_a_recipe_takes_the_vocabulary_that_its_tokenizer_turns_out_to_have(configuration: Configuration) -> None:
    with torch.device("meta"):
        encoder = DualEncoder(with_vocabulary(configuration.model, 321))
    assert 321 in {parameter.shape[0] for parameter in encoder.text_tower.parameters()}


@pytest.mark.slow
@pytest.mark.parametrize("configuration", TINY, ids=lambda configuration: configuration.name)
def test_a_tiny_recipe_learns_32_pairs_by_heart(configuration: Configuration) -> None:
    torch.manual_seed(0)
    model = with_vocabulary(configuration.model, 64)
    encoder = DualEncoder(model)
    pixels = interpolate(torch.randn(32, 3, 2, 2), size=model.image.image_size)  # four colours each
    tokens = torch.randint(1, 63, (32, 8))
    tokens[:, -1] = 63
    mask = torch.ones_like(tokens)
    optimiser = torch.optim.AdamW(encoder.parameters(), lr=5e-4, betas=(0.9, 0.98), eps=1e-6)
    for _ in range(100):
        images, texts = encoder.encode_images(pixels), encoder.encode_texts(tokens, mask)
        similarities = images @ texts.T
        own = torch.arange(32)
        if torch.equal(similarities.argmax(0), own) and torch.equal(similarities.argmax(1), own):
            return
        optimiser.zero_grad()
        contrastive_loss(images, texts, encoder.logit_scale.exp()).backward()
        optimiser.step()
    pytest.fail("after 100 steps, some pictures still find another's text")
