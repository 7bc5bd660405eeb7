from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from searchengine.embedding.preprocessing import Preprocessing, prepare
from searchengine.errors import UsageError
from searchengine.training.data import CaptionedPhotos, read_captions, read_picture
from searchengine.training.pairs import Pairs, prepare_pairs
from searchengine.training.tokenizing import train_tokenizer
from tests.training.pictures import captioned

SQUARE = Preprocessing(8, 8, "squash", 8, "bicubic")
ROWS = [("red.png", "a red one"), ("blue.png", "a blue one, and quite so"), ("red.png", "rather red")]


@pytest.fixture
def photos(tmp_path: Path) -> CaptionedPhotos:
    return read_captions(captioned(tmp_path, ROWS))


@pytest.fixture
def tokenizer() -> Tokenizer:
    return train_tokenizer([caption for _, caption in ROWS] * 2, "gpt2", 300, 12)


def test_pictures_are_kept_as_the_model_wants_them(
    photos: CaptionedPhotos, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    pairs = prepare_pairs(photos, SQUARE, tokenizer, tmp_path / "pairs")
    assert isinstance(pairs.pictures, np.memmap)
    assert pairs.pictures.shape == (2, 8, 8, 3)
    for picture, path in zip(pairs.pictures, photos.paths, strict=True):
        np.testing.assert_array_equal(picture, prepare(read_picture(path, SQUARE.at_least), SQUARE))


def test_a_margin_for_crops_makes_them_larger(photos: CaptionedPhotos, tokenizer: Tokenizer, tmp_path: Path) -> None:
    pairs = prepare_pairs(photos, SQUARE, tokenizer, tmp_path / "pairs", margin=1.25)
    assert pairs.pictures.shape == (2, 10, 10, 3)


def test_each_photo_keeps_its_captions_as_tokens(photos: CaptionedPhotos, tokenizer: Tokenizer, tmp_path: Path) -> None:
    pairs = prepare_pairs(photos, SQUARE, tokenizer, tmp_path / "pairs")
    for photo, captions in enumerate(photos.captions):
        rows = range(pairs.first[photo], pairs.first[photo + 1])
        for row, caption in zip(rows, captions, strict=True):
            expected = tokenizer.encode(caption).ids
            assert pairs.tokens[row, : pairs.lengths[row]].tolist() == expected


def test_what_is_ready_is_not_made_again(photos: CaptionedPhotos, tokenizer: Tokenizer, tmp_path: Path) -> None:
    first = prepare_pairs(photos, SQUARE, tokenizer, tmp_path / "pairs")
    for path in photos.paths:
        path.unlink()
    again = prepare_pairs(photos, SQUARE, tokenizer, tmp_path / "pairs")
    np.testing.assert_array_equal(again.pictures, first.pictures)


def test_an_unreadable_picture_is_left_out_and_named_with_its_line(tokenizer: Tokenizer, tmp_path: Path) -> None:
    table = captioned(tmp_path, [*ROWS, ("white.png", "white"), ("black.png", "")])
    (tmp_path / "red.png").write_bytes(b"no picture")
    photos = read_captions(table)
    (tmp_path / "blue.png").unlink()  # since it was listed
    pairs = prepare_pairs(photos, SQUARE, tokenizer, tmp_path / "pairs")
    assert len(pairs) == 1
    assert pairs.first.tolist() == [0, 1]
    assert pairs.problems == Pairs.open(tmp_path / "pairs").problems
    empty, blue, red = pairs.problems
    assert empty == "captions.csv, line 6: black.png has an empty caption."
    assert blue.startswith("captions.csv, line 3: ")
    assert "blue.png can't be read" in blue
    assert "red.png can't be read" in red


def test_where_nothing_can_be_read_it_is_refused(photos: CaptionedPhotos, tokenizer: Tokenizer, tmp_path: Path) -> None:
    for path in photos.paths:
        path.write_bytes(b"no picture")
    with pytest.raises(UsageError, match=r"None of the photos can be read.*line 3.*blue\.png"):
        prepare_pairs(photos, SQUARE, tokenizer, tmp_path / "pairs")


def test_a_disk_without_room_is_said_before_anything_is_decoded(
    photos: CaptionedPhotos, tokenizer: Tokenizer, tmp_path: Path
) -> None:
    many = replace(photos, paths=photos.paths * 10, captions=photos.captions * 10, origins=())
    huge = Preprocessing(10**6, 10**6, "squash", 10**6, "bicubic")
    with pytest.raises(UsageError, match="Put the run elsewhere"):
        prepare_pairs(many, huge, tokenizer, tmp_path / "pairs")
