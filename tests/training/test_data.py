from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from searchengine.errors import PhotoUnreadableError, UsageError
from searchengine.training.data import (
    held_out,
    opened,
    opened_captions,
    read_captions,
    read_class_folders,
    read_labels,
    read_picture,
)
from tests.training.pictures import captioned, paint


def test_captions_are_gathered_by_photo_in_the_order_of_names(tmp_path: Path) -> None:
    rows = [("red.png", "a red one"), ("blue.png", "a blue one, indeed"), ("red.png", "rather red")]
    photos = read_captions(captioned(tmp_path, rows))
    assert [path.name for path in photos.paths] == ["blue.png", "red.png"]
    assert photos.captions == (("a blue one, indeed",), ("a red one", "rather red"))
    assert read_picture(photos.paths[0], at_least=30).shape == (30, 40, 3)


def test_images_may_lie_in_the_folder_images(tmp_path: Path) -> None:
    paint(tmp_path / "images" / "red.png", "red")
    (tmp_path / "captions.csv").write_text("image,caption\nred.png,red\n")
    assert read_captions(tmp_path / "captions.csv").paths == (tmp_path / "images" / "red.png",)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("red.png,", "captions.csv, line 3: red.png has an empty caption."),
        ("red.png,  ", "captions.csv, line 3: red.png has an empty caption."),
        ("gone.png,gone", "captions.csv, line 3: there is no image gone.png."),
        (",nameless", "captions.csv, line 3: there is no image ."),
        ("red.png", "captions.csv, line 3: too few columns."),
    ],
)
def test_a_bad_line_is_left_out_and_named(tmp_path: Path, line: str, problem: str) -> None:
    paint(tmp_path / "red.png", "red")
    (tmp_path / "captions.csv").write_text(f"image,caption\nred.png,red\n{line}\nred.png,rather red\n")
    photos = read_captions(tmp_path / "captions.csv")
    assert photos.captions == (("red", "rather red"),)
    assert photos.origins == ("captions.csv, line 2",)
    assert photos.problems == (problem,)
    assert photos.take([0]).problems == (problem,)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("picture,caption\nred.png,red\n", "no column image"),
        ("image;caption\nred.png;red\n", "separated by commas: image,caption"),
        ("image,words\nred.png,red\n", "no column caption"),
        ("image,caption\n", "names no photo that can be used"),
        ("image,caption\nred.png,\ngone.png,gone\n", "line 2: red.png has an empty caption"),
    ],
)
def test_a_captions_table_of_which_nothing_is_left_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    paint(tmp_path / "red.png", "red")
    (tmp_path / "captions.csv").write_text(text)
    with pytest.raises(UsageError, match=complaint):
        read_captions(tmp_path / "captions.csv")


def test_a_table_as_spreadsheets_save_unicode_text_is_told_from_utf_8(tmp_path: Path) -> None:
    (tmp_path / "captions.csv").write_text("image,caption\nred.png,red\n", "utf-16")
    with pytest.raises(UsageError, match="isn't text in UTF-8"):
        read_captions(tmp_path / "captions.csv")


def test_captions_come_as_a_folder_a_table_or_a_zip(tmp_path: Path) -> None:
    table = captioned(tmp_path / "set", [("red.png", "red")])
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for path in table.parent.iterdir():
            archive.write(path, path.name)
    with zipfile.ZipFile(tmp_path / "wrapped.zip", "w") as archive:
        for path in table.parent.iterdir():
            archive.write(path, f"set/{path.name}")
    for source in (table, table.parent, tmp_path / "set.zip", tmp_path / "wrapped.zip"):
        with opened_captions(source) as photos:
            assert photos.captions == (("red",),)
            assert photos.paths[0].is_file()


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("image,label\nred.png\n", "line 2: too few columns"), ("image,label\ngone.png,crane\n", "no image gone.png")],
)
def test_a_bad_line_of_labels_is_refused_for_it_would_move_every_class(
    tmp_path: Path, text: str, complaint: str
) -> None:
    (tmp_path / "labels.csv").write_text(text)
    with pytest.raises(UsageError, match=complaint):
        read_labels(tmp_path / "labels.csv")


def test_a_missing_captions_table_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"captions\.csv can't be read"):
        read_captions(tmp_path / "captions.csv")


