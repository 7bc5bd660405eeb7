from __future__ import annotations

from functools import partial

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from searchengine.training.gradient_cache import Encode, backward
from searchengine.training.loss import contrastive_loss, sigmoid_loss


class Towers(nn.Module):
    """Two small towers with dropout, and the images' with a batch norm where asked for."""

    def __init__(self, *, norm: bool = False) -> None:
        super().__init__()
        torch.manual_seed(0)
        middle: list[nn.Module] = [nn.BatchNorm1d(16)] if norm else []
        self.images = nn.Sequential(nn.Linear(8, 16), *middle, nn.GELU(), nn.Dropout(0.3), nn.Linear(16, 6))
        self.texts = nn.Sequential(nn.Linear(10, 16), nn.GELU(), nn.Dropout(0.3), nn.Linear(16, 6))
        self.scale, self.bias = nn.Parameter(torch.tensor(2.0)), nn.Parameter(torch.tensor(-3.0))

    def encode(self, images: Tensor, texts: Tensor) -> tuple[Tensor, Tensor]:
        return normalize(self.images(images), dim=1), normalize(self.texts(texts), dim=1)

    def contrastive(self, images: Tensor, texts: Tensor) -> Tensor:
        return contrastive_loss(images, texts, self.scale.exp())

    def sigmoid(self, images: Tensor, texts: Tensor) -> Tensor:
        return sigmoid_loss(images, texts, self.scale.exp(), self.bias)

    def gradients(self) -> dict[str, Tensor]:
        return {name: one.grad.clone() for name, one in self.named_parameters() if one.grad is not None}


def parts_of(towers: Towers, size: int) -> list[Encode]:
    generator = torch.Generator().manual_seed(1)
    images, texts = torch.randn(24, 8, generator=generator), torch.randn(24, 10, generator=generator)
    return [
        partial(towers.encode, *part) for part in zip(images.split(size), texts.split(size), strict=True)
    ]  # fmt: skip


@pytest.mark.parametrize("loss", ["contrastive", "sigmoid"])
@pytest.mark.parametrize("size", [1, 5, 8])
def test_gradients_are_those_of_one_pass_with_the_same_dropout(loss: str, size: int) -> None:
    towers = Towers()
    torch.manual_seed(7)
    cached = backward(parts_of(towers, size), getattr(towers, loss), towers)
    found = towers.gradients()

    towers.zero_grad()
    torch.manual_seed(7)  # one graph over all parts: the same dropout, all in memory
    images, texts = (torch.cat(side) for side in zip(*(part() for part in parts_of(towers, size)), strict=True))
    whole = getattr(towers, loss)(images, texts)
    whole.backward()
    expected = towers.gradients()

    assert abs(cached.item() - whole.item()) < 1e-6
    assert found.keys() == expected.keys()
    for name, gradient in expected.items():
        torch.testing.assert_close(found[name], gradient, rtol=1e-5, atol=1e-6)
        assert gradient.abs().max() > 1e-3  # there is something to compare


def test_without_dropout_the_size_of_the_parts_does_not_matter() -> None:
    gradients = []
    for size in (24, 7):
        towers = Towers().eval()
        backward(parts_of(towers, size), towers.contrastive, towers)
        gradients.append(towers.gradients())
    for name, gradient in gradients[0].items():
        torch.testing.assert_close(gradients[1][name], gradient, rtol=1e-5, atol=1e-6)


def test_batch_norms_count_each_part_once() -> None:
    towers, plain = Towers(norm=True), Towers(norm=True)
    torch.manual_seed(7)
    backward(parts_of(towers, 8), towers.contrastive, towers)
    torch.manual_seed(7)
    for part in parts_of(plain, 8):
        part()
    found, expected = towers.images[1], plain.images[1]
    torch.testing.assert_close(found.running_mean, expected.running_mean)
    torch.testing.assert_close(found.running_var, expected.running_var)
    assert found.num_batches_tracked == expected.num_batches_tracked == 3
