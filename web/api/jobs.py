"""Taking photos into the library: a run in the background, to be started, followed and stopped."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal, cast

from flask import Response, abort, current_app, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from searchengine.errors import LibraryBusyError, UsageError
from searchengine.settings import absolute
from web.access import at_this_machine
from web.api.answers import answer
from web.api.blueprint import UPKEEP, api
from web.jobs import IndexJob, JobState
from web.problems import refuse
from web.sentences import translated
from web.tiles import Record


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
        problem=job.problem and translated(job.problem),
        next_step=job.next_step and translated(job.next_step),
    )
