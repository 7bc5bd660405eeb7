from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from searchengine.embedding import adaptive
from searchengine.embedding.adaptive import AdaptiveModel
from searchengine.embedding.model_folder import IMAGE_GRAPH, ModelFolder, write_model_folder
from searchengine.embedding.model_store import ModelStore
from searchengine.embedding.onnx_runtime import OnnxModel
from searchengine.embedding.precision import AUTO, BFLOAT16, FLOAT32, INT8, Fidelity, Trial, Verdict
from searchengine.errors import UsageError
from searchengine.library import Library
from searchengine.settings import Settings
from tests.embedding.photographs import prepared
from tests.embedding.tiny import make_model_folder

PICTURES = prepared(16, 96)


@pytest.fixture(autouse=True)
def judging_by_few_photos(monkeypatch: pytest.MonkeyPatch) -> None:
    """And whatever is good enough counts as faster: on a tower of one matrix nothing is gained, and chance decides."""
    monkeypatch.setattr(adaptive, "SAMPLE", 48)
    monkeypatch.setattr(adaptive, "CALIBRATION", 16)
    monkeypatch.setattr(adaptive, "EVERY", 1)
    monkeypatch.setattr(Trial, "FASTER", 0.0)


@pytest.fixture
def good(tmp_path: Path) -> ModelFolder:
    return make_model_folder(tmp_path / "good")


@pytest.fixture
def bad(tmp_path: Path) -> ModelFolder:
    """A tower whose every value is now and then thousands of times larger than usual, and matters by its logarithm."""
    folder = make_model_folder(tmp_path / "bad")
    model = onnx.load(folder.path / IMAGE_GRAPH)
    graph, width = model.graph, folder.identity.dim
    graph.node[-1].output[0] = "sums"
    constants = {"scale": np.float32(0.002), "one": np.float32(1), "each": np.eye(width, dtype=np.float32)}
    graph.initializer.extend(numpy_helper.from_array(np.asarray(array), name) for name, array in constants.items())
    graph.node.extend(
        helper.make_node(operator, inputs, outputs)
        for operator, inputs, outputs in (
            ("Mul", ["sums", "scale"], ["scaled"]),
            ("Exp", ["scaled"], ["spread"]),
            ("MatMul", ["spread", "each"], ["product"]),
            ("Add", ["product", "one"], ["more"]),
            ("Log", ["more"], ["vectors"]),
        )
    )
    assert graph.output[0].type.tensor_type.elem_type == TensorProto.FLOAT
    onnx.save(model, folder.path / IMAGE_GRAPH)
    return write_model_folder(
        folder.path,
        name="bad",
        revision="1",
        dim=width,
        preprocessing=folder.preprocessing,
        precision=FLOAT32,
        languages=("en",),
    )


def embed_all(model: AdaptiveModel) -> list[str]:
    """Embed the pictures sixteen at a time; returns the precision of each batch."""
    precisions = []
    for start in range(0, len(PICTURES), 16):
        model.encode_prepared(PICTURES[start : start + 16])
        precisions.append(model.precision)
    return precisions


def test_a_tower_that_quantises_well_goes_on_in_int8(good: ModelFolder, tmp_path: Path) -> None:
    plain = OnnxModel(good)
    model = AdaptiveModel(plain, tmp_path / "models")
    assert embed_all(model) == [FLOAT32] * 3 + [INT8] * 3
    ours, theirs = model.encode_prepared(PICTURES), plain.encode_prepared(PICTURES)
    assert np.einsum("nd,nd->n", ours, theirs).min() >= 0.99
    assert not np.array_equal(ours, theirs)
    assert model.identity == plain.identity
    again = AdaptiveModel(plain, tmp_path / "models")
    assert again.precision == INT8, "from the first photo on"
    assert np.array_equal(again.encode_prepared(PICTURES), ours)


def test_a_tower_that_quantises_badly_is_refused_and_it_is_said_why(bad: ModelFolder, tmp_path: Path) -> None:
    plain = OnnxModel(bad)
    model = AdaptiveModel(plain, tmp_path / "models")
    assert embed_all(model) == [FLOAT32] * 6
    assert np.array_equal(model.encode_prepared(PICTURES), plain.encode_prepared(PICTURES))
    (verdict,) = ModelStore(tmp_path / "models").verdicts()
    assert "int8 isn't close enough to float32" in verdict.why
    assert AdaptiveModel(plain, tmp_path / "models").precision == FLOAT32


