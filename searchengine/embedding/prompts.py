"""Prompt templates: the sentences in which a word is shown to a model, and the one vector that they come to.

A model has read sentences rather than words, so a word is put into several and their vectors are averaged. (Radford et
al., "Learning Transferable Visual Models From Natural Language Supervision", 2021, section 3.1.4.) The templates lie in
`data/prompts/`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from searchengine.errors import UsageError
from searchengine.resources import data_folder

if TYPE_CHECKING:
    from searchengine.records import Vectors

Encode = Callable[[Sequence[str]], "Vectors"]
"""Sentences to float32 (n, dim), as `EmbeddingModel.encode_texts` does it."""


def prompt_sets() -> list[str]:
    """The names of the sets of prompt templates that are shipped."""
    return sorted(path.stem for path in (data_folder() / "prompts").glob("*.txt"))


def prompt_templates(name: str = "general") -> list[str]:
    """The templates of a set, each with one `{}` for the word. Raises UsageError for an unknown set."""
    if name not in prompt_sets():
        raise UsageError(f"There are no prompts called {name}.", f"There are: {', '.join(prompt_sets())}.")
    lines = (data_folder() / "prompts" / f"{name}.txt").read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def sentences(name: str, templates: Sequence[str]) -> list[str]:
    """A word in every template."""
    return [template.replace("{}", name) for template in templates]


def averaged(groups: Sequence[Sequence[str]], encode: Encode) -> Vectors:
    """One vector for each group of sentences, their mean: float32 (groups, dim), unit length.

    Every distinct sentence is encoded once, the short ones first, so that a batch is hardly padded.
    """
    distinct = sorted({sentence for group in groups for sentence in group}, key=lambda text: (len(text), text))
    vectors = encode(distinct)
    row = {sentence: number for number, sentence in enumerate(distinct)}
    means = [vectors[[row[sentence] for sentence in group]].mean(axis=0) for group in groups]
    stacked = np.array(means, np.float32).reshape(len(groups), vectors.shape[1])
    return np.asarray(stacked / np.maximum(np.linalg.norm(stacked, axis=1, keepdims=True), 1e-12), np.float32)
