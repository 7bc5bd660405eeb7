"""Guessing made slow: after a few wrong passwords, an address waits longer before each further try.

Nobody is kept waiting in a thread: who comes too early is told when to come again.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

FREE = 5  # tries, before the first wait
LONGEST = 900  # seconds between two tries
FORGOTTEN = 3600  # seconds without a try, after which an address begins anew
ADDRESSES = 10_000  # that are kept in mind


@dataclass(slots=True)
class _Tries:
    """What is known of an address."""

    wrong: int = 0
    again: float = 0  # when the next try is heard
    last: float = 0


class Throttle:
    """Counts wrong tries by address. Threads may share it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._known: OrderedDict[str, _Tries] = OrderedDict()  # the last to try stands last

    def attempt(self, address: str) -> int:
        """0, and the try counts as wrong until `succeeded` is called; or the seconds to wait, and it isn't heard."""
        now, key = self._clock(), _neighbourhood(address)
        with self._lock:
            tries = self._known.get(key)
            if tries is None or now - tries.last > FORGOTTEN:
                tries = self._known[key] = _Tries()
            if now < tries.again:
                return int(tries.again - now) + 1
            tries.wrong += 1
            tries.last = now
            tries.again = now + min(LONGEST, 2 ** (tries.wrong - FREE)) if tries.wrong >= FREE else now
            self._known.move_to_end(key)
            while len(self._known) > ADDRESSES:
                self._known.popitem(last=False)
        return 0

    def succeeded(self, address: str) -> None:
        """Forget what an address did wrong."""
        with self._lock:
            self._known.pop(_neighbourhood(address), None)


def _neighbourhood(address: str) -> str:
    """What one person has of addresses: one of IPv4, 2⁶⁴ of IPv6."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv6Address):
        return str(ip.ipv4_mapped or ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)
