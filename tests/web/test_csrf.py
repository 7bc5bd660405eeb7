"""What a browser sends to change something carries the page's token, or is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.web.pages import token_of
from web import create_app

if TYPE_CHECKING:
    from flask.testing import FlaskClient

    from searchengine.library import Library

BROWSERS = [
    {"Origin": "http://localhost"},
    {"Sec-Fetch-Site": "same-origin"},
    {"Cookie": "anything=1"},
    {"Referer": "http://localhost/"},
]


@pytest.mark.parametrize("browser", BROWSERS, ids=lambda headers: next(iter(headers)))
def test_a_browser_changes_nothing_without_the_token(samples: Library, browser: dict[str, str]) -> None:
    client = create_app(samples).test_client(use_cookies=False)  # so that they are the headers' own
    form = {"q": "a cat"}
    for wrong in ({}, {"csrf_token": ""}, {"csrf_token": "0" * 64}, {"csrf_token": "ü"}):
        response = client.post("/", data={**form, **wrong}, headers=browser)
        assert response.status_code == 403
        assert "Load it again" in response.text
    token = token_of(client)
    assert client.post("/", data={**form, "csrf_token": token}, headers=browser).status_code == 200
    assert client.post("/", data=form, headers={**browser, "X-CSRF-Token": token}).status_code == 200


def test_looking_needs_no_token(client: FlaskClient) -> None:
    assert client.get("/", headers={"Origin": "http://localhost", "Cookie": "anything=1"}).status_code == 200


def test_a_program_needs_no_token(client: FlaskClient) -> None:
    assert client.post("/", data={"q": "a cat"}).status_code == 200


def test_the_token_outlives_the_program(client: FlaskClient, samples: Library) -> None:
    """A page that was open while the server was started anew still works."""
    assert token_of(create_app(samples).test_client()) == token_of(client)


def test_another_library_has_other_tokens(client: FlaskClient, own: Library) -> None:
    assert token_of(create_app(own).test_client()) != token_of(client)
