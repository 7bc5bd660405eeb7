"""Run by Alembic: hands it the connection that `upgrade` was called with."""

from __future__ import annotations

from alembic import context

from searchengine.store.schema import Base

# Batches, since SQLite can't alter a column: Alembic makes the table anew and copies it.
context.configure(
    connection=context.config.attributes["connection"], target_metadata=Base.metadata, render_as_batch=True
)
context.run_migrations()
