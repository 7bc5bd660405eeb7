"""`searchengine status`: what the library holds, and what couldn't be read."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from searchengine.cli.options import with_settings
from searchengine.cli.output import note, write_json
from searchengine.errors import printable
from searchengine.settings import Settings

if TYPE_CHECKING:
    from searchengine.library import Library
    from searchengine.records import Failure


@click.command("status")
@click.option("--failures", is_flag=True, help="List the files that couldn't be read, each with its reason.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@with_settings
def command(failures: bool, as_json: bool, settings: Settings) -> None:
    """Show what the library holds: photos, places, folders, the model, and what couldn't be read.

    \b
    searchengine status
    searchengine status --failures
    searchengine status --json
    """
    from searchengine.library import Library

    with Library.open(settings) as library:
        if failures:
            _write_failures(library.database.failures.all(), as_json)
        elif as_json:
            write_json(_facts(library))
        else:
            _write_facts(_facts(library))


def _facts(library: Library) -> dict[str, Any]:
    from searchengine.embedding.atomic_folders import bytes_in

    database = library.database
    active = database.models.active()
    places = database.files.counts()
    photos = database.photos.count()
    return {
        "library": printable(library.settings.library),
        "photos": photos,
        "files": {str(state): count for state, count in places.items()},
        "unreadable": database.failures.count(),
        "model": active[1].name if active else None,
        "embedded": photos - len(database.embeddings.lacking(active[0])) if active else 0,
        "recall": library.index_recall() if active else None,
        "bytes": bytes_in(library.settings.library),
        "classes": [asdict(own) for own in library.own_classes.all()],
        "roots": [
            {"path": printable(root.path), "online": root.online, "exclude": list(root.exclude)}
            for root in database.roots.all()
        ],
    }


def _write_facts(facts: dict[str, Any]) -> None:
    places = ", ".join(f"{count:,} {state}" for state, count in facts["files"].items() if count)
    click.echo(f"library     {facts['library']} ({facts['bytes'] / 1e6:,.0f} MB)")
    click.echo(f"photos      {facts['photos']:,} ({facts['embedded']:,} embedded)")
    click.echo(f"files       {places or 'none'}")
    click.echo(f"model       {facts['model'] or 'none yet'}")
    if facts["recall"] is not None:
        click.echo(f"search      looks at compressed vectors first; found {facts['recall']:.1%} of the nearest ten")
    hint = " (`searchengine status --failures`)" if facts["unreadable"] else ""
    click.echo(f"unreadable  {facts['unreadable']:,}{hint}")
    for own in facts["classes"]:
        learnt = "" if own["accuracy"] is not None else ", not learnt by this model (`searchengine probe list`)"
        click.echo(f"own class   {own['name']} ({own['photos']:,} photos{learnt})")
    for root in facts["roots"]:
        click.echo(f"folder      {root['path']}{'' if root['online'] else ' (away)'}")


def _write_failures(failures: list[Failure], as_json: bool) -> None:
    if as_json:
        write_json([{"path": printable(failure.path), "reason": failure.reason} for failure in failures])
        return
    for failure in failures:
        click.echo(f"{printable(failure.path)}\t{failure.reason}")
    if not failures:
        note("Everything could be read.")
