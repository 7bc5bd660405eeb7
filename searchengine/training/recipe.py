"""A named configuration trained on a person's captioned photos: from what was asked for to a finished checkpoint.

    plan → captions, tokenizer, pictures and the encoder to begin from made ready → trained → model/ in the run's folder

All that decides a run stands in its plan, in the folder, before anything long begins; so a run that stopped anywhere
goes on from its folder alone.
"""

from __future__ import annotations

import itertools
import shutil
import statistics
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from threading import Event
from typing import Any

import torch
from tokenizers import Tokenizer

from searchengine.embedding.checkpoint_files import CONFIG
from searchengine.embedding.clip.config import TextTransformerConfig
from searchengine.embedding.clip.configurations import CONFIGURATIONS
from searchengine.embedding.clip.dual_encoder import DualEncoder
from searchengine.embedding.clip.folder import DualEncoderCheckpoint, load_dual_encoder, save_dual_encoder
from searchengine.errors import UsageError, printable
from searchengine.training.data import held_out, opened_captions
from searchengine.training.measuring import measure
from searchengine.training.pairs import MARGIN, Pairs, prepare_pairs
from searchengine.training.processes import World, wait_for_all
from searchengine.training.progress import Tell, untold
from searchengine.training.run_folder import RunFolder
from searchengine.training.start import Start
from searchengine.training.tokenizing import Kind, read_tokenizer, train_tokenizer
from searchengine.training.trainer import Precision, TrainingData, TrainingSettings, batch_size, train

START = "start"
"""The folder in a run's data with the checkpoint that training begins from."""
HELD_OUT_SHARE = 0.2  # of the photos, at most
TRIED = 8  # steps that are timed, to know how many an hour allows
MEASURED_SHARE = 0.1  # of the time, at most, goes into measuring on the held-out photos


@dataclass(frozen=True, slots=True)
class Plan:
    """All that decides a run."""

    configuration: str
    source: str  # the folder, CSV or zip with the captioned photos
    held_out: int  # photos to measure on
    epochs: float | None  # how long: one of these
    minutes: float | None
    tokenizer: str | None  # the folder of one; None: the text tower's, or learnt from the captions
    image_tower: str | None  # the folder of one to start from; None: random weights
    text_tower: str | None  # as for images
    lock_image: bool  # whether the image tower stays as it is
    name: str | None  # what the finished model is to be installed as
    settings: TrainingSettings  # its steps are 0 until the data was read

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, from which `from_json` makes an equal plan."""
        return asdict(self)

    @classmethod
    def from_json(cls, json: Mapping[str, Any]) -> Plan:
        """Raises UsageError for what isn't a plan of this program."""
        try:
            plan = cls(**{**json, "settings": TrainingSettings(**json["settings"])})
        except (KeyError, TypeError) as error:
            raise UsageError(f"The run's run.json isn't one of this version of the program: {error}.") from error
        if plan.configuration not in CONFIGURATIONS:
            raise UsageError(f"The run is of a configuration {plan.configuration}, which there isn't.")
        return plan


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it."""

    finished: bool  # False when it was asked to stop
    photos: int  # that it learns from
    problems: tuple[str, ...]  # what of the data was left out, a sentence each


def best_precision() -> Precision:
    """bfloat16 where the machine computes with it, which is twice as fast there; float32 elsewhere."""
    if torch.cuda.is_available():
        return "bfloat16"
    capabilities = getattr(torch.cpu, "get_capabilities", None)  # not in every version of PyTorch
    return "bfloat16" if capabilities is not None and capabilities().get("amx_bf16") else "float32"


def run_training(run: RunFolder, world: World, *, tell: Tell = untold, stop: Event | None = None) -> Outcome:
    """Take the run in this folder from where it stands to its end, and write the finished model to its `model/`.

    Raises UsageError when the plan, the data or the tokenizer is of no use, or the run has ended.
    """
    plan = Plan.from_json(run.read_plan())
    if (run.model / CONFIG).exists():
        raise UsageError(f"The run in {printable(run.path)} has ended.", f"Its model is {printable(run.model)}.")
    if world.leads:
        _make_ready(plan, run.data, tell)
    wait_for_all()
    data = _data(run)
    if plan.settings.steps == 0:
        settings = _with_steps(run, plan, data, world, tell)
        if world.leads:
            run.write_plan(replace(plan, settings=settings).to_json())
        wait_for_all()
        plan = Plan.from_json(run.read_plan())  # processes may have timed their steps differently
    encoder = _encoder(run, plan)
    finished = train(encoder, data, plan.settings, run, world, tell=tell, stop=stop)
    if finished and world.leads:
        start = DualEncoderCheckpoint.open(run.data / START)
        save_dual_encoder(run.model, encoder, *start.preprocessing(), start.tokenizer())
        shutil.rmtree(run.data, ignore_errors=True)  # gigabytes, and made again from the source in minutes
    return Outcome(finished, len(data.pairs), data.pairs.problems)


def _encoder(run: RunFolder, plan: Plan) -> DualEncoder:
    """The one that training begins from, with those of its weights locked that are to stay."""
    encoder = load_dual_encoder(run.data / START).encoder
    if plan.lock_image:
        encoder.image_tower.requires_grad_(False)
    return encoder


def _data(run: RunFolder) -> TrainingData:
    """What `_make_ready` wrote."""
    measured = Pairs.open(run.data / "held_out") if (run.data / "held_out").exists() else None
    preprocessing, normalisation = DualEncoderCheckpoint.open(run.data / START).preprocessing()
    size = (preprocessing.height, preprocessing.width)
    return TrainingData(Pairs.open(run.data / "train"), measured, size, normalisation)


def _make_ready(plan: Plan, folder: Path, tell: Tell) -> None:
    """Read the source, and the towers to start from, into `folder`, unless that was done before."""
    if folder.exists():
        return
    beside = folder.with_name(".data")  # of a run that was killed meanwhile, begun anew
    shutil.rmtree(beside, ignore_errors=True)
    configuration = CONFIGURATIONS[plan.configuration]
    towers = [None if tower is None else Path(tower) for tower in (plan.image_tower, plan.text_tower)]
    start = Start.of(configuration, *towers)
    preprocessing = start.preprocessing
    with opened_captions(Path(plan.source)) as photos:
        learnt, measured = held_out(photos.paths, min(plan.held_out, int(HELD_OUT_SHARE * len(photos))))
        to_learn, to_measure = photos.take(learnt), replace(photos.take(measured), problems=())
        captions = [caption for own in to_learn.captions for caption in own]
        tokenizer = _tokenizer(plan, configuration.tokenizer, start, captions)
        prepare_pairs(to_learn, preprocessing, tokenizer, beside / "train", margin=MARGIN, tell=tell)
        if len(to_measure):
            prepare_pairs(to_measure, preprocessing, tokenizer, beside / "held_out", tell=tell)
    encoder = start.encoder(tokenizer, plan.settings.seed, plan.settings.loss)
    save_dual_encoder(beside / START, encoder, preprocessing, start.normalisation, tokenizer)
    beside.rename(folder)


def _tokenizer(plan: Plan, kind: Kind, start: Start, captions: list[str]) -> Tokenizer:
    """The one asked for; otherwise the pretrained text tower's; otherwise learnt from the captions."""
    text = start.model.text
    vocabulary = text.vocabulary if isinstance(text, TextTransformerConfig) else text.transformers["vocab_size"]
    if plan.tokenizer is None and start.text is not None and start.text.tokenizer is not None:
        return start.text.tokenizer
    if folder := plan.tokenizer or plan.text_tower:
        return read_tokenizer(Path(folder), kind, vocabulary, text.context)
    return train_tokenizer(captions, kind, vocabulary, text.context)


