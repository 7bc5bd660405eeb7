"""`searchengine describe`: from a photo to words."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from searchengine.cli.options import with_settings
from searchengine.cli.output import harmless, note, write_json
from searchengine.errors import NotFoundError, PhotoUnreadableError, printable
from searchengine.settings import Settings, absolute

if TYPE_CHECKING:
    from searchengine.describing.description import Description
    from searchengine.library import Library
    from searchengine.records import Pixels


@click.command("describe")
@click.argument("photos", nargs=-1, required=True, metavar="PHOTO…")
@click.option("--caption", is_flag=True, help="Also have a captioner write a sentence (pull one first: `searchengine "
              "models pull blip-base`).")  # fmt: skip
@click.option("--prompt", metavar="WORDS", help="How the written sentence begins: 'a photo of'.")
@click.option("--caption-model", metavar="NAME", help="The captioner.  [default: blip-base]")
@click.option("--json", "as_json", is_flag=True, help="A JSON list: photo, id, labels, captions, searches, written.")
@with_settings
def command(
    photos: tuple[str, ...],
    caption: bool,
    prompt: str | None,
    caption_model: str | None,
    as_json: bool,
    settings: Settings,
) -> None:
    """Say what is in each PHOTO, a file or the id of one in the library.

    That are the labels that fit it, each with how sure that is; the nearest of the captions that the library knows; and
    the saved searches that find it. A photo of nothing in particular gets no word rather than a wrong one.

    \b
    searchengine describe holiday.jpg
    searchengine describe holiday.jpg city.jpg --json
    searchengine describe 17 --caption --prompt 'a photo of'

    What can't be read is named, and the rest goes on; then the exit code is 1.
    """
    from searchengine.library import Library

    if (prompt or caption_model) and not caption:
        raise click.UsageError("--prompt and --caption-model go with --caption.")
    described: list[dict[str, Any]] = []
    failed: NotFoundError | PhotoUnreadableError | None = None
    with Library.open(settings) as library:
        write = _captioner(library, caption_model, prompt) if caption else None
        for name in photos:
            photo = _named(name)
            try:
                description = library.describe(photo)
                written = None if write is None else write(photo)
            except (NotFoundError, PhotoUnreadableError) as error:
                failed = error
                note(str(error))
                continue
            for sentence in description.notes:
                note(sentence)
            described.append(_as_json(name, description, written))
            if not as_json:
                _write(described[-1])
    if failed is not None and not described:
        raise failed
    if as_json:
        write_json(described)
    if failed is not None:
        raise SystemExit(1)


def _named(name: str) -> Path | int:
    """Digits are an id, unless a file is called so."""
    is_id = name.isascii() and name.isdecimal() and not Path(name).exists()
    return int(name) if is_id else Path(name)


def _captioner(library: Library, name: str | None, prompt: str | None) -> Callable[[Path | int], str]:
    """A function that has a sentence written about a photo."""
    from searchengine.embedding.catalog import CAPTIONER
    from searchengine.photos.decode import decode
    from searchengine.photos.files import read, stamp_of
    from searchengine.photos.indexed import pixels_of

    captioner = library.models.captioner(name or CAPTIONER)

    def pixels(photo: Path | int) -> Pixels:
        if isinstance(photo, int):
            return pixels_of(library.database.photos.get([photo])[0], captioner.at_least)
        path = os.fsencode(absolute(photo))
        return decode(read(path, stamp_of(path)), path=path, at_least=captioner.at_least).pixels

    return lambda photo: captioner.captions([pixels(photo)], prompt)[0]


def _as_json(name: str, description: Description, written: str | None) -> dict[str, Any]:
    return {
        "photo": printable(name),
        "id": description.photo_id,
        "labels": [asdict(label) | {"confidence": round(label.confidence, 4)} for label in description.labels],
        "captions": [asdict(near) | {"relevance": round(near.relevance, 4)} for near in description.captions],
        "searches": list(description.searches),
        "written": written,
    }


def _write(described: dict[str, Any]) -> None:
    """A photo's name, then a line for each word: how sure it is, what it is, and who says so."""
    click.echo(harmless(described["photo"]))
    rows = [(f"{label['confidence']:.2f}", label["name"], label["source"]) for label in described["labels"]]
    rows += [
        (f"{near['relevance']:.2f}", near["text"], f"caption ({near['source']})") for near in described["captions"]
    ]
    rows += [("", line, "saved search") for line in described["searches"]]
    rows += [("", described["written"], "written")] if described["written"] else []
    for sure, words, source in rows or [("", "nothing fits well", "")]:
        click.echo(f"  {sure:<5} {harmless(words)}{'  ' if source else ''}{source}")
