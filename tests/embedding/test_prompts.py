"""Prompt templates, and the one vector that a word in all of them comes to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pytest

from searchengine.embedding.prompts import averaged, prompt_sets, prompt_templates, sentences
from searchengine.errors import UsageError
from tests.fakes import ColourModel

if TYPE_CHECKING:
    from searchengine.records import Vectors


@pytest.mark.parametrize("name", prompt_sets())
def test_every_template_has_one_place_for_the_name(name: str) -> None:
    templates = prompt_templates(name)
    assert len(templates) >= (2 if name == "labels" else 5)  # labels were measured to need no more
    assert all(template.count("{}") == 1 for template in templates)


def test_an_unknown_set_of_prompts_is_refused_with_the_names_of_those_there_are() -> None:
    with pytest.raises(UsageError, match="food, general, labels, small"):
        prompt_templates("paintings")


def test_a_name_goes_into_every_template() -> None:
    assert sentences("bee", ["a {}.", "{}"]) == ["a bee.", "bee"]


def test_a_group_of_sentences_has_one_vector_between_theirs() -> None:
    model = ColourModel()
    vectors = averaged([["red", "blue"], ["green"]], model.encode_texts)
    own = model.encode_texts(["red", "blue", "green"])
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert np.allclose(vectors[0] @ own[0], vectors[0] @ own[1], atol=1e-5)
    assert np.allclose(vectors[1], own[2], atol=1e-5)


def test_a_sentence_that_stands_in_several_groups_is_encoded_once() -> None:
    asked: list[str] = []

    def encode(texts: Sequence[str]) -> Vectors:
        asked.extend(texts)
        return ColourModel().encode_texts(texts)

    averaged([["red", "a blue one"], ["a blue one", "red"]], encode)
    assert asked == ["red", "a blue one"]
    assert averaged([], encode).shape == (0, 120)
