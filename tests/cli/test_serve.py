"""Serving other machines: what must be there before, and what sets it."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from web.accounts import Accounts

PASSWORD = "correct horse battery"


@pytest.fixture
def library(call: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a library without photos."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")  # which the command sets, here in the test's own process
    (tmp_path / "photos").mkdir()
    assert call("index", tmp_path / "photos").returncode == 0
    return tmp_path / "library"


@contextmanager
def serving(library: Path, *options: str) -> Iterator[tuple[int, list[str]]]:
    """The port at which the program serves this library, and a list for what it says at its end."""
    command = [sys.executable, "-m", "searchengine", "serve", "--no-open", "--port", "0", "--library", str(library)]
    said: list[str] = []
    with subprocess.Popen([*command, *options], stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr is not None
        line = server.stderr.readline()
        yield int(line.split("localhost:")[1].split("/")[0]), said
        server.send_signal(signal.SIGINT)
        said.append(server.communicate(timeout=30)[1])
    assert server.returncode == 0


def status(port: int, path: str, **headers: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path, headers=headers)
    response = connection.getresponse()
    response.read()
    connection.close()
    return response.status


def test_the_first_photos_are_taken_in_from_the_page(tmp_path: Path) -> None:
    with serving(tmp_path / "library") as (port, _):
        assert status(port, "/") == 200
        assert status(port, "/library") == 200


@pytest.mark.parametrize("option", [["--host", "0.0.0.0"], ["--name", "photos.example.org"]])
def test_nobody_else_is_served_without_a_password(call: Run, library: Path, option: list[str]) -> None:
    done = call("serve", "--no-open", "--port", "0", *option)
    assert done.returncode == 2
    assert "searchengine password" in done.stderr
    assert str(library) not in done.stdout


def test_an_address_of_another_machine_is_refused(call: Run, library: Path) -> None:  # noqa: ARG001
    for host in ("nowhere.invalid", "203.0.113.7"):
        done = call("serve", "--no-open", "--host", host)
        assert done.returncode == 2
        assert host in done.stderr
        assert "--host" in done.stderr


def test_with_a_password_others_are_served_and_asked_for_it(call: Run, library: Path) -> None:
    Accounts(library).set_password(PASSWORD)
    token = call("tokens", "add", "phone").stdout.strip()
    with serving(library, "--host", "0.0.0.0", "--name", "photos.example.org") as (port, said):
        assert status(port, "/login") == 200
        assert status(port, "/api/v1/status") == 401
        assert status(port, "/api/v1/status", Authorization=f"Bearer {token}") == 200
        assert status(port, "/login", Host="photos.example.org") == 200
        assert status(port, "/login", Host="example.org") == 403
        call("tokens", "remove", "phone")  # holds at once
        assert status(port, "/api/v1/status", Authorization=f"Bearer {token}") == 401
    assert "Traceback" not in said[0]


def test_a_token_alone_is_enough_to_serve_programs(call: Run, library: Path) -> None:
    token = call("tokens", "add", "phone").stdout.strip()
    with serving(library, "--host", "0.0.0.0") as (port, _):
        assert status(port, "/api/v1/status", Authorization=f"Bearer {token}") == 200


def test_the_password_is_read_from_standard_input(library: Path) -> None:
    command = [sys.executable, "-m", "searchengine", "password", "--stdin", "--library", str(library)]
    done = subprocess.run(command, input=f"{PASSWORD}\n", capture_output=True, text=True, check=True)
    assert PASSWORD not in done.stdout + done.stderr
    assert Accounts(library).is_password(PASSWORD)
    done = subprocess.run(command, input="short\n", capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "8 to 1000" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_person_is_asked_for_the_password_twice(library: Path) -> None:
    import pty

    terminal, theirs = pty.openpty()
    command = [sys.executable, "-m", "searchengine", "password", "--library", str(library)]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True) as asking:
        os.close(theirs)
        shown = b""
        answers = [
            (b"Password: ", PASSWORD),
            (b"Again: ", "something else"),
            (b"Password: ", PASSWORD),
            (b"Again: ", PASSWORD),
        ]
        for question, answer in answers:
            before = len(shown)
            while question not in shown[before:]:
                shown += os.read(terminal, 1000)
            os.write(terminal, f"{answer}\n".encode())
        assert asking.wait(60) == 0
    os.close(terminal)
    assert PASSWORD.encode() not in shown
    assert Accounts(library).is_password(PASSWORD)


def test_without_anybody_to_ask_the_way_out_is_named(call: Run, library: Path) -> None:  # noqa: ARG001
    done = call("password")
    assert done.returncode == 2
    assert "--stdin" in done.stderr


def test_a_password_can_be_removed(call: Run, library: Path) -> None:
    Accounts(library).set_password(PASSWORD)
    assert call("password", "--remove").returncode == 0
    assert not Accounts(library).has_password
    assert call("password", "--remove").returncode == 2
    assert call("password", "--remove", "--stdin").returncode == 2


def test_a_token_is_printed_once(call: Run, library: Path) -> None:
    token = call("tokens", "add", "my phone").stdout.strip()
    assert Accounts(library).is_token(token)
    call("tokens", "add", "script")
    assert call("tokens", "list").stdout.splitlines() == ["my phone", "script"]
    again = call("tokens", "add", "script")
    assert (again.returncode, again.stdout) == (2, "")
    assert call("tokens", "remove", "my phone").returncode == 0
    assert not Accounts(library).is_token(token)
    assert call("tokens", "remove", "my phone").returncode == 2


def test_no_password_is_set_where_there_is_no_library(call: Run) -> None:
    for command in (["password", "--remove"], ["tokens", "add", "phone"], ["tokens", "list"]):
        assert call(*command).returncode == 3
