"""The folder of one training run, where it is watched and gone on with.

    run.json        what decides it: everything that was asked for, and the number of steps
    data/           the pictures and captions, made ready; gone when the run has ended
    checkpoint.pt   where it stands: weights, optimiser, step
    metrics.csv     its course, a line now and then, with R@k where it was measured
    loss.png        the loss as a curve, where matplotlib is installed
    tensorboard/    the same for TensorBoard, where that is installed
    model/          the finished model

Whatever appears under its final name is whole: it is written beside and renamed.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from searchengine.errors import UsageError, printable

if TYPE_CHECKING:
    from searchengine.training.evaluation import Recall

UNREADY = {"run.json", ".data"}
"""All that is in the folder of a run whose data was refused, or that was stopped before all of it was read."""


@dataclass(frozen=True, slots=True)
class Metrics:
    """A line of metrics.csv: how it stood after a step."""

    step: int
    seconds: float  # of training so far
    loss: float
    rate: float
    scale: float  # the inverse temperature
    text_to_image_at_1: float | None = None  # shares; on the held-out photos, where they were measured
    text_to_image_at_5: float | None = None
    text_to_image_at_10: float | None = None
    image_to_text_at_1: float | None = None
    image_to_text_at_5: float | None = None
    image_to_text_at_10: float | None = None

    def with_recall(self, text_to_image: Recall, image_to_text: Recall) -> Metrics:
        """The same with what was measured on the held-out photos."""
        return replace(
            self,
            text_to_image_at_1=text_to_image.at_1,
            text_to_image_at_5=text_to_image.at_5,
            text_to_image_at_10=text_to_image.at_10,
            image_to_text_at_1=image_to_text.at_1,
            image_to_text_at_5=image_to_text.at_5,
            image_to_text_at_10=image_to_text.at_10,
        )


class RunFolder:
    """One run's folder, which need not exist yet."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.data = path / "data"
        self.model = path / "model"
        self.metrics = path / "metrics.csv"
        self.checkpoint = path / "checkpoint.pt"
        self._tensorboard: Any = None  # a SummaryWriter, once there is something to write

    @classmethod
    def new(cls, path: Path, plan: Mapping[str, Any]) -> RunFolder:
        """A new run with its plan. Raises UsageError where more is already than a run that came to nothing leaves."""
        if path.exists() and (not path.is_dir() or {entry.name for entry in path.iterdir()} - UNREADY):
            raise UsageError(
                f"{printable(path)} isn't an empty folder.",
                f"Name a new one with --out; a run that stopped there goes on with `searchengine train resume "
                f"{printable(path)}`.",
            )
        path.mkdir(parents=True, exist_ok=True)
        folder = cls(path)
        folder.write_plan(plan)
        return folder

    def read_plan(self) -> dict[str, Any]:
        """What decides the run. Raises UsageError when there is no run in this folder."""
        try:
            plan: dict[str, Any] = json.loads((self.path / "run.json").read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise UsageError(
                f"There is no run in {printable(self.path)}: its run.json can't be read.",
                "Begin one with `searchengine train CONFIG --data … --out FOLDER`.",
            ) from error
        return plan

    def write_plan(self, plan: Mapping[str, Any]) -> None:
        """Write run.json."""
        beside = self.path / ".run.json"
        beside.write_text(json.dumps(plan, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        beside.replace(self.path / "run.json")

    def save(self, step: int, seconds: float, encoder: nn.Module, optimiser: torch.optim.Optimizer) -> None:
        """Keep how it stands after `step` steps; what was kept before stays until this is whole on disk."""
        state = {
            "step": step, "seconds": seconds, "encoder": encoder.state_dict(), "optimiser": optimiser.state_dict(),
        }  # fmt: skip
        beside = self.path / ".checkpoint.pt"
        with beside.open("wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self.checkpoint)

    def restore(self, encoder: nn.Module, optimiser: torch.optim.Optimizer, *, write: bool) -> tuple[int, float]:
        """Put back what was kept; the steps and seconds done so far, 0 of each when nothing was kept.

        With `write`, metrics of later steps, which are about to be done again, are dropped.
        """
        step, seconds = 0, 0.0
        if self.checkpoint.exists():
            state = torch.load(self.checkpoint, map_location="cpu", weights_only=True)
            encoder.load_state_dict(state["encoder"])
            optimiser.load_state_dict(state["optimiser"])
            step, seconds = state["step"], state["seconds"]
        if write:
            self._write([row for row in self.rows() if int(row["step"]) <= step])
        return step, seconds

    def rows(self) -> list[dict[str, str]]:
        """The lines of metrics.csv."""
        if not self.metrics.exists():
            return []
        with self.metrics.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def record(self, metrics: Metrics) -> None:
        """Add a line to metrics.csv, and the same to TensorBoard."""
        with self.metrics.open("a", encoding="utf-8", newline="") as file:
            csv.DictWriter(file, _columns()).writerow(asdict(metrics))
        if find_spec("tensorboard"):
            self._tell_tensorboard(metrics)

    def draw(self) -> None:
        """Draw loss.png anew."""
        if find_spec("matplotlib"):
            from searchengine.training.figures import draw_loss_curve

            draw_loss_curve([(int(row["step"]), float(row["loss"])) for row in self.rows()], self.path / "loss.png")

    def _tell_tensorboard(self, metrics: Metrics) -> None:
        if self._tensorboard is None:
            from torch.utils.tensorboard import SummaryWriter

            # What a killed run told of later steps is forgotten.
            self._tensorboard = SummaryWriter(str(self.path / "tensorboard"), purge_step=metrics.step)
        for name, value in asdict(metrics).items():
            if value is not None and name != "step":
                self._tensorboard.add_scalar(name, value, metrics.step)
        self._tensorboard.flush()

    def _write(self, rows: list[dict[str, str]]) -> None:
        beside = self.path / ".metrics.csv"
        with beside.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, _columns())
            writer.writeheader()
            writer.writerows(rows)
        beside.replace(self.metrics)


def _columns() -> list[str]:
    return [field.name for field in fields(Metrics)]
