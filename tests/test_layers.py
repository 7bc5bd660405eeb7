"""The design's layers and third-party homes, read from the imports of every file."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import CHECKOUT

LAYERS: list[set[str]] = [
    {"records", "conditions", "errors", "settings", "resources"},
    {"photos", "embedding", "vectors", "ranking", "store"},
    {"indexing", "searching", "describing", "training"},
    {"answerer"},
    {"library", "doctor", "bench"},
    {"cli", "web"},
]
"""From what everybody speaks up to the faces. Nothing imports upwards, and siblings leave each other alone."""

MAY_IMPORT_SIBLINGS = [
    {"records", "conditions", "errors", "settings", "resources"},  # one vocabulary, in five files
    {"library", "doctor", "bench"},  # the doctor examines a library's parts, the bench times them
]

MAY_IMPORT_WEB = {"cli/serve.py", "cli/http_server.py", "cli/password.py", "cli/tokens.py"}
"""The one exception upwards: the commands that start the page, and say who may come in."""

HOMES: dict[str, set[str]] = {
    "transformers": {"embedding", "training"},
    "onnxruntime": {"embedding", "training"},
    "onnx": {"embedding", "training"},
    "tokenizers": {"embedding", "training"},
    "huggingface_hub": {"embedding"},
    "torch": {"embedding", "training", "vectors/torch_index.py"},
    "peft": {"training/lora.py"},
    "faiss": {"vectors"},
    "sqlalchemy": {"store"},
    "alembic": {"store"},
    "sqlite3": {"store"},
    "PIL": {"photos", "embedding/preprocessing.py"},
    "pillow_heif": {"photos"},
    "rawpy": {"photos"},
    "defusedxml": {"photos"},
    "pathspec": {"photos"},
    "xxhash": {"photos"},
    "filelock": {"indexing", "embedding"},
    "watchfiles": {"indexing"},
    "matplotlib": {"training/figures.py"},
    "click": {"cli"},
    "rich": {"cli"},
    "waitress": {"cli"},
    "flask": {"web"},
    "flask_openapi3": {"web"},
    "pydantic": {"web"},
    "pydantic_core": {"web"},
    "werkzeug": {"web"},
    "jinja2": {"web"},
    "babel": {"web/texts.py"},
    "platformdirs": {"settings"},
}
"""Each third-party library's home: folders or files below the package."""

FILES = sorted([*CHECKOUT.glob("searchengine/**/*.py"), *CHECKOUT.glob("web/**/*.py")])


def place(path: Path) -> str:
    """Where a file lies, without the package's name: `photos/scan.py`, `web/pages.py`."""
    inside = path.relative_to(CHECKOUT)
    return str(inside if inside.parts[0] == "web" else inside.relative_to("searchengine"))


def room(where: str) -> str:
    """The part of the program that a file belongs to: `photos`, `library`, `web`."""
    return where.split("/")[0].removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports anywhere in it, as dotted names."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            if node.module == "searchengine":
                yield from (f"searchengine.{alias.name}" for alias in node.names)


def level(name: str) -> int:
    return next(height for height, rooms in enumerate(LAYERS) if name in rooms)


@pytest.mark.parametrize("path", FILES, ids=place)
def test_a_file_imports_only_from_below(path: Path) -> None:
    mine = room(place(path))
    if mine in {"__init__", "__main__"}:
        return
    for module in imports(path):
        if module.startswith("searchengine."):
            theirs = module.split(".")[1]
        elif module.split(".")[0] == "web":
            theirs = "web"
        else:
            continue
        if theirs == mine or theirs == "__version__":
            continue
        if theirs == "web" and place(path) in MAY_IMPORT_WEB:
            continue
        if any({mine, theirs} <= family for family in MAY_IMPORT_SIBLINGS):
            continue
        assert level(theirs) < level(mine), f"{place(path)} imports {module}"


@pytest.mark.parametrize("path", FILES, ids=place)
def test_every_third_party_library_stays_in_its_home(path: Path) -> None:
    where = place(path)
    for module in imports(path):
        homes = HOMES.get(module.split(".")[0])
        if homes is not None:
            assert homes & {room(where), where}, f"{where} imports {module}, whose home is {sorted(homes)}"


HEAVY = {
    "torch",
    "transformers",
    "onnxruntime",
    "faiss",
    "sqlalchemy",
    "alembic",
    "PIL",
    "numpy",
    "flask",
    "rich",
    "matplotlib",
}


@pytest.mark.parametrize(
    "command", [[], ["search"], ["index"], ["similar"], ["models"], ["serve"], ["status"], ["evaluate"]]
)
def test_help_imports_nothing_heavy(command: list[str]) -> None:
    program = (
        "import sys\n"
        "from searchengine.cli import main\n"
        f"main({[*command, '--help']!r}, standalone_mode=False)\n"
        "print(*sys.modules, file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=CHECKOUT)
    assert "Usage:" in done.stdout
    assert not HEAVY & set(done.stderr.split())


def test_importing_the_package_imports_nothing_heavy() -> None:
    program = "import sys, searchengine; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=CHECKOUT)
    assert not HEAVY & set(done.stdout.split())
