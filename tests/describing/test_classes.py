"""Classes that are named on the spot: read from a line, told apart, and photos put into folders without harm."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image

from searchengine.describing.placing import Way, belongings, place
from searchengine.describing.sorting import Sorted, find_shots, sort_shots
from searchengine.describing.zero_shot import NamedClass, ZeroShot, read_classes
from searchengine.errors import UsageError
from tests.describing.test_captions import MODEL, picture


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir())


# --- classes ----------------------------------------------------------------------------------------------------------


def test_a_class_may_be_a_list_of_synonyms() -> None:
    assert read_classes("cat = cat|kitten , dog,birthday  cake") == (
        NamedClass("cat", ("cat", "kitten")),
        NamedClass("dog", ("dog",)),
        NamedClass("birthday cake", ("birthday cake",)),
    )


@pytest.mark.parametrize("line", ["", "cat,", "cat=", "=kitten", "cat=cat|", "cat,Cat", "a/b", "..", "what?"])
def test_what_is_no_class_says_so(line: str) -> None:
    with pytest.raises(UsageError):
        read_classes(line)


def test_a_photo_gets_its_class_and_one_of_none_gets_none() -> None:
    classes = ZeroShot(MODEL, read_classes("warm=red|orange,blue"))
    vectors = MODEL.encode_images([picture(colour) for colour in ("red", "orange", "blue", "green", "white")])
    sure = classes.confidences(vectors)
    assert sure.shape == (5, 2)
    assert (sure.argmax(1)[:3] == [0, 0, 1]).all()
    assert sure.max(1)[:3].min() > 2 * sure.max(1)[3:].max()
    assert (sure.sum(1)[3:] < 0.5).all()  # none of these
    assert ((sure >= 0) & (sure.sum(1, keepdims=True) <= 1)).all()
    assert classes.confidences(vectors[:0]).shape == (0, 2)


def test_more_classes_never_make_a_photo_surer() -> None:
    red = MODEL.encode_images([picture("red")])
    lines = ["red", "red,blue", "red,blue,green", "red,blue,green,orange"]
    sure = [ZeroShot(MODEL, read_classes(line)).confidences(red)[0, 0] for line in lines]
    assert all(first > second for first, second in pairwise(sure))


# --- a folder ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    for place_, colour in (("1.png", "red"), ("2.png", "blue"), ("deep/1.png", "red"), ("deep/3.png", "green")):
        (folder / place_).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture(colour, seed=len(place_))).save(folder / place_)
    (folder / "torn.jpg").write_bytes(b"\xff\xd8\xff and no more")
    (folder / "notes.txt").write_text("no photo")
    return folder


def sort_all(folder: Path, line: str, floor: float = 0.5) -> tuple[list[Sorted], list[str]]:
    shots, problems = find_shots(folder)
    batches = list(sort_shots(shots, MODEL, ZeroShot(MODEL, read_classes(line)), floor))
    return [each for batch, _ in batches for each in batch], [*problems, *(text for _, own in batches for text in own)]


def test_every_photo_of_a_folder_is_looked_at_and_what_can_not_be_read_is_named(photos: Path) -> None:
    found, problems = sort_all(photos, "red,blue")
    assert {os.path.relpath(os.fsdecode(each.shot.file.path), photos): each.name for each in found} == {
        "1.png": "red",
        "2.png": "blue",
        "deep/1.png": "red",
        "deep/3.png": None,
    }
    (problem,) = problems
    assert "torn.jpg" in problem
    assert all(set(each.confidences) == {"red", "blue"} for each in found)
    assert sort_all(photos, "red,blue", floor=1.0)[0][0].name is None


def test_a_raw_goes_with_the_picture_of_its_shot_and_the_target_is_not_sorted_again(photos: Path) -> None:
    (photos / "shot.jpg").write_bytes(b"\xff\xd8\xff a picture")
    (photos / "SHOT.nef").write_bytes(b"II*\0 a raw")
    (photos / "sorted" / "red").mkdir(parents=True)
    (photos / "sorted" / "red" / "1.png").symlink_to(photos / "1.png")
    (photos / "sorted" / "2.png").symlink_to(photos / "2.png")
    shots, _ = find_shots(photos, without=photos / "sorted")
    assert not any(b"sorted" in shot.file.path for shot in shots)
    (pair,) = [shot for shot in shots if shot.raws]
    assert (pair.file.path, pair.raws) == (bytes(photos / "shot.jpg"), (bytes(photos / "SHOT.nef"),))
    assert len(find_shots(photos)[0]) == len(shots) + 2


def test_what_is_no_folder_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no folder"):
        find_shots(tmp_path / "gone")


# --- into folders -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", [Way.COPY, Way.LINK])
def test_photos_come_beside_what_is_there_and_no_second_time(tmp_path: Path, way: Way) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x.jpg").write_bytes(f"photo of {name}".encode())
    target = tmp_path / "sorted"
    target.mkdir()
    (target / "x.jpg").write_bytes(b"another's")
    for _ in range(2):  # the second time changes nothing
        first = place([bytes(tmp_path / "a" / "x.jpg")], target, way)
        second = place([bytes(tmp_path / "b" / "x.jpg")], target, way)
        assert first == second
        assert names(target) == ["x (2).jpg", "x (3).jpg", "x.jpg"]
    assert not first
    assert (target / "x.jpg").read_bytes() == b"another's"
    assert (target / "x (3).jpg").read_bytes() == b"photo of b"
    assert (target / "x (3).jpg").is_symlink() == (way is Way.LINK)
    assert (tmp_path / "b" / "x.jpg").exists()


def test_a_shot_stays_together_under_one_number(tmp_path: Path) -> None:
    source, target = tmp_path / "photos", tmp_path / "sorted"
    source.mkdir()
    target.mkdir()
    for name in ("x.jpg", "X.nef", "x.jpg.xmp", "X.xmp", "x2.xmp"):
        (source / name).write_text(name)
    (target / "x.jpg.xmp").write_text("another's")
    files = belongings(bytes(source / "x.jpg"), (bytes(source / "X.nef"),))
    assert place(files, target, Way.MOVE)
    assert names(target) == ["x (2).jpg", "x (2).jpg.xmp", "x (2).nef", "x (2).xmp", "x.jpg.xmp"]
    assert (target / "x (2).nef").read_text() == "X.nef"
    assert names(source) == ["x2.xmp"]


def test_a_copy_keeps_its_time_and_a_name_that_is_no_utf_8(tmp_path: Path) -> None:
    file = bytes(tmp_path) + b"/caf\xe9.jpg"
    Path(os.fsdecode(file)).write_bytes(b"photo")
    os.utime(file, (1_000_000, 1_000_000))
    place([file], tmp_path / "sorted", Way.COPY)
    (copy,) = (tmp_path / "sorted").iterdir()
    assert os.fsencode(copy.name) == b"caf\xe9.jpg"
    assert copy.stat().st_mtime == 1_000_000


@pytest.mark.parametrize("way", [Way.COPY, Way.MOVE])
def test_without_second_names_files_come_whole_all_the_same(
    tmp_path: Path, way: Way, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    (tmp_path / "x.jpg").write_bytes(b"photo")
    assert place([bytes(tmp_path / "x.jpg")], tmp_path / "sorted", way)
    assert names(tmp_path / "sorted") == ["x.jpg"]
    assert (tmp_path / "sorted" / "x.jpg").read_bytes() == b"photo"
    assert (tmp_path / "x.jpg").exists() == (way is Way.COPY)


def test_an_interrupted_copy_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_source: bytes, target: bytes) -> None:
        Path(os.fsdecode(target)).write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr("shutil.copy2", interrupted)
    (tmp_path / "x.jpg").write_bytes(b"photo")
    with pytest.raises(KeyboardInterrupt):
        place([bytes(tmp_path / "x.jpg")], tmp_path / "sorted", Way.COPY)
    assert names(tmp_path / "sorted") == []


def test_a_folder_that_can_not_be_made_is_wrong_use(tmp_path: Path) -> None:
    (tmp_path / "x.jpg").write_bytes(b"photo")
    with pytest.raises(UsageError, match="can't be put into"):
        place([bytes(tmp_path / "x.jpg")], tmp_path / "x.jpg" / "cat", Way.COPY)
    assert names(tmp_path) == ["x.jpg"]
