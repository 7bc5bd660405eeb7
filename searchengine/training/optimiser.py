"""How weights are moved: AdamW, what it decays, and the rate over time."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import nn


def parameter_groups(parameters: Iterable[nn.Parameter], rate: float, weight_decay: float) -> list[dict[str, Any]]:
    """Those of the parameters that are trained, for `adamw`: no decay on gains, biases and the temperature."""
    trained = [parameter for parameter in parameters if parameter.requires_grad]
    return [
        {"params": [one for one in trained if one.ndim >= 2], "lr": rate, "weight_decay": weight_decay},
        {"params": [one for one in trained if one.ndim < 2], "lr": rate, "weight_decay": 0.0},
    ]


def adamw(groups: list[dict[str, Any]]) -> torch.optim.AdamW:
    """AdamW as CLIP has it; each group's `lr` is the highest rate it will have.

    (Loshchilov and Hutter, 2019; the numbers: Radford et al., 2021, table 18.)
    """
    for group in groups:
        group["peak"] = group["lr"]
    return torch.optim.AdamW(groups, betas=(0.9, 0.98), eps=1e-6)


def set_rates(optimiser: torch.optim.Optimizer, share: float) -> None:
    """Give every group this share of its highest rate."""
    for group in optimiser.param_groups:
        group["lr"] = group["peak"] * share


def pace(step: int, steps: int, warmup: int) -> float:
    """The share of the highest rate at a step: up linearly for `warmup` steps, then down along half a cosine to 0."""
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 + 0.5 * math.cos(math.pi * (step - warmup) / max(1, steps - warmup))
