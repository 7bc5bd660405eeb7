from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from torch import Tensor, nn

from searchengine.training.export import export_tower, quantise


class Tower(nn.Module):
    """One of each kind of layer that carries weights, and one weight used twice."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.table = nn.Embedding(300, 64)
        self.first = nn.Linear(64, 128)
        self.second = nn.Linear(128, 64, bias=False)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.table(ids)  # (n, t, 64)
        x = torch.relu(self.first(x))
        return nn.functional.normalize(self.second(x).mean(1) @ self.second.weight, dim=1)


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tower") / "tower.onnx"
    export_tower(Tower(), {"ids": torch.ones(2, 5, dtype=torch.long)}, ["n", "t"], path)
    return path


def run(graph: Path, ids: Tensor) -> np.ndarray:
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    return session.run(["embeddings"], {"ids": ids.numpy()})[0]


def test_a_tower_in_8_bits_still_points_the_same_way_at_every_size(graph: Path) -> None:
    for shape in ((1, 1), (2, 5), (7, 9)):
        ids = torch.randint(300, shape, generator=torch.Generator().manual_seed(sum(shape)))
        with torch.no_grad():
            expected = Tower()(ids).numpy()
        assert ((run(graph, ids) * expected).sum(1) > 0.999).all()


def test_a_row_does_not_depend_on_its_company(graph: Path) -> None:
    ids = torch.randint(300, (6, 4), generator=torch.Generator().manual_seed(1))
    together = run(graph, ids)
    for row in range(6):
        np.testing.assert_allclose(run(graph, ids[row : row + 1])[0], together[row], atol=1e-6)


def test_weights_take_a_byte_each(graph: Path) -> None:
    numbers = 300 * 64 + 64 * 128 + 128 * 64
    assert graph.stat().st_size < 1.6 * numbers  # in float32 it would be four, and the second weight is stored twice


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_8_bits_are_off_by_half_a_step_of_their_channel_at_most(axis: int) -> None:
    weight = np.random.default_rng(0).normal(size=(6, 5)).astype(np.float32) * np.float32([[1, 2, 3, 4, 1000]])
    weight[0], weight[:, 0] = 0, 0  # a channel that is all zero stays so
    small, scale = quantise(weight, axis)
    assert small.dtype == np.int8
    assert scale.shape == ((6, 1) if axis == 0 else (1, 5))
    assert (np.abs(weight - small * scale) <= scale / 2 + 1e-6).all()
    assert (small[0] == 0).all()
    assert (small[:, 0] == 0).all()
