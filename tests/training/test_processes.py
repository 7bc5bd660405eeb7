"""Training on several processes: their gradients are those of one."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from searchengine.embedding.clip.folder import load_dual_encoder
from searchengine.training.run_folder import RunFolder
from tests.conftest import CHECKOUT
from tests.training.photo_sets import collection
from tests.training.two_processes import gradients


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def start_both(arguments: list[str], **environment: str) -> list[subprocess.Popen[str]]:
    """The two processes that `torchrun --nproc-per-node 2` would start."""
    shared = {
        **os.environ, "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(free_port()),
        "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", **environment,
    }  # fmt: skip
    return [
        subprocess.Popen(
            [sys.executable, "-m", *arguments], cwd=CHECKOUT, text=True,
            env={**shared, "RANK": str(rank), "LOCAL_RANK": str(rank)},
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for rank in range(2)
    ]  # fmt: skip


def test_gathered_gradients_of_both_losses_are_those_of_one_process(tmp_path: Path) -> None:
    for process in start_both(["tests.training.two_processes", str(tmp_path)]):
        _, complaints = process.communicate(timeout=120)
        assert process.returncode == 0, complaints
    of_each = [torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in range(2)]
    for loss in ("contrastive", "sigmoid"):
        alone = gradients(loss, 0, 1)
        for found in of_each:
            assert found[loss].keys() == alone.keys()
            for name, gradient in alone.items():
                torch.testing.assert_close(found[loss][name], gradient, rtol=1e-5, atol=1e-6)
                assert gradient.abs().max() > 1e-3


@pytest.mark.slow
@pytest.mark.timeout(600)  # two programs start
def test_two_processes_train_one_model_and_one_of_them_writes_it(tmp_path: Path) -> None:
    collection(tmp_path / "photos", 8)
    run = tmp_path / "run"
    options = ["--data", str(tmp_path / "photos"), "--out", str(run), "--epochs", "2", "--batch", "4"]
    said = []
    for process in start_both(["searchengine", "train", "vit-b16+transformer-tiny", *options]):
        _, complaints = process.communicate(timeout=500)
        assert process.returncode == 0, complaints
        said.append("The model is in" in complaints)
    assert said == [True, False]
    assert [row["step"] for row in RunFolder(run).rows()] == ["1", "2"]
    load_dual_encoder(run / "model")
