"""The tables that the migrations make, and the libraries of older versions."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from searchengine.conditions import HasLabel
from searchengine.records import FileState, Label
from searchengine.store import migrations
from searchengine.store.database import FILE, Database
from searchengine.store.doctor import check
from searchengine.store.migrations import SCHEMA
from searchengine.store.schema import Base

OLD = sorted((Path(__file__).parent / "old_libraries").glob("*.sql"))


def test_the_migrations_make_the_tables_of_the_schema(database: Database) -> None:
    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_the_newest_migration_is_the_version_that_the_program_knows() -> None:
    script = ScriptDirectory(str(Path(migrations.__file__).parent))
    assert script.get_heads() == [f"{SCHEMA:04d}"]


def test_ids_are_never_used_twice(database: Database) -> None:
    with database.reading() as connection:
        made = dict(connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'table'").all())
    assert "AUTOINCREMENT" in made["photos"]
    assert "AUTOINCREMENT" in made["embeddings"]


def test_there_is_an_old_library_of_every_version() -> None:
    assert [file.stem for file in OLD] == [f"v{version:04d}" for version in range(1, SCHEMA + 1)]


@pytest.mark.parametrize("dump", OLD, ids=lambda file: file.stem)
def test_a_library_of_an_older_version_opens_with_everything_in_it(folder: Path, dump: Path) -> None:
    folder.mkdir()
    with closing(sqlite3.connect(folder / FILE)) as connection:
        connection.executescript(dump.read_text(encoding="utf-8"))
    with Database.open(folder) as database:
        assert check(database) == []
        active = database.models.active()
        assert active is not None
        ids = database.photos.matching(())
        assert len(ids) == 3
        assert len(database.embeddings.of(active[0], ids)[0]) == 3
        photo = database.photos.by_path(b"/photos/caf\xe9.jpg")
        assert photo is not None
        assert photo.facts.camera == "Pixel 8"
        assert photo.files[0].state is FileState.PRESENT
        assert database.failures.all()[0].reason == "it is empty"


def test_the_labels_of_a_library_are_kept(folder: Path) -> None:
    folder.mkdir()
    with closing(sqlite3.connect(folder / FILE)) as connection:
        connection.executescript(OLD[1].read_text(encoding="utf-8"))
    with Database.open(folder) as database:
        (photo,) = database.photos.get(database.photos.matching([HasLabel("our dog")]).tolist())
        assert photo.labels == (Label("our dog", 0.75, "probe"),)
        (examples,) = database.probes.examples().values()
        assert [example.path for example in examples] == [b"/photos/b.png"]


def test_a_library_without_labels_gets_room_for_them_and_then_needs_no_alembic(folder: Path) -> None:
    folder.mkdir()
    with closing(sqlite3.connect(folder / FILE)) as connection:
        connection.executescript(OLD[0].read_text(encoding="utf-8"))
    program = (
        "import sys; from pathlib import Path; from searchengine.store.database import Database\n"
        f"Database.open(Path({str(folder)!r})).labels.all('probe'); print('alembic' in sys.modules)\n"
    )
    runs = [subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True) for _ in "ab"]
    assert [run.stdout.strip() for run in runs] == ["True", "False"]
