"""Feedback, concepts and saved searches, as they are asked for on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run


def test_from_a_mark_to_a_label_and_back(call: Run, sample_photos: Path) -> None:
    assert call("index", sample_photos).returncode == 0
    plain = call("search", "a cat", "--all").stdout
    cat, flower, moon = (sample_photos / name for name in ("chelsea.png", "flower.jpg", "moon.png"))

    told = call("feedback", "a", "cat", "--good", f"{cat},{flower}", "--bad", moon, "--paths")
    assert told.returncode == 0, told.stderr
    assert set(told.stdout.splitlines()[:2]) == {str(cat), str(flower)}
    assert str(moon) not in told.stdout
    assert "follows what you said of 3 photos" in told.stderr

    shown = json.loads(call("feedback", "a cat", "--show", "--json").stdout)
    assert (shown["query"], len(shown["good"]), len(shown["bad"])) == ("a cat", 2, 1)
    assert f"bad\t{shown['bad'][0]}\t{moon}" in call("feedback", "a cat", "--show").stdout.splitlines()
    again = call("feedback", "a cat", "--bad", str(shown["good"][1]), "--show")
    assert again.returncode == 2
    assert "--show stands alone" in again.stderr

    assert call("feedback", "a cat", "--save-as", "our cat").returncode == 0
    assert str(cat) in call("search", 'tag:"our cat"', "--paths").stdout

    undone = call("feedback", "a cat", "--undo", "--json")
    assert undone.returncode == 0, undone.stderr
    assert call("search", "a cat", "--all").stdout == plain
    nothing = call("feedback", "a cat", "--undo")
    assert nothing.returncode == 2
    assert "Nothing was said" in nothing.stderr
    assert call("feedback", "a cat", "--show").returncode == 1

    assert call("feedback", "a cat").returncode == 2
    unknown = call("feedback", "a cat", "--good", "999")
    assert unknown.returncode == 2
    assert "no photo 999" in unknown.stderr

    assert call("searches", "save", "a cat", "format:png").returncode == 0
    assert call("searches", "list").stdout == "a cat format:png\n"
    assert call("searches", "remove", "a cat format:png").returncode == 0
    assert json.loads(call("searches", "list", "--json").stdout) == []


def test_marks_on_a_line_with_a_photo_hold_from_every_folder(
    call: Run, sample_photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert call("index", sample_photos).returncode == 0
    monkeypatch.chdir(sample_photos)
    told = call("feedback", "like:chelsea.png", "--good", "moon.png", "--paths")
    assert told.stdout.splitlines()[0] == str(sample_photos / "moon.png")
    monkeypatch.chdir(tmp_path)
    elsewhere = call("search", f"like:{sample_photos}/chelsea.png", "--paths")
    assert elsewhere.stdout == told.stdout
    assert call("feedback", f"like:{sample_photos}/chelsea.png", "--undo").returncode in (0, 1)


def test_a_list_longer_than_a_file_name_can_be_is_a_list(call: Run, sample_photos: Path) -> None:
    assert call("index", sample_photos).returncode == 0
    done = call("feedback", "a cat", "--good", ",".join(["1", "2"] * 3000), "--show")
    assert "--show stands alone" in done.stderr
    assert call("feedback", "a cat", "--good", ",".join(["1", "2"] * 3000), "--paths").returncode == 0
