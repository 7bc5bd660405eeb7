from __future__ import annotations

from pathlib import Path

import pytest
import torch

from searchengine.errors import UsageError
from searchengine.training.optimiser import adamw, parameter_groups
from searchengine.training.run_folder import Metrics, RunFolder


def course(run: RunFolder, steps: range) -> None:
    for step in steps:
        run.record(Metrics(step, float(step), 2 / step, 1e-3, 14.0))


def test_a_folder_that_holds_something_is_not_taken_for_a_new_run(tmp_path: Path) -> None:
    RunFolder.new(tmp_path / "run", {"seed": 1}).data.mkdir()
    assert RunFolder(tmp_path / "run").read_plan() == {"seed": 1}
    with pytest.raises(UsageError, match="train resume"):
        RunFolder.new(tmp_path / "run", {"seed": 2})


def test_a_run_whose_data_was_refused_is_begun_anew_in_the_same_folder(tmp_path: Path) -> None:
    RunFolder.new(tmp_path / "run", {"seed": 1})
    RunFolder.new(tmp_path / "run", {"seed": 2})
    assert RunFolder(tmp_path / "run").read_plan() == {"seed": 2}


def test_what_was_saved_comes_back_and_later_lines_go(tmp_path: Path) -> None:
    run, layer = RunFolder(tmp_path), torch.nn.Linear(2, 2)
    optimiser = adamw(parameter_groups(layer.parameters(), 1e-3, 0.1))
    run.restore(layer, optimiser, write=True)
    layer(torch.ones(1, 2)).sum().backward()
    optimiser.step()
    course(run, range(1, 4))
    run.save(3, 12.5, layer, optimiser)
    course(run, range(4, 6))  # of which a killed program kept no more

    again = torch.nn.Linear(2, 2)
    other = adamw(parameter_groups(again.parameters(), 1e-3, 0.1))
    assert RunFolder(tmp_path).restore(again, other, write=True) == (3, 12.5)
    assert torch.equal(again.weight, layer.weight)
    moments = (one.state_dict()["state"][0]["exp_avg"] for one in (optimiser, other))
    assert torch.equal(*moments)
    assert [row["step"] for row in run.rows()] == ["1", "2", "3"]


def test_the_loss_is_drawn(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="pictures need the extra 'train'")
    run = RunFolder(tmp_path)
    run.metrics.write_text("step,loss\n1,3.0\n2,2.5\n")
    run.draw()
    assert (tmp_path / "loss.png").read_bytes().startswith(b"\x89PNG")


def test_tensorboard_is_told_where_it_is_installed(tmp_path: Path) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    run, layer = RunFolder(tmp_path), torch.nn.Linear(2, 2)
    run.restore(layer, adamw(parameter_groups(layer.parameters(), 1e-3, 0.1)), write=True)
    course(run, range(1, 4))
    told = accumulator.EventAccumulator(str(tmp_path / "tensorboard"))
    told.Reload()
    assert [one.step for one in told.Scalars("loss")] == [1, 2, 3]
