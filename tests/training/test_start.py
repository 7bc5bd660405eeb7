from __future__ import annotations

import shutil
from pathlib import Path
from threading import Event

import pytest
import torch
from click.testing import CliRunner, Result
from transformers import BertConfig, BertModel

from searchengine.cli import main
from searchengine.embedding.clip.config import TextBackboneConfig
from searchengine.embedding.clip.dual_encoder import DualEncoder
from searchengine.embedding.clip.folder import load_dual_encoder
from searchengine.embedding.places import place_to_install
from searchengine.training.processes import joined
from searchengine.training.recipe import run_training
from searchengine.training.run_folder import RunFolder
from searchengine.training.tokenizing import train_tokenizer
from tests.embedding.clip import folders
from tests.training.pictures import captioned

COLOURS = ["red", "green", "blue", "yellow", "white", "black", "orange", "purple"]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Eight captioned photos."""
    photos = tmp_path / "photos"
    photos.mkdir()
    captioned(photos, [(f"{colour}.png", f"a {colour} thing") for colour in COLOURS])
    return photos


def train(configuration: str, source: Path, out: Path, *options: str | Path) -> Result:
    arguments = ["train", configuration, "--data", source, "--out", out, "--held-out", 0, "--batch", 8, "--epochs", 2]
    return CliRunner().invoke(main, [str(argument) for argument in (*arguments, "--rate", 1e-3, *options)])


def test_a_locked_image_tower_stays_as_it_was_while_the_rest_learns(source: Path, tmp_path: Path) -> None:
    tower = folders.save(tmp_path / "tower", "modified-resnet+transformer")
    done = train("vit-b16+transformer-tiny", source, tmp_path / "run", "--image-tower", tower, "--lock-image")
    assert done.exit_code == 0, done.output
    ended = load_dual_encoder(tmp_path / "run" / "model")
    torch.manual_seed(0)  # as the run is seeded
    new = DualEncoder(ended.encoder.config).state_dict()
    original = folders.encoder("modified-resnet+transformer").state_dict()
    for name, weights in ended.encoder.state_dict().items():
        if name.startswith("image_tower."):  # batch statistics too
            torch.testing.assert_close(weights, original[name], rtol=0, atol=0)
        elif name != "logit_bias" and not name.endswith("position_embedding"):
            assert not torch.equal(weights, new[name]), name
    assert ended.normalisation == folders.NORMALISATION
    assert ended.preprocessing.height == 64  # as the tower was made, whatever the configuration has


def test_a_model_that_is_here_lends_its_tower_by_name(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEARCHENGINE_MODELS", str(tmp_path / "models"))
    place = place_to_install(tmp_path / "models", "earlier").checkpoint
    place.parent.mkdir(parents=True)
    folders.save(place)
    done = train("vit-b16+transformer-tiny", source, tmp_path / "run", "--image-tower", "earlier", "--lock-image")
    assert done.exit_code == 0, done.output
    original = folders.encoder("vit+transformer").image_tower.state_dict()
    for name, weights in load_dual_encoder(tmp_path / "run" / "model").encoder.image_tower.state_dict().items():
        torch.testing.assert_close(weights, original[name], rtol=0, atol=0)


def test_a_tower_that_is_nowhere_is_named_with_where_names_come_from(source: Path, tmp_path: Path) -> None:
    done = train("vit-b16+transformer-tiny", source, tmp_path / "run", "--image-tower", "nowhere")
    assert done.exit_code == 2
    assert "There is no model named nowhere" in done.output
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_a_pretrained_text_tower_brings_its_words(source: Path, tmp_path: Path) -> None:
    tower = tmp_path / "bert"
    tokenizer = train_tokenizer(["a red dog on the grass", "a blue car"], "bert", vocabulary=280, context=16)
    settings = {"hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 64}
    words = tokenizer.get_vocab_size() + 3  # more than it has, as padded vocabularies do
    bert = BertModel(BertConfig(vocab_size=words, max_position_embeddings=64, **settings))
    bert.save_pretrained(tower)
    tokenizer.save(str(tower / "tokenizer.json"))
    done = train("resnet50+bert-tiny", source, tmp_path / "run", "--text-tower", tower)
    assert done.exit_code == 0, done.output
    model = load_dual_encoder(tmp_path / "run" / "model")
    assert isinstance(model.encoder.config.text, TextBackboneConfig)
    assert model.encoder.config.text.transformers["vocab_size"] == words
    assert model.tokenizer.encode("a red dog").ids == tokenizer.encode("a red dog").ids
    drift = model.encoder.text_tower.net.embeddings.word_embeddings.weight - bert.embeddings.word_embeddings.weight
    assert 0 < drift.abs().max() < 0.01  # from where it was, a little


def test_a_run_goes_on_when_the_towers_that_it_began_from_are_gone(source: Path, tmp_path: Path) -> None:
    tower = folders.save(tmp_path / "tower")
    stop = Event()

    def stop_after_one(stage: str, _done: int, _whole: int, _remark: str) -> None:
        if stage == "training":
            stop.set()

    options = ("--image-tower", tower, "--text-tower", tower, "--epochs", 4)
    whole = train("vit-b16+transformer-tiny", source, tmp_path / "whole", *options)
    assert whole.exit_code == 0, whole.output
    run = RunFolder.new(tmp_path / "run", RunFolder(tmp_path / "whole").read_plan())
    with joined() as world:
        assert not run_training(run, world, tell=stop_after_one, stop=stop).finished
        shutil.rmtree(tower)
        shutil.rmtree(source)
        assert run_training(run, world).finished
    expected = load_dual_encoder(tmp_path / "whole" / "model").encoder.state_dict()
    for name, weights in load_dual_encoder(run.model).encoder.state_dict().items():
        torch.testing.assert_close(weights, expected[name], rtol=0, atol=0)


def test_random_weights_are_not_locked(source: Path, tmp_path: Path) -> None:
    done = train("vit-b16+transformer-tiny", source, tmp_path / "run", "--lock-image")
    assert done.exit_code == 2
    assert "--image-tower" in done.output
    assert not (tmp_path / "run").exists()
