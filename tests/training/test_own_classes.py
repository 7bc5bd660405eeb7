"""Own classes, with real files, a real database and a model that knows colours."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from searchengine.conditions import HasLabel
from searchengine.errors import NotFoundError, UsageError
from searchengine.photos.decode import decode
from searchengine.photos.files import stamp_of
from searchengine.photos.fingerprint import fingerprint
from searchengine.training.own_classes import OwnClasses
from tests.fakes import PALETTE, ColourModel
from tests.searching.libraries import SmallLibrary

COLOURS = [colour for colour in PALETTE if colour != "red"]


@pytest.fixture
def model() -> ColourModel:
    return ColourModel()


@pytest.fixture
def library(tmp_path: Path, model: ColourModel) -> Iterator[SmallLibrary]:
    library = SmallLibrary(tmp_path / "library", model.identity)
    put(
        library, model, [paint(tmp_path / "old", f"{number}.png", COLOURS[number % 11], number) for number in range(44)]
    )
    put(library, model, [paint(tmp_path / "old", f"red-{number}.png", "red", number) for number in range(8)])
    yield library
    library.database.close()


@pytest.fixture
def classes(library: SmallLibrary) -> OwnClasses:
    return OwnClasses(library.database)


def paint(folder: Path, name: str, colour: str, seed: int) -> Path:
    """A noisy picture in one colour, with a patch of another."""
    rng = np.random.default_rng(seed)
    pixels = np.full((48, 48, 3), PALETTE[colour], np.float64)
    pixels[: rng.integers(4, 20), : rng.integers(4, 40)] = PALETTE[COLOURS[rng.integers(11)]]
    folder.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.clip(pixels + rng.normal(0, 6, pixels.shape), 0, 255).astype(np.uint8)).save(folder / name)
    return folder / name


def put(library: SmallLibrary, model: ColourModel, paths: list[Path]) -> list[int]:
    """Index these files."""
    names = [os.fsencode(path) for path in paths]
    contents = [path.read_bytes() for path in paths]
    decoded = [decode(data, path=name, at_least=24) for data, name in zip(contents, names, strict=True)]
    return library.add(
        model.encode_images([photo.pixels for photo in decoded]),
        facts=[photo.facts for photo in decoded],
        paths=names,
        fingerprints=[fingerprint(data) for data in contents],
        stamps=[stamp_of(name) for name in names],
    )


def table(folder: Path, rows: list[tuple[Path | str, str]]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "labels.csv"
    path.write_text("image,label\n" + "".join(f"{image},{label}\n" for image, label in rows), encoding="utf-8")
    return path


def five_reds(tmp_path: Path) -> list[tuple[Path | str, str]]:
    """Photos that aren't in the library, beside the CSV."""
    return [(paint(tmp_path / "new", f"{number}.png", "red", 100 + number).name, "Our red") for number in range(5)]


def labelled(library: SmallLibrary, name: str) -> set[str]:
    ids = library.database.photos.matching([HasLabel(name)])
    return {os.fsdecode(photo.files[0].path).rpartition("/")[2] for photo in library.database.photos.get(ids.tolist())}


REDS = {f"red-{number}.png" for number in range(8)}


def test_five_photos_of_a_class_label_the_library(
    library: SmallLibrary, classes: OwnClasses, model: ColourModel, tmp_path: Path
) -> None:
    assert classes.train(table(tmp_path / "new", five_reds(tmp_path)), library.model_id, lambda: model) == ()
    assert labelled(library, "our RED") == REDS
    (learnt,) = classes.all()
    assert (learnt.name, learnt.examples, learnt.photos) == ("Our red", 5, 8)
    assert learnt.accuracy is not None
    assert learnt.accuracy > 0.9


def test_examples_in_the_library_cost_no_embedding(
    library: SmallLibrary, classes: OwnClasses, model: ColourModel, tmp_path: Path
) -> None:
    with library.database.writing():
        library.database.roots.add(os.fsencode(tmp_path / "old"))
    rows: list[tuple[Path | str, str]] = [(tmp_path / "old" / f"red-{number}.png", "red") for number in range(3)]
    rows += [(f"red-{number}.png", "red") for number in (3, 4)]  # in a folder of the library
    before = model.encoded_images
    assert classes.train(table(tmp_path / "elsewhere", rows), library.model_id, lambda: model) == ()
    assert model.encoded_images == before
    assert labelled(library, "red") == REDS


def test_a_photo_that_comes_later_gets_the_label_without_training(
    library: SmallLibrary, classes: OwnClasses, model: ColourModel, tmp_path: Path
) -> None:
    classes.train(table(tmp_path / "new", five_reds(tmp_path)), library.model_id, lambda: model)
    put(library, model, [paint(tmp_path / "old", f"late-{colour}.png", colour, 500) for colour in ("red", "blue")])
    classes.bring_up_to_date(library.model_id, lambda: pytest.fail("nothing must be encoded or learnt"))
    assert labelled(library, "Our red") == REDS | {"late-red.png"}


