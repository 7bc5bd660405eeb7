"""The models that photos were embedded with, and which of them answers now."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert, select, update

from searchengine.errors import NotFoundError
from searchengine.records import ModelIdentity
from searchengine.store.connections import Connections
from searchengine.store.schema import ModelRow


class Models:
    """The table of models."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def all(self) -> dict[int, ModelIdentity]:
        """Every model by id, the oldest first."""
        with self._connections.reading() as connection:
            rows = connection.execute(select(ModelRow.__table__).order_by(ModelRow.id))
            return {row.id: _identity(row) for row in rows}

    def active(self) -> tuple[int, ModelIdentity] | None:
        """The model that the library is searched with; None before the first."""
        return self._connections.remembered("active model", self._active)

    def _active(self) -> tuple[int, ModelIdentity] | None:
        with self._connections.reading() as connection:
            row = connection.execute(select(ModelRow.__table__).where(ModelRow.active)).one_or_none()
            return None if row is None else (row.id, _identity(row))

    def register(self, identity: ModelIdentity) -> int:
        """Make a model known and return its id; one that is known keeps its own."""
        known = {each: model_id for model_id, each in self.all().items()}
        if identity in known:
            return known[identity]
        values = {
            "name": identity.name,
            "revision": identity.revision,
            "checksum": identity.checksum,
            "preprocessing": identity.preprocessing,
            "dim": identity.dim,
            "active": False,
            "removals": 0,
        }
        inserted = self._connections.writer.execute(insert(ModelRow).values(values).returning(ModelRow.id))
        return inserted.scalar_one()

    def use(self, model_id: int) -> None:
        """Search with this model from now on. Raises NotFoundError."""
        writer = self._connections.writer
        writer.execute(update(ModelRow).where(ModelRow.active).values(active=False))
        if writer.execute(update(ModelRow).where(ModelRow.id == model_id).values(active=True)).rowcount == 0:
            raise NotFoundError(f"The library has no model {model_id}.", "See `searchengine models`.")


def _identity(row: Any) -> ModelIdentity:
    return ModelIdentity(row.name, row.revision, row.checksum, row.preprocessing, row.dim)
