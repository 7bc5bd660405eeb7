"""Fine-tuning: what it learns, how far it goes, what it refuses."""

from __future__ import annotations

import itertools
import json
import os
import signal
from dataclasses import replace
from pathlib import Path
from threading import Event, Timer

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from PIL import Image

from searchengine.cli import main
from searchengine.embedding.clip.folder import load_dual_encoder
from searchengine.embedding.model_store import ModelStore
from searchengine.errors import ModelMissingError, ModelUnsupportedError, UsageError
from searchengine.training.data import CaptionedPhotos, read_captions
from searchengine.training.evaluation import Recall
from searchengine.training.fine_tune import FineTuned, FineTuning, Retrieved, fine_tune, starting_point
from tests.embedding.checkpoints import checkpoint as transformers_checkpoint
from tests.embedding.clip.folders import save
from tests.fakes import PALETTE

COLOURS = ("red", "green", "blue", "yellow", "white", "black", "cyan", "pink", "brown")


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    return save(tmp_path / "start")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """72 pictures of two colours each, side by side, with a caption that names them."""
    folder = tmp_path / "photos"
    folder.mkdir()
    lines = ["image,caption"]
    for left, right in itertools.permutations(COLOURS, 2):
        halves = np.array([PALETTE[left]] * 20 + [PALETTE[right]] * 20, np.uint8)
        Image.fromarray(np.tile(halves, (40, 1, 1))).save(folder / f"{left}-{right}.png")
        lines.append(f"{left}-{right}.png,{left} beside {right}")
    (folder / "captions.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder / "captions.csv"


@pytest.fixture
def photos(table: Path) -> CaptionedPhotos:
    return read_captions(table)


@pytest.fixture(autouse=True)
def own_models(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder of models, and a library, of this test's own."""
    monkeypatch.setenv("SEARCHENGINE_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("SEARCHENGINE_LIBRARY", str(tmp_path / "library"))
    monkeypatch.delenv("SEARCHENGINE_MODEL", raising=False)
    return tmp_path / "models"


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def retrieved(share: float) -> Retrieved:
    return Retrieved(Recall(share, share, share, 1.0), Recall(share, share, share, 1.0))


@pytest.mark.slow
def test_a_fine_tuned_model_finds_more_and_is_used_by_its_name(checkpoint: Path, table: Path) -> None:
    learnt = call(
        "fine-tune", checkpoint, "--name", "mine", "--data", table, "--rate", "2e-3", "--epochs", "60", "--json"
    )
    assert learnt.exit_code == 0, learnt.output
    figures = json.loads(learnt.stdout)
    assert (figures["learnt_from"], figures["chosen_with"], figures["judged_by"]) == (50, 11, 11)
    assert figures["after"]["text_to_image"]["at_5"] > figures["before"]["text_to_image"]["at_5"]
    assert "models use mine" in learnt.stderr
    assert "mine" in call("models").stdout
    again = call("evaluate", "captions", table, "--model", "mine", "--json")
    assert json.loads(again.stdout)["text_to_image"]["at_10"] > 0.5


def test_a_model_that_gains_nothing_is_not_installed(checkpoint: Path, table: Path, own_models: Path) -> None:
    learnt = call("fine-tune", checkpoint, "--name", "mine", "--data", table, "--rate", "1e-12", "--epochs", "1")
    assert learnt.exit_code == 1
    assert "text to image, before" in learnt.stdout
    assert "mine isn't installed" in learnt.stderr
    assert not (own_models / "own" / "mine").exists()


@pytest.mark.parametrize(
    ("share", "before", "after", "better"), [(1.0, 0.5, 0.6, True), (1.0, 0.5, 0.4, False), (0.0, 0.5, 0.5, False)]
)
def test_what_finds_less_than_before_is_no_better(share: float, before: float, after: float, better: bool) -> None:
    assert FineTuned(50, 10, 10, share, retrieved(before), retrieved(after), ()).better is better


def test_fine_tuning_with_adapters_ends_in_an_encoder_like_any_other(
    checkpoint: Path, photos: CaptionedPhotos, tmp_path: Path
) -> None:
    pytest.importorskip("peft", reason="adapters come with the extra 'train'")
    model = load_dual_encoder(checkpoint)
    keys = model.encoder.state_dict().keys()
    outcome = fine_tune(model, photos, FineTuning(rate=5e-3, epochs=10, lora=4), tmp_path / "work")
    assert outcome is not None
    assert model.encoder.state_dict().keys() == keys


def test_asked_to_stop_it_stops(checkpoint: Path, photos: CaptionedPhotos, tmp_path: Path) -> None:
    stop = Event()

    def tell(stage: str, done: int, _whole: int, _remark: str) -> None:
        if (stage, done) == ("training", 2):
            stop.set()

    how = FineTuning(rate=1e-4, epochs=50)
    assert fine_tune(load_dual_encoder(checkpoint), photos, how, tmp_path / "work", tell=tell, stop=stop) is None


def test_ctrl_c_changes_nothing(checkpoint: Path, table: Path, own_models: Path) -> None:
    press = Timer(2, lambda: os.kill(os.getpid(), signal.SIGINT))
    press.start()
    stopped = call("fine-tune", checkpoint, "--name", "mine", "--data", table, "--epochs", "1000000")
    press.join()
    assert stopped.exit_code == 130
    assert "Traceback" not in stopped.output
    assert not (own_models / "own").exists()


def test_the_temperature_learns_ten_times_as_fast(
    checkpoint: Path, photos: CaptionedPhotos, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates: dict[int, float] = {}
    real = torch.optim.AdamW.step

    def step(self: torch.optim.AdamW, closure: None = None) -> None:
        for group in self.param_groups:
            rates.update({id(parameter): group["lr"] for parameter in group["params"]})
        real(self, closure)

    monkeypatch.setattr(torch.optim.AdamW, "step", step)
    model = load_dual_encoder(checkpoint)
    fine_tune(model, photos, FineTuning(rate=1e-4, epochs=2), tmp_path / "work")
    assert rates[id(model.encoder.logit_scale)] == pytest.approx(10 * rates[id(model.encoder.image_projection.weight)])
    assert id(model.encoder.logit_bias) not in rates


def test_too_few_captions_are_refused_with_their_number(
    checkpoint: Path, photos: CaptionedPhotos, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="19 photos with a caption are too few"):
        fine_tune(load_dual_encoder(checkpoint), photos.take(range(19)), FineTuning(1e-4), tmp_path)


def test_builtin_is_refused_with_what_to_do_instead(table: Path) -> None:
    refused = call("fine-tune", "builtin", "--name", "mine", "--data", table)
    assert refused.exit_code == 2
    assert "without the weights" in refused.stderr
    assert "models pull" in refused.stderr


def test_a_clip_of_the_transformers_library_is_a_start(
    photos: CaptionedPhotos, own_models: Path, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    model = starting_point(ModelStore(own_models), str(transformers_checkpoint("clip", tmp_path_factory)))
    assert fine_tune(model, photos, FineTuning(rate=1e-4, epochs=1), tmp_path / "work") is not None


def test_what_is_no_clip_is_refused(own_models: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.raises(ModelUnsupportedError, match="SigLIP"):
        starting_point(ModelStore(own_models), str(transformers_checkpoint("siglip", tmp_path_factory)))


def test_a_model_that_is_not_here_is_to_be_pulled_first(own_models: Path) -> None:
    with pytest.raises(ModelMissingError, match="models pull clip-b32"):
        starting_point(ModelStore(own_models), "clip-b32")


def test_a_name_of_the_catalogue_is_refused_before_anything_long(checkpoint: Path, table: Path) -> None:
    refused = call("fine-tune", checkpoint, "--name", "clip-b32", "--data", table)
    assert refused.exit_code == 2
    assert "can't be installed" in refused.stderr


def test_without_data_the_librarys_own_captions_are_learnt_from(checkpoint: Path) -> None:
    assert call("fine-tune", checkpoint, "--name", "mine").exit_code == 3  # there is no library


def test_the_start_is_kept_where_the_new_weights_are_worse(
    checkpoint: Path, photos: CaptionedPhotos, tmp_path: Path
) -> None:
    rolled = replace(photos, captions=(*photos.captions[35:], *photos.captions[:35]))
    model = load_dual_encoder(checkpoint)
    outcome = fine_tune(model, rolled, FineTuning(rate=1e-12, epochs=1), tmp_path / "work")
    assert outcome is not None
    assert (outcome.share, outcome.before, outcome.better) == (0.0, outcome.after, False)
