"""No change without the page: what a browser sends to change something carries a token that only our pages know.

The token follows from the session and the library's key, so nothing is kept for it, and all pages that are open share
it. Programs that aren't browsers send neither cookies nor what browsers say of themselves, and need none.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from flask import abort, current_app, g, request, session

if TYPE_CHECKING:
    from flask import Flask

HEADER = "X-CSRF-Token"
FIELD = "csrf_token"
SAFE = {"GET", "HEAD", "OPTIONS"}


def protect(app: Flask) -> None:
    """Check every change, and give templates `csrf_token()`."""
    app.before_request(_check)
    app.jinja_env.globals["csrf_token"] = csrf_token


def csrf_token() -> str:
    """What forms send in the field csrf_token, and fetches in the header X-CSRF-Token."""
    key = current_app.secret_key
    if not isinstance(key, bytes):
        raise TypeError("the application has no key")
    return hmac.digest(key, b"csrf " + str(session.get("id", "")).encode(), "sha256").hex()


def _check() -> None:
    if request.method in SAFE or g.get("by_token") or not _from_a_browser():
        return
    given = request.headers.get(HEADER) or request.form.get(FIELD, "")
    if not hmac.compare_digest(given.encode(), csrf_token().encode()):
        abort(403, "This page is too old to change anything. Load it again.")


def _from_a_browser() -> bool:
    # Every browser sends one of these with whatever isn't a plain look-up; another site's page can't leave them out.
    return any(name in request.headers for name in ("Cookie", "Origin", "Sec-Fetch-Site", "Referer"))
