"""Between the old weights and the new ones: what lies there, and how far to go."""

from __future__ import annotations

import pytest
import torch

from searchengine.training.interpolation import interpolated, share_to_take


def test_halfway_lies_between_the_weights() -> None:
    start = {"weight": torch.tensor([0.0, 2.0]), "seen": torch.tensor(1)}
    end = {"weight": torch.tensor([1.0, 4.0]), "seen": torch.tensor(9)}
    middle = interpolated(start, end, 0.5)
    assert (middle["weight"].tolist(), middle["seen"].item()) == ([0.5, 3.0], 9)


@pytest.mark.parametrize(
    ("figures", "taken"),
    [
        ({0.0: 0.5, 0.5: 0.6, 1.0: 0.7}, 1.0),
        ({0.0: 0.5, 0.5: 0.7, 1.0: 0.71}, 0.5),  # the rest of the way gains next to nothing
        ({0.0: 0.5, 0.5: 0.5, 1.0: 0.4}, 0.0),
    ],
)
def test_no_further_than_it_gains(figures: dict[float, float], taken: float) -> None:
    assert share_to_take(figures) == taken
