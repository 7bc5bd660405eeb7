"""Where the shipped data is found: beside the package in a checkout, inside it when installed."""

from __future__ import annotations

from pathlib import Path

from searchengine.resources import data_folder
from tests.conftest import CHECKOUT


def test_a_checkout_reads_its_own_data() -> None:
    assert data_folder() == CHECKOUT / "data"


def test_a_checkout_never_reads_a_stale_copy_inside_the_package(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "data").mkdir()
    (tmp_path / "searchengine" / "data").mkdir(parents=True)
    assert data_folder(tmp_path / "searchengine") == tmp_path / "data"


def test_an_installed_package_reads_what_came_with_it(tmp_path: Path) -> None:
    """Also where something else named data happens to lie beside it."""
    (tmp_path / "data").mkdir()
    (tmp_path / "searchengine" / "data").mkdir(parents=True)
    assert data_folder(tmp_path / "searchengine") == tmp_path / "searchengine" / "data"
