"""One class told from everything else, from a few examples, with a confidence that means something.

Among the others there may well be photos that show the class and that nobody has said so of: a library is only looked
at. Both steps allow for that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from searchengine.errors import UsageError
from searchengine.ranking.log_odds import log_odds
from searchengine.training.linear_probe import ENOUGH, FEW, fit_probe, held_out_scores

if TYPE_CHECKING:
    from searchengine.records import Vector, Vectors

MANY = 20
"""Examples from which the penalty is chosen. With fewer, what cross-validation likes best is often so weak that the
layer learns by heart which of the others were not shown, and gives the label to none of them."""


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
    slope, shift = log_odds(margins[labels == 1], margins[labels == 0])
    shown = slope * margins + shift >= 0
    recall, correct = float(shown[labels == 1].mean()), float(1 - shown[labels == 0].mean())
    probe = fit_probe(vectors, labels, weights=weights, penalty=penalty)
    return Detector(
        (slope * (probe.weights[1] - probe.weights[0])).astype(np.float32),
        float(slope * (probe.biases[1] - probe.biases[0]) + shift),
        (recall + correct) / 2,
        recall,
    )
