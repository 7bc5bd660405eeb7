"""Every page in a real browser: for everybody, in both colours, on a desk and a phone, in Korean, without scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.web.browser.conftest import serving
from tests.web.browser.drawing import draw_pictures
from tests.web.browser.reading import hindrances, width
from tests.web.conftest import open_library
from tests.web.pages import id_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from searchengine.library import Library

expect = pytest.importorskip("playwright.sync_api", reason="playwright comes with the extra 'dev'").expect

pytestmark = pytest.mark.slow

PAGES = [
    "/",
    "/?q=a+cat",
    "/?q=asdkjh+qwe",
    "/albums",
    "/albums/Drawn",
    "/albums/Drawn?choose=1",
    "/albums/Empty",
    "/labels",
    "/duplicates",
    "/places",
    "/library",
    "/photos/{photo}?q=a+cat",
    "/api/v1/",
    "/login",
    "/nothing-here",
]


@pytest.fixture(scope="module")
def furnished(shown: Library) -> Iterator[Library]:
    """The library that is shown, with albums while these tests run."""
    shown.albums.add("Drawn", "folder:Paris")
    shown.albums.add("Empty")
    yield shown
    shown.albums.remove("Drawn")
    shown.albums.remove("Empty")


@pytest.mark.parametrize(("wide", "touch"), [(1280, False), (360, True)], ids=["desk", "phone"])
def test_every_page_is_for_everybody(browser: Browser, site: str, furnished: Library, wide: int, touch: bool) -> None:
    """Nothing is found against WCAG 2.2 AA, and nothing must be pushed to the side."""
    screen = browser.new_context(base_url=site, viewport={"width": wide, "height": 800}, has_touch=touch)
    page = screen.new_page()
    found = []
    for address in PAGES:
        page.goto(address.format(photo=id_of(furnished, "chelsea.png")))
        if page.locator("#grid").count():
            page.locator("#grid img").first.wait_for()
        for details in page.locator("details").all():
            details.evaluate("each => { each.open = true; }")
        found += hindrances(page)
        if width(page) > wide:
            found.append(f"{page.url} is {width(page)} px wide")
    found += [hindrance for _ in states(page) for hindrance in hindrances(page)]
    screen.close()
    assert found == []


def states(page: Page) -> Iterator[None]:
    """What comes over the search page while it is used, one after the other."""
    page.goto("/?q=a+cat")
    page.locator(".narrow").click()
    expect(page.locator("#filters")).to_be_visible()
    yield
    page.locator(".narrow").click()
    page.locator(".card .open").first.click()
    page.keyboard.press("i")
    expect(page.locator("dialog aside dl")).to_be_visible()
    yield
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    yield


def test_the_map_is_zoomed_and_pushed(page: Page) -> None:
    page.goto("/places")
    pins = page.locator(".pin")
    expect(pins).to_have_count(3)
    whole, box = seen(page), page.locator("#map").bounding_box()
    assert box is not None
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(*middle)
    page.mouse.wheel(0, -300)
    page.wait_for_function("whole => document.querySelector('#map > svg').viewBox.baseVal.width < whole", arg=whole[2])
    near = seen(page)
    page.mouse.down()
    page.mouse.move(middle[0] - 100, middle[1], steps=3)
    page.mouse.up()
    assert seen(page)[0] > near[0]
    for _ in range(9):
        page.get_by_role("button", name="Zoom out").click()
    assert seen(page)[2] >= whole[2]
    pins.first.click()
    expect(page.locator("#search input[name=q]")).to_have_value(re.compile("near:"))


def test_indexing_is_followed_and_stopped(browser: Browser, tmp_path: Path) -> None:
    draw_pictures(tmp_path / "pictures")
    with open_library(tmp_path) as library, serving(library) as address:
        page = browser.new_page(base_url=address, locale="en-GB")
        page.goto("/library")
        expect(page.locator("#roots")).to_have_text("The library knows no folders yet.")
        page.route("**/api/v1/jobs/index", lambda route: route.fulfill(status=304))  # nothing has moved, for a while
        page.fill("input[name=folder]", str(tmp_path / "pictures"))
        page.click("text=Add the folder")
        expect(page.locator("#told")).to_contain_text("files done")
        assert hindrances(page) == []
        page.unroute("**/api/v1/jobs/index")
        page.reload()
        page.click("text=Stop")
        expect(page.locator("#job")).to_contain_text(re.compile("Indexing (was stopped|is done)"))
        page.click("text=Look for new photos")
        expect(page.locator("#job")).to_contain_text("Indexing is done")
        expect(page.locator(".figures dd").first).to_have_text("91")
        page.close()


def test_korean_is_spoken_where_the_browser_asks_for_it(browser: Browser, site: str, furnished: Library) -> None:
    korean = browser.new_context(base_url=site, locale="ko-KR")
    page = korean.new_page()
    for address in PAGES:
        page.goto(address.format(photo=id_of(furnished, "chelsea.png")))
        assert page.locator("html").get_attribute("lang") == "ko-KR"
        spoken = page.locator("main").inner_text()
        assert re.search("[가-힣]", spoken), address
    page.goto("/places")
    expect(page.get_by_role("button", name="확대", exact=True)).to_be_visible()  # which a script says
    expect(page.locator("#spots")).to_contain_text("북위 48.858°, 동경 2.352°")
    korean.close()


def test_without_scripts_the_pages_are_there(browser: Browser, site: str) -> None:
    plain = browser.new_context(base_url=site, java_script_enabled=False)
    page = plain.new_page()
    page.goto("/places")
    expect(page.locator("#map")).to_be_hidden()
    page.locator("#spots a").first.click()
    expect(page.locator("#search input[name=q]")).to_have_value(re.compile("near:"))
    page.goto("/albums")
    page.click("summary:has-text('New album')")
    page.fill("input[name=name]", "Plain")
    page.click("text=Make the album")
    expect(page.locator("h1")).to_have_text("Plain")
    page.click("summary:text-is('Change')")
    page.click("summary:has-text('Delete the album')")
    page.click("text=Delete it")
    expect(page.locator(".cards")).not_to_contain_text("Plain")
    page.goto("/duplicates")
    expect(page.locator(".copy").first).to_be_hidden()
    expect(page.locator(".group").first).to_contain_text("Keep")
    page.goto("/library")
    page.click("text=Look for new photos")
    expect(page.locator("#job")).to_be_visible()
    plain.close()


def seen(page: Page) -> list[float]:
    """The part of the map that is seen: left, top, width, height."""
    return [float(number) for number in (page.locator("#map > svg").get_attribute("viewBox") or "").split()]
