"""The library as a whole: what it holds, what couldn't be read, its models, and taking photos into it."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal, cast

from flask import Response, abort, current_app, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from searchengine.errors import LibraryBusyError, UsageError, printable
from searchengine.settings import absolute
from web.access import at_this_machine
from web.api.answers import answer
from web.api.blueprint import UPKEEP, api
from web.api.collections import Paged
from web.api.cursors import Cursor
from web.context import the_library
from web.jobs import IndexJob, JobState
from web.problems import refuse
from web.tiles import Record


class Folder(Record):
    """A folder that is watched."""

    path: str
    online: bool = Field(description="Whether it is there now: a drive may be away.")
    exclude: tuple[str, ...] = Field(description="Patterns of what isn't taken in.")
    files: int = Field(description="Photo files in it.")


class Status(Record):
    """What the library holds."""

    library: str = Field(description="The folder where it lies.")
    photos: int
    embedded: int = Field(description="Photos that the model has seen, which words can find.")
    files: dict[str, int] = Field(description="Places by state: present, missing, offline.")
    unreadable: int = Field(description="Files that couldn't be read as photos.")
    model: str | None
    read_only: bool
    roots: list[Folder]


class FailedFile(Record):
    """A file that couldn't be read."""

    path: str
    reason: str
    bytes: int


class Failures(Record):
    """What couldn't be read, by path."""

    failures: list[FailedFile]
    total: int
    cursor: str | None


class Model(Record):
    """A model that is here, or that we recommend."""

    name: str
    kind: str = Field(description="search, captioner or matcher.")
    installed: bool
    active: bool = Field(description="Whether the library is searched with it.")
    bytes: int = Field(description="On this machine's disk.")
    licence: str | None
    languages: tuple[str, ...] = Field(description='What it reads; ["*"] for many.')


class Models(Record):
    """Models that are here, and those that we recommend."""

    models: list[Model]


class Report(Record):
    """What a run did, in files."""

    added: int
    copied: int
    moved: int
    changed: int
    unchanged: int
    missing: int
    offline: int
    unreadable: int
    not_photos: int
    embedded: int = Field(description="Photos that went through the model.")
    seconds: float
    interrupted: bool


class Job(Record):
    """How far indexing has come."""

    state: Literal["idle", "running", "stopping", "done", "failed"]
    seen: int = Field(description="Photo files met.")
    done: int = Field(description="Of these, dealt with.")
    embedded: int = Field(description="Of these, through the model.")
    scanning: bool = Field(description="Whether more may be met.")
    path: str | None = Field(description="The last one dealt with.")
    report: Report | None = Field(description="Of the run that is done.")
    problem: str | None = Field(description="Why the run failed.")
    next_step: str | None


class Start(BaseModel):
    """What to take in."""

    model_config = ConfigDict(extra="forbid")

    folders: list[Annotated[str, Field(min_length=1, max_length=4096)]] = Field(
        default=[],
        max_length=100,
        description="New folders, by their whole paths; only from this very machine. Else those that are known.",
    )


@api.get("/status", tags=[UPKEEP], responses={200: Status})
def status() -> Response:
    """How many photos there are, where, and how far the model has seen them."""
    database = the_library().database
    active = database.models.active()
    photos = database.photos.count()
    return answer(
        Status(
            library=printable(the_library().settings.library),
            photos=photos,
            embedded=photos - len(database.embeddings.lacking(active[0])) if active else 0,
            files={str(state): count for state, count in database.files.counts().items()},
            unreadable=database.failures.count(),
            model=active[1].name if active else None,
            read_only=database.read_only,
            roots=[
                Folder(
                    path=printable(root.path),
                    online=root.online,
                    exclude=root.exclude,
                    files=database.files.count(root.id),
                )
                for root in database.roots.all()
            ],
        )
    )


@api.get("/failures", tags=[UPKEEP], responses={200: Failures})
def failures(query: Paged) -> Response:
    """The files that couldn't be read, each with its reason."""
    here = Cursor.read(query.cursor, "failures")
    failed = the_library().database.failures.all()
    end = here.offset + query.limit
    page = [
        FailedFile(path=printable(each.path), reason=each.reason, bytes=each.stamp.size)
        for each in failed[here.offset : end]
    ]
    following = Cursor(end).written("failures") if end < len(failed) else None
    return answer(Failures(failures=page, total=len(failed), cursor=following))


@api.get("/models", tags=[UPKEEP], responses={200: Models})
def models() -> Response:
    """The models that are here and those that we recommend; `searchengine models` gets and switches them."""
    library = the_library()
    active = library.model_identity.name
    return answer(
        Models(
            models=[
                Model(
                    name=each.name,
                    kind=each.kind,
                    installed=each.installed,
                    active=each.name == active,
                    bytes=each.bytes,
                    licence=each.licence,
                    languages=each.entry.languages if each.entry else (),
                )
                for each in library.models.entries()
            ]
        )
    )


@api.get("/jobs/index", tags=[UPKEEP], responses={200: Job})
def index_job() -> Response:
    """How far indexing has come; ask each second, with If-None-Match."""
    return answer(_job(_indexing().state))


@api.post(
    "/jobs/index",
    tags=[UPKEEP],
    responses={202: Job},
    openapi_extensions={
        "requestBody": {"content": {"application/json": {"schema": Start.model_json_schema()}}},
    },
)
def start_index_job() -> Response:
    """Look again at all folders that are known, or take in new ones."""
    try:
        wanted = Start.model_validate(_body())
    except ValidationError as error:
        refuse(error)
    try:
        return answer(_job(_indexing().start([_folder(each) for each in wanted.folders])), 202)
    except LibraryBusyError as error:
        abort(409, error.what)


@api.delete("/jobs/index", tags=[UPKEEP], responses={202: Job})
def stop_index_job() -> Response:
    """Stop indexing; everything done so far is kept."""
    return answer(_job(_indexing().stop()), 202)


def _body() -> Any:
    """The request's JSON; nothing is an empty object."""
    return request.get_json() if request.get_data(cache=True) else {}


def _folder(path: str) -> str:
    """A folder to take in. Ends the request of whoever doesn't sit at this machine; raises UsageError."""
    if not at_this_machine():
        abort(403, "New folders can only be named at the machine where the library is.")
    if not (path.startswith("~") or Path(path).is_absolute()) or "\0" in path:
        raise UsageError(f"{path!r} is no folder's whole path.", "Write it from the root on: /home/you/Pictures.")
    return str(absolute(path))


def _indexing() -> IndexJob:
    return cast("IndexJob", current_app.extensions["index_job"])


def _job(job: JobState) -> Job:
    report = None
    if job.report is not None:
        figures = asdict(job.report)
        report = Report(**{name: figures[name] for name in Report.model_fields})
    return Job(
        state=job.state,
        seen=job.seen,
        done=job.done,
        embedded=job.embedded,
        scanning=job.scanning,
        path=job.path,
        report=report,
        problem=job.problem,
        next_step=job.next_step,
    )
