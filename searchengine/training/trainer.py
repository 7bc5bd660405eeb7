"""The training loop: from an encoder and pairs to the same encoder, trained. Whose encoder it is, is not known here.

A step follows from the weights, the optimiser's state and the step's number. So a run that was stopped, interrupted or
killed and goes on ends with the very bits of one that never stopped, on the same machine and number of threads.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from functools import partial
from threading import Event
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor

from searchengine.errors import UsageError
from searchengine.training.batches import Batch, Order, chances, draw
from searchengine.training.gradient_cache import backward
from searchengine.training.loss import contrastive_loss, sigmoid_loss
from searchengine.training.measuring import autocast, measure
from searchengine.training.optimiser import adamw, pace, parameter_groups, set_rates
from searchengine.training.processes import World, any_process, average_gradients, gathered, wait_for_all
from searchengine.training.progress import Tell, untold
from searchengine.training.run_folder import Metrics, RunFolder

if TYPE_CHECKING:
    from searchengine.embedding.clip.dual_encoder import DualEncoder
    from searchengine.embedding.preprocessing import Normalisation
    from searchengine.training.pairs import Pairs

Precision = Literal["float32", "bfloat16"]

HIGHEST_SCALE = 100.0  # of the logits, as CLIP has it
LINES = 500  # of metrics.csv in a whole run
SAVE_EVERY = 60.0  # seconds


@dataclass(frozen=True, slots=True)
class TrainingSettings:
    """Every number that the loop depends on."""

    steps: int
    batch: int = 256  # pairs that are told apart in one step, over all processes
    chunk: int | None = None  # pairs in memory at a time; fewer than the batch are encoded twice. None: all
    rate: float = 5e-4
    weight_decay: float = 0.2
    warmup: float = 0.05  # of the steps
    loss: Literal["contrastive", "sigmoid"] = "contrastive"
    precision: Precision = "float32"
    checkpointing: bool = False  # of activations: less memory for more time
    augment: bool = True
    evaluations: int = 20  # of the held-out photos, over the whole run
    seed: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class TrainingData:
    """What is learnt from and measured on, and how pictures become the encoder's input."""

    pairs: Pairs  # their pictures have the size of the encoder's input or a margin around it
    held_out: Pairs | None  # their pictures have the size of the encoder's input
    size: tuple[int, int]  # height and width of that, pixels
    normalisation: Normalisation


def train(
    encoder: DualEncoder,
    data: TrainingData,
    settings: TrainingSettings,
    run: RunFolder,
    world: World,
    *,
    groups: list[dict[str, Any]] | None = None,
    tell: Tell = untold,
    stop: Event | None = None,
) -> bool:
    """Train the encoder in place, from where `run` stands to the last step; False when `stop` came first.

    `groups` are AdamW's parameter groups, with the highest `lr` of each; by default everything that requires
    gradients, at the settings' rate. Raises UsageError when there are too few photos, or the loss is no number.
    """
    batch = batch_size(len(data.pairs), settings, world)
    encoder.to(world.device)
    if settings.checkpointing:
        encoder.checkpoint_activations(True)
    optimiser = adamw(groups or parameter_groups(encoder.parameters(), settings.rate, settings.weight_decay))
    step, seconds = run.restore(encoder, optimiser, write=world.leads)
    wait_for_all()
    order = Order(len(data.pairs), batch, settings.seed)
    began = saved = time.monotonic() - seconds
    while step < settings.steps:
        stopped = any_process(stop is not None and stop.is_set())
        now = time.monotonic()
        if world.leads and (stopped or now - saved > SAVE_EVERY):
            run.save(step, now - began, encoder, optimiser)
            saved = time.monotonic()
        if stopped:
            return False
        loss = _step(encoder, optimiser, data, order, settings, step, world)
        step += 1
        if world.leads:
            seconds = time.monotonic() - began
            _record(run, encoder, optimiser, data, settings, step, seconds, loss)
            tell("training", step, settings.steps, f"loss {loss:.3f}")
        wait_for_all()
    if world.leads:
        run.save(step, time.monotonic() - began, encoder, optimiser)
    return True


