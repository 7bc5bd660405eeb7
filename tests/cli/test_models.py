"""`models convert`: OpenAI's weights into a model that indexes and searches, and what it says when there is no way."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from searchengine.cli.models import FORMATS
from searchengine.embedding.clip.convert import FORMATS as WRITTEN
from searchengine.embedding.clip.openai import state_dict_of
from tests.cli.conftest import Run
from tests.embedding.clip.archives import TINY, save_script, write_open_clip
from tests.embedding.clip.folders import random_encoder
from tests.embedding.clip.vocabulary import write


def test_the_formats_of_the_option_are_those_that_are_written() -> None:
    assert set(FORMATS) == set(WRITTEN)


@pytest.mark.slow
def test_an_archive_of_openai_becomes_a_model_that_indexes_and_searches(new: Run, tmp_path: Path) -> None:
    save_script(state_dict_of(random_encoder(TINY["resnet"])), tmp_path / "RN.pt")
    (tmp_path / "words").mkdir()
    write(tmp_path / "words", "merges.txt")
    made = new("models", "convert", tmp_path / "RN.pt", tmp_path / "rn", "--tokenizer", tmp_path / "words")
    assert (made.returncode, made.stdout) == (0, ""), made.stderr
    assert "is a model now" in made.stderr

    (tmp_path / "photos").mkdir()
    for name, color in (("red.png", (200, 20, 20)), ("blue.png", (20, 20, 200)), ("green.png", (20, 200, 20))):
        Image.new("RGB", (90, 70), color).save(tmp_path / "photos" / name)
    indexed = new("index", tmp_path / "photos", "--model", tmp_path / "rn")
    assert indexed.returncode == 0, indexed.stderr
    found = new("search", "a dog on a beach", "--json")
    assert len(json.loads(found.stdout)) == 3, found.stderr


def test_a_conversion_without_a_way_names_the_reason(new: Run, tmp_path: Path) -> None:
    write_open_clip(tmp_path / "rn", TINY["resnet"])
    refused = new("models", "convert", tmp_path / "rn", tmp_path / "hf", "--to", "transformers")
    assert refused.returncode == 3
    assert "no class for CLIP's ResNets" in refused.stderr
    again = new("models", "convert", tmp_path / "rn", tmp_path / "rn", "--to", "openai")
    assert again.returncode == 2
    assert "is there already" in again.stderr
    unknown = new("models", "convert", "nonsense", tmp_path / "x")
    assert unknown.returncode == 2
    assert "There is no model named nonsense" in unknown.stderr
