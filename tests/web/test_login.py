"""Where other machines are answered, nobody comes in without the password or a token."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.web.pages import id_of, token_of
from web import create_app
from web.accounts import Accounts
from web.throttle import Throttle

if TYPE_CHECKING:
    from flask import Flask
    from flask.testing import FlaskClient
    from werkzeug.test import TestResponse

    from searchengine.library import Library

PASSWORD = "correct horse battery"
PAGE = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}


@pytest.fixture
def accounts(own: Library) -> Accounts:
    accounts = Accounts(own.settings.library)
    accounts.set_password(PASSWORD)
    return accounts


@pytest.fixture
def app(own: Library, accounts: Accounts) -> Flask:  # noqa: ARG001  # the password is set before
    return create_app(own, elsewhere=True)


@pytest.fixture
def visitor(app: Flask) -> Iterator[FlaskClient]:
    with app.test_client() as client:
        yield client


def sign_in(client: FlaskClient, password: str = PASSWORD, **fields: str) -> TestResponse:
    form = {"password": password, "csrf_token": token_of(client), **fields}
    return client.post("/login", data=form, headers={"Origin": "http://localhost"})


def test_a_stranger_sees_nothing_but_the_question_for_the_password(visitor: FlaskClient, own: Library) -> None:
    photo = id_of(own, "red.jpg")
    seen = [
        f"/photos/{photo}",
        f"/photos/{photo}/thumbnail",
        f"/photos/{photo}/original",
        f"/photos/{photo}/large",
        f"/photos/{photo}/heat-map?q=red",
        "/?q=red",
        "/albums",
        "/nowhere",
    ]
    for path in [*seen, "/"]:
        response = visitor.get(path, headers=PAGE)
        assert response.status_code == 302
        assert response.location.startswith("/login")
        assert visitor.get(path, headers={"Sec-Fetch-Mode": "no-cors", "Accept": "image/*"}).status_code == 401
        assert visitor.post(path).status_code == 401
    assert visitor.get("/api/v1/search?q=red", headers=PAGE).status_code == 401
    assert visitor.post("/export.zip", data={"id": photo}).status_code == 401
    asked = visitor.get("/login")
    assert asked.status_code == 200
    assert "red.jpg" not in asked.text
    assert 'type="password"' in asked.text
    assert visitor.get("/static/style.css", buffered=True).status_code == 200  # so that the question looks like one


def test_the_password_lets_in_and_leads_on(visitor: FlaskClient) -> None:
    assert visitor.get("/?q=red", headers=PAGE).location == "/login?next=/?q%3Dred"
    response = sign_in(visitor, next="/?q=red")
    assert response.status_code == 303
    assert response.location == "/?q=red"
    cookie = response.headers["Set-Cookie"]
    assert re.match(r"searchengine_[0-9a-f]{8}=", cookie)
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert visitor.get("/", headers=PAGE).status_code == 200


@pytest.mark.parametrize(("proxy", "secure"), [("https", True), ("https, http", True), ("http", False)])
def test_a_session_that_began_over_tls_stays_there(visitor: FlaskClient, proxy: str, secure: bool) -> None:
    form = {"password": PASSWORD, "csrf_token": token_of(visitor)}
    cookie = visitor.post("/login", data=form, headers={"X-Forwarded-Proto": proxy}).headers["Set-Cookie"]
    assert ("; Secure" in cookie) == secure
    assert cookie.startswith("__Host-searchengine_") == secure  # so that both kinds go beside each other
    assert (
        visitor.get("/", headers={**PAGE, "X-Forwarded-Proto": proxy}, base_url="https://localhost").status_code == 200
    )


@pytest.mark.parametrize(
    "elsewhere",
    ["https://example.org/", "//example.org", "//[", "/\\example.org", "example.org", "/a\nb", "javascript:1"],
)
def test_the_password_leads_nowhere_else(visitor: FlaskClient, elsewhere: str) -> None:
    assert sign_in(visitor, next=elsewhere).location == "/"


def test_a_wrong_password_doesn_t(visitor: FlaskClient) -> None:
    for wrong in ("", "wrong", PASSWORD + " ", "x" * 100_000):
        assert sign_in(visitor, wrong).status_code == 403
    assert visitor.get("/", headers=PAGE).status_code == 302


def test_signing_in_needs_the_page_s_token(visitor: FlaskClient) -> None:
    headers = {"Origin": "http://localhost"}
    assert visitor.post("/login", data={"password": PASSWORD}, headers=headers).status_code == 403
    assert visitor.get("/", headers=PAGE).status_code == 302


def test_a_session_has_a_token_of_its_own(visitor: FlaskClient, app: Flask) -> None:
    """What a stranger reads on the page that asks for the password changes nothing in a session."""
    before = token_of(visitor)
    sign_in(visitor)
    changed = {"Origin": "http://localhost", "X-CSRF-Token": before}
    assert visitor.post("/", data={"q": "red"}, headers=changed).status_code == 403
    match = re.search(r'csrf-token" content="(\w+)"', visitor.get("/").text)
    assert match
    changed["X-CSRF-Token"] = match[1]
    assert visitor.post("/", data={"q": "red"}, headers=changed).status_code == 200
    other = app.test_client()
    sign_in(other)
    assert match[1] not in other.get("/").text


def test_a_cookie_that_was_made_up_opens_nothing(visitor: FlaskClient, own: Library) -> None:
    sign_in(visitor)
    (name, value) = next((cookie.key, cookie.value) for cookie in visitor._cookies.values())
    payload, stamp, signature = value.rsplit(".", 2)
    other = create_app(own, elsewhere=True).test_client()
    forged = signature[:-2] + ("AA" if signature[-2:] != "AA" else "BB")
    for wrong in ("x", "", f"{payload}.{stamp}.", f"{payload}.{stamp}.{forged}", f"{payload}x.{stamp}.{signature}"):
        other.set_cookie(name, wrong)
        assert other.get("/", headers=PAGE).status_code == 302
    other.set_cookie(name, value)  # the very same one, though the program was started anew
    assert other.get("/", headers=PAGE).status_code == 200


def test_signing_out_ends_the_session(visitor: FlaskClient) -> None:
    sign_in(visitor)
    assert visitor.post("/logout").status_code == 403  # without the token
    page = visitor.get("/albums").text
    match = re.search(r'csrf-token" content="(\w+)"', page)
    assert match
    assert re.search(rf'action="/logout">.*value="{match[1]}".*Sign out', page)
    assert visitor.post("/logout", headers={"X-CSRF-Token": match[1]}).location == "/login"
    assert visitor.get("/", headers=PAGE).status_code == 302


def test_another_password_ends_all_sessions(visitor: FlaskClient, accounts: Accounts) -> None:
    sign_in(visitor)
    accounts.set_password("another password")
    assert visitor.get("/", headers=PAGE).status_code == 302
    sign_in(visitor, "another password")
    assert visitor.get("/", headers=PAGE).status_code == 200
    accounts.remove_password()
    assert visitor.get("/", headers=PAGE).status_code == 302
    assert sign_in(visitor, "another password").status_code == 403


def test_a_link_on_another_site_finds_the_session_again(visitor: FlaskClient) -> None:
    """Browsers send no cookie with that; they do when the page asks for itself anew."""
    response = visitor.get("/?q=red", headers={**PAGE, "Sec-Fetch-Site": "cross-site"})
    assert response.status_code == 200
    assert response.headers["Refresh"] == "0"
    assert response.data == b""


def test_a_program_comes_in_by_its_token(visitor: FlaskClient, accounts: Accounts) -> None:
    token = accounts.add_token("phone")
    headers = {"Authorization": f"Bearer {token}"}
    assert visitor.get("/api/v1/search?q=red", headers=headers).status_code == 200
    assert visitor.post("/", data={"q": "red"}, headers=headers).status_code == 200
    refused = visitor.get("/api/v1/search?q=red", headers={"Authorization": f"Bearer {token[:-1]}"})
    assert refused.status_code == 401
    assert refused.headers["WWW-Authenticate"].lower().startswith("bearer")
    assert visitor.get("/api/v1/search?q=red", headers={"Authorization": f"Basic {token}"}).status_code == 401
    accounts.remove_token("phone")
    assert visitor.get("/api/v1/search?q=red", headers=headers).status_code == 401


def test_without_any_password_nobody_comes_in(own: Library) -> None:
    client = create_app(own, elsewhere=True).test_client()
    assert sign_in(client, "").status_code == 403
    assert client.get("/", headers=PAGE).status_code == 302


def test_the_person_at_this_machine_is_asked_too(app: Flask) -> None:
    response = app.test_client().get("/", headers=PAGE, environ_base={"REMOTE_ADDR": "127.0.0.1"})
    assert response.status_code == 302


def test_a_page_for_this_machine_alone_asks_for_no_password(own: Library, accounts: Accounts) -> None:
    assert accounts.has_password
    assert create_app(own).test_client().get("/").status_code == 200


def test_guessing_is_slowed_address_by_address(app: Flask) -> None:
    now = [1000.0]
    app.extensions["throttle"] = Throttle(clock=lambda: now[0])
    client = app.test_client(use_cookies=False)

    def guess(password: str, address: str = "192.168.1.66") -> TestResponse:
        return client.post("/login", data={"password": password}, environ_base={"REMOTE_ADDR": address})

    assert [guess("wrong").status_code for _ in range(5)] == [403] * 5
    response = guess("wrong")
    assert response.status_code == 429
    assert "Try again in" in response.text
    assert guess(PASSWORD).status_code == 429  # even the right one isn't heard
    assert guess(PASSWORD, "192.168.1.7").status_code == 303  # others aren't slowed
    waits = []
    for _ in range(12):
        wait = int(guess("wrong").headers["Retry-After"])
        waits.append(wait)
        now[0] += wait
        assert guess("wrong").status_code == 403
    assert waits == sorted(waits)
    assert waits[-1] == 900 or waits[-1] == 901
    now[0] += 901
    assert guess(PASSWORD).status_code == 303
    assert guess("wrong").status_code == 403  # and all is forgotten


def test_guessing_tokens_is_slowed_too(visitor: FlaskClient, accounts: Accounts) -> None:
    statuses = [visitor.get("/", headers={"Authorization": f"Bearer {n}"}).status_code for n in range(8)]
    assert statuses == [401] * 5 + [429] * 3
    token = accounts.add_token("phone")
    assert visitor.get("/", headers={"Authorization": f"Bearer {token}"}).status_code == 200


def test_a_stale_token_does_not_lock_out_the_password(app: Flask) -> None:
    client = app.test_client(use_cookies=False)
    for _ in range(8):
        client.get("/", headers={"Authorization": "Bearer stale"})
    assert client.post("/login", data={"password": PASSWORD}).status_code == 303


def test_behind_another_server_guessing_is_slowed_for_who_guesses_alone(app: Flask) -> None:
    client = app.test_client(use_cookies=False)

    def guess(password: str, address: str) -> int:
        # What a stranger writes there himself stands before what the server adds.
        headers = {"X-Forwarded-For": f"10.0.0.1, {address}"}
        return client.post("/login", data={"password": password}, headers=headers).status_code

    assert [guess("wrong", "203.0.113.9") for _ in range(6)] == [403] * 5 + [429]
    assert guess(PASSWORD, "203.0.113.10") == 303


def test_a_damaged_file_of_passwords_lets_nobody_in_and_says_so(app: Flask, own: Library) -> None:
    (own.settings.library / "access.json").write_text("{torn")
    client = app.test_client(use_cookies=False)
    assert client.get("/", headers=PAGE).status_code == 302
    response = client.post("/login", data={"password": PASSWORD})
    assert response.status_code == 500
    assert "access.json" in response.text
