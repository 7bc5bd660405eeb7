"""What the built-in model is learnt from, and what one step of its training looks at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from searchengine.training.sentences import Sentences


@dataclass(frozen=True, slots=True)
class Material:
    """What is learnt from. Photos have several views, and may be seen in any."""

    photos: Tensor  # bfloat16 (views, n, 14, 14, 80)
    captions_of: Sequence[Sequence[int]]  # for each of the n photos, rows of `sentences`
    photo_classes: Tensor  # float32 (n, 1000), the classifier's probabilities
    samples: Tensor  # bfloat16 (views, m, 14, 14, 80): photos of known classes
    sample_classes: Tensor  # float32 (m, 1000)
    names_of: Sequence[Sequence[Sequence[int]]]  # for each class, word and template, a row of `sentences`; label first
    others: Sequence[int]  # rows of `sentences`: captions of photos that aren't here
    sentences: Sentences


@dataclass(frozen=True, slots=True)
class Portion:
    """How much one step looks at."""

    photos: int
    samples: int  # labelled photos beside them
    captions: int = 5  # of each photo, at most
    others: int = 0  # captions of other photos


@dataclass(frozen=True, slots=True)
class Draw:
    """What one step looks at."""

    photos: NDArray[np.int64]
    photo_views: NDArray[np.int64]
    samples: NDArray[np.int64]
    sample_views: NDArray[np.int64]
    captions: NDArray[np.int64]  # rows of the sentences, as all that follow
    owner: NDArray[np.int64]  # for each caption, its photo's place among `photos`
    names: NDArray[np.int64]  # for each class
    others: NDArray[np.int64]

    @property
    def texts(self) -> NDArray[np.int64]:
        """All rows of the sentences that it looks at: captions, names, others."""
        return np.concatenate([self.captions, self.names, self.others])


def draw(
    material: Material, portion: Portion, photos: NDArray[np.int64], plain_names: float, rng: np.random.Generator
) -> Draw:
    """These photos, each in one of its views, with what goes with them.

    `plain_names` is how often a class goes by its label rather than an everyday word.
    """
    captions = [rng.permutation(material.captions_of[photo])[: portion.captions] for photo in photos.tolist()]
    count = min(portion.samples, len(photos))
    return Draw(
        photos=photos,
        photo_views=rng.integers(len(material.photos), size=len(photos)),
        samples=rng.integers(material.samples.shape[1], size=count),
        sample_views=rng.integers(len(material.samples), size=count),
        captions=np.concatenate(captions),
        owner=np.repeat(np.arange(len(photos)), [len(own) for own in captions]),
        names=np.array(_one_name_each(material.names_of, plain_names, rng)),
        others=rng.permutation(material.others)[: portion.others].astype(np.int64),
    )


def gathered(photos: Sequence[Tensor] | Tensor, samples: Sequence[Tensor] | Tensor, seen: Draw) -> Tensor:
    """What a draw sees, photos before samples, each in its view: (photos + samples, …)."""
    parts = [photos[view][photo] for view, photo in zip(seen.photo_views, seen.photos, strict=True)]
    parts += [samples[view][sample] for view, sample in zip(seen.sample_views, seen.samples, strict=True)]
    return torch.stack(parts)


def _one_name_each(names_of: Sequence[Sequence[Sequence[int]]], plain: float, rng: np.random.Generator) -> list[int]:
    """A row of the sentences for each class: by its label or an everyday word, all in one template."""
    template = int(rng.integers(len(names_of[0][0])))
    rows = []
    for words in names_of:
        word = 0 if rng.random() < plain else int(rng.integers(1, len(words)))
        rows.append(words[word][template])
    return rows
