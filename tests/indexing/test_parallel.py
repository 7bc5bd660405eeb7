"""Work spread over threads: all of it is done, a bounded amount at a time, and no thread is left behind."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from searchengine.indexing.parallel import IN_FLIGHT, Budget, ParallelWork


def numbers(upto: int, made: list[int]) -> Iterator[int]:
    for number in range(upto):
        made.append(number)
        yield number


def readers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith(("reader", "scanner"))]


@pytest.mark.parametrize("threads", [1, 2, 7])
@pytest.mark.parametrize("upto", [0, 1, 1000])
def test_everything_is_done_once(upto: int, threads: int) -> None:
    with ParallelWork(range(upto), lambda n: n * n, threads=threads, stop=threading.Event()) as outcomes:
        done = [outcome for outcome in outcomes if outcome is not None]
    assert sorted(done) == [n * n for n in range(upto)]
    assert readers() == []


def test_no_more_is_begun_than_can_be_held() -> None:
    begun: list[int] = []
    with ParallelWork(range(1000), begun.append, threads=2, stop=threading.Event()) as outcomes:
        next(iter(outcomes))
        time.sleep(0.2)
        assert len(begun) <= IN_FLIGHT + 2
    assert readers() == []


def test_it_is_known_early_how_many_there_are() -> None:
    made: list[int] = []
    with ParallelWork(numbers(1000, made), lambda n: n, threads=2, stop=threading.Event()) as outcomes:
        next(iter(outcomes))
        time.sleep(0.2)
        assert outcomes.all_made
        assert len(made) == 1000
    assert readers() == []


def test_what_is_made_ahead_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("searchengine.indexing.parallel.AHEAD", 100)
    made: list[int] = []
    with ParallelWork(numbers(1000, made), lambda n: n, threads=2, stop=threading.Event()) as outcomes:
        next(iter(outcomes))
        time.sleep(0.2)
        assert len(made) <= 100 + IN_FLIGHT + 4
        assert not outcomes.all_made
    assert readers() == []


@pytest.mark.parametrize("where", ["scanner", "reader"])
def test_what_fails_in_a_thread_is_raised_here(where: str) -> None:
    def fail(number: int) -> int:
        if number == 50:
            raise ZeroDivisionError
        return number

    items = map(fail, range(1000)) if where == "scanner" else range(1000)
    do = fail if where == "reader" else int
    with (
        pytest.raises(ZeroDivisionError),
        ParallelWork(items, do, threads=2, stop=threading.Event()) as outcomes,
    ):
        list(outcomes)
    assert readers() == []


def test_a_stop_ends_it_at_once_and_what_was_begun_is_dropped() -> None:
    stop = threading.Event()
    began = time.monotonic()
    with ParallelWork(range(1000), lambda _: time.sleep(0.05), threads=2, stop=stop) as outcomes:
        threading.Timer(0.1, stop.set).start()
        list(outcomes)
    assert time.monotonic() - began < 2
    assert readers() == []


def test_the_taker_gets_control_back_while_nothing_is_ready() -> None:
    ready = threading.Event()
    with ParallelWork([1], lambda _: ready.wait(10), threads=1, stop=threading.Event()) as outcomes:
        first = next(iter(outcomes))
        ready.set()
    assert first is None


def test_a_budget_is_never_exceeded_and_what_is_larger_goes_alone() -> None:
    budget = Budget(10)
    held = 0
    most: list[int] = []
    lock = threading.Lock()

    def use(amount: int) -> None:
        nonlocal held
        with budget.held(amount):
            with lock:
                held += amount
                most.append(held)
            time.sleep(0.001)
            with lock:
                held -= amount

    threads = [threading.Thread(target=use, args=(amount,)) for amount in [1, 4, 9, 25, 3, 10, 2, 7] * 5]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(amount <= 10 or amount == 25 for amount in most)
    assert len(most) == 40
