"""Who may try again when."""

from __future__ import annotations

from web import throttle
from web.throttle import Throttle


def wrong(counter: Throttle, address: str, times: int) -> int:
    return [counter.attempt(address) for _ in range(times)][-1]


def test_a_neighbourhood_of_ipv6_is_one_address() -> None:
    counter = Throttle(clock=lambda: 0.0)
    assert wrong(counter, "2001:db8::1", 5) == 0
    assert wrong(counter, "2001:db8::ffff:2", 1) > 0
    assert wrong(counter, "2001:db8:0:1::1", 1) == 0
    assert wrong(counter, "192.168.1.5", 5) == 0
    assert wrong(counter, "::ffff:192.168.1.5", 1) > 0  # the same machine


def test_who_knows_it_begins_anew() -> None:
    counter = Throttle(clock=lambda: 0.0)
    wrong(counter, "192.168.1.5", 4)
    counter.succeeded("192.168.1.5")
    assert wrong(counter, "192.168.1.5", 5) == 0


def test_an_hour_later_all_is_forgotten() -> None:
    now = [0.0]
    counter = Throttle(clock=lambda: now[0])
    wrong(counter, "192.168.1.5", 5)
    now[0] = throttle.FORGOTTEN + 1
    assert wrong(counter, "192.168.1.5", 5) == 0


def test_many_addresses_fill_no_memory() -> None:
    counter = Throttle(clock=lambda: 0.0)
    for number in range(throttle.ADDRESSES + 50):
        counter.attempt(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(counter._known) == throttle.ADDRESSES
