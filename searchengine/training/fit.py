"""The training of the two projections, on features that were computed before: minutes, not hours.

Each step draws photos with one caption each for the contrastive loss, and photos with what the classifier sees in
them, to be aligned with the classes' names in changing words and templates. Everything drawn follows from the seed.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from searchengine.training.heads import Projection
from searchengine.training.loss import class_loss, contrastive_loss

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Recipe:
    """Every number that the training depends on."""

    seed: int = 0
    dim: int = 512  # of the learnt part
    hidden: int = 512
    image_dropout: float = 0.4
    text_dropout: float = 0.3
    epochs: int = 45
    batch: int = 1536  # photos in one contrastive step
    class_batch: int = 500  # photos of each source in one step of the class loss
    rate: float = 3e-3
    weight_decay: float = 0.1
    plain_names: float = 0.4  # how often a class goes by its WordNet name rather than an everyday one


@dataclass(frozen=True, slots=True)
class Material:
    """Features to learn from. Photos have several views, and may be seen in any."""

    photos: Tensor  # float32 (n, views, image features)
    captions: Tensor  # float32 (all captions, text features)
    captions_of: Sequence[Sequence[int]]  # for each of the n photos, rows of `captions`
    photo_classes: Tensor  # float32 (n, 1000), the classifier's probabilities
    samples: Tensor  # float32 (m, views, image features): photos of known classes
    sample_classes: Tensor  # float32 (m, 1000)
    names: Tensor  # float32 (all sentences about classes, text features)
    names_of: Sequence[Sequence[Sequence[int]]]  # for each class, word and template, a row of `names`; label first


def fit(material: Material, recipe: Recipe) -> tuple[Projection, Projection]:
    """The trained image and text projections.

    AdamW (Loshchilov and Hutter, 2019) with a linear warm-up and a cosine schedule; temperatures are learnt and
    clamped at 100, as CLIP's is.
    """
    torch.manual_seed(recipe.seed)
    rng = np.random.default_rng(recipe.seed)
    image = Projection(material.photos.shape[-1], recipe.hidden, recipe.dim, recipe.image_dropout)
    text = Projection(material.captions.shape[-1], recipe.hidden, recipe.dim, recipe.text_dropout)
    image.standardise(material.photos[:, 0])
    text.standardise(material.captions)
    scales = nn.Parameter(torch.full((2,), math.log(20)))  # of captions, of classes
    optimiser = torch.optim.AdamW(
        [
            {"params": [*image.parameters(), *text.parameters()], "weight_decay": recipe.weight_decay},
            {"params": [scales], "weight_decay": 0.0, "lr": 1e-2},
        ],
        lr=recipe.rate,
    )
    batch = min(recipe.batch, len(material.photos))
    steps = recipe.epochs * (len(material.photos) // batch)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: _pace(step, steps))
    for step in range(steps):
        if step % (len(material.photos) // batch) == 0:
            order = rng.permutation(len(material.photos))
        chosen, order = order[:batch], order[batch:]
        loss = _loss(material, recipe, image, text, scales.exp().clamp(max=100), chosen, rng)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch's own gap
        optimiser.step()
        schedule.step()
        logger.info("step %d of %d, loss %.3f", step + 1, steps, loss.item())
    return image.eval(), text.eval()


def _loss(
    material: Material,
    recipe: Recipe,
    image: Projection,
    text: Projection,
    scales: Tensor,
    chosen: NDArray[np.int64],
    rng: np.random.Generator,
) -> Tensor:
    """The contrastive loss of the chosen photos plus the class loss of some of them and of some samples."""
    captions = [rng.choice(material.captions_of[photo]) for photo in chosen.tolist()]
    images = image(_any_view(material.photos, chosen, rng))  # (batch, dim)
    matched = contrastive_loss(images, text(material.captions[captions]), scales[0])

    count = min(recipe.class_batch, len(chosen))
    samples = rng.integers(len(material.samples), size=count)
    shown = torch.cat([images[:count], image(_any_view(material.samples, samples, rng))])  # (2 × count, dim)
    classes = torch.cat([material.photo_classes[chosen[:count]], material.sample_classes[samples]])
    rows, own = np.unique(_one_name_each(material.names_of, recipe.plain_names, rng), return_inverse=True)
    # Classes that go by the same word in this step ("dog") share one text, and their probabilities add up.
    targets = torch.zeros(len(shown), len(rows)).index_add(1, torch.from_numpy(own), classes)
    named = class_loss(shown, text(material.names[rows]), targets, scales[1])
    return matched + named


def _any_view(features: Tensor, places: NDArray[np.int64], rng: np.random.Generator) -> Tensor:
    """One view of each photo: float32 (places, image features)."""
    return features[places, rng.integers(features.shape[1], size=len(places))]


def _one_name_each(names_of: Sequence[Sequence[Sequence[int]]], plain: float, rng: np.random.Generator) -> list[int]:
    """A row of `names` for each class: by its label or an everyday word, all in one template."""
    template = int(rng.integers(len(names_of[0][0])))
    rows = []
    for words in names_of:
        word = 0 if rng.random() < plain else int(rng.integers(1, len(words)))
        rows.append(words[word][template])
    return rows


def _pace(step: int, steps: int) -> float:
    """The share of the full rate: up in the first twentieth, then down along half a cosine."""
    return min(1.0, (step + 1) / (0.05 * steps)) * (0.5 + 0.5 * math.cos(math.pi * step / steps))