def test_who_asks_for_int8_gets_it_and_is_told_what_it_costs(
    bad: ModelFolder, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    model = AdaptiveModel(OnnxModel(bad), tmp_path / "models", INT8)
    assert "The first 48 photos are embedded in float32" in caplog.text
    assert embed_all(model) == [FLOAT32] * 3 + [INT8] * 3
    assert "int8 isn't close enough to float32" in caplog.text


@pytest.mark.parametrize(
    ("fidelity", "rate", "good"),
    [
        (Fidelity(0.999, 0.995, 0.97), 30.0, True),
        (Fidelity(0.999, 0.985, 0.97), 30.0, False),
        (Fidelity(0.985, 0.995, 0.97), 30.0, False),
        (Fidelity(0.999, 0.995, 0.94), 30.0, False),
        (Fidelity(0.999, 0.995, 0.97), 10.5, False),
    ],
)
def test_it_must_be_close_in_every_way_and_faster(
    fidelity: Fidelity, rate: float, good: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Trial, "FASTER", 1.1)
    verdict = Verdict("a model", "here", (Trial(INT8, rate, 10.0, 192, fidelity),))
    assert verdict.chosen == (INT8 if good else FLOAT32)


def test_what_is_second_to_int8_is_tried_where_that_is_no_good(bad: ModelFolder, tmp_path: Path) -> None:
    plain = OnnxModel(bad)
    half = OnnxModel(bad)
    half.precision = BFLOAT16
    model = AdaptiveModel(plain, tmp_path / "models", AUTO, lambda: half)
    assert embed_all(model) == [FLOAT32] * 3 + [BFLOAT16] * 3


def test_an_interrupted_building_leaves_nothing_and_is_done_again(
    good: ModelFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = tmp_path / "models"

    def interrupted(*_: object) -> Fidelity:
        assert (models / "building" / IMAGE_GRAPH).exists()
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(adaptive, "fidelity", interrupted)
        with pytest.raises(KeyboardInterrupt):
            embed_all(AdaptiveModel(OnnxModel(good), models))
    assert not (models / "precisions").exists()
    (models / "building").mkdir(exist_ok=True)
    (models / "building" / IMAGE_GRAPH).write_bytes(b"half of a graph, of a program that was killed")
    assert embed_all(AdaptiveModel(OnnxModel(good), models))[-1] == INT8


def test_what_was_found_on_another_machine_is_found_anew(good: ModelFolder, tmp_path: Path) -> None:
    embed_all(AdaptiveModel(OnnxModel(good), tmp_path / "models"))
    (verdict,) = tmp_path.glob("models/precisions/*/verdict.json")
    verdict.write_text(verdict.read_text().replace("ONNX Runtime", "Another Runtime"))
    model = AdaptiveModel(OnnxModel(good), tmp_path / "models")
    assert model.precision == FLOAT32
    assert embed_all(model)[-1] == INT8


def test_where_nothing_can_be_written_photos_are_embedded_all_the_same(good: ModelFolder, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("no folder")
    assert embed_all(AdaptiveModel(OnnxModel(good), tmp_path / "models")) == [FLOAT32] * 6


def test_repairing_a_model_forgets_what_was_found(good: ModelFolder, tmp_path: Path) -> None:
    store = ModelStore(tmp_path / "models")
    embed_all(AdaptiveModel(OnnxModel(good), store.folder))
    store.repair(str(good.path))
    assert not list(store.folder.glob("precisions/*"))


def test_a_library_indexed_in_int8_is_searched_in_float32(good: ModelFolder, tmp_path: Path) -> None:
    from PIL import Image

    photos = tmp_path / "photos"
    photos.mkdir()
    for number, picture in enumerate(prepared(64, 96)):
        Image.fromarray(picture).save(photos / f"{number:02}.png")
    settings = Settings(library=tmp_path / "library", models=tmp_path / "models", model=str(good.path))
    with Library.open(settings, create=True) as library:
        library.index([photos], precision=INT8)
        model_id, _ = library.database.models.active() or (0, None)
        ids, vectors = library.database.embeddings.of(model_id, library.database.embeddings.ids(model_id))
        assert library.model.precision == FLOAT32
        found = [library.similar(int(photo)).hits for photo in ids]
        pictures = [np.asarray(Image.open(photos / f"{number:02}.png")) for number in range(96)]
        float32 = library.model.encode_images(pictures)
        nearest = {int(each) for each in ids[(float32 @ vectors.T).argmax(1)]}
    assert nearest == set(ids.tolist()), "each photo's own vector is the nearest to what float32 makes of it"
    assert all(found)


def test_bfloat16_takes_a_checkpoint(good: ModelFolder, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="can't be run in bfloat16"):
        ModelStore(tmp_path / "models").open(str(good.path), precision=BFLOAT16)
    with pytest.raises(UsageError, match="can't be run in bfloat16"):
        ModelStore(tmp_path / "models").open("builtin", precision=BFLOAT16)


def test_a_few_photos_are_no_reason_to_find_out_anything(good: ModelFolder, tmp_path: Path) -> None:
    logging.getLogger("searchengine").setLevel(logging.WARNING)
    model = AdaptiveModel(OnnxModel(good), tmp_path / "models")
    model.encode_prepared(PICTURES[:40])
    model.encode_prepared(PICTURES[:0])
    assert not (tmp_path / "models").exists()
