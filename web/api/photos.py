"""One photo: what is known of it, what can be said of it, and what looks like it."""

from __future__ import annotations

from urllib.parse import quote

from flask import Response
from pydantic import BaseModel, ConfigDict, Field

from searchengine import records
from searchengine.describing.description import Description
from searchengine.errors import printable
from searchengine.records import Hit, Photo
from web.api.answers import answer
from web.api.asked import upload, uploaded
from web.api.blueprint import PHOTOS, api
from web.context import photo_with_id, the_library
from web.forms import MAX_ID
from web.media import SHOWN
from web.sentences import translated
from web.tiles import Record, Tile, picture_address, tile_of, tile_of_hit
from web.turns import MODEL


class OnePhoto(BaseModel):
    """Which photo."""

    id: int = Field(ge=1, le=MAX_ID)


class Facts(Record):
    """What the photo's file says about it."""

    format: str = Field(description="In lower case: jpeg, png, heic.")
    taken_at: str | None
    taken_from: str | None = Field(description="Where that date stands: exif, xmp or file.")
    camera: str | None
    lens: str | None
    latitude: float | None = Field(description="Degrees, north positive.")
    longitude: float | None = Field(description="Degrees, east positive.")
    keywords: tuple[str, ...]
    flaw: str | None = Field(description="What is wrong with a file that could be read all the same: truncated.")


class Label(Record):
    """A word that fits the photo."""

    name: str
    confidence: float = Field(description="0.5 to 1.")
    source: str = Field(description="Who says so: vocabulary, probe or concept.")


class FileAt(Record):
    """A place where the photo lies."""

    path: str = Field(description="As text: bytes that aren't UTF-8 are written as \\xNN.")
    uri: str = Field(description="Exactly: file:///home/you/Pictures/a%20b.jpg.")
    state: str = Field(description="present, missing or offline.")


class PhotoDetail(Tile):
    """All that is known of a photo."""

    facts: Facts
    labels: list[Label] = Field(description="The surest first.")
    caption: str | None
    places: list[FileAt]
    original: str = Field(description="The address of its file.")
    shown: bool = Field(description="Whether browsers can show the file; else it is downloaded.")


class FoundPhoto(PhotoDetail):
    """A photo that was found, with all that is known of it."""

    score: float | None = Field(description="Cosine similarity to what was asked; null where conditions alone were.")


class Caption(Record):
    """A caption that fits the photo."""

    text: str
    relevance: float
    source: str = Field(description="photo, list, or the name of the captioner that wrote it.")


class PhotoDescription(Record):
    """A photo in words; empty where nothing fits."""

    id: int | None = Field(description="Where the library has it.")
    labels: list[Label]
    captions: list[Caption]
    searches: list[str] = Field(description="Saved searches that find it.")
    notes: list[str]


class HowMany(BaseModel):
    """How much is wanted."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=20, ge=1, le=200)


class Alike(Record):
    """Photos that look like another."""

    photos: list[Tile]


@api.get(f"/photos/<int(max={MAX_ID}):id>", tags=[PHOTOS], responses={200: PhotoDetail})
def photo(path: OnePhoto) -> Response:
    """One photo with its facts, labels and places."""
    return answer(detail_of(photo_with_id(path.id)))


@api.get(f"/photos/<int(max={MAX_ID}):id>/similar", tags=[PHOTOS], responses={200: Alike})
def photo_similar(path: OnePhoto, query: HowMany) -> Response:
    """What looks most like a photo, whether or not it looks much like it."""
    photo_with_id(path.id)
    results = the_library().search(like=[path.id], limit=query.limit, everything=True, expand=True)
    return answer(Alike(photos=[tile_of_hit(hit) for hit in results]))


@api.get(f"/photos/<int(max={MAX_ID}):id>/description", tags=[PHOTOS], responses={200: PhotoDescription})
def photo_description(path: OnePhoto) -> Response:
    """A photo in words: labels, the nearest captions, saved searches that find it."""
    with MODEL.one():
        return answer(_in_words(the_library().describe(path.id)))


@api.post("/describe", tags=[PHOTOS], responses={200: PhotoDescription}, openapi_extensions=upload(most=1))
def describe() -> Response:
    """The same for a photo that is handed over; nothing is stored."""
    (photo,) = uploaded(most=1)
    with MODEL.one():
        return answer(_in_words(the_library().describe(photo)))


def found_with_facts(hit: Hit) -> FoundPhoto:
    """A photo that was found, with all that is known of it."""
    score = None if hit.score is None else round(hit.score, 6)
    return FoundPhoto(**dict(detail_of(hit.photo)) | dict(tile_of_hit(hit)), score=score)


def detail_of(photo: Photo) -> PhotoDetail:
    """All that is known of a photo."""
    facts, tile = photo.facts, tile_of(photo)
    return PhotoDetail(
        **dict(tile),
        facts=Facts(
            format=facts.format,
            taken_at=tile.taken_at,
            taken_from=facts.taken_from,
            camera=facts.camera,
            lens=facts.lens,
            latitude=facts.latitude,
            longitude=facts.longitude,
            keywords=facts.keywords,
            flaw=facts.flaw,
        ),
        labels=_labels(photo.labels),
        caption=facts.caption,
        places=[
            FileAt(path=printable(file.path), uri=f"file://{quote(file.path)}", state=file.state)
            for file in photo.files
        ],
        original=picture_address(photo, "original"),
        shown=facts.format in SHOWN,
    )


def _in_words(description: Description) -> PhotoDescription:
    return PhotoDescription(
        id=description.photo_id,
        labels=_labels(description.labels),
        captions=[
            Caption(text=each.text, relevance=round(each.relevance, 4), source=each.source)
            for each in description.captions
        ],
        searches=list(description.searches),
        notes=list(map(translated, description.notes)),
    )


def _labels(labels: tuple[records.Label, ...]) -> list[Label]:
    return [Label(name=each.name, confidence=round(each.confidence, 4), source=each.source) for each in labels]
