"""The examples that a person gave of their own labels, and what each model has learnt from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import delete, insert, select, update

from searchengine.store.connections import Connections
from searchengine.store.schema import ExampleRow, LabelRow, PhotoLabelRow, ProbeRow
from searchengine.store.sqlite import insert_new

if TYPE_CHECKING:
    from searchengine.records import Vector

PROBE = "probe"
"""The source of labels that are learnt from examples."""


@dataclass(frozen=True, slots=True)
class Example:
    """A photo that a person showed for a label."""

    fingerprint: bytes
    path: bytes  # where it lay then


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """What one model has learnt of a label: confidence is the sigmoid of `weights` · vector + `bias`."""

    weights: Vector  # float32 (dim,), of any length
    bias: float
    accuracy: float  # cross-validated, of examples and others counting alike
    recall: float  # cross-validated: the share of the examples that is recognised
    last_seq: int = 0  # of the last embedding that it was applied to


class Probes:
    """The tables of examples and of probes."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def examples(self) -> dict[int, list[Example]]:
        """The examples by label."""
        found: dict[int, list[Example]] = {}
        query = select(ExampleRow.label_id, ExampleRow.fingerprint, ExampleRow.path).order_by(ExampleRow.path)
        with self._connections.reading() as connection:
            for label_id, fingerprint, path in connection.execute(query):
                found.setdefault(label_id, []).append(Example(fingerprint, path))
        return found

    def show(self, label_id: int, examples: Sequence[Example]) -> None:
        """These are the examples of a label from now on; what was learnt from others is forgotten."""
        writer = self._connections.writer
        for table in (ExampleRow, ProbeRow, PhotoLabelRow):
            writer.execute(delete(table).where(table.label_id == label_id))
        rows = [{"label_id": label_id, "fingerprint": each.fingerprint, "path": each.path} for each in examples]
        writer.execute(insert(ExampleRow), rows)

    def of(self, model_id: int) -> dict[int, Probe]:
        """What a model has learnt, by label."""
        query = select(ProbeRow.__table__).where(ProbeRow.model_id == model_id)
        with self._connections.reading() as connection:
            return {row.label_id: _probe(row) for row in connection.execute(query)}

    def unlearnt(self, model_id: int) -> dict[int, str]:
        """The names by id of the labels that have examples from which this model hasn't learnt yet."""
        learnt = select(ProbeRow.label_id).where(ProbeRow.model_id == model_id)
        query = select(LabelRow.id, LabelRow.name).where(LabelRow.source == PROBE, LabelRow.id.not_in(learnt))
        with self._connections.reading() as connection:
            return dict(connection.execute(query.order_by(LabelRow.name)).all())

    def learn(self, label_id: int, model_id: int, probe: Probe) -> None:
        """Write down what a model has learnt of a label; where another program was quicker, that stays."""
        values = {
            "label_id": label_id,
            "model_id": model_id,
            "weights": probe.weights.astype("<f4").tobytes(),
            "bias": probe.bias,
            "accuracy": probe.accuracy,
            "recall": probe.recall,
            "last_seq": probe.last_seq,
        }
        insert_new(self._connections.writer, ProbeRow, [values])

    def forget(self, label_id: int, model_id: int) -> None:
        """Drop what a model has learnt of a label, and the labels that it gave; the examples stay."""
        for table in (ProbeRow, PhotoLabelRow):
            mine = (table.label_id == label_id, table.model_id == model_id)
            self._connections.writer.execute(delete(table).where(*mine))

    def applied(self, label_id: int, model_id: int, probe: Probe, last_seq: int) -> bool:
        """Note how far this probe has been applied; False when it no longer is the one, or another was quicker."""
        same = (
            ProbeRow.label_id == label_id,
            ProbeRow.model_id == model_id,
            ProbeRow.weights == probe.weights.astype("<f4").tobytes(),
            ProbeRow.last_seq == probe.last_seq,
        )
        noted = self._connections.writer.execute(update(ProbeRow).where(*same).values(last_seq=last_seq))
        return noted.rowcount == 1


def _probe(row: Any) -> Probe:
    weights = np.frombuffer(row.weights[: len(row.weights) // 4 * 4], "<f4").astype(np.float32)  # torn or not
    return Probe(weights, row.bias, row.accuracy, row.recall, row.last_seq)
