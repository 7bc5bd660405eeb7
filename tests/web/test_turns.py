"""Whose turn it is, and who must come again."""

from __future__ import annotations

import threading

import pytest
from werkzeug.exceptions import TooManyRequests

from web.turns import Turns


def test_one_works_another_waits_and_a_third_comes_again() -> None:
    turns = Turns(running=1, waiting=1)
    working, go_on, done = threading.Event(), threading.Event(), []

    def work(name: str) -> None:
        with turns.one():
            working.set()
            assert go_on.wait(30)
            done.append(name)

    first = threading.Thread(target=work, args=("first",))
    first.start()
    assert working.wait(30)
    second = threading.Thread(target=work, args=("second",))
    second.start()
    while turns._room._value:  # until the second waits
        pass
    with pytest.raises(TooManyRequests) as refused, turns.one():
        pass
    assert refused.value.retry_after
    go_on.set()
    first.join(30)
    second.join(30)
    assert done == ["first", "second"]
    with turns.one():
        pass


def test_nobody_waits_for_ever() -> None:
    turns = Turns(running=1, waiting=3, patience=0.01)
    with turns.one():
        for _ in range(5):  # who gave up takes no room
            with pytest.raises(TooManyRequests), turns.one():
                pass


def test_work_that_fails_gives_its_turn_back() -> None:
    turns = Turns(running=1, waiting=0)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), turns.one():
            1 / 0  # noqa: B018  # any mistake
