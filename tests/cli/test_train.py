"""`searchengine train` as a person calls it: from captioned photos to a model that searches, Ctrl-C included."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from searchengine.cli import main
from searchengine.embedding.clip.configurations import CONFIGURATIONS
from searchengine.embedding.model_folder import checksum
from searchengine.training.run_folder import RunFolder
from tests.conftest import CHECKOUT
from tests.training.photo_sets import collection
from tests.training.pictures import captioned

TINY = "vit-b16+transformer-tiny"


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SEARCHENGINE_MODEL", raising=False)
    monkeypatch.setenv("SEARCHENGINE_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("SEARCHENGINE_LIBRARY", str(tmp_path / "library"))


def call(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def plan_of(run: Path) -> dict[str, object]:
    plan: dict[str, object] = json.loads((run / "run.json").read_text("utf-8"))
    return plan


@pytest.mark.slow
@pytest.mark.timeout(900)  # three trainings and an export, seconds each on an idle machine
def test_ctrl_c_keeps_it_resume_ends_it_and_the_model_searches(tmp_path: Path) -> None:
    table = collection(tmp_path / "photos", 10)
    options = ("--data", str(table), "--epochs", "10", "--batch", "8", "--precision", "float32")
    run = tmp_path / "run"
    process = subprocess.Popen(
        [sys.executable, "-m", "searchengine", "train", TINY, *options, "--out", str(run), "--name", "mine"],
        cwd=CHECKOUT, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    while process.poll() is None and len(RunFolder(run).rows()) < 2:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 130, said
    assert f"Go on with `searchengine train resume {run}`" in said
    assert 2 <= len(RunFolder(run).rows()) < 10
    assert not (run / "model").exists()

    resumed = call("train", "resume", run)
    assert resumed.exit_code == 0, resumed.output
    assert "use it with `--model mine`" in resumed.stderr
    assert not (run / "data").exists()  # the pictures that were made ready have served
    whole = call("train", TINY, *options, "--out", tmp_path / "whole")
    assert whole.exit_code == 0, whole.output
    one, other = (checksum(folder / "model" / "model.safetensors") for folder in (run, tmp_path / "whole"))
    assert one == other

    indexed = call("index", tmp_path / "photos", "--model", "mine")
    assert indexed.exit_code == 0, indexed.output
    found = call("search", "a dog on a beach", "--json", "--limit", "3")
    assert found.exit_code == 0, found.output
    assert len(json.loads(found.stdout)) == 3


@pytest.mark.slow
def test_so_many_steps_as_the_minutes_allow_are_fixed_before_the_training(tmp_path: Path) -> None:
    collection(tmp_path / "photos", 10)
    run = tmp_path / "run"
    done = call("train", TINY, "--data", tmp_path / "photos", "--out", run, "--minutes", "0.02", "--batch", "8")
    assert done.exit_code == 0, done.output
    settings = plan_of(run)["settings"]
    assert isinstance(settings, dict)
    assert settings["steps"] >= 1
    assert RunFolder(run).rows()[-1]["step"] == str(settings["steps"])


@pytest.mark.slow
def test_what_was_left_out_is_named_with_its_line(tmp_path: Path) -> None:
    table = collection(tmp_path, 8)
    (tmp_path / "03.png").write_bytes(b"no picture")
    with table.open("a", encoding="utf-8") as file:
        file.write("gone.png,gone\n01.png,\n")
    done = call("train", TINY, "--data", table, "--out", tmp_path / "run", "--epochs", "1", "--held-out", "0")
    assert done.exit_code == 0, done.output
    assert "captions.csv, line 10: there is no image gone.png." in done.stderr
    assert "captions.csv, line 11: 01.png has an empty caption." in done.stderr
    assert "captions.csv, line 5: " in done.stderr
    assert "3 lines or photos were left out." in done.stderr


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("--data", "DATA", "--out", "NEW", "--epochs", "1", "--minutes", "1"), "can't both say how long"),
        (("--data", "DATA", "--out", "DATA"), "isn't an empty folder"),
        (("--data", "BAD", "--out", "NEW"), "no column image"),
        (("--data", "DATA", "--out", "NEW", "--tokenizer", "DATA"), "There is no tokenizer.json"),
        (("--data", "DATA", "--out", "NEW", "--lock-image"), "--lock-image would keep random weights"),
        (("--data", "DATA", "--out", "NEW", "--name", "a/b"), "can't be installed as"),
    ],
)
def test_wrong_use_is_said_in_a_sentence(tmp_path: Path, arguments: tuple[str, ...], complaint: str) -> None:
    captioned(tmp_path / "data", [("red.png", "red"), ("blue.png", "blue")])
    (tmp_path / "bad.csv").write_text("picture,words\nred.png,red\n")
    places = {"DATA": tmp_path / "data", "BAD": tmp_path / "bad.csv", "NEW": tmp_path / "new"}
    done = call("train", TINY, *(places.get(argument, argument) for argument in arguments))
    assert done.exit_code == 2, done.output
    assert complaint in done.stderr
    assert "Traceback" not in done.output


def test_there_is_nothing_to_resume_where_no_run_is(tmp_path: Path) -> None:
    done = call("train", "resume", tmp_path)
    assert done.exit_code == 2
    assert "There is no run in" in done.stderr


def test_every_configuration_is_named_in_the_help() -> None:
    shown = call("train", "--help").stdout
    assert all(name in shown for name in [*CONFIGURATIONS, "builtin", "resume"])
    assert "searchengine train resnet50+bert --data" in call("train", "resnet50+bert", "--help").stdout
