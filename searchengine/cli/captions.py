"""`searchengine captions`: sentences that photos may be described with, a person's own and those of a captioner."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

import click

from searchengine.cli.options import FILE, with_settings
from searchengine.cli.output import harmless, note, note_left_out, write_json
from searchengine.cli.progress import showing_work
from searchengine.errors import UsageError, printable
from searchengine.settings import Settings, absolute

if TYPE_CHECKING:
    from searchengine.library import Library
    from searchengine.store.captions import Caption


@click.group("captions")
def command() -> None:
    """Keep sentences that photos may be described with: your own, and those that a captioner writes.

    \b
    searchengine captions add sentences.txt
    searchengine captions write
    searchengine captions list
    """


@command.command("add")
@click.argument("file", type=FILE)
@with_settings
def add(file: Path, settings: Settings) -> None:
    """Take in the sentences in FILE; `describe` names those that fit a photo.

    FILE is text with a sentence on each line, or a CSV with the column caption.

    \b
    searchengine captions add sentences.txt
    searchengine captions add captions.csv
    """
    from searchengine.describing.sentence_list import read_sentences
    from searchengine.library import Library

    sentences = read_sentences(file)
    with Library.open(settings) as library, showing_work() as show:
        with library.database.writing():
            new = library.database.captions.add(sentences)
        active = library.database.models.active()
        if active is not None:
            # Now rather than at the first photo that is described.
            library.database.sentences.vectors(
                active[0],
                sentences,
                lambda texts: library.model.encode_texts(texts),
                lambda done, whole: show("sentences", done, whole, ""),
            )
    note(f"{new:,} new of {len(sentences):,} sentences.")


@command.command("list")
@click.option("--source", metavar="NAME", help="Only these: 'list' for your own, or a captioner's name.")
@click.option("--json", "as_json", is_flag=True, help="A JSON list: id, text, source, photo_id, path.")
@with_settings
def list_(source: str | None, as_json: bool, settings: Settings) -> None:
    """List the sentences and written captions, with their ids; captions in the photos' own files aren't among them.

    \b
    searchengine captions list
    searchengine captions list --source blip-base --json
    """
    from searchengine.library import Library

    with Library.open(settings) as library:
        captions = library.database.captions.all(source)
        paths = _paths(library, captions)
    if as_json:
        write_json([asdict(caption) | {"path": paths.get(caption.photo_id)} for caption in captions])
    elif not captions:
        note("There are none; see `searchengine captions add` and `searchengine captions write`.")
    elif sys.stdout.isatty():
        _write_table(captions, paths)
    else:
        for caption in captions:
            fields = (caption.id, caption.source, paths.get(caption.photo_id) or "", caption.text)
            click.echo("\t".join(harmless(str(field)) for field in fields))


@command.command("remove")
@click.argument("sentences", nargs=-1, metavar="[SENTENCE|ID]…")
@click.option("--source", metavar="NAME", help="All of these: 'list' for your own, or a captioner's name.")
@with_settings
def remove(sentences: tuple[str, ...], source: str | None, settings: Settings) -> None:
    """Forget sentences, named by their words or by their ids, or all of one source.

    \b
    searchengine captions remove 'a dog in the snow' 17
    searchengine captions remove --source blip-base
    """
    from searchengine.library import Library

    if bool(sentences) == (source is not None):
        raise click.UsageError("Name sentences, or a --source.")
    with Library.open(settings) as library:
        captions = library.database.captions.all(source)
        if source is None:
            captions = list(_named(captions, sentences))
        elif not captions:
            raise UsageError(f"There are no captions by {source}.", "See `searchengine captions list`.")
        with library.database.writing():
            removed = library.database.captions.remove([caption.id for caption in captions])
    note(f"{removed:,} forgotten.")


@command.command("write")
@click.option("--folder", type=click.Path(path_type=Path), help="Only photos in this folder or below it.")
@click.option("--model", metavar="NAME", help="The captioner.  [default: blip-base]")
@click.option("--prompt", metavar="WORDS", help="How every caption begins: 'a photo of'.")
@click.option("--again", is_flag=True, help="Also photos that have a caption by this captioner, in its place.")
@with_settings
def write(folder: Path | None, model: str | None, prompt: str | None, again: bool, settings: Settings) -> None:
    """Have a captioner write a sentence about each of the library's photos that has none by it yet.

    They are searched by `caption:` and named by `describe`. Ctrl-C stops at any moment and keeps what is done; the same
    command goes on. The captioner must have been pulled: `searchengine models pull blip-base`.

    \b
    searchengine captions write
    searchengine captions write --folder ~/Pictures/2019 --prompt 'a photo of'
    searchengine captions write --model blip-large --again
    """
    from searchengine.conditions import InFolder
    from searchengine.describing.written_captions import write_captions
    from searchengine.embedding.catalog import CAPTIONER
    from searchengine.indexing.interrupt import stop_on_ctrl_c
    from searchengine.library import Library

    stop = Event()
    with Library.open(settings) as library:
        database = library.database
        captioner = library.models.captioner(model or CAPTIONER)
        inside = (InFolder(os.fsencode(absolute(folder))),) if folder else ()
        chosen: list[int] = database.photos.matching(inside).tolist()
        if not again:
            lacking = set(database.captions.lacking(captioner.name).tolist())
            chosen = [photo_id for photo_id in chosen if photo_id in lacking]
        with stop_on_ctrl_c(stop), showing_work() as show:
            written = write_captions(
                database,
                captioner,
                chosen,
                prompt=prompt,
                stop=stop,
                tell=lambda done, whole: show("captions", done, whole, ""),
            )
    note_left_out(written.unreadable)
    note(f"{written.captions:,} captions written.")
    if written.interrupted:
        note("Stopped; the same command goes on.")
        raise SystemExit(130)


def _named(captions: list[Caption], wanted: tuple[str, ...]) -> Iterator[Caption]:
    """The captions with these words or ids. Raises UsageError for one that isn't there."""
    for name in wanted:
        found = [caption for caption in captions if name in (caption.text, str(caption.id))]
        if not found:
            raise UsageError(f"There is no caption '{name}'.", "`searchengine captions list` has them.")
        yield from found


def _paths(library: Library, captions: list[Caption]) -> dict[Any, str]:
    """A place of each photo that a caption was written for, by the photo's id."""
    ids = sorted({caption.photo_id for caption in captions if caption.photo_id is not None})
    return {photo.id: printable(photo.files[0].path) for photo in library.database.photos.get(ids) if photo.files}


def _write_table(captions: list[Caption], paths: dict[Any, str]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("id", justify="right", style="dim")
    table.add_column("caption", overflow="fold")
    table.add_column("source", style="dim")
    table.add_column("photo", overflow="fold", style="dim")
    for caption in captions:
        path = paths.get(caption.photo_id) or ""
        table.add_row(str(caption.id), Text(harmless(caption.text)), caption.source, Text(harmless(path)))
    Console().print(table)
