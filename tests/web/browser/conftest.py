"""A real browser in front of a real server: one Chromium and one library for the whole session.

`page` is a fresh tab in a fresh profile; `site` is the address of the search page over the sample photographs and a
year of drawn pictures, which tests leave as they are (marks and albums they take back). A test with another library
serves it with `serving`.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from searchengine.library import Library
from tests.web.browser.drawing import draw_pictures
from tests.web.conftest import open_library
from tests.web.real_server import running
from web import create_app

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

QUIET = [
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
]
"""CI's container lets no one make a sandbox, and shares little memory. The rest keeps Chromium from calling home."""


PATIENCE = 20_000
"""Milliseconds; what isn't there by then won't come, on a busy machine neither."""


def installed_browser() -> str | None:
    """Where Chromium lies, if there is one."""
    places = [shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome")]
    return next(filter(None, places), None)


@contextmanager
def serving(library: Library) -> Iterator[str]:
    """Serve a library on a free port while the block runs, and give the page's address."""
    with running(create_app(library)) as address:
        yield f"http://{address}"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright comes with the extra 'dev'")
    path = installed_browser()
    if path is None:
        pytest.skip("no Chromium on this machine; Debian's package is called chromium")
    playwright.expect.set_options(timeout=PATIENCE)
    with playwright.sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=path, args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def shown(sample_photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """The library that `site` serves."""
    folder = tmp_path_factory.mktemp("shown")
    draw_pictures(folder / "pictures")
    with open_library(folder) as library:
        library.index([sample_photos, folder / "pictures"])
        yield library


@pytest.fixture(scope="session")
def site(shown: Library) -> Iterator[str]:
    """The address of the search page, without a slash at its end."""
    with serving(shown) as address:
        yield address


@pytest.fixture
def context(browser: Browser, site: str) -> Iterator[BrowserContext]:
    """A fresh profile, of a desktop in light colours. What its pages log as an error fails the test."""
    fresh = browser.new_context(base_url=site, viewport={"width": 1280, "height": 800}, locale="en-GB")
    fresh.set_default_timeout(PATIENCE)
    mistakes: list[str] = []
    fresh.on("weberror", lambda error: mistakes.append(str(error.error)))
    yield fresh
    fresh.close()
    assert not mistakes, mistakes


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A fresh tab."""
    return context.new_page()
