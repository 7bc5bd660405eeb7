"""Lines of the query language that come from a browser or another program."""

from __future__ import annotations

from searchengine.errors import QueryError, UsageError
from searchengine.searching.expression import Like, leaves
from searchengine.searching.query import parse

LONGEST_LINE = 2000
"""Characters; more is no question of a person's."""


def asked_line(line: str) -> str | None:
    """The line, or None where it says nothing. Raises QueryError, also for a photo that is named by its path.

    Whoever sits at this machine may name its files on the command line; whoever asks through the server knows photos
    by their ids, and learns nothing of other files.
    """
    if len(line) > LONGEST_LINE:
        raise UsageError(f"The line has {len(line):,} characters, and {LONGEST_LINE:,} are the most.", "Ask for less.")
    if not line.strip():
        return None
    for leaf in leaves(parse(line)):
        if isinstance(leaf, Like) and not (leaf.photo.isascii() and leaf.photo.isdecimal()):
            what = f"Photos are named by their ids here, and {leaf.photo} is none."
            raise QueryError(line, max(line.find(leaf.photo), 0), what, "Find the photo first, or drop its file here.")
    return line
