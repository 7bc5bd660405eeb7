"""What a query from the command line imports: every module costs each query its time."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.cli.conftest import program
from tests.conftest import CHECKOUT

NOT_NEEDED = {
    "alembic",
    "defusedxml",
    "huggingface_hub",
    "onnx",
    "rich",
    "searchengine.photos.decode",
    "searchengine.indexing.run",
    "sqlalchemy.orm",
    "torch",
    "transformers",
}


def test_a_query_in_words_imports_what_it_needs_and_asked_again_no_model(sample_photos: Path, tmp_path: Path) -> None:
    photos, library = tmp_path / "photos", tmp_path / "library"
    photos.mkdir()
    shutil.copy(sample_photos / "chelsea.png", photos)
    done = program(library)("index", photos)
    assert done.returncode == 0, done.stderr
    asked = (
        "import sys; from searchengine.cli import main; "
        "main(['search', 'a cat \"on grass\"', '--all', '--json'], standalone_mode=False); "
        "print(*sys.modules, file=sys.stderr)"
    )
    environ = {**os.environ, "SEARCHENGINE_LIBRARY": str(library), "SEARCHENGINE_MODELS": str(library / "models")}
    first, again = (
        subprocess.run(
            [sys.executable, "-c", asked], env=environ, capture_output=True, text=True, check=True, cwd=CHECKOUT
        )
        for _ in range(2)
    )
    assert "chelsea.png" in first.stdout
    assert again.stdout == first.stdout
    assert not NOT_NEEDED & set(first.stderr.split())
    assert not (NOT_NEEDED | {"onnxruntime", "tokenizers"}) & set(again.stderr.split())
