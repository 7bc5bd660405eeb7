"""The paired bootstrap: its draws, its coverage, and what it is given by two real models."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from searchengine.training import comparison
from searchengine.training.comparison import compare_retrieval, paired_interval
from searchengine.training.data import read_captions
from searchengine.training.evaluation import evaluate_retrieval
from tests.fakes import PALETTE, ColourModel
from tests.training.pictures import captioned


class Muddled(ColourModel):
    """Takes every other colour for its neighbour in the palette."""

    def _encode_texts(self, texts: list[str]) -> NDArray[np.float32]:  # type: ignore[override]
        names = list(PALETTE)
        wrong = {name: names[(place + 1) % len(names)] for place, name in enumerate(names) if place % 2}
        return super()._encode_texts([" ".join(wrong.get(word, word) for word in text.split()) for text in texts])


def colours(folder: Path) -> Path:
    rows = [(f"{name}.png", f"{name} {ending}") for name in PALETTE for ending in ("paint", "paper", "cloth")]
    return captioned(folder, rows)


def test_what_the_better_model_gains_is_what_each_measures_alone(tmp_path: Path) -> None:
    data = read_captions(colours(tmp_path))
    result = compare_retrieval(Muddled(), ColourModel(), data)
    assert (result.photos, result.captions) == (12, 36)
    for model, shares in (
        (Muddled(), [row.first for row in result.differences]),
        (ColourModel(), [row.second for row in result.differences]),
    ):
        alone = evaluate_retrieval(model, data)
        recalls = (alone.text_to_image, alone.image_to_text)
        assert shares == pytest.approx([cut for one in recalls for cut in (one.at_1, one.at_5, one.at_10)])
    assert result.better == 1
    assert result.differences[0].low > 0
    assert all(row.low <= row.gain <= row.high for row in result.differences)
    assert result.few


def test_swapping_the_models_turns_the_answer_around(tmp_path: Path) -> None:
    data = read_captions(colours(tmp_path))
    one, other = Muddled(), ColourModel()
    forth, back = compare_retrieval(one, other, data), compare_retrieval(other, one, data)
    assert (forth.better, back.better) == (1, 0)
    for here, there in zip(forth.differences, back.differences, strict=True):
        assert here.low == pytest.approx(-there.high)
        assert here.high == pytest.approx(-there.low)


def test_a_model_against_itself_is_no_better(tmp_path: Path) -> None:
    result = compare_retrieval(ColourModel(), ColourModel(), read_captions(colours(tmp_path)))
    assert result.better is None
    assert all((row.gain, row.low, row.high) == (0, 0, 0) for row in result.differences)


def test_an_unreadable_photo_is_left_out_of_both_and_named_once(tmp_path: Path) -> None:
    table = colours(tmp_path)
    (tmp_path / "pink.png").write_bytes(b"no picture at all")
    result = compare_retrieval(Muddled(), ColourModel(), read_captions(table))
    assert (result.photos, result.captions) == (11, 33)
    (problem,) = result.problems
    assert "captions.csv, line 29" in problem
    assert "pink.png" in problem


def test_the_same_seed_gives_the_same_interval_however_much_is_drawn_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(1)
    first, second = random.integers(0, 2, (2, 50, 3))
    asked = np.ones((50, 3), np.int64)
    whole = paired_interval(first, second, asked, seed=4, draws=500)
    monkeypatch.setattr(comparison, "DRAWN_AT_ONCE", 50 * 7)
    for one, other in zip(whole, paired_interval(first, second, asked, seed=4, draws=500), strict=True):
        np.testing.assert_array_equal(one, other)
    assert not np.array_equal(whole[0], paired_interval(first, second, asked, seed=5, draws=500)[0])


def test_captions_follow_their_photo_so_copies_of_captions_narrow_nothing() -> None:
    random = np.random.default_rng(0)
    first, second = random.integers(0, 2, (2, 80, 1))
    asked = np.ones((80, 1), np.int64)
    once = paired_interval(first, second, asked)
    five_times = paired_interval(5 * first, 5 * second, 5 * asked)
    np.testing.assert_allclose(once, five_times)


def test_an_interval_agrees_with_draws_made_one_by_one() -> None:
    random = np.random.default_rng(2)
    asked = random.integers(1, 6, (40, 1))
    first, second = (random.binomial(asked, share) for share in (0.4, 0.6))
    slow = []
    for _ in range(4000):
        photos = random.integers(40, size=40)
        slow.append((second[photos].sum() - first[photos].sum()) / asked[photos].sum())
    np.testing.assert_allclose(
        np.ravel(paired_interval(first, second, asked)), np.percentile(slow, (2.5, 97.5)), atol=0.015
    )


def test_the_interval_holds_the_truth_about_95_times_in_100() -> None:
    random = np.random.default_rng(3)
    easy = random.random(400_000)  # a photo that is easy for one model is easy for the other
    truth = 0.08
    held = 0
    for trial in range(300):
        luck = easy[trial * 200 : (trial + 1) * 200]
        first = random.random(200) < 0.2 + 0.5 * luck
        second = random.random(200) < 0.2 + 0.5 * luck + truth
        columns = (answer.astype(np.int64)[:, None] for answer in (first, second))
        low, high = paired_interval(*columns, np.ones((200, 1), np.int64), seed=trial, draws=600)
        held += int(low[0] <= truth <= high[0])
    assert 0.91 <= held / 300 <= 0.985
