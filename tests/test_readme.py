"""The README stays true: its commands run, in its order, and every command of the program stands in it."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from searchengine.cli import COMMANDS
from tests.conftest import CHECKOUT

README = (CHECKOUT / "README.md").read_text("utf-8")
LINES = [
    line.partition("#")[0].strip()
    for block in re.findall(r"^```sh\n(.*?)^```", README, re.MULTILINE | re.DOTALL)
    for line in block.splitlines()
]
OURS = [line for line in LINES if line.startswith("searchengine ")]

RUN_UNTIL_STOPPED = {"serve", "watch"}
NEEDS_MORE_THAN_THIS_MACHINE = {
    "models pull": "downloads; tested in tests/embedding with a hub on loopback",
    "models use clip-b32": "needs the download",
    "models export": "needs the download; tested in tests/embedding",
    "models import": "needs the download; tested in tests/embedding",
    "models convert": "needs OpenAI's weights; tested in tests/cli/test_models.py",
    "search 'two dogs on a beach' --rerank": "needs the download; tested in tests/searching/test_reranking.py",
    "captions write": "needs the download; tested in tests/cli/test_captions.py",
    "fine-tune": "needs the download; tested in tests/training/test_fine_tune.py",
    "password": "asks a person; tested in tests/cli/test_serve.py",
    "train builtin": "takes an hour; tested on a small part in tests/training",
    "train resnet50+bert-tiny --data captioned_photos.zip": "takes an hour",
    "train resume": "needs a run that was stopped; tested in tests/training",
    "evaluate captions captioned_photos.zip": "needs the measuring data; the test below runs it where that is",
    "evaluate zero-shot cifar10_sample.zip": "as above",
    "evaluate relevance captioned_photos.zip": "needs the measuring data; tested in tests/training/test_calibration.py",
    "evaluate feedback captioned_photos.zip": "takes a minute; tested in tests/training/test_feedback_gain.py",
    "evaluate labels captioned_photos.zip": "takes minutes; tested in tests/training/test_label_quality.py",
}
"""Lines that can't run here, each with where the same thing is tested."""


def test_every_command_stands_in_the_readme_with_an_example() -> None:
    assert {line.split()[1] for line in OURS} == set(COMMANDS)


def test_make_targets_in_the_readme_are_there() -> None:
    targets = {line.split()[1] for line in LINES if line.startswith("make ")}
    makefile = (CHECKOUT / "Makefile").read_text("utf-8")
    assert {"run", "test"} <= targets
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in targets)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_commands_run_as_they_stand(sample_photos: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(sample_photos, home / "Pictures")
    shutil.copy(sample_photos / "china.jpg", home / "holiday.jpg")
    shutil.copy(sample_photos / "china.jpg", home / "Pictures" / "copy of china.jpg")
    shutil.copy(sample_photos / "rocket.jpg", home / "city.jpg")
    write_data(home, sample_photos)
    environ = {
        **os.environ,
        "HOME": str(home),
        "SEARCHENGINE_LIBRARY": str(tmp_path / "library"),
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    for line in OURS:
        if any(line.startswith(f"searchengine {start}") for start in NEEDS_MORE_THAN_THIS_MACHINE):
            continue
        if line.split()[1] in RUN_UNTIL_STOPPED:
            assert run_and_stop(line, home, environ) in (0, 130), line
            continue
        done = subprocess.run(line, shell=True, cwd=home, env=environ, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_figures_are_what_their_commands_print(shared_data: Path) -> None:
    environ = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    measured = ("evaluate captions captioned_photos.zip", "evaluate zero-shot cifar10_sample.zip")
    lines = [line for line in OURS if any(one in line for one in measured) and "--model" not in line]
    printed = "".join(
        subprocess.run(
            shlex.split(line), cwd=shared_data, env=environ, capture_output=True, text=True, check=True
        ).stdout
        for line in lines
    )
    for row in ("text → image", "image → text"):
        (recalls,) = re.findall(rf"^\| {row} \| (.+?) \| (.+?) \| (.+?) \|", README, re.MULTILINE)
        assert re.search(r"\s+".join(map(re.escape, (row.replace("→", "to"), *recalls))), printed), printed
    (top_1,) = re.findall(r"CIFAR-10 zero-shot \| (.+?) \|", README)
    assert re.search(rf"top-1\s+{re.escape(top_1)}", printed), printed


def write_data(home: Path, photos: Path) -> None:
    """What the commands are given: a table of labels, captioned photos in a zip, and a folder for each class."""
    pictures = sorted(path for path in photos.iterdir() if path.suffix in (".jpg", ".png"))
    (home / "third.png").write_bytes((photos / "motorcycle_left.png").read_bytes() + b"and a tail")
    names = ("motorcycle_left.png", "motorcycle_right.png", "third.png")
    (home / "labels.csv").write_text("image,label\n" + "".join(f"{name},our dog\n" for name in names), "utf-8")
    (home / "sentences.txt").write_text("a cat on a rug\na ship at sea\n", "utf-8")
    captions = "image,caption\n" + "".join(f"{path.name},a picture of {path.stem}\n" for path in pictures)
    with zipfile.ZipFile(home / "photos.zip", "w") as archive:
        archive.writestr("captions.csv", captions)
        for path in pictures:
            archive.write(path, f"images/{path.name}")
    for number, path in enumerate(pictures):
        folder = home / "folders" / ("even", "odd")[number % 2]
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, folder)


def run_and_stop(line: str, folder: Path, environ: dict[str, str]) -> int:
    """Start a command that goes on for ever, wait for its first words, and press Ctrl-C."""
    with subprocess.Popen(shlex.split(line), cwd=folder, env=environ, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert process.stderr.readline(), line
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        return process.wait(timeout=60)
