"""Which regions of a picture speak for a query: each is hidden in turn, and shown alone, and the scores are compared.

It asks nothing of a model but vectors, so it works with every one. Hiding regions to see what a network looks at is
from Zeiler and Fergus, "Visualizing and Understanding Convolutional Networks" (ECCV 2014); adding up soft masks by the
scores of what they leave is from RISE (Petsiuk, Das and Saenko, BMVC 2018). Their random masks are a regular grid here,
so that a hundred do, and the same picture always gets the same map. Hiding alone says little where the thing fills the
picture: whatever is hidden, enough is left.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from searchengine.embedding.base import BATCH

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchengine.embedding.base import EmbeddingModel
    from searchengine.records import Pixels, Vector, Vectors

GRID = 7
"""Windows to a side. Each is full over a cell of this grid and fades over half of the next ones'."""


def evidence(
    model: EmbeddingModel, prepared: Pixels, queries: Vectors, tell: Callable[[int, int], None]
) -> tuple[NDArray[np.float32], Vector]:
    """How far each region speaks for each query, float32 (m, height, width), and the whole picture's vector.

    `prepared`: the model's input, uint8 (height, width, 3); `queries`: float32 (m, dim). The mean of two differences of
    cosines: what hiding the region takes away, and by how much the region alone has more than an average one alone.
    Below zero a region speaks against the query. `tell` hears how many views the model has seen, and of how many.
    Raises ModelError.
    """
    height, width = prepared.shape[:2]
    down, across = _windows(height), _windows(width)  # (GRID, height), (GRID, width)
    masks = np.einsum("gh,kw->gkhw", down, across).reshape(-1, height, width, 1)  # (GRID², height, width, 1)
    views = [prepared, *(_hidden(prepared, mask) for mask in masks), *(_hidden(prepared, 1 - mask) for mask in masks)]
    vectors = []
    for start in range(0, len(views), BATCH):
        vectors.append(model.encode_prepared(np.stack(views[start : start + BATCH])))
        tell(min(start + BATCH, len(views)), len(views))
    scores = np.concatenate(vectors) @ queries.T  # (1 + 2 * GRID², m)
    whole, hidden, alone = scores[0], scores[1 : 1 + GRID**2], scores[1 + GRID**2 :]
    found = ((whole - hidden) + (alone - alone.mean(axis=0))) / 2
    maps = np.einsum("gh,kw,gkm->mhw", down, across, found.reshape(GRID, GRID, -1), optimize=True)
    maps /= np.outer(down.sum(axis=0), across.sum(axis=0))
    return maps.astype(np.float32), vectors[0][0]


def coarse(evidence: NDArray[np.float32]) -> NDArray[np.float32]:
    """A map, float32 (height, width), in as many rows and columns as there are windows: all that it knows."""
    for axis in (0, 1):
        evidence = np.stack([part.mean(axis=axis) for part in np.array_split(evidence, GRID, axis=axis)], axis=axis)
    return evidence


def _windows(length: int) -> NDArray[np.float32]:
    """The windows along one axis, float32 (GRID, length), 0 to 1."""
    cell = length / GRID
    centres = (np.arange(GRID) + 0.5) * cell
    distances = np.abs(np.arange(length) + 0.5 - centres[:, None]) / cell
    return np.clip(1.5 - distances, 0, 1).astype(np.float32)


def _hidden(prepared: Pixels, mask: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The picture with its mean colour wherever the mask, float32 (height, width, 1), is 1."""
    colour = prepared.mean(axis=(0, 1))
    return np.asarray(np.rint(prepared + mask * (colour - prepared)), np.uint8)
