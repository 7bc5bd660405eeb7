"""What a library of real photos holds more than once, as the built-in model sees it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from searchengine.library import Library
from searchengine.photos.near_copies import burst, cropped, exposed, resized
from searchengine.records import FileState
from searchengine.searching.duplicates import DuplicateGroup
from searchengine.settings import Settings

FRAMES = 8


def save(path: Path, pixels: np.ndarray, taken: str = "", **options: object) -> Path:
    """Write a photo, with the time of its camera where that is given."""
    path.parent.mkdir(parents=True, exist_ok=True)
    exif = Image.Exif()
    if taken:
        exif[0x0132] = f"2024:06:01 {taken}"
    Image.fromarray(pixels).save(path, exif=exif, **options)
    return path


def pixels_of(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


@pytest.fixture(scope="module")
def photos(sample_photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some samples; copies of one of them, a burst of another, and two parts of a third."""
    folder = tmp_path_factory.mktemp("photos")
    for name in ("china.jpg", "coffee.png", "rocket.jpg", "flower.jpg", "astronaut.png"):
        shutil.copy(sample_photos / name, folder / name)
        os.utime(folder / name, (1_600_000_000, 1_600_000_000))
    china = pixels_of(folder / "china.jpg")
    save(folder / "sent" / "small.jpg", resized(china, 0.5), quality=60)
    save(folder / "sent" / "bright.png", exposed(china, 0.4))
    save(folder / "sent" / "crop.webp", cropped(china, 0.95, 0.3, 0.6), quality=80)
    (folder / "backup").mkdir()
    shutil.copy(folder / "china.jpg", folder / "backup" / "china.jpg")
    (folder / "sent" / "torn.jpg").write_bytes((folder / "china.jpg").read_bytes()[:150_000])
    cat = pixels_of(sample_photos / "chelsea.png")
    for number, frame in enumerate(burst(cat, FRAMES, np.random.default_rng(1))):
        save(folder / "cat" / f"{number}.jpg", frame, f"12:00:{number:02}", quality=90)
    hubble = pixels_of(sample_photos / "hubble_deep_field.jpg")
    save(folder / "sky" / "left.jpg", cropped(hubble, 0.6, 0, 0))
    save(folder / "sky" / "right.jpg", cropped(hubble, 0.6, 1, 1))
    return folder


@pytest.fixture(scope="module")
def library(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    settings = Settings.choose(library=tmp_path_factory.mktemp("library"))
    with Library.open(settings, create=True) as opened:
        opened.index([photos])
        yield opened


@pytest.fixture(scope="module")
def groups(library: Library) -> tuple[DuplicateGroup, ...]:
    return library.duplicates.find()


def names(group: DuplicateGroup, photos: Path, *, exact: bool) -> set[str]:
    return {os.path.relpath(os.fsdecode(copy.file.path), photos) for copy in group.others if copy.exact is exact}


def test_copies_are_one_group_with_the_original_to_keep(groups: tuple[DuplicateGroup, ...], photos: Path) -> None:
    (group,) = groups
    assert os.fsdecode(group.keep.file.path) == str(photos / "china.jpg")
    assert names(group, photos, exact=True) == {"backup/china.jpg"}
    assert names(group, photos, exact=False) == {"sent/small.jpg", "sent/bright.png", "sent/crop.webp", "sent/torn.jpg"}
    assert group.why[:2] == ("not truncated", "most pixels")
    assert group.spare_bytes == sum((photos / name).stat().st_size for exact in (True, False)
                                    for name in names(group, photos, exact=exact))  # fmt: skip


def test_frames_of_a_burst_and_parts_of_one_scene_are_no_duplicates(groups: tuple[DuplicateGroup, ...]) -> None:
    paths = {copy.file.path for group in groups for copy in (group.keep, *group.others)}
    assert not any(b"/cat/" in path or b"/sky/" in path for path in paths)


def test_a_folder_narrows_it_to_the_groups_that_touch_it(library: Library, photos: Path) -> None:
    assert len(library.duplicates.find(folder=bytes(photos / "backup"))) == 1
    assert library.duplicates.find(folder=bytes(photos / "cat")) == ()


def test_how_far_it_is_is_told(library: Library) -> None:
    told: list[tuple[str, int, int, str]] = []
    library.duplicates.find(tell=lambda *progress: told.append(progress))
    count = library.database.photos.count()
    assert told[-1] == ("comparing", count, count, "")


def test_a_frame_with_the_time_of_another_hour_is_no_copy_and_one_without_a_time_is(
    tmp_path: Path, sample_photos: Path
) -> None:
    coffee = pixels_of(sample_photos / "coffee.png")
    save(tmp_path / "one.jpg", coffee, "10:00:00", quality=95)
    save(tmp_path / "later.jpg", coffee, "18:00:00", quality=70)
    save(tmp_path / "sent.jpg", coffee, quality=50)
    with Library.open(Settings.choose(library=tmp_path / "library"), create=True) as own:
        own.index([tmp_path])
        (group,) = own.duplicates.find()
        assert os.fsdecode(group.keep.file.path) == str(tmp_path / "one.jpg")
        assert names(group, tmp_path, exact=False) == {"sent.jpg"}
        assert "has the camera's data" in group.why


def test_on_a_drive_that_is_away_nothing_is_kept_that_is_also_here(tmp_path: Path, photos: Path) -> None:
    here, drive = tmp_path / "here", tmp_path / "drive"
    drive.mkdir()
    shutil.copytree(photos / "sky", here)
    shutil.copy(photos / "china.jpg", drive / "china.jpg")
    shutil.copy(photos / "sent" / "small.jpg", here / "small.jpg")
    with Library.open(Settings.choose(library=tmp_path / "library"), create=True) as library:
        library.index([here, drive])
        (before,) = library.duplicates.find()
        drive.rename(tmp_path / "unplugged")
        library.index()
        (after,) = library.duplicates.find()
    assert os.fsdecode(before.keep.file.path) == str(drive / "china.jpg")
    assert os.fsdecode(after.keep.file.path) == str(here / "small.jpg")
    assert after.why[0] == "within reach"
    assert [copy.file.state for copy in after.others] == [FileState.OFFLINE]


def test_what_is_gone_is_no_copy(tmp_path: Path, photos: Path) -> None:
    for name in ("one.jpg", "two.jpg"):
        shutil.copy(photos / "china.jpg", tmp_path / name)
    with Library.open(Settings.choose(library=tmp_path / "library"), create=True) as library:
        library.index([tmp_path])
        assert len(library.duplicates.find()) == 1
        (tmp_path / "two.jpg").unlink()
        library.index()
        assert library.duplicates.find() == ()


def test_a_raw_beside_its_picture_is_no_copy_and_makes_it_the_one_to_keep(tmp_path: Path, photos: Path) -> None:
    china = pixels_of(photos / "china.jpg")
    save(tmp_path / "shot.jpg", resized(china, 0.5), quality=80)
    (tmp_path / "shot.cr2").write_bytes(b"II*\0" + bytes(100))
    save(tmp_path / "export.png", china)
    with Library.open(Settings.choose(library=tmp_path / "library"), create=True) as library:
        library.index([tmp_path])
        (group,) = library.duplicates.find()
    assert os.fsdecode(group.keep.file.path) == str(tmp_path / "shot.jpg")
    assert group.why[:2] == ("has the camera's RAW", "the format it was taken in")
    assert names(group, tmp_path, exact=False) == {"export.png"}


def test_an_empty_library_has_none(tmp_path: Path) -> None:
    with Library.open(Settings.choose(library=tmp_path / "library"), create=True) as library:
        assert library.duplicates.find() == ()
