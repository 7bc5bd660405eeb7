"""A contrastive step in parts, for batches that don't fit into memory: the gradients of one pass, at the cost of two.

Gao, Zhang, Han, Callan, "Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup", 2021.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

Encode = Callable[[], tuple[Tensor, Tensor]]
"""Encodes one part of the batch: images and texts, float (n, dim) each. Called again it must do the same."""


def backward(parts: Sequence[Encode], loss: Callable[[Tensor, Tensor], Tensor], module: nn.Module) -> Tensor:
    """Add the gradients of `loss` over all parts at once to the parameters; the loss, a scalar, is returned.

    First every part is encoded without a graph and the loss's gradient with respect to the vectors is taken; then each
    part is encoded again, by the same random numbers, and that gradient goes on through it. One part alone is encoded
    once. `module` is what encodes: its batch norms count each part once. They see a part at a time, so with them (and
    with them alone) the parts are not one pass.
    """
    if len(parts) == 1:
        value = loss(*parts[0]())
        value.backward()  # type: ignore[no-untyped-call]  # torch's own gap
        return value.detach()
    vectors, states = [], []
    with torch.no_grad(), _statistics_left_alone(module):
        for encode in parts:
            states.append(_random_state())
            vectors.append(encode())
    images, texts = (torch.cat(side).requires_grad_() for side in zip(*vectors, strict=True))  # (batch, dim)
    value = loss(images, texts)
    value.backward()  # type: ignore[no-untyped-call]  # here too
    start = 0
    for encode, state in zip(parts, states, strict=True):
        _set_random_state(state)
        again = encode()
        stop = start + len(again[0])
        torch.autograd.backward(again, (_gradient(images)[start:stop], _gradient(texts)[start:stop]))
        start = stop
    return value.detach()


def _gradient(vectors: Tensor) -> Tensor:
    if vectors.grad is None:
        raise ValueError("the loss depends on neither images nor texts")
    return vectors.grad


@contextmanager
def _statistics_left_alone(module: nn.Module) -> Iterator[None]:
    """Batch norms use a batch's statistics without remembering them."""
    norms = [one for one in module.modules() if isinstance(one, _BatchNorm)]
    momenta = [norm.momentum for norm in norms]
    counts = [None if norm.num_batches_tracked is None else norm.num_batches_tracked.clone() for norm in norms]
    for norm in norms:
        norm.momentum = 0.0
    try:
        yield
    finally:
        for norm, momentum, count in zip(norms, momenta, counts, strict=True):
            norm.momentum, norm.num_batches_tracked = momentum, count


def _random_state() -> tuple[Tensor, list[Tensor]]:
    """Of the processor, and of every GPU."""
    return torch.get_rng_state(), torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []


def _set_random_state(state: tuple[Tensor, list[Tensor]]) -> None:
    torch.set_rng_state(state[0])
    if state[1]:
        torch.cuda.set_rng_state_all(state[1])
