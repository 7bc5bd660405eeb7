"""The training of the built-in model: first what stands on the towers, then the image tower's upper part with it.

Each step draws photos, each in one of its views, with all of their captions for the contrastive loss, and with what
the classifier of the first edition sees in them, which is to be seen again and to be aligned with the classes' names
in changing words and templates. Everything drawn follows from the seed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from searchengine.training.backbones import ImageBackbone
from searchengine.training.features import features_of, pooled
from searchengine.training.heads import Projection
from searchengine.training.loss import captions_loss, class_loss, soft_cross_entropy
from searchengine.training.optimiser import adamw, pace, parameter_groups, set_rates
from searchengine.training.progress import Tell, untold

HIGHEST_SCALE = 100.0  # of both temperatures, as CLIP's
LONGEST_GRADIENT = 5.0
WARMUP = 0.06  # share of the steps


@dataclass(frozen=True, slots=True)
class Stage:
    """One of the two stages: how long, in what portions, how fast."""

    epochs: int
    batch: int  # photos in one step
    samples: int  # labelled samples beside them
    rate: float  # of the projections


@dataclass(frozen=True, slots=True)
class Recipe:
    """Every number that the training depends on."""

    seed: int = 0
    dim: int = 512  # of the learnt part
    hidden: int = 512
    image_dropout: float = 0.4
    text_dropout: float = 0.3
    heads: Stage = Stage(epochs=20, batch=1536, samples=500, rate=3e-3)
    tower: Stage = Stage(epochs=16, batch=512, samples=96, rate=3e-4)
    tower_rate: float = 1e-4
    weight_decay: float = 0.1
    tower_decay: float = 0.02
    plain_names: float = 0.4  # how often a class goes by its WordNet name rather than an everyday one


@dataclass(frozen=True, slots=True)
class Material:
    """What is learnt from. Photos have several views, and may be seen in any."""

    photos: Tensor  # bfloat16 (views, n, 14, 14, 80)
    captions: Tensor  # float32 (all captions, text features)
    captions_of: Sequence[Sequence[int]]  # for each of the n photos, rows of `captions`
    photo_classes: Tensor  # float32 (n, 1000), the classifier's probabilities
    samples: Tensor  # bfloat16 (views, m, 14, 14, 80): photos of known classes
    sample_classes: Tensor  # float32 (m, 1000)
    names: Tensor  # float32 (all sentences about classes, text features)
    names_of: Sequence[Sequence[Sequence[int]]]  # for each class, word and template, a row of `names`; label first


class Learner(nn.Module):
    """Everything that is learnt: the image tower's upper part, the two projections, and two temperatures."""

    def __init__(self, backbone: ImageBackbone, material: Material, recipe: Recipe) -> None:
        super().__init__()
        self.backbone = backbone
        features = backbone.classifier.in_features
        self.image = Projection(features, recipe.hidden, recipe.dim, recipe.image_dropout)
        self.text = Projection(material.captions.shape[-1], recipe.hidden, recipe.dim, recipe.text_dropout)
        self.scales = nn.Parameter(torch.full((2,), math.log(20)))  # of captions, of classes


@dataclass(frozen=True, slots=True)
class Draw:
    """What one step looks at."""

    photos: NDArray[np.int64]
    photo_views: NDArray[np.int64]
    samples: NDArray[np.int64]
    sample_views: NDArray[np.int64]
    captions: NDArray[np.int64]
    owner: NDArray[np.int64]  # for each caption, its photo's place among `photos`
    names: list[int]  # for each class, a row of the names


def fit(backbone: ImageBackbone, material: Material, recipe: Recipe, tell: Tell = untold) -> Learner:
    """The trained heads, and `backbone` trained with them.

    First the projections alone on features as they are, so that what comes then starts from a direction worth
    following and bends the image tower little (Kumar et al., "Fine-Tuning can Distort Pretrained Features and
    Underperform Out-of-Distribution", 2022).
    """
    torch.manual_seed(recipe.seed)
    rng = np.random.default_rng(recipe.seed)
    learner = Learner(backbone, material, recipe)
    photos, samples = ([pooled(backbone, view) for view in maps] for maps in (material.photos, material.samples))
    learner.image.standardise(torch.cat(photos))
    learner.text.standardise(material.captions)

    def of_features(draw: Draw) -> Tensor:
        return _gathered(photos, samples, draw)

    def of_maps(draw: Draw) -> Tensor:
        return features_of(backbone, _gathered(material.photos, material.samples, draw))

    heads = [learner.image, learner.text]
    groups = [
        group for head in heads for group in parameter_groups(head.parameters(), recipe.heads.rate, recipe.weight_decay)
    ]
    _run(learner, material, recipe, recipe.heads, groups, of_features, rng, "training the projections", tell)
    groups = parameter_groups(backbone.unlock(), recipe.tower_rate, recipe.tower_decay)
    groups += [
        group for head in heads for group in parameter_groups(head.parameters(), recipe.tower.rate, recipe.weight_decay)
    ]
    _run(learner, material, recipe, recipe.tower, groups, of_maps, rng, "training the image tower", tell)
    learner.requires_grad_(False).eval()
    return learner