def batch_size(photos: int, settings: TrainingSettings, world: World) -> int:
    """How many pairs a step has, over all processes: no more than there are, as many in each process.

    Raises UsageError where that leaves nothing to tell apart.
    """
    batch = min(settings.batch, photos) // world.size * world.size
    if batch < 2:
        raise UsageError(f"There is nothing to tell apart: {photos} photos to train on, {settings.batch} a step.")
    return batch


def _step(
    encoder: DualEncoder,
    optimiser: torch.optim.Optimizer,
    data: TrainingData,
    order: Order,
    settings: TrainingSettings,
    step: int,
    world: World,
) -> float:
    """One step; its loss, before it."""
    _train_mode(encoder)
    rng = chances(settings.seed, step, world.rank)
    torch.manual_seed(int(rng.integers(2**63)))  # for dropout
    photos = order.at(step)[world.rank :: world.size]
    batch = draw(data.pairs, photos, data.normalisation, data.size, rng, world.device, augment=settings.augment)
    optimiser.zero_grad()
    parts = [partial(_encode, encoder, part, settings) for part in batch.parts(settings.chunk or len(batch))]
    loss = backward(parts, partial(_loss, encoder, settings), encoder).item()
    if not math.isfinite(loss):
        raise UsageError(f"The loss is no number any more, at step {step + 1}.", "Try again with a lower --rate.")
    average_gradients(encoder.parameters())
    set_rates(optimiser, pace(step, settings.steps, round(settings.warmup * settings.steps)))
    optimiser.step()
    with torch.no_grad():
        encoder.logit_scale.clamp_(max=math.log(HIGHEST_SCALE))
    return loss


def _encode(encoder: DualEncoder, batch: Batch, settings: TrainingSettings) -> tuple[Tensor, Tensor]:
    """Images and texts, float32 (n, dim) each."""
    with autocast(batch.pixels.device, settings.precision):
        images = encoder.encode_images(batch.pixels)
        return images, encoder.encode_texts(batch.input_ids, batch.attention_mask)


def _loss(encoder: DualEncoder, settings: TrainingSettings, images: Tensor, texts: Tensor) -> Tensor:
    """The loss over the vectors of all processes, a scalar."""
    scale = encoder.logit_scale.exp()
    if settings.loss == "sigmoid":
        return sigmoid_loss(gathered(images), gathered(texts), scale, encoder.logit_bias)
    return contrastive_loss(gathered(images), gathered(texts), scale)


def _train_mode(encoder: DualEncoder) -> None:
    """Training mode, but for a tower that is locked: its batch norms keep what they know."""
    encoder.train()
    for tower in (encoder.image_tower, encoder.text_tower):
        tower.train(any(parameter.requires_grad for parameter in tower.parameters()))


def _record(
    run: RunFolder,
    encoder: DualEncoder,
    optimiser: torch.optim.Optimizer,
    data: TrainingData,
    settings: TrainingSettings,
    step: int,
    seconds: float,
    loss: float,
) -> None:
    """A line of metrics now and then, and R@k on the held-out photos less often, the last step always with both."""
    evaluates = data.held_out is not None and _is_due(step, settings.steps, settings.evaluations)
    if not evaluates and not _is_due(step, settings.steps, LINES):
        return
    metrics = Metrics(step, round(seconds, 1), loss, optimiser.param_groups[0]["lr"], encoder.logit_scale.exp().item())
    if data.held_out is not None and evaluates:
        metrics = metrics.with_recall(*measure(encoder, data.held_out, data.normalisation, settings.precision))
    run.record(metrics)
    if evaluates:
        run.draw()


def _is_due(step: int, steps: int, times: int) -> bool:
    """Whether one of so many evenly spread occasions falls on this step, the last one on the last."""
    return step * times // steps > (step - 1) * times // steps
