"""The recipe of the built-in model, first edition: frozen towers, trained projections, and the classifier's own view.

`train_builtin` goes from the data to a finished model folder and everything it does follows from the seed. What the
parts are, their own files say; what came out, and from which sources, stands on the card in `data/builtin/`.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from tokenizers import Tokenizer
from torch import Tensor

from searchengine.embedding.catalog import BUILTIN
from searchengine.embedding.model_folder import IMAGE_GRAPH, TEXT_GRAPH, TOKENIZER, ModelFolder, write_model_folder
from searchengine.errors import UsageError, printable
from searchengine.training import augment
from searchengine.training.backbones import CLASSES, ImageBackbone, TextBackbone, minilm_folder, sentence_vectors
from searchengine.training.classes import ClassName, imagenet_classes, prompt_templates, sentences
from searchengine.training.data import CaptionedPhotos, held_out, opened, read_captions, read_labels
from searchengine.training.export import export_tower
from searchengine.training.features import image_features, text_features
from searchengine.training.fit import Material, Recipe, fit
from searchengine.training.heads import ClassSpace, ImageTower, TextTower

if TYPE_CHECKING:
    from searchengine.training.heads import Projection

logger = logging.getLogger(__name__)

CAPTIONED, SAMPLES = "captioned_photos.zip", "imagenet_samples.zip"
HELD_OUT = 1000
"""Photos that the training never sees, for measuring."""

CONTEXT = 64  # tokens; captions have 12, and what is longer is cut off
CLASS_WEIGHT = 0.3  # the class part's share of a cosine
LABEL_SHARE = 0.15  # of a class's place, what its WordNet name contributes beside its everyday words

PHOTO_VIEWS = (
    augment.whole, augment.mirrored, augment.cropped, augment.blurred, augment.cropped, augment.cropped,
    augment.blurred,
)  # fmt: skip
SAMPLE_VIEWS = (
    augment.whole, augment.middle, augment.tiny, augment.cropped, augment.cropped, augment.blurred, augment.blurred,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Names:
    """Every sentence about the classes, and where each class, word and template finds its own."""

    sentences: list[str]
    rows: list[list[list[int]]]  # for each class, word (label first) and template


def train_builtin(data: Path, out: Path, recipe: Recipe | None = None, photos: int | None = None) -> ModelFolder:
    """Train the built-in model from the folder `data` and write it as a model folder to `out`.

    `photos` takes only so many of the captioned photos, for a quick try. Raises UsageError when the data or the
    packages of the extra `train` aren't there, or `out` holds something already.
    """
    recipe = recipe or Recipe()
    if out.exists() and any(out.iterdir()):
        raise UsageError(f"The folder {printable(out)} isn't empty.", "Name a new one with --out.")
    image, text, tokenizer = ImageBackbone(), TextBackbone(CONTEXT), read_tokenizer()
    with opened(_source(data, CAPTIONED)) as captioned, opened(_source(data, SAMPLES)) as samples:
        everything = read_captions(captioned / "captions.csv")
        kept, _ = held_out(everything.paths, min(HELD_OUT, len(everything) // 2))
        chosen = everything.take(kept[:photos])
        labelled = read_labels(samples / "labels.csv").paths
        logger.info("looking at %d photos and %d samples", len(chosen), len(labelled))
        photo_views = image_features(image, chosen.paths, PHOTO_VIEWS, recipe.seed)
        sample_views = image_features(image, labelled, SAMPLE_VIEWS, recipe.seed + 1)
    names = name_sentences(imagenet_classes(), prompt_templates())
    name_features = text_features(text, tokenizer, names.sentences)
    captions = text_features(text, tokenizer, [caption for own in chosen.captions for caption in own])
    projections = fit(_material(image, chosen, photo_views, sample_views, names, name_features, captions), recipe)
    space = class_space(names, name_features)
    out.mkdir(parents=True, exist_ok=True)
    return _write(out, image, text, tokenizer, projections, space, recipe)


def read_tokenizer() -> Tokenizer:
    """MiniLM's tokenizer, cut to our context and padded to the longest of a batch."""
    tokenizer = Tokenizer.from_file(str(minilm_folder() / "tokenizer.json"))
    tokenizer.enable_truncation(CONTEXT)
    tokenizer.enable_padding(pad_id=0, pad_token="[PAD]")
    return tokenizer


