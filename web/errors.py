"""What goes wrong, in one place: each of the library's errors with its HTTP status, as a page or, for the API,
as problem details."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from flask import Response, render_template, request
from werkzeug.exceptions import HTTPException, SecurityError

from searchengine.errors import (
    LibraryBusyError,
    LibraryFullError,
    NotFoundError,
    PhotoUnreadableError,
    SearchEngineError,
    UsageError,
)
from web.problems import problem, problem_of
from web.sentences import translated
from web.texts import gettext as _
from web.uploads import MAX_UPLOAD

if TYPE_CHECKING:
    from flask import Flask
    from flask.typing import ResponseReturnValue

logger = logging.getLogger(__name__)

STATUSES: list[tuple[type[SearchEngineError], int]] = [
    (NotFoundError, 404),
    (PhotoUnreadableError, 422),
    (UsageError, 400),
    (LibraryBusyError, 503),
    (LibraryFullError, 507),
    (SearchEngineError, 500),
]
"""The first that fits counts."""


def handle(app: Flask) -> None:
    """Answer errors with pages."""
    app.register_error_handler(SearchEngineError, _ours)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(SecurityError, _untrusted_host)


def _ours(error: SearchEngineError) -> ResponseReturnValue:
    status = next(status for kind, status in STATUSES if isinstance(error, kind))
    if status == 500:
        logger.error("%s", error)
    if _for_programs():
        return problem_of(error, status)
    return _page(status, translated(error.what), translated(error.next_step)), status


def _http(error: HTTPException) -> ResponseReturnValue:
    if error.response is not None:
        return error.response
    status = error.code or 500
    # Werkzeug's own sentences are for developers; ours are given to `abort`.
    own = error.description if error.description != type(error).description else None
    what, next_step = (translated(own), "") if own else _words(status, error.name)
    answer = problem(status, what, next_step) if _for_programs() else Response(_page(status, what, next_step), status)
    answer.headers.extend((name, value) for name, value in error.get_headers() if name != "Content-Type")
    return answer


def _words(status: int, name: str) -> tuple[str, str]:
    """What happened, and what to do about it; of a status that nobody had in mind, its name."""
    return {
        400: (_("The request makes no sense as it stands."), ""),
        404: (_("There is no such page."), _("The address may have a mistake, or be of another library.")),
        405: (_("That can’t be done here."), ""),
        413: (
            _("The photo is larger than %(size)s MB.", size=MAX_UPLOAD // 2**20),
            _("Make it smaller, or index it and search for its like."),
        ),
        500: (
            _("Something went wrong in the program; its terminal says what."),
            _("Try it again; if it stays, `searchengine doctor` looks for damage."),
        ),
    }.get(status, (name, ""))


def _for_programs() -> bool:
    """Whether it is a program that asks, which reads no page."""
    return request.path.startswith("/api/")


def _untrusted_host(_error: SecurityError) -> tuple[str, int, dict[str, str]]:
    # Without a host there are no addresses, so no template either.
    what = "Ask for this page as http://localhost from this machine, or serve it with --host, or --name and its name.\n"
    return what, 403, {"Content-Type": "text/plain"}


def _page(status: int, what: str, next_step: str) -> str:
    return render_template("error.html", status=status, what=what, next_step=next_step)
