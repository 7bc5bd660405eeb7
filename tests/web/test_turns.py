"""Whose turn it is, and who must come again."""

from __future__ import annotations

import threading

import pytest
from werkzeug.exceptions import TooManyRequests

from web.turns import FairSemaphore, Turns


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


def test_who_comes_last_passes_nobody_who_waits() -> None:
    one_at_once, order = FairSemaphore(1), []

    def wait() -> None:
        with one_at_once:
            order.append("who waited")

    with one_at_once:
        waiting = threading.Thread(target=wait)
        waiting.start()
        while not one_at_once._waiting:
            pass
    with one_at_once:
        order.append("who came last")
    waiting.join(30)
    assert order == ["who waited", "who came last"]


def test_as_many_are_at_work_as_may_be() -> None:
    two_at_once, working, most = FairSemaphore(2), [], []

    def work() -> None:
        for _ in range(50):
            with two_at_once:
                working.append(None)
                most.append(len(working))
                working.pop()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(most) == 400
    assert max(most) <= 2
    with two_at_once, two_at_once:  # all turns came back
        pass
