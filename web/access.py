"""Who may ask from where, and what a browser may do with the answer.

Other web pages, open in the same browser, must not be able to ask in the person's name. A host name of theirs that
points to this machine (DNS rebinding) is refused by the `Host` header, and their forms, pictures and frames by what
browsers say of where a request comes from. Passwords are the business of `login`.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Collection
from typing import TYPE_CHECKING

from flask import abort, request
from werkzeug.exceptions import SecurityError

if TYPE_CHECKING:
    from flask import Flask, Response

LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
"""The names under which a browser on this machine reaches it, whatever the port."""

PROXIED = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP")
"""Headers of which a proxy between the browser and this server adds some."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; img-src 'self' blob:; style-src 'self'; script-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def protect(app: Flask, *, elsewhere: bool, names: Collection[str], proxied: bool) -> None:
    """Refuse what comes from other sites, and send the headers with every answer.

    `elsewhere`: whether other machines are answered. `names`: what else than its own names leads to this one.
    `proxied`: whether what another server hands on is answered, too.
    """
    hosts = {name.lower() for name in names} | LOOPBACK
    if elsewhere:
        own = socket.gethostname().lower()
        hosts |= {own, own.split(".")[0], f"{own.split('.')[0]}.local", socket.getfqdn().lower()}

    def refuse_unknown_hosts() -> None:
        # Not even an error's page for them. An address in digits is no name that another site could point here.
        host = _without_port(request.host)
        if host not in hosts and not (elsewhere and _in_digits(host)):
            raise SecurityError
        if through_a_proxy() and not proxied:
            abort(403, "This came through another server. Set a password, and serve with --name and the name it has.")

    app.before_request(refuse_unknown_hosts)
    app.before_request(_refuse_other_sites)
    app.after_request(_add_headers)
    app.jinja_env.globals["at_this_machine"] = at_this_machine


def at_this_machine() -> bool:
    """Whether the browser runs on this very machine: what it asks to be opened here, its person sees."""
    return (
        ipaddress.ip_address(request.remote_addr or "0.0.0.0").is_loopback
        and _without_port(request.host) in LOOPBACK
        and not through_a_proxy()
    )


def through_a_proxy() -> bool:
    """Whether another server handed this on, so that nothing is known of where it comes from."""
    return any(name in request.headers for name in PROXIED)


def _refuse_other_sites() -> None:
    # A link on another page may lead here; anything else from there may not. Programs that aren't browsers say nothing.
    site = request.headers.get("Sec-Fetch-Site", "none")
    followed_link = request.method == "GET" and request.headers.get("Sec-Fetch-Mode") == "navigate"
    # Browsers tell that only to servers on this machine or behind TLS; whence a change comes, they tell all.
    origin = request.headers.get("Origin")
    foreign = origin is not None and origin.partition("://")[2] != request.host
    if foreign or (site not in ("none", "same-origin") and not followed_link):
        abort(403, "This page answers only itself, and this came from another site.")


def _without_port(host: str) -> str:
    """A Host header's name or address in lower case; IPv6 in its brackets."""
    name, colon, port = host.lower().rpartition(":")
    return name if colon and port.isdecimal() else host.lower()


def _in_digits(host: str) -> bool:
    try:
        ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True


def _add_headers(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-store")
    return response
