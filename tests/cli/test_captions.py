"""Sentences for photos as they are asked for on the command line: one's own, and those of a (tiny) captioner."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.embedding.captioners import tiny


@pytest.fixture
def photos(sample_photos: Path, tmp_path: Path) -> Path:
    for folder, name in (("a", "chelsea.png"), ("b", "coffee.png"), ("b", "rocket.jpg")):
        (tmp_path / "photos" / folder).mkdir(parents=True, exist_ok=True)
        shutil.copy(sample_photos / name, tmp_path / "photos" / folder)
    return tmp_path / "photos"


@pytest.mark.slow
def test_sentences_are_added_listed_and_forgotten(new: Run, photos: Path, tmp_path: Path) -> None:
    assert new("index", photos).returncode == 0
    (tmp_path / "mine.txt").write_text("a cat on a rug\na cup of coffee\na ship at sea\n", "utf-8")
    added = new("captions", "add", tmp_path / "mine.txt")
    assert (added.returncode, added.stdout) == (0, ""), added.stderr
    assert "3 new of 3" in added.stderr
    listed = new("captions", "list").stdout.splitlines()
    assert listed[0].split("\t")[1:] == ["list", "", "a cat on a rug"]

    removed = new("captions", "remove", "a ship at sea", listed[0].split("\t")[0])
    assert "2 forgotten" in removed.stderr
    assert [each["text"] for each in json.loads(new("captions", "list", "--json").stdout)] == ["a cup of coffee"]
    unknown = new("captions", "remove", "a ship at sea")
    assert unknown.returncode == 2
    assert "no caption 'a ship at sea'" in unknown.stderr


@pytest.mark.slow
def test_a_captioner_writes_what_is_missing_and_goes_on(
    new: Run, photos: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    captioner = tiny("blip", tmp_path_factory)
    assert new("index", photos).returncode == 0
    part = new("captions", "write", "--model", captioner, "--folder", photos / "b", "--prompt", "a dog on")
    assert (part.returncode, part.stdout) == (0, ""), part.stderr
    assert "2 captions written" in part.stderr
    first = json.loads(new("captions", "list", "--json").stdout)
    assert all(each["text"].startswith("a dog on") for each in first)
    assert {Path(each["path"]).name for each in first} == {"coffee.png", "rocket.jpg"}

    assert "1 captions written" in new("captions", "write", "--model", captioner).stderr
    assert "0 captions written" in new("captions", "write", "--model", captioner).stderr
    assert "3 captions written" in new("captions", "write", "--model", captioner, "--again").stderr
    again = json.loads(new("captions", "list", "--source", captioner, "--json").stdout)
    assert len(again) == 3
    assert not any(each["text"].startswith("a dog on") for each in again)
    assert "3 forgotten" in new("captions", "remove", "--source", captioner).stderr


def test_a_captioner_that_is_not_here_says_how_to_get_it(run: Run) -> None:
    done = run("captions", "write")
    assert done.returncode == 3
    assert "searchengine models pull blip-base" in done.stderr


def test_a_model_for_searching_writes_no_captions_and_a_captioner_does_not_search(run: Run) -> None:
    done = run("captions", "write", "--model", "builtin")
    assert done.returncode == 2
    assert "one that writes captions" in done.stderr
    used = run("models", "use", "blip-base")
    assert used.returncode == 2
    assert "captions write --model blip-base" in used.stderr


def test_nothing_to_forget_is_wrong_use(run: Run) -> None:
    assert run("captions", "remove").returncode == 2
    assert "no captions by nobody" in run("captions", "remove", "--source", "nobody").stderr
