"""Walks over the search page in a real browser: words, filters, photos, marks, keys, and no scripts at all."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image

from tests.web.browser.reading import hindrances
from tests.web.pages import id_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

    from searchengine.library import Library

expect = pytest.importorskip("playwright.sync_api", reason="playwright comes with the extra 'dev'").expect

pytestmark = pytest.mark.slow

FIELD = "#search input[name=q]"


def asked(page: Page) -> dict[str, list[str]]:
    """What the address asks."""
    return parse_qs(urlsplit(page.url).query)


def first(page: Page) -> Locator:
    """The first photo's link."""
    return page.locator(".card .open").first


def shows_first(page: Page, name: str | re.Pattern[str]) -> None:
    expect(first(page)).to_have_attribute("title", name)


def test_words_filters_and_the_way_back(page: Page) -> None:
    """Someone types, narrows, makes a mistake, and goes back and forward."""
    page.goto("/")
    expect(page.locator("#count")).to_have_text("109 photos")
    expect(page.locator(".heading").first).to_be_visible()

    # The answer comes while one types; the address follows, in one entry of the history.
    page.locator(FIELD).press_sequentially("a cat", delay=30)
    shows_first(page, "chelsea.png")
    assert asked(page) == {"q": ["a cat"]}
    assert page.evaluate("history.length") == 3
    expect(page.locator("#announced")).to_contain_text("photo")

    # Enter settles the line: what is typed now is another entry.
    page.keyboard.press("Enter")
    page.fill(FIELD, "a cup of coffee")
    shows_first(page, "coffee.png")
    page.go_back()
    shows_first(page, "chelsea.png")
    assert page.input_value(FIELD) == "a cat"
    page.go_back()
    expect(page.locator("#count")).to_have_text("109 photos")
    assert page.input_value(FIELD) == ""
    page.go_forward()
    shows_first(page, "chelsea.png")

    # A mistake is pointed at once one stops; the old answer stays.
    page.fill(FIELD, "a cat dte:2023")
    expect(page.locator("#mistake mark")).to_have_text("dte:2023")
    expect(page.locator("#mistake")).to_contain_text("Did you mean date:?")
    shows_first(page, "chelsea.png")

    # What was said of the line before isn't said of it.
    page.fill(FIELD, "date:1066 a cat")
    expect(page.locator("#active")).to_contain_text("date:1066")
    expect(page.locator("#notes")).to_contain_text("No photo satisfies this")
    page.fill(FIELD, "dte:1066 a cat")
    expect(page.locator("#mistake")).to_be_visible()
    expect(page.locator("#active")).to_be_hidden()
    expect(page.locator("#notes")).to_be_hidden()

    # Filters write themselves into the line and can be taken off.
    page.fill(FIELD, "")
    expect(page.locator("#mistake")).to_be_hidden()
    page.click(".narrow")
    page.fill(FIELD, "date:..1066")  # a time before all of them
    expect(page.locator(".histogram .span")).to_have_text("0 photos")
    page.locator("#active button").click()
    expect(page.locator("#count")).to_have_text("109 photos")
    page.locator(".panel").get_by_role("button", name="Canon EOS 80D").click()
    expect(page.locator("#count")).to_have_text("46 photos")
    assert hindrances(page) == []
    assert asked(page) == {"q": ['camera:"Canon EOS 80D"']}
    page.locator(".panel").get_by_role("button", name="iPhone 12").click()  # one camera at a time
    expect(page.locator("#count")).to_have_text("45 photos")
    expect(page.locator("#active button")).to_have_count(1)

    # The months: with keys, and dragged over.
    until = page.get_by_role("slider", name="Taken until")
    until.press("Home")
    expect(page.locator("#active")).to_contain_text("date:")
    box = page.locator(".ground").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] * 0.93, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 2, box["y"] + 30, steps=4)
    page.mouse.up()
    expect(page.locator("#active")).to_contain_text(re.compile(r"date:20\d\d-\d\d\.\.20\d\d-\d\d"))
    for _ in range(2):
        page.locator("#active button").first.click()
    expect(page.locator("#count")).to_have_text("109 photos")
    assert asked(page) == {}

    # What nothing fits says so and leads to the rest.
    page.fill(FIELD, "asdkjh qwe")
    expect(page.locator("#notes")).to_contain_text("Nothing fits well")
    page.get_by_role("button", name="Also show what doesn’t fit").click()
    expect(page.locator(".card")).not_to_have_count(5)
    assert asked(page) == {"q": ["asdkjh qwe"], "all": ["1"]}


