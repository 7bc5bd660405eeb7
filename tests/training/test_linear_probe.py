from __future__ import annotations

import numpy as np
import pytest

from searchengine.training.linear_probe import FEW, fit_probe, held_out_scores


def clusters(classes: int, each: int, *, spread: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors around one direction a class: float32 (classes × each, 16), and their labels."""
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(classes), each)
    vectors = np.eye(16)[labels] + spread * rng.normal(size=(len(labels), 16))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32), labels


def test_classes_that_lie_apart_are_told_apart() -> None:
    vectors, labels = clusters(4, 20, spread=0.1)
    fresh, truth = clusters(4, 50, spread=0.1, seed=1)
    assert (fit_probe(vectors, labels).scores(fresh).argmax(1) == truth).all()


def test_five_examples_of_each_are_enough() -> None:
    vectors, labels = clusters(2, 5, spread=0.1)
    fresh, truth = clusters(2, 50, spread=0.1, seed=1)
    assert (fit_probe(vectors, labels).scores(fresh).argmax(1) == truth).mean() > 0.95


def test_with_two_examples_of_a_class_nothing_is_cross_validated() -> None:
    vectors, labels = clusters(3, 2, spread=0.1)
    assert held_out_scores(vectors, labels) is None
    assert fit_probe(vectors, labels).penalty == FEW


def test_cross_validated_accuracy_is_that_on_photos_not_seen() -> None:
    vectors, labels = clusters(4, 300, spread=0.5)
    fresh, truth = clusters(4, 1000, spread=0.5, seed=1)
    scores = held_out_scores(vectors, labels)
    assert scores is not None
    seen = (fit_probe(vectors, labels).scores(fresh).argmax(1) == truth).mean()
    assert (scores.argmax(1) == labels).mean() == pytest.approx(seen, abs=0.03)


def test_labels_without_meaning_are_guessed_at_best() -> None:
    vectors, labels = clusters(2, 100, spread=0.5)
    scores = held_out_scores(vectors, np.random.default_rng(3).permutation(labels))
    assert scores is not None
    assert (scores.argmax(1) == labels).mean() < 0.65


def test_an_example_that_counts_twice_is_as_two_copies() -> None:
    vectors, labels = clusters(2, 10, spread=0.4)
    twice = np.where(labels == 1, 2.0, 1.0)
    # Each with its opposite, so that mean and scale are the same for both and the penalty means the same.
    both, marks, counts = np.concatenate([vectors, -vectors]), np.concatenate([labels, 1 - labels]), np.tile(twice, 2)
    copies = np.repeat(np.arange(40), counts.astype(int))
    once = fit_probe(both, marks, weights=counts, penalty=1e-2)
    again = fit_probe(both[copies], marks[copies], penalty=1e-2)
    np.testing.assert_allclose(once.scores(both), again.scores(both), atol=1e-4)
    assert np.abs(once.scores(both) - fit_probe(both, marks, penalty=1e-2).scores(both)).max() > 1e-2


def test_the_layer_is_the_one_that_scikit_learn_finds() -> None:
    linear_model = pytest.importorskip("sklearn.linear_model")
    vectors, labels = clusters(3, 30, spread=0.5)
    centred = vectors.astype(np.float64) - vectors.mean(0, dtype=np.float64)
    scale = np.sqrt((centred**2).sum(1).mean())
    reference = linear_model.LogisticRegression(C=1 / (1e-2 * len(labels)), tol=1e-8, max_iter=1000)
    reference.fit(centred / scale, labels)
    ours = fit_probe(vectors, labels, penalty=1e-2).scores(vectors)
    theirs = reference.decision_function(centred / scale)
    np.testing.assert_allclose(ours - ours.mean(1, keepdims=True), theirs - theirs.mean(1, keepdims=True), atol=1e-3)


def test_the_same_examples_give_the_same_layer() -> None:
    vectors, labels = clusters(3, 20, spread=0.5)
    first, second = fit_probe(vectors, labels), fit_probe(vectors, labels)
    assert (first.weights == second.weights).all()
