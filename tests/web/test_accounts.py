"""The password and the tokens, as they lie on the disk."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from searchengine.errors import LibraryDamagedError, NotFoundError, UsageError
from web.accounts import Accounts


def test_nothing_is_kept_that_opens_anything(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path)
    accounts.set_password("correct horse battery")
    token = accounts.add_token("phone")
    text = (tmp_path / "access.json").read_text()
    assert "horse" not in text
    assert token not in text
    assert '"scrypt:' in text


@pytest.mark.parametrize("name", ["access.json", "session.key"])
def test_only_the_owner_can_read_it(tmp_path: Path, name: str) -> None:
    accounts = Accounts(tmp_path)
    accounts.set_password("correct horse battery")
    accounts.key()
    assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.iterdir()) == ["access.json", "session.key"]


def test_what_another_program_changes_holds_at_once(tmp_path: Path) -> None:
    running, command = Accounts(tmp_path), Accounts(tmp_path)
    assert not running.has_password
    command.set_password("correct horse battery")
    assert running.is_password("correct horse battery")
    token = command.add_token("phone")
    assert running.is_token(token)
    assert running.names == ("phone",)
    command.remove_token("phone")
    assert not running.is_token(token)
    before = running.edition
    command.set_password("correct horse battery")  # the same again is another edition
    assert running.edition != before
    command.remove_password()
    assert not running.is_password("correct horse battery")


def test_what_makes_no_sense_is_refused(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path)
    for password in ("", "short", "x" * 1001):
        with pytest.raises(UsageError, match="8 to 1000"):
            accounts.set_password(password)
    with pytest.raises(NotFoundError, match="no password"):
        accounts.remove_password()
    accounts.add_token("phone")
    with pytest.raises(UsageError, match="already"):
        accounts.add_token("phone")
    with pytest.raises(UsageError, match="name"):
        accounts.add_token(" ")
    with pytest.raises(NotFoundError, match="tablet"):
        accounts.remove_token("tablet")


@pytest.mark.parametrize("content", ["", "{", "[]", '{"unknown": 1}'])
def test_a_torn_file_lets_nobody_in(tmp_path: Path, content: str) -> None:
    (tmp_path / "access.json").write_text(content)
    with pytest.raises(LibraryDamagedError, match=r"access\.json"):
        Accounts(tmp_path).is_token("")


def test_the_key_is_made_once(tmp_path: Path) -> None:
    assert Accounts(tmp_path).key() == Accounts(tmp_path).key()
    assert len(Accounts(tmp_path).key()) == 32


def test_where_the_key_cannot_be_kept_there_is_one_all_the_same(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path / "nowhere")
    assert len(accounts.key()) == 32
