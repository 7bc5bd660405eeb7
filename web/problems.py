"""What goes wrong, as programs read it: problem details (RFC 9457). Which status it has is decided in `errors`."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any, NoReturn

from flask import Response
from pydantic import BaseModel, ConfigDict, Field

from searchengine.errors import QueryError, UsageError
from web.sentences import translated

if TYPE_CHECKING:
    from pydantic import ValidationError

    from searchengine.errors import SearchEngineError

MEDIA_TYPE = "application/problem+json"


class Problem(BaseModel):
    """Why there is no answer."""

    model_config = ConfigDict(frozen=True)

    type: str = Field(description="What kind of problem it is: urn:searchengine:QueryError; else about:blank.")
    title: str
    status: int
    detail: str = Field(description="What happened, in a sentence.")
    next_step: str = Field(description="What to do about it; may be empty.")
    line: str | None = Field(default=None, description="For a mistake in a query: the line, in one row.")
    start: int | None = Field(default=None, description="Where the mistake is in it, in characters (code points).")
    end: int | None = Field(default=None, description="Where the mistake ends.")
    suggestion: str | None = Field(default=None, description="What may have been meant.")


def problem_of(error: SearchEngineError, status: int) -> Response:
    """One of our errors."""
    mistake: dict[str, Any] = {}
    if isinstance(error, QueryError):
        place = {"start": error.position, "end": error.end}
        mistake = {"line": error.line, **place, "suggestion": translated(error.suggestion)}
    kind = f"urn:searchengine:{type(error).__name__}"
    return _response(Problem(type=kind, title=_title(status), status=status, detail=translated(error.what),
                             next_step=translated(error.next_step), **mistake))  # fmt: skip


def problem(status: int, detail: str, next_step: str = "") -> Response:
    """An error of HTTP's."""
    kind = "about:blank"
    return _response(Problem(type=kind, title=_title(status), status=status, detail=detail, next_step=next_step))


def refuse(error: ValidationError) -> NoReturn:
    """Raises UsageError for parameters that aren't as the document says."""
    first = error.errors(include_url=False)[0]
    name = ".".join(map(str, first["loc"])) or "The body"
    if first["type"] == "extra_forbidden":
        raise UsageError(f"There is no parameter {name} here.", "Leave it out.") from error
    if first["type"] == "missing":
        raise UsageError(f"{name} is missing.") from error
    message = first["msg"][:1].lower() + first["msg"][1:]
    raise UsageError(f"{name} isn't right: {message}.") from error


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def _response(problem: Problem) -> Response:
    body = problem.model_dump_json(exclude_none=True)
    return Response(body, problem.status, content_type=MEDIA_TYPE)
