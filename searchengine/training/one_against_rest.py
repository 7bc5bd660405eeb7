"""One class told from everything else, from a few examples, with a confidence that means something.

Among the others there may well be photos that show the class and that nobody has said so of: a library is only looked
at. Both steps allow for that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from searchengine.errors import UsageError
from searchengine.training.linear_probe import ENOUGH, FEW, fit_probe, held_out_scores

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchengine.records import Vector, Vectors

MANY = 20
"""Examples from which the penalty is chosen. With fewer, what cross-validation likes best is often so weak that the
layer learns by heart which of the others were not shown, and gives the label to none of them."""

RAREST = 0.01
"""The least share of photos that a class is taken to have."""

LOWER = 0.16  # of a Gaussian, this share lies more than one standard deviation below the middle


@dataclass(frozen=True, slots=True, eq=False)
class Detector:
    """A logistic layer for one class: the sigmoid of `weights` · vector + `bias` is the confidence."""

    weights: Vector  # float32 (dim,)
    bias: float
    accuracy: float  # cross-validated, the examples and the others counting alike
    recall: float  # cross-validated: the share of the examples with a confidence of at least 0.5


def fit_detector(examples: Vectors, others: Vectors) -> Detector:
    """Tell float32 (n, dim), which show a class, from float32 (m, dim), most of which don't.

    The examples together count as much as the others together, so that a class which is common among the others is
    learnt all the same. The confidence is then calibrated on the scores that each got from layers fitted without it.
    Raises UsageError for fewer than three of either.
    """
    if min(len(examples), len(others)) < ENOUGH:
        raise UsageError(
            f"{len(examples):,} examples and {len(others):,} other photos are too few to tell them apart.",
            f"At least {ENOUGH} of each are needed; the others are the library's and the examples of other classes.",
        )
    vectors = np.concatenate([examples, others])
    labels = np.repeat([1, 0], [len(examples), len(others)])
    weights = np.where(labels == 1, len(others) / len(examples), 1.0)
    penalty = None if len(examples) >= MANY else FEW
    held_out = held_out_scores(vectors, labels, weights=weights, penalty=penalty)
    if held_out is None:
        raise RuntimeError("three of each are enough to cross-validate")
    margins = held_out[:, 1] - held_out[:, 0]
    slope, shift = _calibration(margins[labels == 1], margins[labels == 0])
    shown = slope * margins + shift >= 0
    recall, correct = float(shown[labels == 1].mean()), float(1 - shown[labels == 0].mean())
    probe = fit_probe(vectors, labels, weights=weights, penalty=penalty)
    return Detector(
        (slope * (probe.weights[1] - probe.weights[0])).astype(np.float32),
        float(slope * (probe.biases[1] - probe.biases[0]) + shift),
        (recall + correct) / 2,
        recall,
    )


def _calibration(examples: NDArray[np.float64], others: NDArray[np.float64]) -> tuple[float, float]:
    """The slope and shift that make held-out scores log-odds: two Gaussians of one spread, and how common the class is.

    As linear discriminant analysis has it (Fisher, 1936). A handful of examples gives a logistic curve (Platt, 1999)
    no slope to speak of. Photos of the class among the others only lie above their middle, so the middle is the median
    and half of the spread is taken from below it; as many of them as score like the better half of the examples say
    how common the class is.
    """
    middle = float(np.median(others))
    below = middle - float(np.quantile(others, LOWER))
    spread = (len(others) * (others.var() + below**2) / 2 + len(examples) * examples.var()) / (
        len(others) + len(examples)
    )
    gap = float(examples.mean()) - middle
    if gap <= 0 or spread <= 0:
        return 0.0, -1.0  # nothing tells them apart: no photo shows it
    share = float(np.clip((others >= np.median(examples)).mean(), RAREST, 0.5))
    slope = gap / spread
    return slope, float(np.log(share / (1 - share))) - slope * (float(examples.mean()) + middle) / 2