def _with_steps(run: RunFolder, plan: Plan, data: TrainingData, world: World, tell: Tell) -> TrainingSettings:
    """The settings with as many steps as the epochs have, or as fit into the minutes."""
    batch = batch_size(len(data.pairs), plan.settings, world)
    if plan.minutes is None:
        steps = (plan.epochs or 1) * (len(data.pairs) // batch)
        return replace(plan.settings, steps=max(1, round(steps)))
    seconds = 60 * plan.minutes
    per_step, per_measuring = _timed(_encoder(run, plan), data, plan.settings, world, tell)
    evaluations = plan.settings.evaluations
    if per_measuring:
        evaluations = max(1, min(evaluations, int(MEASURED_SHARE * seconds / per_measuring)))
    steps = int((seconds - evaluations * per_measuring) / per_step)
    return replace(plan.settings, steps=max(1, steps), evaluations=evaluations)


def _timed(
    encoder: DualEncoder, data: TrainingData, settings: TrainingSettings, world: World, tell: Tell
) -> tuple[float, float]:
    """Seconds that a step takes, and a measuring on the held-out photos; tried on an encoder to throw away."""
    times: list[float] = []

    def note(_stage: str, done: int, whole: int, _remark: str) -> None:
        times.append(time.monotonic())
        tell("timing", done, whole, "")

    with tempfile.TemporaryDirectory(prefix="searchengine-") as folder:
        trial = replace(settings, steps=TRIED)
        train(encoder, replace(data, held_out=None), trial, RunFolder(Path(folder)), world, tell=note)
    # The first steps are slow. Where another process leads, nothing was told.
    per_step = statistics.median(later - earlier for earlier, later in itertools.pairwise(times)) if times else 1.0
    if data.held_out is None:
        return per_step, 0.0
    start = time.monotonic()
    measure(encoder, data.held_out, data.normalisation, settings.precision)
    return per_step, time.monotonic() - start
