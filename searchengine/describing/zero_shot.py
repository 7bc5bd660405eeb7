"""Classes that are named on the spot: which of them a photo shows, how sure that is, or that it shows none of them.

A class is the mean of its names in every prompt template, and a photo's cosine to it is measured against what neutral
sentences give for the same photo, so that it means the same for every photo and every model. (Radford et al., "Learning
Transferable Visual Models From Natural Language Supervision", 2021, section 3.1.4, for the templates.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from searchengine.embedding.prompts import averaged, prompt_templates, sentences
from searchengine.errors import UsageError
from searchengine.resources import background_sentences

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchengine.embedding.base import EmbeddingModel
    from searchengine.records import Vectors

SHARPNESS = 1.38
"""What a standard deviation of the neutral sentences' scores counts in the softmax. Fitted, with `LEVEL`, by maximum
likelihood with the built-in model: captioned photographs that it was trained on beside random sets of two to six of 24
everyday classes, half of the photos in none of them."""
LEVEL = 1.59
"""Standard deviations above the neutral sentences' mean at which a class is as likely as none of these."""
LEAST_SPREAD = 1e-4
"""Below this the neutral sentences are all alike in the eyes of a photo, and dividing would only add noise."""


@dataclass(frozen=True, slots=True)
class NamedClass:
    """A class, and what such a thing is called."""

    name: str
    words: tuple[str, ...]  # never empty


def read_classes(text: str) -> tuple[NamedClass, ...]:
    """The classes in a line such as "cat=cat|kitten, dog". Raises UsageError for one without a name or a word, for a
    name that is there twice and for one that no folder can have."""
    classes: dict[str, NamedClass] = {}
    for part in text.split(","):
        name, equals, names = part.partition("=")
        name = " ".join(name.split())
        words = tuple(" ".join(word.split()) for word in (names if equals else name).split("|"))
        if not name or not all(words):
            raise UsageError(f"'{part.strip()}' is no class.", "Write cat,dog or cat=cat|kitten,dog.")
        if name in {".", ".."} or any(sign in name for sign in '/\\:*?"<>|\0'):
            raise UsageError(f"A class can't be called '{name}': no folder can.", f"Write pets={name} or the like.")
        if name.casefold() in classes:
            raise UsageError(f"The class '{name}' is named twice.", "Synonyms are written as cat=cat|kitten.")
        classes[name.casefold()] = NamedClass(name, words)
    return tuple(classes.values())


class ZeroShot:
    """Tells some classes apart with one model."""

    def __init__(self, model: EmbeddingModel, classes: Sequence[NamedClass], prompts: str = "general") -> None:
        """`prompts` is the name of a set of templates. Raises UsageError for an unknown one, ModelError."""
        templates = prompt_templates(prompts)
        groups = [[line for word in each.words for line in sentences(word, templates)] for each in classes]
        self.names = tuple(each.name for each in classes)
        self._classes = averaged(groups, model.encode_texts)  # (classes, dim)
        self._background = model.encode_texts(background_sentences())  # (b, dim)

    def confidences(self, photos: Vectors) -> NDArray[np.float64]:
        """How sure each class is for float32 (n, dim): float64 (n, classes); what is missing to 1 is none of them.

        A softmax over the standard scores of the classes, beside which each class brings as much for none.
        """
        usual = photos @ self._background.T  # (n, b)
        spread = np.maximum(usual.std(axis=1, keepdims=True), LEAST_SPREAD)
        scores = (photos @ self._classes.T - usual.mean(axis=1, keepdims=True)) / spread - LEVEL  # (n, classes)
        odds = np.exp(np.clip(SHARPNESS * scores.astype(np.float64), -500, 500))
        return np.asarray(odds / (odds.sum(axis=1, keepdims=True) + odds.shape[1]))
