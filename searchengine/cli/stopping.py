"""Ctrl-C during a training."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from threading import Event

from searchengine.cli.progress import ShowWork, showing_work


@contextmanager
def stoppable_work(*, shown: bool = True) -> Iterator[tuple[ShowWork, Event]]:
    """What to hand to a training: a function that shows how far it is, if it is `shown`, and an event to stop it.

    The first Ctrl-C sets the event, and the training stops by itself, between two steps. What comes before it and after
    it has nothing to keep, and is interrupted.
    """
    from searchengine.indexing.interrupt import stop_on_ctrl_c
    from searchengine.training.progress import untold

    stop = Event()
    with stop_on_ctrl_c(stop), showing_work() if shown else nullcontext(untold) as show:

        def tell(stage: str, done: int, whole: int, remark: str) -> None:
            show(stage, done, whole, remark)
            if stop.is_set() and stage != "training":
                raise KeyboardInterrupt

        yield tell, stop
