"""The library as a whole: what it holds, what couldn't be read, its models."""

from __future__ import annotations

from flask import Response
from pydantic import Field

from searchengine.errors import printable
from web.api.answers import answer
from web.api.asked import Paged
from web.api.blueprint import UPKEEP, api
from web.api.cursors import Cursor
from web.context import the_library
from web.sentences import translated
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
        FailedFile(path=printable(each.path), reason=translated(each.reason), bytes=each.stamp.size)
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
