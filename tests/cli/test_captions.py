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
    for folder, name in (("a", "chelsea.png"), ("b", "coffee.png"), ("b", "motorcycle_left.png")):
        (tmp_path / "photos" / folder).mkdir(parents=True, exist_ok=True)
        shutil.copy(sample_photos / name, tmp_path / "photos" / folder)
    return tmp_path / "photos"


@pytest.mark.slow
def test_sentences_are_added_listed_and_forgotten(call: Run, photos: Path, tmp_path: Path) -> None:
    assert call("index", photos).returncode == 0
    (tmp_path / "mine.txt").write_text("a cat on a rug\na cup of coffee\na ship at sea\n", "utf-8")
    added = call("captions", "add", tmp_path / "mine.txt")
    assert (added.returncode, added.stdout) == (0, ""), added.stderr
    assert "3 new of 3" in added.stderr
    listed = call("captions", "list").stdout.splitlines()
    assert listed[0].split("\t")[1:] == ["list", "", "a cat on a rug"]

    removed = call("captions", "remove", "a ship at sea", listed[0].split("\t")[0])
    assert "2 forgotten" in removed.stderr
    assert [each["text"] for each in json.loads(call("captions", "list", "--json").stdout)] == ["a cup of coffee"]
    unknown = call("captions", "remove", "a ship at sea")
    assert unknown.returncode == 2
    assert "no caption 'a ship at sea'" in unknown.stderr


@pytest.mark.slow
def test_a_captioner_writes_what_is_missing_and_goes_on(
    call: Run, photos: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    captioner = tiny("blip", tmp_path_factory)
    assert call("index", photos).returncode == 0
    part = call("captions", "write", "--model", captioner, "--folder", photos / "b", "--prompt", "a dog on")
    assert (part.returncode, part.stdout) == (0, ""), part.stderr
    assert "2 captions written" in part.stderr
    first = json.loads(call("captions", "list", "--json").stdout)
    assert all(each["text"].startswith("a dog on") for each in first)
    assert {Path(each["path"]).name for each in first} == {"coffee.png", "motorcycle_left.png"}

    assert "1 captions written" in call("captions", "write", "--model", captioner).stderr
    assert "0 captions written" in call("captions", "write", "--model", captioner).stderr
    assert "3 captions written" in call("captions", "write", "--model", captioner, "--again").stderr
    again = json.loads(call("captions", "list", "--source", captioner, "--json").stdout)
    assert len(again) == 3
    assert not any(each["text"].startswith("a dog on") for each in again)
    assert "3 forgotten" in call("captions", "remove", "--source", captioner).stderr


def test_what_can_not_be_done_says_what_can(call: Run, photos: Path) -> None:
    assert call("index", photos).returncode == 0
    done = call("captions", "write")
    assert done.returncode == 3
    assert "searchengine models pull blip-base" in done.stderr
    done = call("captions", "write", "--model", "builtin")
    assert done.returncode == 2
    assert "one that writes captions" in done.stderr
    used = call("models", "use", "blip-base")
    assert used.returncode == 2
    assert "captions write --model blip-base" in used.stderr
    assert call("captions", "remove").returncode == 2
    assert "no captions by nobody" in call("captions", "remove", "--source", "nobody").stderr
