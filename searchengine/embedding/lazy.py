"""Something heavy that is loaded at its first use, once, whichever thread comes first."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

Loaded = TypeVar("Loaded")


class Lazy(Generic[Loaded]):
    """Calls `load` once, at the first `get`; threads that come meanwhile wait for it. A failed load is tried again."""

    def __init__(self, load: Callable[[], Loaded]) -> None:
        self._load = load
        self._lock = Lock()
        self._loaded: tuple[Loaded] | None = None  # in a tuple, since what is loaded may itself be None

    @property
    def loaded(self) -> bool:
        """Whether it has been loaded."""
        return self._loaded is not None

    def get(self) -> Loaded:
        """What was loaded. Raises what `load` raises."""
        with self._lock:
            if self._loaded is None:
                self._loaded = (self._load(),)
            return self._loaded[0]
