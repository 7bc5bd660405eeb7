"""How sure the search is, and how rightly: on pairs made up, on a model of random weights, and on real photos."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from searchengine.cli import main
from searchengine.embedding.model_store import ModelStore
from searchengine.ranking.relevance import Yardstick, logistic, relevance_of_texts
from searchengine.resources import background_sentences
from searchengine.training import data
from searchengine.training.calibration import area_under_curve, calibrate, fit_curve, most_in_common, reliability
from searchengine.training.encoding import encode_photos, encode_sentences
from searchengine.training.vain_queries import absent, nonsense
from tests.embedding.clip.folders import save
from tests.training.photo_sets import collection


def pairs(seed: int, queries: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Measures of true pairs and of nine times as many others, for which the right curve has slope 2."""
    random = np.random.default_rng(seed)
    return random.normal(2, 1, queries), random.normal(0, 1, (queries, 9))


def test_the_curve_that_is_fitted_is_as_good_as_its_word() -> None:
    true, others = pairs(0)
    curve = fit_curve(true, others.ravel())
    assert curve == pytest.approx((2, -2 - np.log(9)), abs=0.15)
    figures = reliability(*pairs(1), np.arange(4000), curve, aligned=True)
    assert figures.expected_error < 0.01
    assert figures.auc == pytest.approx(0.921, abs=0.01)
    assert figures.curve == pytest.approx(curve, abs=0.2)


def test_to_be_sure_of_nothing_does_not_pass() -> None:
    true, others = pairs(0)
    figures = reliability(true, others, np.arange(len(true)), (2, -4.2), aligned=False)
    assert figures.expected_error == pytest.approx(0.1)
    assert figures.auc == 0.5
    assert not any(figures.bands.values())


def test_ties_count_half() -> None:
    assert area_under_curve(np.array([1.0, 2]), np.array([1.0, 0])) == pytest.approx(0.875)
    assert logistic(np.array([0.0]), 1, 0)[0] == 0.5


def test_photos_go_with_those_whose_captions_share_rare_words() -> None:
    captions = [["a dog on grass"], ["a boat at sea"], ["the dog and grass"], ["a boat, the sea"], ["a man"]]
    assert most_in_common(captions)[:4].tolist() == [2, 3, 0, 1]


def test_what_a_caption_names_is_not_asked_for_in_vain() -> None:
    everything = absent([])
    assert len(everything) > 200
    assert "giraffe" in everything
    fewer = absent(["Two Giraffes eat leaves.", "a map of the town"])
    assert set(everything) - set(fewer) == {"giraffe", "a giraffe eating leaves", "an antique map of Europe"}


def test_nonsense_is_the_same_for_everybody_and_different_each_time() -> None:
    assert nonsense() == nonsense()
    assert nonsense(1)["random letters"] != nonsense()["random letters"]
    assert all(len(queries) >= 50 and all(queries) for queries in nonsense().values())


def test_a_model_of_random_weights_is_sure_of_nothing_and_the_command_says_so(tmp_path: Path) -> None:
    table, model = collection(tmp_path / "photos", 32), tmp_path / "model"
    save(model)
    curve = tmp_path / "curve.png"
    done = CliRunner().invoke(main, ["evaluate", "relevance", str(table), "--model", str(model), "--curve", str(curve)])
    assert done.exit_code == 0, done.output
    assert "nothing to do with its photos" in done.stdout
    with Image.open(curve) as opened:
        assert min(opened.size) > 200
    done = CliRunner().invoke(main, ["evaluate", "relevance", str(table), "--model", str(model), "--json"])
    figures = json.loads(done.stdout)
    assert not figures["aligned"]
    assert figures["captions_answered"] == 0
    assert {each["none"] for each in figures["vain"]} == {1.0}


@pytest.mark.slow
def test_the_built_in_model_is_as_good_as_its_word_and_says_when_nothing_fits(
    shared_data: Path, tmp_path: Path
) -> None:
    model = ModelStore(tmp_path).open("builtin")
    with data.opened_captions(shared_data / "captioned_photos.zip") as photos:
        chosen = photos.take(data.held_out(photos.paths, 300)[1])
        result = calibrate(model, chosen)
        vectors = encode_photos(model, chosen.paths).vectors
    for figures in (result.texts, result.like):
        assert figures.expected_error <= 0.05
        assert figures.auc > 0.8
    assert result.texts.auc > 0.93
    assert result.texts.bands["good"] > 0.3
    assert result.captions_answered > 0.8
    assert all(each.none >= 0.9 for each in result.vain)
    background = encode_sentences(model, background_sentences())
    sentences = encode_sentences(model, [caption for own in chosen.captions for caption in own[:1]])
    for seed in range(3):
        random = np.random.default_rng(seed)
        turned, _ = np.linalg.qr(random.normal(size=(model.dim, model.dim)))
        for turn in (turned.astype(np.float32), np.eye(model.dim, dtype=np.float32)[random.permutation(model.dim)]):
            for size in (10, 50, 300):
                yardstick = Yardstick.of(vectors[:size], background @ turn)
                assert not relevance_of_texts(yardstick, sentences @ turn, vectors).any()
