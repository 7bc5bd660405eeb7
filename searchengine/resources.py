"""Where the files lie that the program reads and that aren't code: the built-in model, vocabularies, prompts.

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