def test_labels_keep_the_order_of_the_table(tmp_path: Path) -> None:
    paint(tmp_path / "red.png", "red")
    paint(tmp_path / "blue.png", "blue")
    (tmp_path / "labels.csv").write_text("image,label\nred.png,crane\nblue.png,crane\n")
    photos = read_labels(tmp_path / "labels.csv")
    assert photos.classes == ("crane", "crane")  # a bird and a machine: the name alone doesn't tell
    assert photos.labels == (0, 1)
    assert [path.name for path in photos.paths] == ["red.png", "blue.png"]


def test_a_folder_a_class_even_inside_a_zip_with_one_folder_on_top(tmp_path: Path) -> None:
    paint(tmp_path / "set" / "polar_bear" / "1.png", "white")
    paint(tmp_path / "set" / "ant" / "1.png", "black")
    paint(tmp_path / "set" / "ant" / "2.png", "black")
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive:
        for path in sorted((tmp_path / "set").rglob("*.png")):
            archive.write(path, path.relative_to(tmp_path))
    with opened(tmp_path / "set.zip") as folder:
        photos = read_class_folders(folder)
        assert photos.classes == ("ant", "polar bear")
        assert photos.labels == (0, 0, 1)
        assert all(path.is_file() for path in photos.paths)
    assert not folder.exists()  # what was unpacked is gone


def test_a_source_without_captions_is_named_itself(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        archive.writestr("one/red.png", b"")
    with (
        pytest.raises(UsageError, match=r"photos\.zip holds no captions\.csv"),
        opened_captions(tmp_path / "photos.zip"),
    ):
        pass


def test_what_systems_leave_in_class_folders_is_no_photo(tmp_path: Path) -> None:
    for name in ("ant", "bee"):
        paint(tmp_path / name / "1.png", "black")
        for left in (".DS_Store", "Thumbs.db", "desktop.ini"):
            (tmp_path / name / left).write_bytes(b"")
    assert [path.name for path in read_class_folders(tmp_path).paths] == ["1.png", "1.png"]


def test_two_folders_of_one_class_are_refused(tmp_path: Path) -> None:
    for name in ("sea lion", "sea_lion", "ant"):
        paint(tmp_path / name / "1.png", "black")
    with pytest.raises(UsageError, match="Two folders mean the class sea lion"):
        read_class_folders(tmp_path)


def test_one_class_or_an_empty_one_is_refused(tmp_path: Path) -> None:
    paint(tmp_path / "ant" / "1.png", "black")
    with pytest.raises(UsageError, match="nothing to tell apart"):
        read_class_folders(tmp_path)
    (tmp_path / "bee").mkdir()
    with pytest.raises(UsageError, match="class folder bee is empty"):
        read_class_folders(tmp_path)


def test_what_is_neither_a_folder_nor_a_zip_is_refused(tmp_path: Path) -> None:
    (tmp_path / "photos.zip").write_bytes(b"not a zip")
    with pytest.raises(UsageError, match="neither a folder nor a zip"), opened(tmp_path / "photos.zip"):
        pass


def test_a_photo_stays_on_its_side_of_the_split_whatever_comes_and_goes() -> None:
    paths = [Path(f"{number}.webp") for number in range(200)]
    kept, out = held_out(paths, 50)
    assert sorted(kept + out) == list(range(200))
    assert len(out) == 50
    fewer = [path for path in paths if int(path.stem) % 10]
    still_out = {fewer[i] for i in held_out(fewer, 50)[1]}
    assert {paths[i] for i in out} - {path for path in paths if not int(path.stem) % 10} <= still_out


def test_the_split_of_the_captioned_photos_never_moves(shared_data: Path) -> None:
    with zipfile.ZipFile(shared_data / "captioned_photos.zip") as archive:
        names = sorted(Path(name) for name in archive.namelist() if name.endswith(".webp"))
    kept, out = held_out(names, 1000)
    assert (len(kept), len(out)) == (6017, 1000)
    assert names[out[0]].name == "1007320043_627395c3d8.webp"
    assert names[out[-1]].name == "973827791_467d83986e.webp"


def test_an_unreadable_picture_is_named_without_the_place_a_zip_was_unpacked_to(tmp_path: Path) -> None:
    torn = tmp_path / "cats" / "torn.jpg"
    torn.parent.mkdir()
    torn.write_bytes(b"no picture")
    for path in (torn, torn.with_name("gone.jpg")):
        with pytest.raises(PhotoUnreadableError, match=rf"^cats.{path.name} can't be read") as raised:
            read_picture(path, 64)
        assert str(tmp_path) not in str(raised.value)
