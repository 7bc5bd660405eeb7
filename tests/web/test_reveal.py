"""Showing a photo in the file manager, for the person at this machine alone."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.web.pages import id_of
from web import create_app
from web.reveal import command

if TYPE_CHECKING:
    from searchengine.library import Library

needs_sh = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="the file manager is a shell script here")


def file_manager(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Let this script be the system's file manager."""
    folder.mkdir()
    (folder / "xdg-open").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "xdg-open").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/usr/bin:/bin")


@needs_sh
def test_the_folder_of_a_photo_is_opened(
    own: Library, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_manager(tmp_path / "bin", monkeypatch, f'printf %s "$*" > {tmp_path}/asked')
    response = create_app(own).test_client().post(f"/photos/{id_of(own, 'red.jpg')}/reveal")
    assert response.status_code == 204
    assert (tmp_path / "asked").read_text() == str(pictures)


@needs_sh
def test_a_machine_without_a_file_manager_says_so(
    own: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"/photos/{id_of(own, 'red.jpg')}/reveal"
    file_manager(tmp_path / "bin", monkeypatch, "exit 3")
    assert create_app(own).test_client().post(address).status_code == 501
    monkeypatch.setenv("PATH", str(tmp_path))
    assert create_app(own).test_client().post(address).status_code == 501


@needs_sh
def test_nobody_elsewhere_opens_windows_here(own: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file_manager(tmp_path / "bin", monkeypatch, f"touch {tmp_path}/asked")
    address = f"/photos/{id_of(own, 'red.jpg')}/reveal"
    client = create_app(own).test_client()
    assert client.post(address, environ_base={"REMOTE_ADDR": "192.168.1.7"}).status_code == 403
    assert client.post(address, headers={"X-Forwarded-For": "127.0.0.1"}).status_code == 403
    assert client.post(address, headers={"Origin": "http://localhost"}).status_code == 403  # without the page's token
    assert client.get(address).status_code == 405
    assert not (tmp_path / "asked").exists()


def test_a_photo_that_is_gone_is_not_shown(own: Library, pictures: Path) -> None:
    (pictures / "red.jpg").unlink()
    client = create_app(own).test_client()
    assert client.post(f"/photos/{id_of(own, 'red.jpg')}/reveal").status_code == 404
    assert client.post("/photos/999/reveal").status_code == 404


def test_every_system_has_its_own_way() -> None:
    assert command(b"/a/b.jpg", "linux") == ["xdg-open", b"/a"]
    assert command(b"/a/b.jpg", "darwin") == ["open", "-R", b"/a/b.jpg"]
    assert command(b"C:\\a\\b.jpg", "win32") == ["explorer", "/select,C:\\a\\b.jpg"]
