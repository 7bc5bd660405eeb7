"""What a browser shows, read as a person with a keyboard or a screen reader would."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
COLOURS = ["color-contrast"]


def hindrances(page: Page) -> list[str]:
    """What axe finds against WCAG 2.2 AA on the page as it is now, in light and in dark colours, a line each."""
    from axe_playwright_python.sync_playwright import Axe

    lines = []
    for colours, rules in (("light", WCAG), ("dark", COLOURS)):  # nothing but colours differs
        page.emulate_media(color_scheme=colours, reduced_motion="reduce")
        found = Axe().run(page, options={"runOnly": rules, "resultTypes": ["violations"]}).response["violations"]
        lines += [f"{page.url}, {colours}: {each['id']}: {node['target']}" for each in found for node in each["nodes"]]
    return lines


def tab_to(page: Page, target: Locator, most: int = 60) -> None:
    """Press Tab until this has the focus, as somebody without a mouse gets there."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if target.evaluate("each => each === document.activeElement"):
            return
    raise AssertionError(f"{target} isn't reached by {most} tabs on {page.url}")


def width(page: Page) -> int:
    """How wide the page is, in pixels; more than the window when it must be pushed to the side."""
    return int(page.evaluate("document.documentElement.scrollWidth"))
