"""What is chosen by an option, by the environment, or by habit."""

from __future__ import annotations

from pathlib import Path

import pytest

from searchengine.settings import Settings


def test_an_option_goes_before_the_environment(tmp_path: Path) -> None:
    settings = Settings.choose(library=tmp_path / "a", environ={"SEARCHENGINE_LIBRARY": str(tmp_path / "b")})
    assert settings.library == tmp_path / "a"


def test_the_environment_goes_before_the_platforms_folder(tmp_path: Path) -> None:
    environ = {"SEARCHENGINE_LIBRARY": str(tmp_path / "b"), "SEARCHENGINE_MODELS": str(tmp_path / "m")}
    settings = Settings.choose(environ=environ)
    assert (settings.library, settings.models) == (tmp_path / "b", tmp_path / "m")


def test_without_either_it_lies_in_the_platforms_folder_for_data() -> None:
    settings = Settings.choose(environ={})
    assert settings.library.parent.name == "searchengine"
    assert settings.models.parent == settings.library.parent


def test_a_tilde_is_the_home() -> None:
    assert Settings.choose(library="~/photos", environ={}).library == Path.home() / "photos"


def test_a_relative_folder_stays_where_it_was_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings.choose(library="here", environ={})
    monkeypatch.chdir("/")
    assert settings.library == tmp_path / "here"


def test_the_environments_model_is_for_new_libraries_and_an_option_is_a_demand() -> None:
    settings = Settings.choose(model="clip-b32", environ={"SEARCHENGINE_MODEL": "builtin"})
    assert (settings.model, settings.default_model) == ("clip-b32", "builtin")
