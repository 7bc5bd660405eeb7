from __future__ import annotations

from searchengine.training.label_quality import count_labels
from searchengine.training.mentions import Mentions

LABELS = [("dog", "hound"), ("hot dog",), ("child", "kid"), ("ice cream cone",), ("running",), ("berry",), ("knife",)]


def test_a_label_is_named_in_singular_and_plural_by_any_of_its_words() -> None:
    mentions = Mentions(LABELS)
    assert mentions.of("Two DOGS, and a kid's hound!") == {0}
    assert mentions.of("children eating berries with knives") == {2, 5, 6}
    assert mentions.of("a man running past runnings") == {4}


def test_several_words_are_named_in_their_order_alone() -> None:
    mentions = Mentions(LABELS)
    assert mentions.of("ice cream cones for all") == {3}
    assert mentions.of("a cone of ice cream") == set()
    assert mentions.of("a hot dog") == {0, 1}


def test_captions_are_counted_once_for_each_label() -> None:
    assert count_labels(["a dog and another dog", "a hound", "a cat"], LABELS)[:2] == [2, 0]
