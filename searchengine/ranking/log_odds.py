"""Scores of a few examples and of everything else, as log-odds that something is of the examples' kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

RAREST = 0.01
"""The least share of photos that a kind is taken to have."""

LOWER = 0.16  # of a Gaussian, this share lies more than one standard deviation below the middle


def log_odds(examples: NDArray[np.float64], others: NDArray[np.float64]) -> tuple[float, float]:
    """The slope and shift that make held-out scores log-odds: two Gaussians of one spread, and how common the kind is.

    `examples` and `others`: the scores of photos that are known to be of the kind, float64 (n,), and of photos most of
    which aren't, (m,). As linear discriminant analysis has it (Fisher, 1936). A handful of examples gives a logistic
    curve (Platt, 1999) no slope to speak of. Photos of the kind among the others only lie above their middle, so the
    middle is the median and half of the spread is taken from below it; as many of them as score like the better half of
    the examples say how common the kind is.
    """
    middle = float(np.median(others))
    below = middle - float(np.quantile(others, LOWER))
    spread = (len(others) * (others.var() + below**2) / 2 + len(examples) * examples.var()) / (
        len(others) + len(examples)
    )
    gap = float(examples.mean()) - middle
    if gap <= 0 or spread <= 0:
        return 0.0, -1.0  # nothing tells them apart: no photo is of the kind
    share = float(np.clip((others >= np.median(examples)).mean(), RAREST, 0.5))
    slope = gap / spread
    return slope, float(np.log(share / (1 - share))) - slope * (float(examples.mean()) + middle) / 2
