"""Previews of photos that were looked at, as many as there is room for."""

from __future__ import annotations

import os
from pathlib import Path

from searchengine.photos.previews import Previews

JPEG = b"\xff\xd8" + bytes(996) + b"\xff\xd9"


def content(number: int) -> bytes:
    return number.to_bytes(16, "big")


def test_what_was_looked_at_longest_ago_makes_room(tmp_path: Path) -> None:
    previews = Previews(tmp_path, limit=10_000)
    for number in range(10):
        previews.put(content(number), JPEG)
        os.utime(previews.path(content(number)), (number, number))
    assert all(previews.get(content(number)) for number in (0, 5))  # and so are looked at now
    previews.put(content(10), JPEG)
    left = [number for number in range(11) if previews.path(content(number)).exists()]
    assert left == [0, 3, 4, 5, 6, 7, 8, 9, 10]


def test_another_program_s_previews_count_too(tmp_path: Path) -> None:
    for number in range(9):
        Previews(tmp_path, limit=10_000).put(content(number), JPEG)
    Previews(tmp_path, limit=5_000).put(content(9), JPEG)
    assert sum(path.stat().st_size for path in tmp_path.glob("??/*.jpg")) <= 5_000


def test_a_torn_preview_is_none(tmp_path: Path) -> None:
    previews = Previews(tmp_path)
    previews.put(content(1), JPEG)
    previews.path(content(1)).write_bytes(JPEG[:50])
    assert previews.get(content(1)) is None
