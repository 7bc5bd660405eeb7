"""Ctrl-C as a request to stop, seen between two steps and never in the middle of one."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def stop_on_ctrl_c(stop: threading.Event) -> Iterator[None]:
    """Within this, the first Ctrl-C sets `stop`; a second one interrupts as usual.

    Python delivers signals to the main thread alone; in any other this changes nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def request(_number: int, _frame: FrameType | None) -> None:
        stop.set()
        signal.signal(signal.SIGINT, before)

    before = signal.signal(signal.SIGINT, request)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
