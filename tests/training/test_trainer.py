"""The training loop on real, tiny encoders: that it learns, and that stopping changes nothing."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Literal

import pytest
import torch
from torch import Tensor

from searchengine.embedding.clip.dual_encoder import DualEncoder
from searchengine.embedding.preprocessing import Preprocessing
from searchengine.errors import UsageError
from searchengine.training import trainer
from searchengine.training.data import read_captions
from searchengine.training.measuring import measure
from searchengine.training.pairs import Pairs, prepare_pairs
from searchengine.training.processes import World
from searchengine.training.progress import Tell
from searchengine.training.run_folder import RunFolder
from searchengine.training.tokenizing import train_tokenizer
from searchengine.training.trainer import TrainingData, TrainingSettings, train
from tests.embedding.clip.folders import ENCODERS, NORMALISATION, VOCABULARY
from tests.training.photo_sets import collection

ALONE = World(0, 1, torch.device("cpu"))
QUICK = TrainingSettings(steps=6, batch=8, rate=1e-3, evaluations=2)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> TrainingData:
    """16 photos to learn from and 8 to measure on, for encoders of 32 pixels."""
    folder = tmp_path_factory.mktemp("data")
    photos = read_captions(collection(folder / "photos", 24))
    tokenizer = train_tokenizer([caption for own in photos.captions for caption in own], "clip", VOCABULARY, 20)
    how = Preprocessing(32, 32, "squash", 32, "bicubic")
    return TrainingData(
        prepare_pairs(photos.take(range(16)), how, tokenizer, folder / "train", margin=1.25),
        prepare_pairs(photos.take(range(16, 24)), how, tokenizer, folder / "held_out"),
        (32, 32),
        NORMALISATION,
    )


def fresh(name: str = "vit+transformer", settings: TrainingSettings = QUICK) -> DualEncoder:
    torch.manual_seed(settings.seed)
    return DualEncoder(ENCODERS[name])


def same(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def stop_after(count: int, stop: Event) -> Tell:
    def tell(_stage: str, done: int, _whole: int, _remark: str) -> None:
        if done == count:
            stop.set()

    return tell


@pytest.mark.parametrize(("loss", "scale", "bias"), [("contrastive", 1 / 0.07, 0.0), ("sigmoid", 10.0, -10.0)])
def test_it_learns_its_pairs_by_heart(
    loss: Literal["contrastive", "sigmoid"], scale: float, bias: float, data: TrainingData, tmp_path: Path
) -> None:
    settings = TrainingSettings(steps=150, batch=16, rate=3e-3, loss=loss, augment=False)
    encoder, learning = fresh(settings=settings), replace(data, pairs=data.held_out, held_out=None)
    with torch.no_grad():  # where each loss starts
        encoder.logit_scale.fill_(math.log(scale))
        encoder.logit_bias.fill_(bias)
    assert train(encoder, learning, settings, RunFolder(tmp_path), ALONE)
    by_text, by_image = measure(encoder, learning.pairs, NORMALISATION, "float32")
    assert (by_text.at_1, by_image.at_1) == (1.0, 1.0)


@pytest.mark.parametrize("name", ["vit+transformer", "resnet+bert"])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_stopped_and_gone_on_is_never_stopped(
    name: str, precision: trainer.Precision, data: TrainingData, tmp_path: Path
) -> None:
    settings = replace(QUICK, precision=precision)
    (tmp_path / "whole").mkdir()
    (tmp_path / "parts").mkdir()
    whole = fresh(name)
    assert train(whole, data, settings, RunFolder(tmp_path / "whole"), ALONE)
    run = RunFolder(tmp_path / "parts")
    for stop_at in (2, 3):
        stop = Event()
        torch.manual_seed(stop_at)  # whatever else the program did meanwhile
        assert not train(fresh(name), data, settings, run, ALONE, tell=stop_after(stop_at, stop), stop=stop)
    parts = fresh(name)
    assert train(parts, data, settings, run, ALONE)
    assert same(whole.state_dict(), parts.state_dict())
    one, other = (
        [{key: value for key, value in row.items() if key != "seconds"} for row in RunFolder(folder).rows()]
        for folder in (tmp_path / "whole", tmp_path / "parts")
    )
    assert one == other
    assert [row["step"] for row in one] == ["1", "2", "3", "4", "5", "6"]


def test_killed_it_goes_on_from_what_was_saved(
    data: TrainingData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer, "SAVE_EVERY", 0.0)
    (tmp_path / "whole").mkdir()
    (tmp_path / "parts").mkdir()
    whole = fresh()
    train(whole, data, QUICK, RunFolder(tmp_path / "whole"), ALONE)

    def killed(_stage: str, done: int, _whole: int, _remark: str) -> None:
        if done == 4:
            raise SystemExit  # after step 4, of which the last save, before it, knows nothing

    run = RunFolder(tmp_path / "parts")
    with pytest.raises(SystemExit):
        train(fresh(), data, QUICK, run, ALONE, tell=killed)
    assert [row["step"] for row in run.rows()] == ["1", "2", "3", "4"]
    assert torch.load(run.checkpoint, weights_only=True)["step"] == 3
    parts = fresh()
    assert train(parts, data, QUICK, run, ALONE)
    assert same(whole.state_dict(), parts.state_dict())
    assert [row["step"] for row in run.rows()] == ["1", "2", "3", "4", "5", "6"]


def test_the_seed_decides_everything(data: TrainingData, tmp_path: Path) -> None:
    trained = []
    for number, seed in enumerate((0, 0, 1)):
        settings = replace(QUICK, seed=seed)
        (tmp_path / str(number)).mkdir()
        encoder = fresh(settings=settings)
        train(encoder, data, settings, RunFolder(tmp_path / str(number)), ALONE)
        trained.append(encoder.state_dict())
    assert same(trained[0], trained[1])
    assert not same(trained[0], trained[2])


@pytest.mark.parametrize("loss", ["contrastive", "sigmoid"])
def test_a_batch_in_parts_trains_as_in_one(loss: str, data: TrainingData, tmp_path: Path) -> None:
    settings = replace(QUICK, steps=2, batch=16, loss=loss, rate=1e-4)
    trained = []
    for chunk in (None, 5):
        folder = tmp_path / str(chunk)
        folder.mkdir()
        encoder = fresh(settings=settings)
        train(encoder, data, replace(settings, chunk=chunk), RunFolder(folder), ALONE)
        trained.append(encoder.state_dict())
    for name, weights in trained[0].items():
        torch.testing.assert_close(trained[1][name], weights, rtol=1e-3, atol=3e-5)


def test_activations_computed_twice_train_the_same(data: TrainingData, tmp_path: Path) -> None:
    trained = []
    for checkpointing in (False, True):
        folder = tmp_path / str(checkpointing)
        folder.mkdir()
        encoder = fresh("vit+gpt2")
        train(encoder, data, replace(QUICK, steps=2, checkpointing=checkpointing), RunFolder(folder), ALONE)
        trained.append(encoder.state_dict())
    for name, weights in trained[0].items():
        torch.testing.assert_close(trained[1][name], weights, rtol=1e-3, atol=3e-5)


def test_the_temperature_is_learnt_and_clamped(data: TrainingData, tmp_path: Path) -> None:
    encoder = fresh()
    with torch.no_grad():
        encoder.logit_scale.fill_(math.log(200))
    train(encoder, data, replace(QUICK, steps=1), RunFolder(tmp_path), ALONE)
    assert encoder.logit_scale.exp().item() == pytest.approx(100)
    (tmp_path / "other").mkdir()
    encoder = fresh()
    before = encoder.logit_scale.item()
    train(encoder, data, replace(QUICK, steps=1), RunFolder(tmp_path / "other"), ALONE)
    assert encoder.logit_scale.item() != before


def test_a_locked_tower_stays_as_it_is_with_its_batch_norms(data: TrainingData, tmp_path: Path) -> None:
    encoder = fresh("resnet+bert")
    encoder.image_tower.requires_grad_(False)
    before = {name: one.clone() for name, one in encoder.image_tower.state_dict().items()}
    text = encoder.text_projection.weight.clone()
    train(encoder, data, replace(QUICK, steps=2), RunFolder(tmp_path), ALONE)
    assert same(before, encoder.image_tower.state_dict())
    assert not torch.equal(text, encoder.text_projection.weight)


def test_groups_of_ones_own_decide_what_is_trained_and_how_fast(data: TrainingData, tmp_path: Path) -> None:
    encoder = fresh()
    groups = [{"params": [encoder.logit_scale], "lr": 1e-2, "weight_decay": 0.0}]
    before = encoder.image_projection.weight.clone()
    train(encoder, data, replace(QUICK, steps=1), RunFolder(tmp_path), ALONE, groups=groups)
    assert torch.equal(before, encoder.image_projection.weight)
    assert RunFolder(tmp_path).rows()[0]["rate"] == "0.01"


def test_recall_is_measured_on_what_is_held_out(data: TrainingData, tmp_path: Path) -> None:
    train(fresh(), data, QUICK, RunFolder(tmp_path), ALONE)
    measured = [row["step"] for row in RunFolder(tmp_path).rows() if row["text_to_image_at_10"]]
    assert measured == ["3", "6"]
    last = RunFolder(tmp_path).rows()[-1]
    assert float(last["text_to_image_at_10"]) == float(last["image_to_text_at_10"]) == 1.0  # of 8


def test_a_loss_that_is_no_number_is_said_and_not_kept(data: TrainingData, tmp_path: Path) -> None:
    encoder = fresh()
    with torch.no_grad():
        encoder.image_projection.weight.fill_(math.nan)
    with pytest.raises(UsageError, match="lower --rate"):
        train(encoder, data, QUICK, RunFolder(tmp_path), ALONE)
    assert not RunFolder(tmp_path).checkpoint.exists()


def test_one_photo_is_too_few(data: TrainingData, tmp_path: Path) -> None:
    pairs = data.pairs
    one = replace(data, pairs=Pairs(pairs.pictures[:1], pairs.tokens[:1], pairs.lengths[:1], pairs.first[:2]))
    with pytest.raises(UsageError, match="nothing to tell apart"):
        train(fresh(), one, QUICK, RunFolder(tmp_path), ALONE)
