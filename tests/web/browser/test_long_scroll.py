"""An answer of 20,000 photos is scrolled through: few cards, short tasks, memory that doesn't run away."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.web.browser.big_library import fill_library
from tests.web.browser.conftest import serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow

PHOTOS = 20_000
MOST_CARDS = 400
PROMISED = 50  # ms that a task may take
ROOM = 6  # times that, on a machine that does other things, too

WATCH = """() => {
  window.tasks = [];
  new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration)))
    .observe({ entryTypes: ["longtask"] });
}"""

SCROLL = """async (most) => {
  const frames = [];
  let cards = 0;
  let before = performance.now();
  const end = before + 150_000;
  const frame = () => new Promise(requestAnimationFrame);
  for (let bottom = false; !bottom && performance.now() < end;) {
    scrollBy(0, 2400);
    await frame();
    const now = performance.now();
    frames.push(now - before);
    before = now;
    cards = Math.max(cards, document.querySelectorAll(".card").length);
    bottom = document.querySelector(`.card[aria-posinset="${most}"]`) !== null;
  }
  frames.sort((one, other) => one - other);
  const at = (share) => Math.round(frames[Math.floor(frames.length * share)]);
  return { cards, frames: frames.length, median: at(0.5), p99: at(0.99) };
}"""


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a page over a big library."""
    with fill_library(tmp_path_factory.mktemp("big"), PHOTOS) as library, serving(library) as address:
        yield address


@pytest.fixture
def page(browser: Browser, big: str) -> Iterator[Page]:
    context = browser.new_context(base_url=big, viewport={"width": 1280, "height": 800})
    yield context.new_page()
    context.close()


def test_twenty_thousand_photos_scroll(page: Page) -> None:
    page.goto("/")
    page.locator(".card.there").first.wait_for()
    page.evaluate(WATCH)
    memory = page.context.new_cdp_session(page)
    measured = page.evaluate(SCROLL, PHOTOS)
    longest = max(page.evaluate("tasks"), default=0)
    memory.send("HeapProfiler.collectGarbage")
    heap = page.evaluate("performance.memory.usedJSHeapSize") / 2**20
    assert page.locator(f'.card[aria-posinset="{PHOTOS}"]').count() == 1  # the last one was reached
    assert measured["cards"] <= MOST_CARDS
    assert longest <= PROMISED * ROOM
    assert heap < 100

    # What the window shows is there once the scrolling ends, and so it is after a leap.
    page.wait_for_function("[...document.querySelectorAll('.card')].every((card) => card.querySelector('img').src)")
    page.evaluate("scrollTo(0, 0)")
    page.locator('.card.there[aria-posinset="1"]').wait_for()
