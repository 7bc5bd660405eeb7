"""`searchengine explain`: where in a photo what was asked for is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from searchengine.cli.options import NEW_FILE, with_settings
from searchengine.cli.output import note, write_json
from searchengine.cli.progress import showing_work
from searchengine.errors import UsageError, printable
from searchengine.settings import Settings

if TYPE_CHECKING:
    from searchengine.searching.explain import Evidence, Explanation

KINDS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}
"""What a picture can be written as, by how its name ends."""


@click.command("explain")
@click.argument("photo")
@click.argument("query")
@click.option("--out", type=NEW_FILE, metavar="FILE", help="Where to draw the map: a .png or a .jpg.")
@click.option("--json", "as_json", is_flag=True, help="The numbers as JSON, the map in rows and columns.")
@with_settings
def command(photo: str, query: str, out: Path | None, as_json: bool, settings: Settings) -> None:
    """Draw which regions of PHOTO speak for QUERY.

    Each region is hidden, and shown alone; the scale says what that takes from the cosine similarity, and gives. PHOTO
    is a path, in the library or not, or the id that a search prints. Every phrase and every photo of the query gets a
    map of its own.

    \b
    searchengine explain holiday.jpg 'a boat' --out map.png
    searchengine explain 17 '"a dog" "on the beach"' --out map.jpg
    searchengine explain holiday.jpg 'a boat' --json
    """
    from searchengine.library import Library

    if out is None and not as_json:
        raise click.UsageError("Say with --out FILE.png where to draw the map, or ask for --json.")
    if out is not None and out.suffix.lower() not in KINDS:
        raise UsageError(f"A map can't be written as {printable(out.name)}.", "Name a .png or a .jpg.")
    with Library.open(settings) as library, showing_work() as tell:
        explanation = library.explain(photo, query, lambda done, whole: tell("looking", done, whole, ""))
    if as_json:
        write_json({"seen": list(explanation.seen), "parts": [_facts(each) for each in explanation.evidence]})
    if out is not None:
        _write(explanation, out)


def _write(explanation: Explanation, out: Path) -> None:
    from searchengine.searching.explain import draw

    picture = draw(explanation, KINDS[out.suffix.lower()])
    try:
        out.write_bytes(picture)
    except OSError as error:
        raise UsageError(f"{printable(out)} can't be written: {error.strerror}.", "Name another file.") from error
    note(f"The map is in {printable(out)}.")


def _facts(evidence: Evidence) -> dict[str, Any]:
    """What stands in the JSON of one thing; the map at a resolution that says all that the windows know."""
    from searchengine.ranking.relevance import band
    from searchengine.searching.occlusion import coarse

    return {
        "text": evidence.name,
        "score": round(evidence.score, 6),
        "relevance": round(evidence.relevance, 4),
        "band": str(band(evidence.relevance)),
        "map": [[round(float(cell), 6) for cell in row] for row in coarse(evidence.map)],
    }