def test_photos_that_are_handed_over_and_marked(page: Page, shown: Library, sample_photos: Path) -> None:
    """Someone looks photos up: chosen, dropped, pasted, similar; then marks, selects and takes some along."""
    asked_with = small(sample_photos / "china.jpg")
    page.goto("/")
    page.set_input_files("#photo", [{"name": "mine.jpg", "mimeType": "image/jpeg", "buffer": asked_with}])
    shows_first(page, "china.jpg")
    expect(page.locator(".like img")).to_be_visible()
    hand_over(page, "drop", small(sample_photos / "coffee.png"))
    expect(page.locator(".like")).to_have_count(2)
    page.get_by_role("button", name="Without mine.jpg").click()
    shows_first(page, "coffee.png")
    page.set_input_files(
        "#photo", [{"name": f"{n}.jpg", "mimeType": "image/jpeg", "buffer": asked_with} for n in range(9)]
    )
    expect(page.locator(".toast")).to_contain_text("The last 8 photos are looked up")
    expect(page.locator(".like")).to_have_count(8)
    page.go_back()
    shows_first(page, "coffee.png")
    page.fill(FIELD, "a red motorcycle")  # a photo and words
    shows_first(page, re.compile(r"motorcycle_(left|right)\.png"))
    page.go_back()
    shows_first(page, "coffee.png")
    hand_over(page, "paste", b"no photo at all")  # is left out, and the other is asked with
    expect(page.locator(".toast")).to_contain_text("can't be read as a photo")
    expect(page.locator(".like")).to_have_count(1)
    expect(page.locator("#mistake")).to_be_hidden()
    shows_first(page, "coffee.png")

    # Similar, from a card.
    page.goto("/?q=a+motorcycle")
    first(page).hover()
    page.locator(".card").first.get_by_role("button", name="Find similar").click()
    expect(page.locator(".like")).to_have_count(1)
    motorcycles = {id_of(shown, f"motorcycle_{side}.png") for side in ("left", "right")}
    assert int(asked(page)["like"][0]) in motorcycles
    page.locator(FIELD).press("Backspace")
    expect(page.locator(".like")).to_have_count(0)

    # Near-copies are one card, until one wants to see them.
    page.goto("/?q=a+motorcycle")
    page.get_by_role("button", name="Show 1 near-copy").first.click()
    titles = page.locator(".card .open")
    expect(titles.nth(0)).to_have_attribute("title", re.compile("motorcycle"))
    expect(titles.nth(1)).to_have_attribute("title", re.compile("motorcycle"))

    # Marks refine, and are taken back.
    page.goto("/?q=a+picture")
    second = page.locator(".card").nth(1)
    name = second.locator(".open").get_attribute("title")
    second.hover()
    second.get_by_role("button", name="Doesn’t fit").click()
    expect(page.locator(".toast")).to_contain_text("follows your marks")
    expect(page.locator(f'.card .open[title="{name}"]')).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(f'.card .open[title="{name}"]')).to_have_count(1)

    # A selection: one, through to another, into an album, as a ZIP.
    page.goto("/?q=format:png")
    page.locator(".card").nth(0).hover()
    page.locator(".card .check").nth(0).click()
    page.locator(".card .open").nth(3).click(modifiers=["Shift"])
    expect(page.locator(".picked strong")).to_have_text("4 selected")
    assert hindrances(page) == []
    with page.expect_download() as download:
        page.get_by_role("button", name="Download ZIP").click()
    assert download.value.suggested_filename.endswith(".zip")
    page.get_by_role("button", name="Add to album").click()
    page.get_by_label("New album").fill("Walks")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.locator(".toast")).to_contain_text("4 photos are in Walks now.")
    assert shown.albums.facts("Walks").photos == 4
    shown.albums.remove("Walks")
    page.keyboard.press("Escape")
    expect(page.locator(".picked")).to_be_hidden()


