"""The wheel, built and installed into an empty environment, does the main job there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.conftest import CHECKOUT


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, CHECKOUT],
        check=True,
        capture_output=True,
    )
    return next(folder.glob("*.whl"))


@pytest.mark.slow
def test_the_wheel_carries_the_code_the_page_and_the_data(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for wanted in (
        "searchengine/library.py",
        "web/templates/base.html",
        "web/static/world.svg",
        "web/translations/ko.po",
        "searchengine/store/migrations/env.py",
        "searchengine/data/builtin/model.json",
        "searchengine/data/builtin/image.onnx",
        "searchengine/data/builtin/LICENSE",
    ):
        assert wanted in names
    assert not [name for name in names if name.startswith(("tests/", "data/"))]


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_main_job_runs_from_the_wheel_in_an_empty_environment(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "venv", with_pip=True)
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("SEARCHENGINE", "PYTHON", "VIRTUAL"))
    }

    def run(program: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [tmp_path / "venv" / "bin" / program, *arguments],
            cwd=tmp_path,
            env={**clean, "SEARCHENGINE_LIBRARY": str(tmp_path / "library")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done

    constraints = CHECKOUT / "constraints.txt"
    run("python", "-m", "pip", "install", "--quiet", "--constraint", constraints, "torch")
    run("python", "-m", "pip", "install", "--quiet", "--constraint", constraints, f"{wheel}[demo]")

    run("searchengine", "samples", tmp_path / "photos")
    run("searchengine", "index", tmp_path / "photos")
    found = json.loads(run("searchengine", "search", "a cat", "--json").stdout)
    assert Path(found[0]["path"]).name == "chelsea.png"
    alike = run("searchengine", "similar", tmp_path / "photos" / "motorcycle_left.png", "--paths").stdout
    assert Path(alike.splitlines()[0]).name == "motorcycle_right.png"
