"""Asking a server that runs (`searchengine serve`) rather than the library: the same answers, and no model to load.

The server knows photos of its library by their ids; a file that is named here is sent to it and kept nowhere. What
goes wrong there is raised here as the same error.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError, URLError
from urllib.parse import unquote_to_bytes, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, ProxyHandler, Request, build_opener

from searchengine import errors
from searchengine.conditions import HasCamera, HasFormat, HasLabel, InFolder, Taken
from searchengine.errors import QueryError, SearchEngineError, ServerError, UsageError
from searchengine.photos.files import read, stamp_of
from searchengine.records import Band, FileState, Hit, Label, Photo, PhotoFacts, PhotoFile, Query, Results, Stamp
from searchengine.searching.expression import Field, all_of, printed
from searchengine.searching.plan import plan
from searchengine.searching.query import parse

if TYPE_CHECKING:
    from searchengine.conditions import Condition

PAGE = 500  # photos that a server gives at once
LOOKED_UP = 200  # the same for photos that are sent
TIMEOUT = 120.0  # seconds
PROBLEM = "urn:searchengine:"

Asked = list[tuple[str, str]]


def ask_server(address: str, query: Query) -> Results:
    """What the server at an address answers, which may want the token in SEARCHENGINE_TOKEN. Raises as `Server`."""
    return Server(address, os.environ.get("SEARCHENGINE_TOKEN")).search(query)


class Server:
    """A server that answers searches."""

    def __init__(self, address: str, token: str | None) -> None:
        """`address` as a browser has it: http://localhost:5005. Raises UsageError for anything else."""
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise UsageError(f"{address!r} is no server's address.", "Write it like http://localhost:5005")
        self._address = address.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        # Directly, and nowhere else: neither photos nor the token are another machine's business.
        self._opener = build_opener(ProxyHandler({}), _NoRedirects())

    def search(self, query: Query) -> Results:
        """What the library behind the server answers.

        Raises what `Library.search` does; UsageError for what can't be sent, ServerError when no server answers.
        """
        plan(query.line, query.like, query.conditions, everything=query.everything)  # mistakes cost no request
        wanted = query.offset + query.limit
        asked = _asked(query)
        photos = [photo for photo in query.like if isinstance(photo, Path)]
        if photos:
            if wanted > LOOKED_UP:
                raise UsageError(f"A server looks up the first {LOOKED_UP} photos for one that is sent.", "Ask less.")
            return _results([self._send("similar", [*asked, ("limit", str(wanted))], photos)], query)
        answers = [self._page(asked, wanted, None)]
        while answers[-1]["cursor"] and len(answers) * PAGE < wanted:
            answers.append(self._page(asked, wanted, answers[-1]["cursor"]))
        return _results(answers, query)

    def _page(self, asked: Asked, wanted: int, cursor: str | None) -> Any:
        page = [("limit", str(min(wanted, PAGE)))] + ([("cursor", cursor)] if cursor else [])
        return self._ask(Request(f"{self._address}/api/v1/search?{urlencode([*asked, *page])}", headers=self._headers))

    def _send(self, what: str, fields: Asked, photos: Sequence[Path]) -> Any:
        """A form with photos, as a browser sends it."""
        limit = secrets.token_hex(16)
        parts = [f'name="{name}"\r\n\r\n{value}'.encode("utf-8", "surrogateescape") for name, value in fields]
        for photo in photos:
            path = os.fsencode(photo)
            name = os.fsencode(photo.name.translate({ord(letter): "_" for letter in '"\r\n'}))
            parts.append(b'name="photo"; filename="%s"\r\n\r\n%s' % (name, read(path, stamp_of(path))))
        opening = f"--{limit}\r\nContent-Disposition: form-data; ".encode()
        body = b"".join(opening + part + b"\r\n" for part in parts) + f"--{limit}--\r\n".encode()
        headers = {**self._headers, "Content-Type": f"multipart/form-data; boundary={limit}"}
        return self._ask(Request(f"{self._address}/api/v1/{what}", body, headers))

    def _ask(self, request: Request) -> Any:
        try:
            with self._opener.open(request, timeout=TIMEOUT) as response:
                return json.load(response)
        except HTTPError as error:
            with error:
                raise _told(error, self._address) from error
        except ValueError as error:
            raise _no_server(self._address) from error
        except (URLError, HTTPException, OSError) as error:
            reason = error.reason if isinstance(error, URLError) else error
            raise ServerError(
                f"No server answers at {self._address} ({reason}).",
                "Start one with `searchengine serve`, or leave --server out to search the library itself.",
            ) from error


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Leave it an error: what is asked here is asked of nobody else."""


def _asked(query: Query) -> Asked:
    """A query's parts as the API names them."""
    fields = [("q", _line(query.line, query.conditions)), ("sort", str(query.sort)), ("facts", "1")]
    fields += [("like", str(photo)) for photo in query.like if isinstance(photo, int)]
    flags = {"all": query.everything, "expand": query.expand}
    fields += [(name, "1") for name, wanted in flags.items() if wanted]
    if query.min_score is not None:
        fields.append(("min_score", str(query.min_score)))
    return fields


