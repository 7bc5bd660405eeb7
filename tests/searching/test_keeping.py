"""Which copy of a photo is worth keeping."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest

from searchengine.records import FileState, Photo, PhotoFacts, PhotoFile, Stamp
from searchengine.searching.keeping import best_first, places, reasons

FACTS = PhotoFacts(width=4000, height=3000, format="jpeg", taken_from="exif", camera="Canon EOS R5")


def photo(number: int, *, size: int = 2_000_000, written: int = 5, path: str = "", **facts: object) -> Photo:
    file = PhotoFile(path.encode() or b"/photos/%d.jpg" % number, Stamp(size, written), FileState.PRESENT)
    return Photo(number, number.to_bytes(16), replace(FACTS, **facts), (file,))


def place(path: bytes, *, written: int = 5, state: FileState = FileState.PRESENT) -> PhotoFile:
    return PhotoFile(path, Stamp(1, written), state)


WORSE = {
    "not truncated": photo(2, flaw="truncated"),
    "most pixels": photo(2, width=1600, height=1200, size=9_000_000),
    "has the camera's data": photo(2, camera=None, taken_from="file", size=9_000_000),
    "the format it was taken in": photo(2, format="png", size=9_000_000),
    "least compressed": photo(2, size=500_000, written=1),
    "oldest file": photo(2, written=9),
}


@pytest.mark.parametrize("reason", WORSE)
def test_the_better_one_is_kept_and_the_reason_told(reason: str) -> None:
    best, other = photo(1), WORSE[reason]
    for order in ([best, other], [other, best]):
        assert best_first(order) == [best, other]
    assert reason in reasons(best, [other])


def test_a_truncated_one_is_worse_than_a_small_one() -> None:
    torn, small = photo(1, flaw="truncated"), photo(2, width=400, height=300, size=20_000)
    assert best_first([torn, small])[0] is small


def test_a_raw_and_a_photo_with_its_raw_beside_it_are_kept_before_a_larger_jpeg() -> None:
    large = photo(1, width=8000, height=6000)
    raw = photo(2, format="cr2")
    pair = photo(3)
    pair = replace(pair, files=(*pair.files, place(b"/photos/3.cr2")))
    assert best_first([large, raw])[0] is raw
    assert best_first([large, pair])[0] is pair
    assert "has the camera's RAW" in reasons(pair, [large])


def test_a_heic_is_kept_before_the_jpeg_that_was_made_of_it() -> None:
    assert best_first([photo(1, size=4_000_000), photo(2, format="heic", size=1_500_000)])[0].facts.format == "heic"


def test_one_within_reach_is_kept_before_a_better_one_that_is_away() -> None:
    away = replace(photo(1), files=(place(b"/drive/1.jpg", state=FileState.OFFLINE),))
    here = photo(2, width=1600, height=1200)
    assert best_first([away, here])[0] is here
    assert "within reach" in reasons(here, [away])


def test_the_order_does_not_depend_on_the_order_that_was_given() -> None:
    photos = [photo(1), photo(2, flaw="truncated"), photo(3, size=10), photo(4, path="/a.jpg"), photo(5, path="/b.jpg")]
    assert len({tuple(each.id for each in best_first(order)) for order in permutations(photos)}) == 1


def test_what_differs_in_its_name_alone_is_kept_without_a_reason() -> None:
    one, other = photo(1, path="/a.jpg"), photo(2, path="/b.jpg")
    assert best_first([other, one]) == [one, other]
    assert reasons(one, [other]) == ()


def test_the_place_to_keep_is_within_reach_then_the_oldest_then_the_shortest() -> None:
    files = (
        place(b"/drive/a.jpg", written=1, state=FileState.OFFLINE),
        place(b"/photos/a (1).jpg"),
        place(b"/photos/a.jpg"),
        place(b"/photos/old.jpg", written=2),
        place(b"/photos/gone.jpg", written=0, state=FileState.MISSING),
        place(b"/photos/a.cr2", written=0),
    )
    names = [file.path for file in places(replace(photo(1), files=files))]
    assert names == [b"/photos/old.jpg", b"/photos/a.jpg", b"/photos/a (1).jpg", b"/drive/a.jpg"]
