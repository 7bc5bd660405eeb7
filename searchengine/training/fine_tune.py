"""A model fine-tuned on a person's own captioned photos, as far as it gains by that and no further.

    photos → learnt from | chosen with | judged by → trained → the way back measured → better than before, or not

What the share of the way is chosen with, and what the outcome is judged by, are photos that weren't learnt from, and
not the same ones.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any

from searchengine.embedding.clip.convert import dual_encoder_from
from searchengine.errors import UsageError
from searchengine.settings import absolute
from searchengine.training.data import held_out
from searchengine.training.interpolation import SHARES, interpolated, share_to_take
from searchengine.training.lora import add_adapters, merge_adapters
from searchengine.training.measuring import measure
from searchengine.training.optimiser import parameter_groups
from searchengine.training.pairs import MARGIN, prepare_pairs
from searchengine.training.processes import joined
from searchengine.training.progress import Tell, untold
from searchengine.training.run_folder import RunFolder
from searchengine.training.trainer import TrainingData, TrainingSettings, train

if TYPE_CHECKING:
    from torch import Tensor

    from searchengine.embedding.clip.dual_encoder import DualEncoder
    from searchengine.embedding.clip.folder import DualEncoderFolder
    from searchengine.embedding.model_store import ModelStore
    from searchengine.training.data import CaptionedPhotos
    from searchengine.training.evaluation import Recall
    from searchengine.training.pairs import Pairs
    from searchengine.training.processes import World
    from searchengine.training.trainer import Precision

LEAST = 20
"""Photos with captions below which there is nothing to learn from and to judge by."""

HELD_OUT_SHARE = 0.3  # of the photos; half of them to choose with, half to judge by
MOST_HELD_OUT = 1000
WEIGHT_DECAY = 0.1
TEMPERATURE = 10.0  # times the rate of everything else


@dataclass(frozen=True, slots=True)
class FineTuning:
    """Every number that a fine-tuning depends on."""

    rate: float
    epochs: float = 5.0
    batch: int = 64
    lora: int | None = None  # the adapters' rank; None: all weights are trained
    precision: Precision = "float32"
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Retrieved:
    """How well captions find their photos, and photos their captions."""

    text_to_image: Recall
    image_to_text: Recall

    @property
    def mean(self) -> float:
        """The mean of R@1, R@5 and R@10 in both directions: the one figure that models are compared by."""
        each = (self.text_to_image, self.image_to_text)
        return sum(recall.at_1 + recall.at_5 + recall.at_10 for recall in each) / 6


@dataclass(frozen=True, slots=True)
class FineTuned:
    """What came of it."""

    learnt_from: int  # photos
    chosen_with: int
    judged_by: int
    share: float  # of the way from the start to the fine-tuned weights that was taken
    before: Retrieved  # on the photos that it is judged by
    after: Retrieved
    problems: tuple[str, ...]  # what of the data was left out, a sentence each

    @property
    def better(self) -> bool:
        """Whether the outcome is worth having: something changed, and not for the worse."""
        return self.share > 0 and self.after.mean >= self.before.mean


def starting_point(models: ModelStore, name: str) -> DualEncoderFolder:
    """The dual encoder of a model that is here, or of a checkpoint, a folder or a file, at a path of its own.

    Raises UsageError for one without PyTorch weights, ModelError in its kinds.
    """
    file = absolute(name)
    return dual_encoder_from(file if file.is_file() else models.checkpoint(name))


def fine_tune(
    model: DualEncoderFolder,
    photos: CaptionedPhotos,
    how: FineTuning,
    folder: Path,
    *,
    tell: Tell = untold,
    stop: Event | None = None,
) -> FineTuned | None:
    """Fine-tune the encoder of `model` in place; None when `stop` came first. `folder`, which is empty, is worked in.

    Raises UsageError for too few photos with captions, and as `train`.
    """
    if len(photos) < LEAST:
        raise UsageError(
            f"{len(photos):,} photos with a caption are too few to learn from; at least {LEAST} are needed.",
            "Write captions (IPTC or XMP) into more of your photos and index them, or name a longer table with --data.",
        )
    learn, choose, judge = _parts(model, photos, folder, tell)
    with joined() as world:
        encoder = model.encoder.to(world.device)
        start = copy.deepcopy(encoder.state_dict())
        before = _measured(model, judge, how)
        if not _train(model, learn, how, folder, world, tell, stop):
            return None
        share = _go_back(model, start, choose, how, tell)
        after = _measured(model, judge, how)
        encoder.cpu()
    problems = tuple(dict.fromkeys((*learn.problems, *choose.problems, *judge.problems)))
    return FineTuned(len(learn), len(choose), len(judge), share, before, after, problems)


def _parts(model: DualEncoderFolder, photos: CaptionedPhotos, folder: Path, tell: Tell) -> tuple[Pairs, Pairs, Pairs]:
    """What is learnt from, chosen with and judged by, made ready. A photo's name decides where it belongs."""
    count = min(MOST_HELD_OUT, round(HELD_OUT_SHARE * len(photos)))
    kept, out = held_out(photos.paths, count)
    chosen, judged = held_out([photos.paths[place] for place in out], count // 2)
    places = (kept, [out[place] for place in chosen], [out[place] for place in judged])
    learn, choose, judge = (
        prepare_pairs(photos.take(some), model.preprocessing, model.tokenizer, folder / name, margin=margin, tell=tell)
        for name, some, margin in zip(("learn", "choose", "judge"), places, (MARGIN, 1.0, 1.0), strict=True)
    )
    return learn, choose, judge


def _train(
    model: DualEncoderFolder, pairs: Pairs, how: FineTuning, folder: Path, world: World, tell: Tell, stop: Event | None
) -> bool:
    """Train the encoder, or adapters that become part of it; False when `stop` came first."""
    encoder, size = model.encoder, (model.preprocessing.height, model.preprocessing.width)
    adapters = None if how.lora is None else add_adapters(encoder, how.lora)
    steps = math.ceil(how.epochs * len(pairs) / min(how.batch, len(pairs)))
    settings = TrainingSettings(steps, batch=how.batch, precision=how.precision, evaluations=0, seed=how.seed)
    data = TrainingData(pairs, None, size, model.normalisation)
    groups, run = _groups(encoder, how.rate), RunFolder.new(folder / "run", asdict(how))
    finished = train(encoder, data, settings, run, world, groups=groups, tell=tell, stop=stop)
    if adapters is not None:
        merge_adapters(adapters)
    return finished


def _groups(encoder: DualEncoder, rate: float) -> list[dict[str, Any]]:
    """Everything that is trained at the rate, the temperature at ten times as much; no sigmoid's bias is learnt."""
    apart = {encoder.logit_scale, encoder.logit_bias}
    others = [parameter for parameter in encoder.parameters() if parameter not in apart]
    temperature = {"params": [encoder.logit_scale], "lr": TEMPERATURE * rate, "weight_decay": 0.0}
    return [*parameter_groups(others, rate, WEIGHT_DECAY), temperature]


def _go_back(model: DualEncoderFolder, start: Mapping[str, Tensor], pairs: Pairs, how: FineTuning, tell: Tell) -> float:
    """Take the encoder as far back towards its start as these photos say; the share of the way that is left."""
    end = copy.deepcopy(model.encoder.state_dict())
    figures = {}
    for done, share in enumerate(SHARES, start=1):
        model.encoder.load_state_dict(interpolated(start, end, share))
        figures[share] = _measured(model, pairs, how).mean
        tell("measuring", done, len(SHARES), "")
    taken = share_to_take(figures)
    model.encoder.load_state_dict(interpolated(start, end, taken))
    return taken


def _measured(model: DualEncoderFolder, pairs: Pairs, how: FineTuning) -> Retrieved:
    return Retrieved(*measure(model.encoder, pairs, model.normalisation, how.precision))
