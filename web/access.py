"""Who may ask, and what a browser may do with the answer.

The page has no password: it answers this machine alone. Other web pages, open in the same browser, must not be able
to ask in the person's name. A host name of theirs that points to 127.0.0.1 (DNS rebinding) is refused by the `Host`
header, and their forms, pictures and frames by what browsers say of where a request comes from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import abort, request

if TYPE_CHECKING:
    from flask import Flask, Response

HOSTS = ["localhost", "127.0.0.1"]
"""The names under which a browser on this machine reaches it, whatever the port."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; img-src 'self' blob:; style-src 'self'; script-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


def protect(app: Flask) -> None:
    """Refuse what comes from elsewhere, and send the headers with every answer."""
    app.before_request(_refuse_other_sites)
    app.after_request(_add_headers)


def _refuse_other_sites() -> None:
    # A link on another page may lead here; anything else from there may not. Programs that aren't browsers say nothing.
    site = request.headers.get("Sec-Fetch-Site", "none")
    followed_link = request.method == "GET" and request.headers.get("Sec-Fetch-Mode") == "navigate"
    if site not in ("none", "same-origin") and not followed_link:
        abort(403, "This page answers only itself, and this came from another site.")


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-store")
    return response