def name_sentences(classes: Sequence[ClassName], templates: Sequence[str]) -> Names:
    """Every class under each of its names in each template; a sentence that several classes share stands once."""
    row: dict[str, int] = {}
    rows = [
        [[row.setdefault(one, len(row)) for one in sentences(word, templates)] for word in name.words]
        for name in classes
    ]
    return Names(list(row), rows)


def class_space(names: Names, features: Tensor) -> ClassSpace:
    """Each class where the names it goes by lie on average, its label with `LABEL_SHARE`."""
    vectors = sentence_vectors(features)
    places = []
    for words in names.rows:
        means = torch.stack([vectors[rows].mean(0) for rows in words])  # (words, 384)
        label, everyday = torch.nn.functional.normalize(torch.stack([means[0], means[1:].mean(0)]), dim=1)
        places.append(LABEL_SHARE * label + (1 - LABEL_SHARE) * everyday)
    space = ClassSpace()
    space.settle(torch.stack(places))
    return space


def _material(
    image: ImageBackbone,
    photos: CaptionedPhotos,
    photo_views: Tensor,
    sample_views: Tensor,
    names: Names,
    name_features: Tensor,
    caption_features: Tensor,
) -> Material:
    """Features, and what belongs to what.

    A sample's class is half what it is labelled and half what the classifier sees, so that a photo of several things
    teaches all of them.
    """
    ends = torch.tensor([len(own) for own in photos.captions]).cumsum(0).tolist()
    seen = (image.classify(sample_views[:, 0]) + image.classify(sample_views[:, 1])) / 2
    return Material(
        photos=photo_views,
        captions=caption_features,
        captions_of=[range(end - len(own), end) for end, own in zip(ends, photos.captions, strict=True)],
        photo_classes=image.classify(photo_views[:, 0]),
        samples=sample_views,
        sample_classes=(seen + torch.eye(CLASSES)[: len(seen)]) / 2,
        names=name_features,
        names_of=names.rows,
    )


def _write(
    out: Path,
    image: ImageBackbone,
    text: TextBackbone,
    tokenizer: Tokenizer,
    projections: tuple[Projection, Projection],
    space: ClassSpace,
    recipe: Recipe,
) -> ModelFolder:
    """Put the towers together and write the model folder."""
    pixels = torch.zeros(2, augment.SIDE, augment.SIDE, 3, dtype=torch.uint8)
    tokens = {name: torch.ones(3, 9, dtype=torch.long) for name in ("input_ids", "attention_mask")}
    export_tower(ImageTower(image, projections[0], space, CLASS_WEIGHT), {"pixels": pixels}, ["n"], out / IMAGE_GRAPH)
    export_tower(TextTower(text, projections[1], space, CLASS_WEIGHT), tokens, ["n", "t"], out / TEXT_GRAPH)
    tokenizer.save(str(out / TOKENIZER))
    return write_model_folder(
        out,
        name=BUILTIN,
        revision="1",
        dim=recipe.dim + space.classes.shape[1],
        preprocessing=augment.SQUASH,
        precision="int8",
        languages=("en",),
    )


def _source(data: Path, name: str) -> Path:
    """The zip of that name in the data, or the folder it was unpacked to."""
    for path in (data / name, data / name.removesuffix(".zip")):
        if path.exists():
            return path
    raise UsageError(f"There is no {name} in {printable(data)}.", "Name the folder that holds it with --data.")
