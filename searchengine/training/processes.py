"""Training on several GPUs, a process each, as `torchrun` starts them; alone, everything here does nothing.

Every process encodes its share of a batch, sees the vectors of all, and takes the loss over all of them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, distributed, nn
from torch.distributed.nn.functional import all_gather


@dataclass(frozen=True, slots=True)
class World:
    """The processes that train together, and which of them this is."""

    rank: int
    size: int
    device: torch.device

    @property
    def leads(self) -> bool:
        """Whether this is the process that writes and speaks."""
        return self.rank == 0


@contextmanager
def joined() -> Iterator[World]:
    """Join the processes that `torchrun` started, if it did, for as long as the block lasts."""
    size, rank = int(os.environ.get("WORLD_SIZE", "1")), int(os.environ.get("RANK", "0"))
    device = torch.device("cpu")
    if torch.cuda.is_available():
        device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        torch.cuda.set_device(device)
    if size == 1:
        yield World(0, 1, device)
        return
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield World(rank, size, device)
    finally:
        distributed.destroy_process_group()


def gathered(vectors: Tensor) -> Tensor:
    """The vectors of all processes, float (processes × n, dim), from this one's, float (n, dim).

    Gradients flow back to every process's own; each takes the same loss, so `average_gradients` makes them those of
    one process.
    """
    return torch.cat(all_gather(vectors)) if distributed.is_initialized() else vectors  # type: ignore[no-untyped-call]


def average_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Replace every gradient by its mean over the processes."""
    if not distributed.is_initialized():
        return
    for parameter in parameters:
        if parameter.grad is not None:
            distributed.all_reduce(parameter.grad)
            parameter.grad /= distributed.get_world_size()


def wait_for_all() -> None:
    """Go on when every process is here."""
    if distributed.is_initialized():
        distributed.barrier()


def any_process(flag: bool) -> bool:
    """Whether it is so in any process."""
    if not distributed.is_initialized():
        return flag
    device = "cuda" if distributed.get_backend() == "nccl" else "cpu"
    flags = torch.tensor(int(flag), device=device)
    distributed.all_reduce(flags, distributed.ReduceOp.MAX)
    return bool(flags.item())
