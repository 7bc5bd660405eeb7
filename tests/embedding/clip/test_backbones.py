from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from transformers import AutoConfig, AutoModel

from searchengine.embedding.clip.backbones import ImageBackbone, TextBackbone
from searchengine.embedding.clip.config import ImageBackboneConfig, Pooling, TextBackboneConfig

RESNET = {"model_type": "resnet", "embedding_size": 8, "hidden_sizes": [16, 24], "depths": [1, 2]}
VIT = {
    "model_type": "vit",
    "image_size": 32,
    "patch_size": 8,
    "hidden_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 48,
}
DINO = {**VIT, "model_type": "dinov2", "mlp_ratio": 2}
SWIN = {
    "model_type": "swin",
    "image_size": 32,
    "patch_size": 4,
    "embed_dim": 12,
    "depths": [1, 1],
    "num_heads": [2, 2],
    "window_size": 4,
}
CONVNEXT = {"model_type": "convnext", "hidden_sizes": [8, 12, 16, 20], "depths": [1, 1, 1, 1]}
BERT = {
    "model_type": "bert",
    "vocab_size": 60,
    "hidden_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 48,
    "max_position_embeddings": 16,
}
GPT2 = {
    "model_type": "gpt2",
    "vocab_size": 60,
    "n_embd": 24,
    "n_layer": 2,
    "n_head": 3,
    "n_positions": 16,
    "bos_token_id": None,
    "eos_token_id": None,
}
PIXELS = torch.randn(3, 3, 32, 32, generator=torch.Generator().manual_seed(0))
LENGTHS = torch.tensor([2, 11, 6])
TOKENS = torch.randint(1, 60, (3, 11), generator=torch.Generator().manual_seed(0))
MASK = (torch.arange(11) < LENGTHS[:, None]).long()


def library_model(settings: dict[str, Any], weights: dict[str, Tensor]) -> Any:
    """The library's own model of these settings with a tower's weights; its pooler, if it has one, stays random."""
    model = AutoModel.from_config(AutoConfig.for_model(**settings)).eval()
    missing, unexpected = model.load_state_dict(weights, strict=False)
    assert not unexpected
    assert all(name.startswith("pooler.dense") for name in missing)
    return model


@pytest.mark.parametrize(
    ("settings", "pooled", "width"),
    [
        (RESNET, "mean", 24),
        (VIT, "class token", 24),
        (DINO, "class token", 24),
        (SWIN, "mean", 24),
        (CONVNEXT, "normed mean", 20),
    ],
    ids=lambda value: value["model_type"] if isinstance(value, dict) else str(value),
)
def test_an_image_backbone_gives_the_librarys_own_features(settings: dict[str, Any], pooled: str, width: int) -> None:
    torch.manual_seed(0)
    tower = ImageBackbone(ImageBackboneConfig(32, settings)).eval()
    assert tower.width == width
    model = library_model(settings, tower.net.state_dict())
    with torch.no_grad():
        states = model(pixel_values=PIXELS).last_hidden_state  # (3, tokens, width) or (3, width, rows, columns)
        if pooled == "class token":
            expected = states[:, 0]
        else:
            expected = states.mean((2, 3)) if states.ndim == 4 else states.mean(1)
        if pooled == "normed mean":
            expected = model.layernorm(expected)
        torch.testing.assert_close(tower(PIXELS), expected, rtol=0, atol=1e-5)
    assert expected.std(0).max() > 1e-3


@pytest.mark.parametrize(("settings", "pooling"), [(BERT, "first"), (GPT2, "last")], ids=["bert", "gpt2"])
def test_a_text_backbone_is_read_out_where_its_kind_gathers_the_sentence(
    settings: dict[str, Any], pooling: Pooling
) -> None:
    torch.manual_seed(0)
    tower = TextBackbone(TextBackboneConfig(16, pooling, settings)).eval()
    model = library_model(settings, tower.net.state_dict())
    with torch.no_grad():
        states = model(input_ids=TOKENS, attention_mask=MASK).last_hidden_state  # (3, 11, width)
        places = torch.zeros(3, dtype=torch.long) if pooling == "first" else LENGTHS - 1
        expected = states[torch.arange(3), places]
        torch.testing.assert_close(tower(TOKENS, MASK), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize(("settings", "pooling"), [(BERT, "first"), (GPT2, "last")], ids=["bert", "gpt2"])
def test_padding_a_sentence_changes_nothing(settings: dict[str, Any], pooling: Pooling) -> None:
    torch.manual_seed(0)
    tower = TextBackbone(TextBackboneConfig(16, pooling, settings)).eval()
    with torch.no_grad():
        together = tower(TOKENS, MASK)
        torch.testing.assert_close(tower(TOKENS * MASK, MASK), together, rtol=0, atol=1e-5)
        for row, length in enumerate(LENGTHS.tolist()):
            alone = tower(TOKENS[row : row + 1, :length], MASK[row : row + 1, :length])
            torch.testing.assert_close(alone[0], together[row], rtol=0, atol=1e-5)


def test_every_weight_of_a_backbone_is_learnt() -> None:
    """A pooler that nothing reads would be a weight without a gradient, and stop training on several GPUs."""
    image, text = ImageBackbone(ImageBackboneConfig(32, VIT)), TextBackbone(TextBackboneConfig(16, "first", BERT))
    (image(PIXELS).sum() + text(TOKENS, MASK).sum()).backward()
    for tower in (image, text):
        without = [name for name, parameter in tower.named_parameters() if parameter.grad is None]
        assert not [name for name in without if "mask_token" not in name]