def test_a_photo_that_is_embedded_anew_is_looked_at_anew(
    library: SmallLibrary, classes: OwnClasses, model: ColourModel, tmp_path: Path
) -> None:
    classes.train(table(tmp_path / "new", five_reds(tmp_path)), library.model_id, lambda: model)
    (red,) = library.database.photos.matching([HasLabel("Our red")])[:1].tolist()
    library.embed([red], model.encode_texts(["blue"]))
    classes.bring_up_to_date(library.model_id, lambda: model)
    assert len(labelled(library, "Our red")) == 7


def test_another_model_learns_from_the_same_examples(
    library: SmallLibrary, classes: OwnClasses, model: ColourModel, tmp_path: Path
) -> None:
    classes.train(table(tmp_path / "new", five_reds(tmp_path)), library.model_id, lambda: model)
    other = ColourModel("other")
    database = library.database
    photos = database.photos.get(database.photos.matching(()).tolist())
    pixels = [decode(Path(os.fsdecode(p.files[0].path)).read_bytes(), path=b"", at_least=24).pixels for p in photos]
    with database.writing():
        model_id = database.models.register(other.identity)
        database.embeddings.add(model_id, [photo.id for photo in photos], other.encode_images(pixels), "float32")
    classes.bring_up_to_date(model_id, lambda: other)
    assert labelled(library, "Our red") == REDS  # the old model still answers
    with database.writing():
        database.models.use(model_id)
    assert labelled(library, "Our red") == REDS


def test_a_model_for_which_the_examples_are_out_of_reach_is_told_of(
    library: SmallLibrary, classes: OwnClasses, model: ColourModel, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    classes.train(table(tmp_path / "new", five_reds(tmp_path)), library.model_id, lambda: model)
    shutil.rmtree(tmp_path / "new")
    other = ColourModel("other")
    with library.database.writing():
        model_id = library.database.models.register(other.identity)
        library.database.models.use(model_id)
    classes.bring_up_to_date(model_id, lambda: other)
    assert "'Our red' can't be learnt" in caplog.text
    assert "searchengine probe train" in caplog.text
    (unlearnt,) = classes.all()
    assert (unlearnt.accuracy, unlearnt.photos) == (None, 0)


def test_classes_are_told_from_each_other(
    library: SmallLibrary, classes: OwnClasses, model: ColourModel, tmp_path: Path
) -> None:
    rows: list[tuple[Path | str, str]] = [(tmp_path / "old" / f"red-{number}.png", "red") for number in range(4)]
    greens = [number for number in range(44) if COLOURS[number % 11] == "green"]
    rows += [(tmp_path / "old" / f"{number}.png", "green") for number in greens]
    classes.train(table(tmp_path / "new", rows), library.model_id, lambda: model)
    assert labelled(library, "red") == REDS
    assert labelled(library, "green") == {f"{number}.png" for number in greens}


def test_training_again_puts_the_new_examples_in_place_of_the_old(
    library: SmallLibrary, classes: OwnClasses, model: ColourModel, tmp_path: Path
) -> None:
    classes.train(table(tmp_path / "new", five_reds(tmp_path)), library.model_id, lambda: model)
    blues = [(tmp_path / "old" / f"{n}.png", "our RED") for n in range(44) if COLOURS[n % 11] == "blue"]
    classes.train(table(tmp_path / "again", list(blues)), library.model_id, lambda: model)
    (learnt,) = classes.all()
    assert (learnt.name, learnt.examples) == ("Our red", 4)
    assert not labelled(library, "Our red") & REDS


def test_bad_lines_are_named_and_left_out(
    library: SmallLibrary, classes: OwnClasses, model: ColourModel, tmp_path: Path
) -> None:
    rows = [*five_reds(tmp_path), ("gone.png", "Our red"), ("0.png", ""), ("notes.png", "Our red")]
    path = table(tmp_path / "new", rows)
    (tmp_path / "new" / "notes.png").write_text("no picture")
    problems = classes.train(path, library.model_id, lambda: model)
    assert [part in " ".join(problems) for part in ("line 7: gone.png", "line 8: no label", "notes.png")] == [True] * 3
    assert len(problems) == 3
    assert labelled(library, "Our red") == REDS


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("picture,label\na.png,red\n", "no column image"),
        ("image,label\ngone.png,red\n", "shows no photo that can be used"),
        ("image,label\nred-1.png,red\nred-2.png,red\n", "'red' can't be learnt: 2 examples"),
    ],
)
def test_a_table_from_which_nothing_can_be_learnt_changes_nothing(
    library: SmallLibrary, classes: OwnClasses, model: ColourModel, tmp_path: Path, text: str, complaint: str
) -> None:
    path = tmp_path / "old" / "labels.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match=complaint):
        classes.train(path, library.model_id, lambda: model)
    assert classes.all() == []


def test_a_class_is_forgotten(library: SmallLibrary, classes: OwnClasses, model: ColourModel, tmp_path: Path) -> None:
    classes.train(table(tmp_path / "new", five_reds(tmp_path)), library.model_id, lambda: model)
    classes.remove("our red")
    assert classes.all() == []
    with pytest.raises(NotFoundError, match="no label"):
        labelled(library, "Our red")
