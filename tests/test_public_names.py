"""The package's public names are there, and are the ones that the README uses."""

from __future__ import annotations

import re

import searchengine
from tests.conftest import CHECKOUT


def test_every_public_name_is_there() -> None:
    for name in searchengine.__all__:
        assert getattr(searchengine, name) is not None


def test_the_readmes_python_uses_public_names_alone() -> None:
    used = re.findall(r"^from searchengine import (.+)$", (CHECKOUT / "README.md").read_text("utf-8"), re.MULTILINE)
    assert used
    assert {name.strip() for line in used for name in line.split(",")} <= set(searchengine.__all__)


def test_the_version_is_the_projects() -> None:
    assert f'version = "{searchengine.__version__}"' in (CHECKOUT / "pyproject.toml").read_text("utf-8")