def _line(line: str | None, conditions: Iterable[Condition]) -> str:
    """A line that says what the options say, too."""
    fields = [_field(condition) for condition in conditions]
    if not fields:
        return line or ""
    return printed(all_of([*([parse(line)] if line and line.strip() else []), *fields]))


def _field(condition: Condition) -> Field:
    match condition:
        case HasLabel(name):
            return Field("tag", name)
        case InFolder(path):
            return Field("folder", os.fsdecode(path))
        case HasFormat(name):
            return Field("format", name)
        case HasCamera(part):
            return Field("camera", part)
        case Taken(after, before):
            return Field("date", f"{_first_day(after)}..{_last_day(before)}")
    raise UsageError("This can't be asked of a server.", "Write it into the query.")


def _first_day(moment: datetime | None) -> str:
    return "" if moment is None else _midnight(moment).date().isoformat()


def _last_day(moment: datetime | None) -> str:
    """The last day before a moment: the language's spans hold their last day, the option's end is left out."""
    if moment is None:
        return ""
    day = _midnight(moment).toordinal() - 1
    if not day:
        raise UsageError("There is no day before that one.", "Name a later one.")
    return datetime.fromordinal(day).date().isoformat()


def _midnight(moment: datetime) -> datetime:
    if moment != datetime(moment.year, moment.month, moment.day):  # noqa: DTZ001  # cameras write local time
        raise UsageError(f"A server is asked by whole days, and {moment:%Y-%m-%d %H:%M} is none.", "Name a day.")
    return moment


def _results(answers: Sequence[Any], query: Query) -> Results:
    """The part of the answer that was asked for."""
    try:
        hits = [_hit(photo) for answer in answers for photo in answer["photos"]]
        notes, fits = tuple(answers[0]["notes"]), bool(answers[0]["fits"])
    except (KeyError, TypeError, ValueError) as error:
        raise ServerError(
            "The server's answer isn't one that is understood here.", "Update whichever is older."
        ) from error
    return Results(tuple(hits[query.offset : query.offset + query.limit]), notes, fits)


def _hit(photo: dict[str, Any]) -> Hit:
    facts = photo["facts"]
    known = PhotoFacts(
        width=photo["width"],
        height=photo["height"],
        format=facts["format"],
        taken_at=datetime.fromisoformat(facts["taken_at"]) if facts["taken_at"] else None,
        taken_from=facts["taken_from"],
        camera=facts["camera"],
        lens=facts["lens"],
        latitude=facts["latitude"],
        longitude=facts["longitude"],
        caption=photo["caption"],
        keywords=tuple(facts["keywords"]),
        flaw=facts["flaw"],
    )
    files = tuple(
        PhotoFile(unquote_to_bytes(place["uri"].removeprefix("file://")), Stamp(0, 0), FileState(place["state"]))
        for place in photo["places"]
    )
    labels = tuple(Label(each["name"], each["confidence"], each["source"]) for each in photo["labels"])
    band = None if photo["band"] is None else Band(photo["band"])
    whole = Photo(photo["id"], b"", known, files, labels)
    return Hit(photo["id"], photo["score"], whole, photo["relevance"], band, tuple(photo["alike"]))


def _told(error: HTTPError, address: str) -> SearchEngineError:
    """What went wrong there."""
    try:
        problem = json.load(error)
        kind, what, next_step = problem["type"].removeprefix(PROBLEM), problem["detail"], problem["next_step"]
    except (ValueError, KeyError, TypeError, AttributeError):
        return _no_server(address)
    if error.code == 401:
        return UsageError(
            f"The server at {address} wants a token, and this is none that it knows.",
            "Make one there with `searchengine tokens add NAME`, and set SEARCHENGINE_TOKEN to it.",
        )
    if kind == QueryError.__name__:
        return QueryError(problem["line"], problem["start"], what, problem["suggestion"])
    ours = getattr(errors, kind, None)
    if isinstance(ours, type) and issubclass(ours, SearchEngineError) and ours.__init__ is SearchEngineError.__init__:
        return ours(what, next_step)
    return (UsageError if error.code < 500 else ServerError)(what, next_step)


def _no_server(address: str) -> ServerError:
    return ServerError(f"What answers at {address} isn't this program's server.", "Check the address and the port.")
