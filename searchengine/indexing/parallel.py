"""Work spread over threads, a bounded amount of it at a time. Knows nothing of photos."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Generic, Self, TypeVar

T = TypeVar("T")
R = TypeVar("R")

IN_FLIGHT = 64
"""Pieces of work that are begun and not yet taken; what comes of one is small (a picture of the model's size)."""

AHEAD = 100_000
"""Items that are made before their turn, so that it is known early how many there are; some 50 MB of them."""

PATIENCE = 5.0
"""Seconds that are waited at the end for threads which may hang on a dead drive."""

TICK = 0.2
"""Seconds after which the taker gets control back when nothing is ready."""


class ParallelWork(Generic[T, R]):
    """`do(item)` for every item, in threads; iterating gives the outcomes as they are ready, in no order.

    The items are made in a thread too. None is given when nothing was ready for a while. When `stop` is set the
    iteration ends at once; what was begun is dropped. An exception in any thread is raised to the one that iterates.
    Whoever leaves wakes every thread that waits, so that none is left behind.
    """

    def __init__(self, items: Iterable[T], do: Callable[[T], R], *, threads: int, stop: threading.Event) -> None:
        self._items = items
        self._do = do
        self._stop = stop
        self._closed = threading.Event()
        self._free = threading.Semaphore(IN_FLIGHT)
        self._ahead = threading.Semaphore(AHEAD)
        # None: no more items.
        self._todo: queue.SimpleQueue[tuple[T] | None] = queue.SimpleQueue()
        # None: a thread is through.
        self._done: queue.SimpleQueue[tuple[R] | BaseException | None] = queue.SimpleQueue()
        # Daemons: a thread that hangs on a dead drive doesn't keep the program from ending.
        self._workers = [threading.Thread(target=self._work, name=f"reader-{n}", daemon=True) for n in range(threads)]
        self._feeder = threading.Thread(target=self._feed, name="scanner", daemon=True)

    def __enter__(self) -> Self:
        for thread in (self._feeder, *self._workers):
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed.set()
        self._ahead.release()
        self._free.release(len(self._workers))
        until = time.monotonic() + PATIENCE
        for thread in (self._feeder, *self._workers):
            thread.join(timeout=max(0, until - time.monotonic()))

    def __iter__(self) -> Iterator[R | None]:
        working = len(self._workers)
        while working and not self._stop.is_set():
            try:
                outcome = self._done.get(timeout=TICK)
            except queue.Empty:
                yield None
                continue
            if outcome is None:
                working -= 1
            elif isinstance(outcome, BaseException):
                raise outcome
            else:
                self._free.release()
                yield outcome[0]

    @property
    def all_made(self) -> bool:
        """Whether every item has been made, and so it is known how many there are."""
        return not self._feeder.is_alive()

    def _halted(self) -> bool:
        return self._closed.is_set() or self._stop.is_set()

    def _feed(self) -> None:
        try:
            for item in self._items:
                self._ahead.acquire()
                if self._halted():
                    break
                self._todo.put((item,))
        except BaseException as error:  # noqa: BLE001  # raised again by the thread that iterates
            self._done.put(error)
        finally:
            for _ in self._workers:
                self._todo.put(None)

    def _work(self) -> None:
        try:
            while (item := self._todo.get()) is not None and not self._halted():
                self._ahead.release()
                self._free.acquire()
                if not self._halted():
                    self._done.put((self._do(item[0]),))
        except BaseException as error:  # noqa: BLE001  # raised again by the thread that iterates
            self._done.put(error)
        finally:
            self._done.put(None)


class Budget:
    """An amount that threads share: each waits until its part is free. A part larger than all of it goes alone."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._used = 0
        self._changed = threading.Condition()

    @contextmanager
    def held(self, amount: int) -> Iterator[None]:
        """Hold `amount` of it."""
        with self._changed:
            self._changed.wait_for(lambda: not self._used or self._used + amount <= self._total)
            self._used += amount
        try:
            yield
        finally:
            with self._changed:
                self._used -= amount
                self._changed.notify_all()