def _run(
    learner: Learner,
    material: Material,
    recipe: Recipe,
    stage: Stage,
    groups: list[dict[str, Any]],
    features: Callable[[Draw], Tensor],
    rng: np.random.Generator,
    title: str,
    tell: Tell,
) -> None:
    """Move the parameters of `groups` through one stage.

    `features` gives a draw's image features, float32 (photos + samples, 1280).
    """
    scales = {"params": [learner.scales], "lr": 3 * stage.rate, "weight_decay": 0.0}
    optimiser = adamw([*groups, scales])
    moved = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    count = material.photos.shape[1]
    batch = min(stage.batch, count)
    steps = stage.epochs * (count // batch)
    learner.train()
    for step in range(steps):
        if step % (count // batch) == 0:
            order = rng.permutation(count)
        chosen, order = order[:batch], order[batch:]
        draw = _draw(material, recipe, stage, chosen, rng)
        set_rates(optimiser, pace(step, steps, math.ceil(WARMUP * steps)))
        optimiser.zero_grad()
        loss = _loss(learner, material, features(draw), draw)
        loss.backward()  # type: ignore[no-untyped-call]  # torch's own gap
        nn.utils.clip_grad_norm_(moved, LONGEST_GRADIENT)
        optimiser.step()
        tell(title, step + 1, steps, f"loss {loss.item():.3f}")


def _draw(
    material: Material, recipe: Recipe, stage: Stage, photos: NDArray[np.int64], rng: np.random.Generator
) -> Draw:
    captions = [material.captions_of[photo] for photo in photos.tolist()]
    count = min(stage.samples, len(photos))
    return Draw(
        photos=photos,
        photo_views=rng.integers(len(material.photos), size=len(photos)),
        samples=rng.integers(material.samples.shape[1], size=count),
        sample_views=rng.integers(len(material.samples), size=count),
        captions=np.concatenate([np.array(own) for own in captions]),
        owner=np.repeat(np.arange(len(photos)), [len(own) for own in captions]),
        names=_one_name_each(material.names_of, recipe.plain_names, rng),
    )


def _loss(learner: Learner, material: Material, features: Tensor, draw: Draw) -> Tensor:
    """Three losses: captions and photos find each other; classes find their names; the classifier keeps its view."""
    images = learner.image(features)  # (photos + samples, dim)
    captions, names = learner.scales.exp().clamp(max=HIGHEST_SCALE)
    texts = learner.text(material.captions[draw.captions])  # (captions, dim)
    matched = captions_loss(images[: len(draw.photos)], texts, torch.from_numpy(draw.owner), captions)

    classes = torch.cat([material.photo_classes[draw.photos], material.sample_classes[draw.samples]])
    rows, own = np.unique(draw.names, return_inverse=True)
    # Classes that go by the same word in this step ("dog") share one text, and their probabilities add up.
    targets = torch.zeros(len(images), len(rows)).index_add(1, torch.from_numpy(own), classes)
    named = class_loss(images, learner.text(material.names[rows]), targets, names)
    return matched + named + soft_cross_entropy(learner.backbone.classifier(features), classes)


def _gathered(photos: Sequence[Tensor] | Tensor, samples: Sequence[Tensor] | Tensor, draw: Draw) -> Tensor:
    """What a draw sees, photos before samples, each in its view: (photos + samples, …)."""
    parts = [photos[view][photo] for view, photo in zip(draw.photo_views, draw.photos, strict=True)]
    parts += [samples[view][sample] for view, sample in zip(draw.sample_views, draw.samples, strict=True)]
    return torch.stack(parts)


def _one_name_each(names_of: Sequence[Sequence[Sequence[int]]], plain: float, rng: np.random.Generator) -> list[int]:
    """A row of `names` for each class: by its label or an everyday word, all in one template."""
    template = int(rng.integers(len(names_of[0][0])))
    rows = []
    for words in names_of:
        word = 0 if rng.random() < plain else int(rng.integers(1, len(words)))
        rows.append(words[word][template])
    return rows
