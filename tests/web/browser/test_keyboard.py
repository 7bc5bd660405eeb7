"""Ways through the pages beside the search with nothing but a keyboard: the list of them, and a walk of each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.web.browser.reading import tab_to
from tests.web.pages import id_of

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from searchengine.library import Library

expect = pytest.importorskip("playwright.sync_api", reason="playwright comes with the extra 'dev'").expect

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Way:
    """Where somebody starts, what they tab to and which keys they press there, and what they see in the end."""

    start: str
    steps: list[tuple[str, str]]  # a selector, then keys with spaces between; what stands in quotes is typed
    end: str  # a selector


WAYS = {
    "past the header": Way("/labels", [("text=Skip to the content", "Enter")], "main:focus"),
    "to a search from anywhere": Way("/labels", [("text=Skip to the content", "/ 'a cat' Enter")], ".card"),
    "out of a sheet": Way(
        "/albums", [("summary:has-text('New album')", "Enter Tab Escape")], "summary:has-text('New album'):focus"
    ),
    "from section to section": Way(
        "/albums",
        [("nav >> text=Duplicates", "Enter"), ("nav >> text=Labels", "Enter")],
        "nav a[aria-current]:has-text('Labels')",
    ),
    "from a label to its photos": Way("/labels", [(".cloud a", "Enter")], "#search input[value^='tag:']"),
    "to an album that a search fills": Way(
        "/albums",
        [
            ("summary:has-text('New album')", "Enter"),
            ("input[name=name]", "'By keys'"),
            ("form.stacked input[name=q]", "'folder:Seoul' Enter"),
        ],
        "h1:text('By keys')",
    ),
    "to an album without one of its photos": Way(
        "/albums/By%20keys",
        [("text=Choose photos", "Enter"), ("input[type=checkbox]", "Space"), ("button:has-text('Take out')", "Enter")],
        "text=1 photo was taken out",
    ),
    "to no album any more": Way(
        "/albums/By%20keys",
        [
            ("summary:text-is('Change')", "Enter"),
            ("summary:has-text('Delete the album')", "Enter"),
            ("text=Delete it", "Enter"),
        ],
        "body:not(:has-text('By keys')) h1:text('Albums')",
    ),
    "to a path that is copied": Way("/duplicates", [(".copy >> nth=0", "Enter")], "text=Copied"),
    "over the map to the photos of a place": Way(
        "/places", [("#map", "+ ArrowUp ArrowDown -"), (".pin >> nth=0", "Enter")], "#search input[value^='near:']"
    ),
    "to a photo in another album": Way(
        "/photos/{photo}", [("input[name=album]", "'Cats' Enter")], ".chips >> text=Cats"
    ),
    "to why a photo fits": Way("/photos/{photo}?q=a+cat", [("text=Why does this fit?", "Enter")], ".why img:visible"),
    "to new photos": Way("/library", [("text=Look for new photos", "Enter")], "text=Indexing is done: nothing is new"),
}


@pytest.fixture(autouse=True, scope="module")
def tidy(shown: Library) -> Iterator[None]:
    """Leave the library without the albums that are made on the way."""
    yield
    for album in shown.database.albums.all():
        shown.albums.remove(album.name)


def test_a_keyboard_is_enough(page: Page, shown: Library) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    for name, way in WAYS.items():
        page.goto(way.start.format(photo=id_of(shown, "chelsea.png")))
        for selector, keys in way.steps:
            tab_to(page, page.locator(selector).first)
            for key in re.findall(r"'.*?'|\S+", keys):
                if key.startswith("'"):
                    page.keyboard.type(key.strip("'"))
                else:
                    page.keyboard.press(key)
        expect(page.locator(way.end).first, name).to_be_visible()
    assert "motorcycle" in page.evaluate("navigator.clipboard.readText()")  # the largest near-copy
