"""A named configuration trained on a person's captioned photos: from what was asked for to a finished checkpoint.

    plan → pictures and captions made ready → tokenizer → encoder → trained → model/ in the run's folder

All that decides a run stands in its plan, in the folder, before anything long begins; so a run that stopped anywhere
goes on from its folder alone.
"""

from __future__ import annotations

import itertools
import math
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

from searchengine.embedding.clip.config import DualEncoderConfig, TextTransformerConfig
from searchengine.embedding.clip.configurations import CONFIGURATIONS, Configuration, with_vocabulary
from searchengine.embedding.clip.dual_encoder import DualEncoder
from searchengine.embedding.clip.folder import save_dual_encoder
from searchengine.embedding.preprocessing import Normalisation, Preprocessing
from searchengine.errors import UsageError
from searchengine.training.data import held_out, opened_captions
from searchengine.training.measuring import measure
from searchengine.training.pairs import Pairs, prepare_pairs
from searchengine.training.processes import World, wait_for_all
from searchengine.training.progress import Tell, untold
from searchengine.training.run_folder import RunFolder
from searchengine.training.tokenizing import read_tokenizer, train_tokenizer
from searchengine.training.trainer import Precision, TrainingData, TrainingSettings, batch_size, train

MEAN, STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
"""Of the channels of the photos that OpenAI's CLIP learnt from."""
NORMALISATION = Normalisation(
    scale=(1 / 255 / STD[0], 1 / 255 / STD[1], 1 / 255 / STD[2]),
    shift=(-MEAN[0] / STD[0], -MEAN[1] / STD[1], -MEAN[2] / STD[2]),
)

HELD_OUT_SHARE = 0.2  # of the photos, at most
MARGIN = 1.25  # how much larger than the input pictures are kept, for crops
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
    tokenizer: str | None  # the folder of one; None: learnt from the captions
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

    Raises UsageError when the plan, the data or the tokenizer is of no use.
    """
    plan = Plan.from_json(run.read_plan())
    configuration = CONFIGURATIONS[plan.configuration]
    preprocessing = preprocessing_of(configuration.model)
    if world.leads:
        _make_ready(plan, configuration, preprocessing, run.data, tell)
    wait_for_all()
    tokenizer = Tokenizer.from_file(str(run.data / "tokenizer.json"))
    model = with_vocabulary(configuration.model, tokenizer.get_vocab_size())
    data = open_data(run.data, preprocessing)
    if plan.settings.steps == 0:
        settings = _with_steps(plan, model, data, world, tell)
        if world.leads:
            run.write_plan(replace(plan, settings=settings).to_json())
        wait_for_all()
        plan = Plan.from_json(run.read_plan())  # processes may have timed their steps differently
    encoder = new_encoder(model, plan.settings)
    finished = train(encoder, data, plan.settings, run, world, tell=tell, stop=stop)
    if finished and world.leads:
        save_dual_encoder(run.model, encoder, preprocessing, NORMALISATION, tokenizer)
    return Outcome(finished, len(data.pairs), data.pairs.problems)


def preprocessing_of(model: DualEncoderConfig) -> Preprocessing:
    """The whole picture, its aspect not kept: nothing that its caption speaks of is cut off."""
    side = model.image.image_size
    return Preprocessing(side, side, "squash", side, "bicubic")


def open_data(folder: Path, preprocessing: Preprocessing) -> TrainingData:
    """What `_make_ready` wrote into `folder`."""
    measured = Pairs.open(folder / "held_out") if (folder / "held_out").exists() else None
    size = (preprocessing.height, preprocessing.width)
    return TrainingData(Pairs.open(folder / "train"), measured, size, NORMALISATION)


def new_encoder(model: DualEncoderConfig, settings: TrainingSettings) -> DualEncoder:
    """One with the random weights that the seed decides, and the temperature that the loss starts from."""
    torch.manual_seed(settings.seed)
    encoder = DualEncoder(model)
    if settings.loss == "sigmoid":
        with torch.no_grad():  # Zhai et al., 2023, section 3.2
            encoder.logit_scale.fill_(math.log(10))
            encoder.logit_bias.fill_(-10)
    return encoder


def _make_ready(
    plan: Plan, configuration: Configuration, preprocessing: Preprocessing, folder: Path, tell: Tell
) -> None:
    """Read the source into `folder`, unless that was done before."""
    if folder.exists():
        return
    beside = folder.with_name(".data")  # of a run that was killed meanwhile, begun anew
    shutil.rmtree(beside, ignore_errors=True)
    with opened_captions(Path(plan.source)) as photos:
        learnt, measured = held_out(photos.paths, min(plan.held_out, int(HELD_OUT_SHARE * len(photos))))
        to_learn, to_measure = photos.take(learnt), replace(photos.take(measured), problems=())
        tokenizer = _tokenizer(plan, configuration, [caption for own in to_learn.captions for caption in own])
        prepare_pairs(to_learn, preprocessing, tokenizer, beside / "train", margin=MARGIN, tell=tell)
        if len(to_measure):
            prepare_pairs(to_measure, preprocessing, tokenizer, beside / "held_out", tell=tell)
    tokenizer.save(str(beside / "tokenizer.json"))
    beside.rename(folder)


def _tokenizer(plan: Plan, configuration: Configuration, captions: list[str]) -> Tokenizer:
    text = configuration.model.text
    vocabulary = text.vocabulary if isinstance(text, TextTransformerConfig) else text.transformers["vocab_size"]
    if plan.tokenizer is None:
        return train_tokenizer(captions, configuration.tokenizer, vocabulary, text.context)
    return read_tokenizer(Path(plan.tokenizer), configuration.tokenizer, vocabulary, text.context)


def _with_steps(plan: Plan, model: DualEncoderConfig, data: TrainingData, world: World, tell: Tell) -> TrainingSettings:
    """The settings with as many steps as the epochs have, or as fit into the minutes."""
    batch = batch_size(len(data.pairs), plan.settings, world)
    if plan.minutes is None:
        steps = (plan.epochs or 1) * (len(data.pairs) // batch)
        return replace(plan.settings, steps=max(1, round(steps)))
    seconds = 60 * plan.minutes
    per_step, per_measuring = _timed(model, data, plan.settings, world, tell)
    evaluations = plan.settings.evaluations
    if per_measuring:
        evaluations = max(1, min(evaluations, int(MEASURED_SHARE * seconds / per_measuring)))
    steps = int((seconds - evaluations * per_measuring) / per_step)
    return replace(plan.settings, steps=max(1, steps), evaluations=evaluations)


def _timed(
    model: DualEncoderConfig, data: TrainingData, settings: TrainingSettings, world: World, tell: Tell
) -> tuple[float, float]:
    """Seconds that a step takes, and a measuring on the held-out photos; tried on an encoder that is thrown away."""
    times: list[float] = []

    def note(_stage: str, done: int, whole: int, _remark: str) -> None:
        times.append(time.monotonic())
        tell("timing", done, whole, "")

    encoder = new_encoder(model, settings)
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
