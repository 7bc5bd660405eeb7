"""A home with photos and a library, and the program called as a person calls it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pytest
from click.testing import CliRunner

from searchengine.cli import main

Run = Callable[..., subprocess.CompletedProcess[str]]


def program(library: Path, **more: str) -> Run:
    """A function that calls `searchengine` on one library and gives back what it printed."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("SEARCHENGINE")}
    environ |= {"SEARCHENGINE_LIBRARY": str(library), "SEARCHENGINE_MODELS": str(library / "models"), **more}

    def run(
        *arguments: str | Path, text: bool = True, stdout: IO[bytes] | int = subprocess.PIPE
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "searchengine", *arguments],
            env=environ,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=text,
            check=False,
            stdin=subprocess.DEVNULL,
        )

    return run


@pytest.fixture(scope="session")
def run(sample_photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The program over a library of the sample photographs, for tests that change nothing in it."""
    run = program(tmp_path_factory.mktemp("library"))
    done = run("index", sample_photos)
    assert done.returncode == 0, done.stderr
    return run


@pytest.fixture
def new(tmp_path: Path) -> Run:
    """The program over a library that isn't there yet."""
    return program(tmp_path / "library")


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """As `new`, within the test's own process: many calls pay once for what they import."""
    library = tmp_path / "library"
    for name, place in (("LIBRARY", library), ("MODELS", library / "models")):
        monkeypatch.setenv(f"SEARCHENGINE_{name}", str(place))
    monkeypatch.delenv("SEARCHENGINE_MODEL", raising=False)

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        done = CliRunner().invoke(main, [str(argument) for argument in arguments])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)

    return run
