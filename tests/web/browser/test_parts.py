"""What a part of the search page's scripts does by itself, where no walk comes by."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

expect = pytest.importorskip("playwright.sync_api", reason="playwright comes with the extra 'dev'").expect

pytestmark = pytest.mark.slow


def test_a_filter_is_taken_off_as_a_whole_word(page: Page) -> None:
    page.goto("/albums")
    without = "async ([line, filter]) => (await import('/static/line.js')).withoutFilter(line, filter)"
    for line, rest in (
        ("tag:catfish tag:cat at night", "tag:catfish at night"),
        ("tag:cat tag:catfish", "tag:catfish"),
        ("Tag:Cat", ""),
        ("dogs tag:catfish", "dogs tag:catfish"),
    ):
        assert page.evaluate(without, [line, "tag:cat"]) == rest


def test_the_viewer_never_offers_the_photo_before_for_download(page: Page) -> None:
    """While it isn't known yet where the next one's original is."""
    page.goto("/")
    page.locator(".card a.open").first.click()
    download = page.locator(".viewer a[download]")
    expect(download).to_have_attribute("href", re.compile("original"))
    page.route("**/api/v1/photos/*", lambda route: route.abort())
    page.keyboard.press("ArrowRight")
    expect(download).not_to_have_attribute("href", re.compile("."))


def test_a_page_that_does_not_come_ends_no_answer(page: Page) -> None:
    """It is asked for again, and what is there is never taken for everything."""
    page.goto("/albums")
    told = page.evaluate("""async () => {
        const { Asking } = await import("/static/asking.js");
        const { Answer } = await import("/static/answer.js");
        const told = [];
        const [grown, complain] = [() => told.push("grown"), (problem) => told.push(problem?.name)];
        const asking = new Asking({ grown, complain, place: () => null });
        asking.answer = Answer.from(asking.question, { photos: [], notes: [], filters: [], cursor: "none of ours" });
        await asking.more();
        await asking.more();
        return [...told, asking.answer.complete];
    }""")
    assert told == ["Problem", False]


def test_a_photo_that_the_answer_has_lost_can_still_be_selected(page: Page) -> None:
    page.goto("/albums")
    selected = page.evaluate("""async () => {
        const { Selection } = await import("/static/selection.js");
        const selection = new Selection(() => {}, () => {});
        const [gone, ...all] = [1, 2, 3, 4].map((id) => ({ id }));
        selection.toggle(gone, all);
        selection.toggle(all[0], all, true);
        selection.toggle(all[2], all, true);
        return [...selection.tiles.keys()];
    }""")
    assert selected == [1, 2, 3, 4]


def test_a_photo_from_a_camera_without_a_clock_draws_no_centuries(page: Page) -> None:
    """Months without a photo are drawn, so that a bar's place tells its time, but not all of two thousand years."""
    page.goto("/albums")
    drawn = page.evaluate("""async () => {
        const { histogram } = await import("/static/histogram.js");
        const heights = (...months) => {
            const { element } = histogram(months.map((month) => ({ month, count: 1 })), () => {});
            return [...element.querySelectorAll("rect")].map((bar) => Number(bar.getAttribute("height")) > 0);
        };
        return [heights("2019-11", "2020-02"), heights("0001-01", "2019-07")];
    }""")
    assert drawn[0] == [True, False, False, True]
    assert drawn[1] == [True, *[False] * 12, True]


def test_the_histogram_follows_a_date_that_lies_in_a_gap(page: Page) -> None:
    page.goto("/albums")
    told = page.evaluate("""async () => {
        const { histogram } = await import("/static/histogram.js");
        const months = ["0001-01", "2019-07"].map((month) => ({ month, count: 1 }));
        const { element, set } = histogram(months, () => {});
        set(["1990-01", "2020-01"]);
        return element.querySelector(".span").textContent;
    }""")
    assert told == "July 2019 · 1 photo"
