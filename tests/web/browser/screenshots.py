"""Pictures of the pages of a library, on a desk and a phone, in light and dark, for a person to look at.

`make screenshots`, or `python -m tests.web.browser.screenshots LIBRARY FOLDER`.
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from searchengine.library import Library
from searchengine.settings import Settings
from tests.web.browser.conftest import QUIET, installed_browser, serving

PAGES = {
    "start": "/",
    "search": "/?q=a+motorcycle",
    "photo": "/photos/1?q=a+motorcycle",
    "albums": "/albums",
    "labels": "/labels",
    "duplicates": "/duplicates",
    "places": "/places",
    "library": "/library",
    "error": "/nothing-here",
}
SCREENS = {"desk": (1280, 800), "phone": (360, 780)}


def main(library: Path, folder: Path) -> None:
    """Write them into the folder, as search-phone-dark.png."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = Settings(library=library, models=library / "models")
    with Library.open(settings) as opened, serving(opened) as site, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=installed_browser(), args=QUIET)
        for screen, (width, height) in SCREENS.items():
            page = browser.new_page(base_url=site, viewport={"width": width, "height": height}, locale="en-GB")
            for name, address in PAGES.items():
                page.goto(address)
                for colours in ("light", "dark"):
                    page.emulate_media(color_scheme=colours, reduced_motion="reduce")
                    settle(page)
                    page.screenshot(path=folder / f"{name}-{screen}-{colours}.png")
            page.close()
        browser.close()


def settle(page: Page) -> None:
    """Wait for the pictures that are in sight."""
    page.wait_for_load_state("networkidle")
    page.wait_for_function("[...document.images].every(each => each.complete || each.loading === 'lazy')")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
