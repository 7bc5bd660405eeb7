"""Where the files lie that the program reads and that aren't code: the built-in model, vocabularies, prompts,
and the neutral sentences that need nothing but reading.

In an installed wheel they are inside the package; in a checkout they lie beside it, and those win there, so that an
editable install never reads a stale copy.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def data_folder(package: Path = _PACKAGE) -> Path:
    """The folder `data`, of the checkout or of the installed package."""
    checkout = package.parent
    if (checkout / "pyproject.toml").is_file() and (checkout / "data").is_dir():
        return checkout / "data"
    return package / "data"


def background_sentences() -> list[str]:
    """The neutral sentences that a photo's fit to a query is measured against."""
    return read_lines("background.txt")


def read_lines(name: str) -> list[str]:
    """The lines of a text file of the data, without empty ones and comments (`#`)."""
    lines = (data_folder() / name).read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]
