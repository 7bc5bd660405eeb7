"""Low-rank adapters: what is trained, and what is left of them."""

from __future__ import annotations

import pytest
import torch

from searchengine.training.lora import add_adapters, merge_adapters
from tests.embedding.clip.folders import ENCODERS, encoder


@pytest.mark.parametrize("name", ENCODERS)
def test_adapters_alone_are_trained_and_then_merged(name: str) -> None:
    pytest.importorskip("peft", reason="adapters come with the extra 'train'")
    plain = encoder(name)
    before = {key: weights.clone() for key, weights in plain.state_dict().items()}
    pixels = torch.randn(2, 3, *2 * (plain.config.image.image_size,), generator=torch.Generator().manual_seed(0))
    adapters = add_adapters(plain, rank=2)
    trained = {key for key, weights in plain.named_parameters() if weights.requires_grad}
    assert {key.rpartition(".lora_")[1] for key in trained} == {"", ".lora_"}
    assert [key for key in trained if ".lora_" not in key] == ["logit_scale"]
    with torch.no_grad():
        for key, weights in plain.named_parameters():
            if ".lora_" in key:
                torch.nn.init.normal_(weights, std=0.1)
    seen = plain.encode_images(pixels)
    merge_adapters(adapters)
    assert plain.state_dict().keys() == before.keys()
    assert any(not torch.equal(weights, before[key]) for key, weights in plain.state_dict().items())
    torch.testing.assert_close(plain.encode_images(pixels), seen, atol=1e-5, rtol=1e-4)
