"""The options and argument types that several commands share."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from searchengine.conditions import Condition, HasCamera, HasFormat, HasLabel, InFolder, Taken
from searchengine.embedding.precision import AUTO, PRECISIONS
from searchengine.errors import printable
from searchengine.records import Sort
from searchengine.settings import Settings, absolute


class Day(click.DateTime):
    """A day, a month, a year or an instant, in local time as cameras write it."""

    def __init__(self) -> None:
        super().__init__(["%Y-%m-%d", "%Y-%m", "%Y", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"])

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(f"{value!r} is no date. Write 2019, 2019-07, 2019-07-14 or 2019-07-14T18:30.", param, ctx)


DAY = Day()

FILE = click.Path(path_type=Path, dir_okay=False)


class NewFile(click.Path):
    """A file to draw a picture into. What is there already might be a photo, and is never overwritten."""

    def __init__(self) -> None:
        super().__init__(path_type=Path, dir_okay=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        path = Path(os.fsdecode(super().convert(value, param, ctx)))
        if path.exists():
            self.fail(f"{printable(path)} is there already, and nothing is overwritten. Name a new file.", param, ctx)
        if not path.parent.is_dir():
            self.fail(f"There is no folder {printable(path.parent)}.", param, ctx)
        return path


NEW_FILE = NewFile()

SOURCE = click.Path(path_type=Path, exists=True)
"""A data set: a CSV, a folder or a zip."""


def with_settings(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command `--library`, and hand it the `settings` that follow from it and the environment."""

    @click.option(
        "--library", type=click.Path(path_type=Path, file_okay=False), metavar="FOLDER",
        help="Where the library lies.  [env: SEARCHENGINE_LIBRARY; else the platform's data folder]",
    )  # fmt: skip
    @functools.wraps(command)
    def wrapper(*args: Any, library: Path | None, **kwargs: Any) -> None:
        command(*args, settings=Settings.choose(library=library), **kwargs)

    return wrapper


def with_precision(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command that embeds photos `--precision`."""
    return click.option(
        "--precision", type=click.Choice(PRECISIONS), default=AUTO, show_default=True,
        help="What the model computes in on a processor; any but auto leaves a GPU alone.",
    )(command)  # fmt: skip


def with_server(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command `--server`, beneath `with_settings`: an address, or None to ask the library itself."""

    @click.option(
        "--server", metavar="URL", envvar="SEARCHENGINE_SERVER",
        help="Ask a server that runs (`searchengine serve`), which has its model loaded, instead of the library.  "
             "[env: SEARCHENGINE_SERVER, with SEARCHENGINE_TOKEN]",
    )  # fmt: skip
    @functools.wraps(command)
    def wrapper(*args: Any, server: str | None, **kwargs: Any) -> None:
        source = click.get_current_context().get_parameter_source
        if server and source("library") is ParameterSource.COMMANDLINE:
            if source("server") is ParameterSource.COMMANDLINE:
                raise click.UsageError("A server has its own library: give --server or --library.")
            server = None  # what was said now counts more than the environment
        command(*args, server=server or None, **kwargs)

    return wrapper


def with_json_figures(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command that measures `--json`, as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="The figures as JSON; shares, not percent.")(command)


def with_filters(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that narrow a search, and hand it the `conditions` that follow from them."""

    @click.option("--folder", type=click.Path(path_type=Path), help="Only photos in this folder or below it.")
    @click.option(
        "--after", type=DAY, metavar="DATE", help="Only photos taken then or later: 2019, 2019-07, 2019-07-14."
    )
    @click.option("--before", type=DAY, metavar="DATE", help="Only photos taken earlier than that.")
    @click.option("--format", "image_format", metavar="NAME", help="Only photos of this format: jpeg, png, heic, …")
    @click.option("--camera", metavar="NAME", help="Only photos whose camera's name contains this.")
    @click.option(
        "--label", "labels", multiple=True, metavar="NAME", help="Only photos with this label; may be given again."
    )
    @functools.wraps(command)
    def wrapper(
        *args: Any,
        folder: Path | None,
        after: datetime | None,
        before: datetime | None,
        image_format: str | None,
        camera: str | None,
        labels: tuple[str, ...],
        **kwargs: Any,
    ) -> None:
        if after and before and after >= before:
            raise click.UsageError(f"No photo was taken after {after} and before {before}. Swap --after and --before?")
        conditions: list[Condition] = [HasLabel(label) for label in labels]
        if folder:
            conditions.append(InFolder(os.fsencode(absolute(folder))))
        if after or before:
            conditions.append(Taken(after, before))
        if image_format:
            conditions.append(HasFormat(image_format))
        if camera:
            conditions.append(HasCamera(camera))
        command(*args, conditions=tuple(conditions), **kwargs)

    return wrapper


def with_output(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command that finds photos the options on how many to show and how: `output` is json, paths or null."""
    for option in reversed(OUTPUT_OPTIONS):
        command = option(command)
    return command


def with_ranking(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command that finds photos the options on which of them make an answer: `everything`, `sort`, `expand`."""
    for option in reversed(RANKING_OPTIONS):
        command = option(command)
    return command


RANKING_OPTIONS = (
    click.option("--all", "everything", is_flag=True, help="Also photos that don't fit."),
    click.option(
        "--sort", type=click.Choice(Sort, case_sensitive=False), default=Sort.RELEVANCE, show_default=True,
        help="Of what fits, the best or the newest first.",
    ),
    click.option("--expand", is_flag=True, help="Bursts and near-copies one by one, instead of the best with +7."),
)  # fmt: skip  # an option a line

OUTPUT_OPTIONS = (
    click.option(
        "--json", "output", flag_value="json", help="A JSON list: id, relevance, path, paths, the photo's facts, …"
    ),
    click.option("--paths", "output", flag_value="paths", help="One path a line and nothing else, for pipes."),
    click.option("-0", "output", flag_value="null", help="Paths with a zero byte behind each, for `xargs -0`."),
    click.option("--limit", "-n", type=click.IntRange(min=1), default=20, show_default=True, help="How many at most."),
    click.option("--offset", type=click.IntRange(min=0), default=0, help="How many of the best to pass over."),
    click.option("--min-score", type=float, metavar="NUMBER", help="Only hits with at least this cosine similarity."),
)
