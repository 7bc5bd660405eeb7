"""The way in where other machines are answered: a password in the browser, a token for programs.

A session is a cookie that the library's key signs. It ends by itself after a month, with the password, or when the
person signs out.
"""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, cast

from flask import Blueprint, Response, current_app, g, redirect, render_template, request, session, url_for
from flask.sessions import SecureCookieSessionInterface
from werkzeug.exceptions import TooManyRequests, Unauthorized

from searchengine.errors import LibraryDamagedError
from web.accounts import Accounts
from web.texts import gettext as _
from web.throttle import Throttle
from web.turns import PASSWORDS

if TYPE_CHECKING:
    from flask import Flask
    from flask.typing import ResponseReturnValue

blueprint = Blueprint("login", __name__)

LASTS = timedelta(days=30)
OPEN = {"login.form", "login.enter", "static"}
"""What everybody may see."""


class _Sessions(SecureCookieSessionInterface):
    """Sessions in cookies. One that began over TLS is never sent without it, and leaves one that did not alone."""

    def get_cookie_name(self, app: Flask) -> str:
        # Browsers keep no cookie from a plain connection that is called as one from TLS. The prefix is theirs, too:
        # https://httpwg.org/http-extensions/draft-ietf-httpbis-rfc6265bis.html#name-the-__host-prefix
        name = super().get_cookie_name(app)
        return f"__Host-{name}" if self.get_cookie_secure(app) else name

    def get_cookie_secure(self, app: Flask) -> bool:  # noqa: ARG002  # Flask's name
        # TLS ends at a proxy, which says so: the first, if there are several. This server itself speaks none.
        return request.headers.get("X-Forwarded-Proto", "").partition(",")[0].strip().lower() == "https"


def protect(app: Flask, accounts: Accounts, *, locked: bool) -> None:
    """Sign sessions, and where it is `locked` let nobody in without a password or a token."""
    app.secret_key = key = accounts.key()
    app.config.update(
        # Browsers give a cookie to every port of a machine, and each may serve another library.
        SESSION_COOKIE_NAME=f"searchengine_{hashlib.sha256(key).hexdigest()[:8]}",
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=LASTS,
    )
    app.session_interface = _Sessions()
    app.extensions["accounts"] = accounts
    app.extensions["throttle"] = Throttle()
    app.jinja_env.globals["signed_in"] = signed_in
    app.register_blueprint(blueprint)
    if locked:
        app.before_request(_let_in)


def signed_in() -> bool:
    """Whether a person came in by the password that holds now."""
    try:
        return _accounts().has_password and session.get("edition") == _accounts().edition
    except LibraryDamagedError:  # what is said of that is a page, too, and asks again
        return False


@blueprint.get("/login")
def form() -> ResponseReturnValue:
    """Asks for the password."""
    if signed_in():
        return redirect(_further())
    return _form(None), 200


@blueprint.post("/login")
def enter() -> ResponseReturnValue:
    """Lets in whoever knows the password, which stands in the field `password`."""
    wait = _throttle().attempt(_address())
    if wait:
        return (
            _form(_("Too many wrong passwords. Try again in %(n)s seconds.", n=wait)),
            429,
            {"Retry-After": str(wait)},
        )
    with PASSWORDS.one():
        right = _accounts().is_password(request.form.get("password", ""))
    if not right:
        return _form(_("That is not the password.")), 403
    _throttle().succeeded(_address())
    session.clear()
    session.update(id=secrets.token_hex(16), edition=_accounts().edition)
    session.permanent = True
    return redirect(_further(), 303)


@blueprint.post("/logout")
def leave() -> ResponseReturnValue:
    """Ends the session."""
    session.clear()
    return redirect(url_for("login.form"), 303)


def _let_in() -> ResponseReturnValue | None:
    if request.endpoint in OPEN or signed_in():
        return None
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        _check(token.strip())
        return None
    is_page = request.method == "GET" and request.accept_mimetypes.accept_html and not request.path.startswith("/api/")
    if not is_page or request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate":
        raise _unauthorized("Sign in, or send a token: Authorization: Bearer …")
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        # A link on another site leads here, with which browsers send no cookie of ours. With the next request they do.
        return Response(headers={"Refresh": "0"})
    further = request.full_path.rstrip("?")
    return redirect(url_for("login.form", next=None if further == "/" else further))


def _check(token: str) -> None:
    """Let a program in by its token, or end the request."""
    if _accounts().is_token(token):
        g.by_token = True
        return
    wait = _throttle().attempt(f"token {_address()}")  # a stale one in a phone must not lock out the password
    if wait:
        raise TooManyRequests(f"Too many wrong tokens. Try again in {wait} seconds.", retry_after=wait)
    raise _unauthorized("There is no such token. `searchengine tokens add NAME` makes one.")


def _unauthorized(what: str) -> Unauthorized:
    from werkzeug.datastructures import WWWAuthenticate

    return Unauthorized(what, www_authenticate=WWWAuthenticate("bearer"))


def _further() -> str:
    """Where a person wanted to go before they were asked: a place of ours."""
    wanted = request.values.get("next", "")
    ours = wanted.startswith("/") and not wanted.startswith(("//", "/\\"))
    return wanted if ours and wanted.isprintable() else "/"


def _form(problem: str | None) -> str:
    return render_template("login.html", problem=problem, next=request.values.get("next", ""))


def _address() -> str:
    """Who asks: where a server on this machine hands it on, the last of the addresses that it names."""
    peer = request.remote_addr or ""
    named = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return named if named and peer and ipaddress.ip_address(peer).is_loopback else peer


def _accounts() -> Accounts:
    return cast("Accounts", current_app.extensions["accounts"])


def _throttle() -> Throttle:
    return cast("Throttle", current_app.extensions["throttle"])
