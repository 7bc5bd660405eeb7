"""One of two processes that train together, as `torchrun` starts them; writes its gradients and weights to a file."""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from torch import nn
from torch.nn.functional import normalize

from searchengine.training.loss import contrastive_loss, sigmoid_loss
from searchengine.training.processes import any_process, average_gradients, gathered, joined

PAIRS = 12


def towers() -> nn.ModuleDict:
    torch.manual_seed(0)
    made = nn.ModuleDict({"images": nn.Linear(8, 6), "texts": nn.Linear(10, 6)})
    made.register_parameter("scale", nn.Parameter(torch.tensor(2.0)))
    made.register_parameter("bias", nn.Parameter(torch.tensor(-3.0)))
    return made


def gradients(loss: str, rank: int, size: int) -> dict[str, torch.Tensor]:
    """Of one step of this process, which encodes every `size`-th pair."""
    model = towers()
    generator = torch.Generator().manual_seed(1)
    images, texts = torch.randn(PAIRS, 8, generator=generator), torch.randn(PAIRS, 10, generator=generator)
    a = gathered(normalize(model["images"](images[rank::size]), dim=1))
    b = gathered(normalize(model["texts"](texts[rank::size]), dim=1))
    scale = model.get_parameter("scale").exp()
    value = contrastive_loss(a, b, scale) if loss == "contrastive" else sigmoid_loss(a, b, scale, model.bias)
    value.backward()
    average_gradients(model.parameters())
    return {name: one.grad for name, one in model.named_parameters() if one.grad is not None}


if __name__ == "__main__":
    with joined() as world:
        found = {loss: gradients(loss, world.rank, world.size) for loss in ("contrastive", "sigmoid")}
        assert any_process(world.rank == 1)  # what one says, both know
        assert not any_process(False)
        torch.save(found, Path(sys.argv[1]) / f"{world.rank}.pt")