def test_keys_lead_everywhere(page: Page) -> None:
    """Someone without a mouse: into the grid, through it, into a photo, and out again."""
    page.goto("/?q=folder:Paris")
    expect(first(page)).to_be_visible()
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") == "q"
    page.locator(FIELD).blur()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)

    first(page).focus()
    for key, index in (("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("End", 30), ("Home", 0)):
        page.keyboard.press(key)
        assert page.evaluate("document.activeElement.closest('.card').ariaPosInSet") == str(index + 1)
    page.keyboard.press("ArrowDown")
    below = page.evaluate("document.activeElement.closest('.card').ariaPosInSet")
    assert int(below) > 1
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.closest('.card').ariaPosInSet") == "1"
    page.keyboard.press("Space")
    expect(page.locator(".picked strong")).to_have_text("1 selected")
    page.keyboard.press("Escape")

    page.keyboard.press("ArrowRight")
    second = page.evaluate("document.activeElement.title")
    page.keyboard.press("Enter")
    viewer = page.locator("dialog.viewer")
    expect(viewer.locator(".what")).to_have_text(second)
    assert re.search(r"/photos/\d+\?q=folder", page.url)
    page.keyboard.press("ArrowRight")
    expect(viewer.locator(".what")).not_to_have_text(second)
    third = viewer.locator(".what").inner_text()
    page.keyboard.press("i")
    expect(viewer.locator("aside dl")).to_be_visible()
    assert hindrances(page) == []
    page.keyboard.press("+")
    expect(viewer.locator(".stage")).to_have_class(re.compile("zoomed"))
    page.keyboard.press("0")
    expect(viewer.locator(".stage")).not_to_have_class(re.compile("zoomed"))
    page.keyboard.press("Space")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    expect(viewer).to_be_visible()
    page.keyboard.press("Escape")
    expect(viewer).to_be_hidden()
    assert page.evaluate("document.activeElement.title") == third  # where one was
    expect(page.locator(".picked strong")).to_have_text("1 selected")

    # Its address opens its own page; from there, back is the answer again.
    page.keyboard.press("Enter")
    expect(viewer).to_be_visible()
    page.reload()
    expect(page.locator("main h1").first).to_be_visible()
    page.go_back()
    expect(page.locator(".card").first).to_be_visible()
    page.keyboard.press("Tab")  # the skip link
    assert page.evaluate("document.activeElement.className") == "skip"


def test_why_a_photo_fits_is_shown_over_it(page: Page) -> None:
    page.goto("/?q=a+cat")
    first(page).click()
    page.keyboard.press("w")
    expect(page.locator("dialog .heat")).to_be_visible()
    page.keyboard.press("w")
    expect(page.locator("dialog .heat")).to_be_hidden()


def test_a_phone_holds_all_of_it(browser: Browser, site: str) -> None:
    """Touch, 360 pixels, dark: nothing sticks out, a long press selects, a swipe turns to the next photo."""
    phone = browser.new_context(
        base_url=site, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True, color_scheme="dark"
    )
    page = phone.new_page()
    page.goto("/?q=format:jpeg")
    expect(first(page)).to_be_visible()
    page.click(".narrow")
    expect(page.locator(".histogram")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.click(".narrow")
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert max(map(int, re.findall(r"\d+", background))) < 60  # dark

    touch(page, ".card .open", [(0, 0)], hold=600)
    expect(page.locator(".picked strong")).to_have_text("1 selected")
    page.locator(".picked button").first.tap()
    first(page).tap()
    title = page.locator("dialog.viewer .what")
    expect(title).to_be_visible()
    one = title.inner_text()
    touch(page, "dialog .stage", [(0, 0), (-60, 2), (-150, 4)])
    expect(title).not_to_have_text(one)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.go_back()
    expect(title).to_be_hidden()
    phone.close()


def test_without_scripts_there_are_a_form_and_pages(browser: Browser, site: str, sample_photos: Path) -> None:
    plain = browser.new_context(base_url=site, java_script_enabled=False)
    page = plain.new_page()
    page.goto("/")
    assert page.locator(".grid img").count() == 48
    page.get_by_role("link", name="More").click()
    assert page.locator(".grid img").count() == 48
    page.fill(FIELD, "a cat format:png")
    page.get_by_role("button", name="Search").click()
    assert page.locator(".grid img").first.get_attribute("alt") == "chelsea.png"
    page.get_by_role("link", name="Without format:png").click()
    assert asked(page)["q"] == ["a cat"]
    photo = {"name": "mine.jpg", "mimeType": "image/jpeg", "buffer": small(sample_photos / "china.jpg")}
    page.goto("/")
    page.set_input_files("input[name=photo]", [photo])
    page.get_by_role("button", name="Find its like").click()
    assert page.locator(".grid img").first.get_attribute("alt") == "china.jpg"
    page.locator(".grid .picture").first.click()
    assert page.locator("h1").first.inner_text() == "china.jpg"
    plain.close()


def small(path: Path) -> bytes:
    """Another file of the same photograph."""
    stream = io.BytesIO()
    with Image.open(path) as picture:
        picture.convert("RGB").resize((picture.width // 2, picture.height // 2)).save(stream, "JPEG", quality=70)
    return stream.getvalue()


def hand_over(page: Page, way: str, data: bytes) -> None:
    """Drop a photo on the page, or paste it."""
    page.evaluate(
        """([way, data]) => {
          const transfer = new DataTransfer();
          transfer.items.add(new File([new Uint8Array(data)], "other.jpg", { type: "image/jpeg" }));
          document.body.dispatchEvent(way === "drop"
            ? new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true })
            : new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true, cancelable: true }));
        }""",
        [way, list(data)],
    )


def touch(page: Page, selector: str, steps: list[tuple[int, int]], hold: int = 0) -> None:
    """A finger on the middle of an element, moved so many pixels from there, and taken away."""
    box = page.locator(selector).first.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    driver = page.context.new_cdp_session(page)
    for number, (dx, dy) in enumerate(steps):
        points = [{"x": x + dx, "y": y + dy}]
        driver.send(
            "Input.dispatchTouchEvent", {"type": "touchMove" if number else "touchStart", "touchPoints": points}
        )
    page.wait_for_timeout(hold)
    driver.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
