"""Walks over the search page in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow


def test_the_start_shows_photos(page: Page) -> None:
    page.goto("/")
    assert page.locator("img").count() > 10
