"""The commands `evaluate` and `train`, called as a person calls them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from searchengine.cli import main
from tests.training.pictures import captioned, paint


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SEARCHENGINE_MODEL", "SEARCHENGINE_MODELS", "SEARCHENGINE_LIBRARY"):
        monkeypatch.delenv(name, raising=False)


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_captions_are_evaluated_as_json(tmp_path: Path) -> None:
    table = captioned(tmp_path, [("red.png", "plain red"), ("blue.png", "plain blue"), ("white.png", "plain white")])
    done = call("evaluate", "captions", table, "--json")
    assert done.exit_code == 0, done.output
    figures = json.loads(done.stdout)
    assert (figures["model"], figures["photos"], figures["captions"]) == ("builtin", 3, 3)
    assert set(figures["text_to_image"]) == {"at_1", "at_5", "at_10", "median_rank"}
    assert figures["image_to_text"]["at_5"] == 1.0


def test_captions_are_evaluated_as_a_table_in_percent(tmp_path: Path) -> None:
    captioned(tmp_path, [("red.png", "red"), ("blue.png", "blue")])
    done = call("evaluate", "captions", tmp_path, "--held-out", "1")
    assert done.exit_code == 0, done.output
    assert "1 photos, 1 captions" in done.stdout
    assert "100.0 %" in done.stdout


def test_zero_shot_is_evaluated_with_the_prompts_asked_for(tmp_path: Path) -> None:
    paint(tmp_path / "red" / "1.png", "red")
    paint(tmp_path / "blue" / "1.png", "blue")
    done = call("evaluate", "zero-shot", tmp_path, "--prompts", "small", "--json")
    assert done.exit_code == 0, done.output
    figures = json.loads(done.stdout)
    assert (figures["prompts"], figures["photos"], figures["classes"], figures["top_5"]) == ("small", 2, 2, 1.0)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("evaluate", "captions", "EMPTY"), "holds no captions.csv"),
        (("evaluate", "zero-shot", "EMPTY"), "nothing to tell apart"),
        (("evaluate", "zero-shot", "EMPTY", "--prompts", "paintings"), "no prompts called paintings"),
        (("train", "builtin", "--data", "EMPTY", "--out", "FULL"), "isn't empty"),
    ],
)
def test_wrong_use_is_said_in_a_sentence_and_exits_with_2(
    tmp_path: Path, arguments: tuple[str, ...], complaint: str
) -> None:
    places = {"EMPTY": tmp_path / "empty", "FULL": tmp_path}
    places["EMPTY"].mkdir()
    done = call(*(places.get(argument, argument) for argument in arguments))
    assert done.exit_code == 2
    assert complaint in done.stderr
    assert "Traceback" not in done.output
