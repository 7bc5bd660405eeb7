"""The training of the built-in model: what stands on the towers, then the image tower with it, then both towers.

Each step draws photos, each in one of its views, with captions for the contrastive loss, and with what the classifier
of the first edition sees in them, which is to be seen again and to be aligned with the classes' names in changing words
and templates. Everything drawn follows from the seed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cosine_similarity

from searchengine.training.backbones import ImageBackbone, TextBackbone, sentence_vectors
from searchengine.training.draws import Draw, Material, Portion, draw, gathered
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
    """One of the three stages: how long, in what portions, how fast."""

    epochs: int
    portion: Portion
    rate: float  # of the projections
    image_rate: float = 0.0  # of the image tower's upper part
    text_rate: float = 0.0  # of the text tower's


@dataclass(frozen=True, slots=True)
class Recipe:
    """Every number that the training depends on."""

    seed: int = 0
    dim: int = 512  # of the learnt part
    hidden: int = 512
    image_dropout: float = 0.4
    text_dropout: float = 0.3
    heads: Stage = Stage(20, Portion(1536, samples=500), rate=3e-3)
    image: Stage = Stage(6, Portion(192, samples=40), rate=5e-4, image_rate=3e-4)
    runs: int = 3  # of the image tower's stage, of which the mean is taken
    both: Stage = Stage(16, Portion(256, 48, captions=3, others=192), rate=3e-4, image_rate=1.5e-4, text_rate=1.5e-4)
    weight_decay: float = 0.1
    tower_decay: float = 0.02
    plain_names: float = 0.4  # how often a class goes by its WordNet name rather than an everyday one
    kept: float = 0.3  # what it costs when a sentence's own vector turns away from what it was


class Learner(nn.Module):
    """Everything that is learnt: the upper parts of the towers, the two projections, and two temperatures."""

    def __init__(self, images: ImageBackbone, texts: TextBackbone, features: Frozen, recipe: Recipe) -> None:
        super().__init__()
        self.image_tower, self.text_tower = images, texts
        widths = features.photos[0].shape[1], features.sentences.shape[1]
        self.image = Projection(widths[0], recipe.hidden, recipe.dim, recipe.image_dropout)
        self.text = Projection(widths[1], recipe.hidden, recipe.dim, recipe.text_dropout)
        self.image.standardise(torch.cat(list(features.photos)))
        self.text.standardise(features.sentences)
        self.scales = nn.Parameter(torch.full((2,), math.log(20)))  # of captions, of classes


@dataclass(frozen=True, slots=True)
class Frozen:
    """The features as the towers make them before they are trained: all that the first stage needs."""

    photos: Sequence[Tensor]  # float32 (n, 1280) in each view
    samples: Sequence[Tensor]  # float32 (m, 1280) in each view
    sentences: Tensor  # float32 (sentences, text features)


@dataclass(frozen=True, slots=True)
class Seen:
    """The features of what a draw looks at."""

    images: Tensor  # float32 (photos + samples, 1280)
    texts: Tensor  # float32 (captions + names + others, text features), each sentence as often as it was drawn


def fit(images: ImageBackbone, texts: TextBackbone, material: Material, recipe: Recipe, tell: Tell = untold) -> Learner:
    """The trained projections, and the two towers trained with them.

    First the projections alone on features as they are, so that what comes then starts from a direction worth
    following and bends the towers little (Kumar et al., "Fine-Tuning can Distort Pretrained Features and Underperform
    Out-of-Distribution", 2022). Then the image tower, several times from there, each time with other draws; the mean of
    the weights is better than any of them (Wortsman et al., "Model soups", 2022). Then both towers.
    """
    torch.manual_seed(recipe.seed)
    frozen = _frozen(images, texts, material, tell)
    learner = Learner(images, texts, frozen, recipe)
    training = _Training(learner, material, frozen, recipe, tell)
    training.run(recipe.heads, "training the projections", 0)
    start, ends = _weights(learner), []
    for number in range(1, recipe.runs + 1):
        learner.load_state_dict(start)
        training.run(recipe.image, f"training the image tower, {number} of {recipe.runs}", number)
        ends.append(_weights(learner))
    learner.load_state_dict(_mean(ends))
    training.run(recipe.both, "training both towers", recipe.runs + 1)
    learner.requires_grad_(False).eval()
    return learner


class _Training:
    """Moves a learner through stages."""

    def __init__(self, learner: Learner, material: Material, frozen: Frozen, recipe: Recipe, tell: Tell) -> None:
        self.learner, self.material, self.frozen, self.recipe, self.tell = learner, material, frozen, recipe, tell

    def run(self, stage: Stage, title: str, number: int) -> None:
        """One stage; `number` sets its draws apart from those of the others."""
        rng = np.random.default_rng([self.recipe.seed, number])
        optimiser = adamw(self._groups(stage))
        moved = [parameter for group in optimiser.param_groups for parameter in group["params"]]
        count = self.material.photos.shape[1]
        batch = min(stage.portion.photos, count)
        steps = stage.epochs * (count // batch)
        self.learner.train()
        for step in range(steps):
            if step % (count // batch) == 0:
                order = rng.permutation(count)
            chosen, order = order[:batch], order[batch:]
            drawn = draw(self.material, stage.portion, chosen, self.recipe.plain_names, rng)
            set_rates(optimiser, pace(step, steps, math.ceil(WARMUP * steps)))
            optimiser.zero_grad()
            loss = self._loss(drawn, self._seen(stage, drawn))
            loss.backward()  # type: ignore[no-untyped-call]  # torch's own gap
            nn.utils.clip_grad_norm_(moved, LONGEST_GRADIENT)
            optimiser.step()
            self.tell(title, step + 1, steps, f"loss {loss.item():.3f}")

    def _groups(self, stage: Stage) -> list[dict[str, Any]]:
        """What the stage moves, and how fast."""
        learner, recipe = self.learner, self.recipe
        learner.requires_grad_(False)
        heads = [*learner.image.requires_grad_(True).parameters(), *learner.text.requires_grad_(True).parameters()]
        groups = parameter_groups(heads, stage.rate, recipe.weight_decay)
        if stage.image_rate:
            groups += parameter_groups(learner.image_tower.unlock(), stage.image_rate, recipe.tower_decay)
        if stage.text_rate:
            groups += parameter_groups(learner.text_tower.unlock(), stage.text_rate, recipe.tower_decay)
        return [*groups, {"params": [learner.scales.requires_grad_(True)], "lr": 3 * stage.rate, "weight_decay": 0.0}]

    def _seen(self, stage: Stage, drawn: Draw) -> Seen:
        """The features of what was drawn: by the towers as they stand where they learn, as they were before else."""
        if stage.image_rate:
            maps = gathered(self.material.photos, self.material.samples, drawn)
            images = features_of(self.learner.image_tower, maps)
        else:
            images = gathered(self.frozen.photos, self.frozen.samples, drawn)
        rows, places = np.unique(drawn.texts, return_inverse=True)
        if stage.text_rate:
            texts = self.material.sentences.features(self.learner.text_tower, torch.from_numpy(rows))
        else:
            texts = self.frozen.sentences[rows]
        return Seen(images, texts[places])

    def _loss(self, drawn: Draw, seen: Seen) -> Tensor:
        """Captions and photos find each other, classes find their names, the rest stays what it was."""
        learner, photos = self.learner, len(drawn.photos)
        captions, names = learner.scales.exp().clamp(max=HIGHEST_SCALE)
        images = learner.image(seen.images)  # (photos + samples, dim)
        sizes = [len(drawn.captions), len(drawn.names), len(drawn.others)]
        own, named, others = learner.text(seen.texts).split(sizes)  # (…, dim) each
        matched = captions_loss(images[:photos], own, torch.from_numpy(drawn.owner), captions, others)

        classes = torch.cat([self.material.photo_classes[drawn.photos], self.material.sample_classes[drawn.samples]])
        # Classes that go by the same word in this step ("dog") share one text, and their probabilities add up.
        _, firsts, group = np.unique(drawn.names, return_index=True, return_inverse=True)
        targets = torch.zeros(len(images), len(firsts)).index_add(1, torch.from_numpy(group), classes)
        placed = class_loss(images, named[firsts], targets, names)
        seen_again = soft_cross_entropy(learner.image_tower.classifier(seen.images), classes)
        before = sentence_vectors(self.frozen.sentences[drawn.texts])
        turned = 1 - cosine_similarity(sentence_vectors(seen.texts), before, dim=1).mean()
        loss: Tensor = matched + placed + seen_again + self.recipe.kept * turned
        return loss


def _frozen(images: ImageBackbone, texts: TextBackbone, material: Material, tell: Tell) -> Frozen:
    photos, samples = [], []
    views = len(material.photos)
    for number in range(views):
        photos.append(pooled(images, material.photos[number]))
        samples.append(pooled(images, material.samples[number]))
        tell("looking at views again", number + 1, views, "")
    return Frozen(photos, samples, material.sentences.all_features(texts, tell))


def _weights(learner: Learner) -> dict[str, Tensor]:
    return {name: weights.clone() for name, weights in learner.state_dict().items()}


def _mean(ends: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
    """The mean of each weight."""
    return {name: torch.stack([end[name] for end in ends]).mean(0) for name in ends[0]}
