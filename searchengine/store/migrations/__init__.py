"""Older libraries brought up to date, with Alembic. Imported by number only: Alembic itself is loaded when it runs.

A change of the tables is a new file in `versions/` whose revision is the next number, and `SCHEMA` one higher. A test
compares the tables that the migrations make with `schema.py`, and opens libraries of every older version.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Connection

SCHEMA = 4
"""The version of the tables. It stands in the database's header too, where it is read without Alembic."""


def upgrade(connection: Connection) -> None:
    """Bring the database up to `SCHEMA` (an empty one: make it), within the transaction that `connection` is in."""
    # Imported here: a library that is up to date is opened without it.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, f"{SCHEMA:04d}")
