from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F  # noqa: N812  # as everybody writes it
from torch import Tensor

from searchengine.embedding.clip.config import DualEncoderConfig, ModifiedResNetConfig, TextTransformerConfig
from searchengine.embedding.clip.dual_encoder import DualEncoder
from searchengine.embedding.clip.modified_resnet import ModifiedResNet
from tests.embedding.clip.references import spread

CONFIG = ModifiedResNetConfig(image_size=96, blocks=(2, 1, 3, 1), width=8, heads=4)
PIXELS = torch.randn(3, 3, 96, 96, generator=torch.Generator().manual_seed(0))


def network(config: ModifiedResNetConfig = CONFIG) -> ModifiedResNet:
    """With random weights and random batch statistics, so that each of them matters."""
    torch.manual_seed(5)
    tower = spread(ModifiedResNet(config)).eval()
    for name, buffer in tower.named_buffers():
        if name.endswith("running_mean"):
            buffer.normal_(std=0.2)
        elif name.endswith("running_var"):
            buffer.uniform_(0.5, 2)
    return tower


def independent_forward(weights: dict[str, Tensor], pixels: Tensor, config: ModifiedResNetConfig) -> Tensor:
    """The published network once more, from its weights alone: convolutions, sums, and an attention by hand."""

    def convolution(x: Tensor, name: str, norm: str, *, stride: int = 1) -> Tensor:
        kernel = weights[f"{name}.weight"]
        x = F.conv2d(x, kernel, stride=stride, padding=kernel.shape[-1] // 2)
        mean, variance = weights[f"{norm}.running_mean"], weights[f"{norm}.running_var"]
        gain = weights[f"{norm}.weight"] / torch.sqrt(variance + 1e-5)
        return (x - mean[:, None, None]) * gain[:, None, None] + weights[f"{norm}.bias"][:, None, None]

    x = pixels
    for number in (1, 2, 3):
        x = F.relu(convolution(x, f"conv{number}", f"bn{number}", stride=2 if number == 1 else 1))
    x = F.avg_pool2d(x, 2)
    for layer, blocks in enumerate(config.blocks, start=1):
        for number in range(blocks):
            block = f"layer{layer}.{number}"
            halves = layer > 1 and number == 0
            y = F.relu(convolution(x, f"{block}.conv1", f"{block}.bn1"))
            y = F.relu(convolution(y, f"{block}.conv2", f"{block}.bn2"))
            y = F.avg_pool2d(y, 2) if halves else y
            y = convolution(y, f"{block}.conv3", f"{block}.bn3")
            if number == 0:
                x = F.avg_pool2d(x, 2) if halves else x
                x = convolution(x, f"{block}.downsample.0", f"{block}.downsample.1")
            x = F.relu(x + y)

    x = x.reshape(len(x), x.shape[1], -1)  # (n, width, places)
    x = torch.cat([x.mean(2, keepdim=True), x], dim=2) + weights["attention_pooling.position_embedding"].T
    attended = []
    size = x.shape[1] // config.heads
    for head in range(config.heads):
        rows = slice(head * size, (head + 1) * size)
        query, key, value = (
            torch.einsum("dw,nwt->ndt", weights[f"attention_pooling.{part}.weight"][rows], x)
            + weights[f"attention_pooling.{part}.bias"][rows, None]
            for part in ("query", "key", "value")
        )
        shares = torch.softmax(torch.einsum("nd,ndt->nt", query[:, :, 0], key) / size**0.5, dim=1)
        attended.append(torch.einsum("nt,ndt->nd", shares, value))
    return torch.cat(attended, dim=1)


@pytest.mark.parametrize(
    "config",
    [CONFIG, ModifiedResNetConfig(image_size=64, blocks=(1, 2, 1, 2), width=16, heads=16)],
    ids=["96 px", "64 px"],
)
def test_the_modified_resnet_is_the_published_one(config: ModifiedResNetConfig) -> None:
    tower = network(config)
    pixels = PIXELS[:, :, : config.image_size, : config.image_size]
    with torch.no_grad():
        expected = independent_forward(tower.state_dict(), pixels, config)
        torch.testing.assert_close(tower(pixels), expected, rtol=1e-5, atol=1e-5)
    assert expected.shape == (3, 32 * config.width)
    assert expected.std(0).max() > 1e-3  # the pictures differ, so that agreeing says something


def test_attention_pooling_ends_in_the_projection_with_its_bias() -> None:
    text = TextTransformerConfig(16, 1, 2, "quick_gelu", vocabulary=9, context=4)
    encoder = DualEncoder(DualEncoderConfig(CONFIG, text, 12)).eval()
    encoder.image_tower.load_state_dict(network().state_dict())
    assert encoder.image_projection.bias is not None
    torch.nn.init.normal_(encoder.image_projection.bias)
    with torch.no_grad():
        features = independent_forward(encoder.image_tower.state_dict(), PIXELS, CONFIG)
        expected = F.normalize(features @ encoder.image_projection.weight.T + encoder.image_projection.bias, dim=1)
        torch.testing.assert_close(encoder.encode_images(PIXELS), expected, rtol=0, atol=1e-5)


def test_a_new_network_begins_with_blocks_that_do_nothing() -> None:
    tower = ModifiedResNet(CONFIG).eval()
    x = torch.rand(2, 32, 24, 24)
    torch.testing.assert_close(tower.layer1[1](x), x)
