"""Between a model and what fine-tuning made of it: weights in proportion, and how far to go.

Wortsman et al., "Robust fine-tuning of zero-shot models", 2022 (WiSE-FT).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Ways from the start (0) to the fine-tuned weights (1) that are measured."""

KEPT = 0.9
"""Of the greatest gain, how much is enough: the rest of the way would cost more of what the model knew before."""


def interpolated(start: Mapping[str, Tensor], end: Mapping[str, Tensor], share: float) -> dict[str, Tensor]:
    """The weights at this share of the way; what isn't a number on a scale (batches seen) is the end's."""
    return {
        name: torch.lerp(start[name], weights, share) if weights.is_floating_point() else weights
        for name, weights in end.items()
    }


def share_to_take(figures: Mapping[float, float]) -> float:
    """The least share with nearly the greatest gain, from what was measured at each; 0 where nothing was gained."""
    gain = max(figures.values()) - figures[0.0]
    if gain <= 0:
        return 0.0
    return min(share for share, figure in figures.items() if figure >= figures[0.0] + KEPT * gain)
