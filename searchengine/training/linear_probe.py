"""The linear probe: a logistic layer on frozen vectors, which shows how much a model's vectors know of some classes.

Arrays in and out: where the vectors come from, and what becomes of the layer, is not known here. Everything is in
float64, and nothing is left to chance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from searchengine.records import Vectors

PENALTIES = (1e-1, 1e-2, 1e-3, 1e-4, 1e-5)
"""From which cross-validation chooses, the strongest first; for vectors whose mean square length is brought to 1."""

FEW = 1e-2
"""The penalty where there are too few examples to choose one."""

FOLDS = 5
ENOUGH = 3  # examples in every class, for cross-validation to say anything

ITERATIONS = 300


@dataclass(frozen=True, slots=True, eq=False)
class LinearProbe:
    """One logistic layer; the softmax of its scores are the classes' probabilities."""

    weights: NDArray[np.float64]  # (classes, dim)
    biases: NDArray[np.float64]  # (classes,)
    penalty: float

    def scores(self, vectors: Vectors) -> NDArray[np.float64]:
        """float32 (n, dim) to float64 (n, classes)."""
        scores: NDArray[np.float64] = vectors @ self.weights.T + self.biases
        return scores


def fit_probe(
    vectors: Vectors,
    labels: NDArray[np.int64],
    *,
    weights: NDArray[np.float64] | None = None,
    penalty: float | None = None,
) -> LinearProbe:
    """The logistic layer that tells the classes apart, from vectors float32 (n, dim) and their labels int64 (n,).

    Labels count from 0, and every class has at least one example. `weights`, float64 (n,), say how much each example
    counts; all alike when they are not given. Without a `penalty` (on the squared weights) the one whose
    cross-validated loss is least is taken. Fitted by L-BFGS (Liu and Nocedal, 1989), which the convex loss has one
    end for. As in Radford et al., 2021, section 3.2.
    """
    data = _Examples.of(vectors, labels, weights)
    if penalty is None:
        penalty = _best_penalty(data, PENALTIES)[0] if data.enough else FEW
    layer = _minimise(data, penalty, np.s_[:], start=None)
    scaled = layer[:, :-1].numpy() / data.scale
    return LinearProbe(scaled, layer[:, -1].numpy() - scaled @ data.mean, penalty)


def held_out_scores(
    vectors: Vectors,
    labels: NDArray[np.int64],
    *,
    weights: NDArray[np.float64] | None = None,
    penalty: float | None = None,
) -> NDArray[np.float64] | None:
    """What layers fitted without an example say of it: float64 (n, classes); None where there are too few examples.

    Five folds, with every class in each where it has as many examples; parameters as for `fit_probe`.
    """
    data = _Examples.of(vectors, labels, weights)
    return _best_penalty(data, PENALTIES if penalty is None else (penalty,))[1].numpy() if data.enough else None


@dataclass(frozen=True, slots=True, eq=False)
class _Examples:
    """What a layer is fitted to, centred and scaled so that a penalty means the same for every model."""

    inputs: Tensor  # float64 (n, dim + 1), the last column 1
    labels: Tensor  # int64 (n,)
    weights: Tensor  # float64 (n,), their mean 1
    mean: NDArray[np.float64]  # (dim,)
    scale: float
    folds: Tensor  # int64 (n,): the fold that each is held out in
    classes: int
    enough: bool

    @classmethod
    def of(cls, vectors: Vectors, labels: NDArray[np.int64], weights: NDArray[np.float64] | None) -> _Examples:
        wide = vectors.astype(np.float64)
        mean = wide.mean(0)
        scale = float(np.sqrt(((wide - mean) ** 2).sum(1).mean())) or 1.0  # all alike: nothing to scale
        inputs = np.column_stack([(wide - mean) / scale, np.ones(len(wide))])
        counted = np.ones(len(wide)) if weights is None else weights / weights.mean()
        folds = np.empty(len(labels), np.int64)
        for label in np.unique(labels):
            own = np.flatnonzero(labels == label)
            folds[np.random.default_rng(0).permutation(own)] = np.arange(len(own)) % FOLDS
        return cls(
            torch.from_numpy(inputs),
            torch.from_numpy(labels.astype(np.int64)),
            torch.from_numpy(counted),
            mean,
            scale,
            torch.from_numpy(folds),
            int(labels.max()) + 1,
            bool(np.bincount(labels).min() >= ENOUGH),
        )


def _best_penalty(data: _Examples, penalties: Sequence[float]) -> tuple[float, Tensor]:
    """The penalty with the least cross-validated loss, and the held-out scores under it: float64 (n, classes).

    From the strongest to the weakest: each layer starts where the one before it ended.
    """
    held_out = torch.empty(len(penalties), len(data.labels), data.classes, dtype=torch.float64)
    for fold in range(int(data.folds.max()) + 1):
        rest, own = data.folds != fold, data.folds == fold
        layer = None
        for number, penalty in enumerate(penalties):
            layer = _minimise(data, penalty, rest, start=layer)
            held_out[number, own] = data.inputs[own] @ layer.T
    losses = [(cross_entropy(scores, data.labels, reduction="none") * data.weights).mean() for scores in held_out]
    best = int(torch.stack(losses).argmin())
    return penalties[best], held_out[best]


def _minimise(data: _Examples, penalty: float, rows: slice | Tensor, start: Tensor | None) -> Tensor:
    """The layer with the least penalised loss on some rows: float64 (classes, dim + 1), biases last and free."""
    inputs, labels, weights = data.inputs[rows], data.labels[rows], data.weights[rows]
    layer = torch.zeros(data.classes, inputs.shape[1], dtype=torch.float64) if start is None else start.clone()
    layer.requires_grad_()
    optimiser = torch.optim.LBFGS(
        [layer], max_iter=ITERATIONS, tolerance_grad=1e-7, tolerance_change=1e-10, line_search_fn="strong_wolfe"
    )

    def loss() -> Tensor:
        optimiser.zero_grad()
        fit = (cross_entropy(inputs @ layer.T, labels, reduction="none") * weights).sum() / weights.sum()
        value = fit + penalty / 2 * layer[:, :-1].square().sum()
        value.backward()  # type: ignore[no-untyped-call]  # torch's own gap
        return value

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    return layer.detach()
