"""What the built-in model has on top of its towers, and how two ways of seeing become one embedding.

The learnt part is a projection on each side, trained on captions and class names. The class part needs no training:
an image is the mean of the names of the classes that the classifier sees in it, a sentence is its own vector. They
know different things (scenes and people here, the thousand things there), so the embedding is both, one after the
other, each of unit length and weighted so that cosine similarities add up:

    cos = (1 - w) · cos of the learnt parts + w · cos of the class parts
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, normalize, softmax

from searchengine.training.backbones import CLASSES, TEXT_WIDTH, ImageBackbone, TextBackbone, sentence_vectors


class Projection(nn.Module):
    """Features to a point on the unit sphere: a linear map plus a small perceptron, after standardising."""

    def __init__(self, features: int, hidden: int, dim: int, dropout: float) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("spread", torch.ones(features))
        self.dropout = nn.Dropout(dropout)
        self.straight = nn.Linear(features, dim)
        self.widen = nn.Linear(features, hidden)
        self.narrow = nn.Linear(hidden, dim)
        self.register_buffer("centre", torch.zeros(dim))

    def standardise(self, samples: Tensor) -> None:
        """Take mean and spread from samples, float32 (n, features)."""
        self.mean = samples.mean(0)
        # A feature that never moves says nothing; without a floor it would be blown up.
        self.spread = samples.std(0).clamp(min=0.05)

    def centre_on(self, features: Tensor) -> None:
        """Let what is common to these features, float32 (n, features), count no longer in any cosine.

        Else what most training photos show ("a dog") fits every photo a little. (Radovanović et al., "Hubs in Space",
        2010; centring against hubs: Suzuki et al., "Centering Similarity Measures to Reduce Hubs", 2013.)
        """
        with torch.no_grad():
            self.centre = self.forward(features).mean(0)

    def forward(self, features: Tensor) -> Tensor:
        """float32 (n, features) to float32 (n, dim), unit length."""
        x = self.dropout((features - self.mean) / self.spread)
        bent = self.narrow(self.dropout(gelu(self.widen(x))))  # (n, dim)
        return normalize(normalize(self.straight(x) + bent, dim=1) - self.centre, dim=1)


class ClassSpace(nn.Module):
    """Classes and sentences in one space, that of the sentence vectors around the classes' mean."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("middle", torch.zeros(TEXT_WIDTH))
        self.register_buffer("classes", torch.zeros(CLASSES, TEXT_WIDTH))
        self.register_buffer("prior", torch.zeros(CLASSES))

    def settle(self, names: Tensor, kin: Tensor) -> None:
        """Take the classes' places from the mean sentence vectors of their names, float32 (1000, 384).

        `kin`, float32 (1000,), says how many classes go by the same everyday word. ImageNet has 118 kinds of dog and
        5 of cat, so whatever is unclear looks like a dog; the root of that number is taken back.
        """
        self.middle = names.mean(0)
        self.classes = normalize(names - self.middle, dim=1)
        self.prior = kin.log() / 2

    def images(self, logits: Tensor) -> Tensor:
        """The classifier's logits, float32 (n, 1000), to float32 (n, 384), unit length."""
        return normalize(softmax(logits - self.prior, dim=1) @ self.classes, dim=1)

    def texts(self, sentences: Tensor) -> Tensor:
        """Sentence vectors, float32 (n, 384), to float32 (n, 384), unit length."""
        return normalize(sentences - self.middle, dim=1)


class ImageTower(nn.Module):
    """Pixels to the finished embedding."""

    def __init__(self, backbone: ImageBackbone, projection: Projection, space: ClassSpace, weight: float) -> None:
        super().__init__()
        self.backbone, self.projection, self.space, self.weight = backbone, projection, space, weight

    def forward(self, pixels: Tensor) -> Tensor:
        """uint8 (n, 224, 224, 3) to float32 (n, dim), unit length."""
        features = self.backbone(pixels)  # (n, 1280)
        seen = self.space.images(self.backbone.classifier(features))  # (n, 384)
        return _join(self.projection(features), seen, self.weight)


class TextTower(nn.Module):
    """Tokens to the finished embedding."""

    def __init__(self, backbone: TextBackbone, projection: Projection, space: ClassSpace, weight: float) -> None:
        super().__init__()
        self.backbone, self.projection, self.space, self.weight = backbone, projection, space, weight

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """int64 (n, t) each to float32 (n, dim), unit length."""
        features = self.backbone(input_ids, attention_mask)  # (n, layers × 384)
        return _join(self.projection(features), self.space.texts(sentence_vectors(features)), self.weight)


def _join(learnt: Tensor, named: Tensor, weight: float) -> Tensor:
    """Two unit vectors side by side as one, so that the second has `weight` of every cosine."""
    return torch.cat([learnt * (1 - weight) ** 0.5, named * weight**0.5], dim=1)
