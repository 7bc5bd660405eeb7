"""A home with photos and a library, and the program called as a person calls it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]


def program(library: Path, **more: str) -> Run:
    """A function that calls `searchengine` on one library and gives back what it printed."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("SEARCHENGINE")}
    environ |= {"SEARCHENGINE_LIBRARY": str(library), "SEARCHENGINE_MODELS": str(library / "models"), **more}

    def run(*arguments: str | Path, text: bool = True) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "searchengine", *arguments],
            env=environ,
            capture_output=True,
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
