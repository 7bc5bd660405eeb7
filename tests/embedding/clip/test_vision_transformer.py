from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch.nn.functional import normalize

from searchengine.embedding.clip.config import (
    Activation,
    DualEncoderConfig,
    TextTransformerConfig,
    VisionTransformerConfig,
)
from searchengine.embedding.clip.dual_encoder import DualEncoder
from searchengine.embedding.clip.vision_transformer import VisionTransformer
from tests.embedding.clip.references import (
    DIM,
    HEADS,
    IMAGE_SIZE,
    LAYERS,
    PATCH,
    WIDTH,
    spread,
    tower_weights,
    vision_reference,
)

IMAGE = VisionTransformerConfig(IMAGE_SIZE, PATCH, WIDTH, LAYERS, HEADS, "gelu")
PIXELS = torch.randn(5, 3, IMAGE_SIZE, IMAGE_SIZE, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("activation", ["gelu", "quick_gelu"])
def test_the_vision_transformer_gives_what_the_transformers_library_gives(activation: Activation) -> None:
    theirs = vision_reference(activation)
    text = TextTransformerConfig(WIDTH, 1, HEADS, activation, vocabulary=9, context=4)
    ours = DualEncoder(DualEncoderConfig(replace(IMAGE, activation=activation), text, DIM)).eval()
    ours.image_tower.load_state_dict(tower_weights(theirs))
    ours.image_projection.load_state_dict(theirs.visual_projection.state_dict())
    with torch.no_grad():
        features = theirs.vision_model(PIXELS).pooler_output
        torch.testing.assert_close(ours.image_tower(PIXELS), features, rtol=0, atol=1e-5)
        expected = normalize(theirs(PIXELS).image_embeds, dim=1)
        torch.testing.assert_close(ours.encode_images(PIXELS), expected, rtol=0, atol=1e-5)
    assert expected.std(0).min() > 1e-3  # the pictures differ, so that agreeing says something


def test_the_two_activations_are_not_the_same() -> None:
    exact = VisionTransformer(IMAGE)
    quick = VisionTransformer(replace(IMAGE, activation="quick_gelu"))
    quick.load_state_dict(exact.state_dict())
    assert (exact(PIXELS) - quick(PIXELS)).abs().max() > 1e-4


def test_the_norm_on_patches_takes_away_their_contrast_before_the_positions_come() -> None:
    torch.manual_seed(3)
    plain, normed = spread(VisionTransformer(IMAGE)), spread(VisionTransformer(replace(IMAGE, patch_norm=True)))
    for tower, change in ((plain, "shown"), (normed, "hidden")):
        before = tower(PIXELS)
        after = tower(3 * PIXELS)
        assert ((before - after).abs().max() < 1e-3) == (change == "hidden")
