"""The recipe of the built-in model: two finished towers, trained projections, and the towers' upper parts trained with
them; beside it the classifier's own view.

`train_builtin` goes from the data to a finished model folder and everything it does follows from the seed. What the
parts are, their own files say; what came out, and from which sources, stands on the card in `data/builtin/`.
"""

from __future__ import annotations

import gzip
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor

from searchengine.embedding.catalog import BUILTIN
from searchengine.embedding.model_folder import IMAGE_GRAPH, TEXT_GRAPH, TOKENIZER, ModelFolder, write_model_folder
from searchengine.embedding.preprocessing import Preprocessing
from searchengine.embedding.prompts import prompt_templates, sentences
from searchengine.errors import UsageError, printable
from searchengine.training.backbones import CLASSES, SIDE, ImageBackbone, TextBackbone, minilm_folder, sentence_vectors
from searchengine.training.classes import ClassName, imagenet_classes
from searchengine.training.data import CaptionedPhotos, held_out, opened, read_captions, read_labels
from searchengine.training.draws import Material
from searchengine.training.export import export_tower
from searchengine.training.features import CROP, SMALL, WHOLE, image_maps, pooled, read_pictures
from searchengine.training.fit import Learner, Recipe, fit
from searchengine.training.heads import ClassSpace, ImageTower, TextTower
from searchengine.training.progress import Tell, untold
from searchengine.training.sentences import Sentences, read_sentences

CAPTIONED, SAMPLES, OTHERS = "captioned_photos.zip", "imagenet_samples.zip", "coco_captions.txt.gz"
HELD_OUT = 1000
"""Photos that the training never sees, for measuring."""

CONTEXT = 64  # tokens; captions have 12, and what is longer is cut off
CLASS_WEIGHT = 0.2  # the class part's share of a cosine
LABEL_SHARE = 0.15  # of a class's place, what its WordNet name contributes beside its everyday words
VIEWS = (WHOLE, *4 * (CROP,), *2 * (SMALL,))
"""How often each photo is looked at, and how."""

SQUASH = Preprocessing(height=SIDE, width=SIDE, resize="squash", resize_to=SIDE, resample="bicubic")
"""The whole picture, its aspect not kept, as in the photos that are learnt from."""


@dataclass(frozen=True, slots=True)
class Names:
    """Every sentence about the classes, and where each class, word and template finds its own."""

    sentences: list[str]
    rows: list[list[list[int]]]  # for each class, word (label first) and template


def train_builtin(
    data: Path, out: Path, recipe: Recipe | None = None, photos: int | None = None, tell: Tell = untold
) -> ModelFolder:
    """Train the built-in model from the folder `data` and write it as a model folder to `out`.

    `photos` takes only so many of the captioned photos, for a quick try. Raises UsageError when the data or the
    packages of the extra `train` aren't there, or `out` holds something already.
    """
    recipe = recipe or Recipe()
    if out.exists() and any(out.iterdir()):
        raise UsageError(f"The folder {printable(out)} isn't empty.", "Name a new one with --out.")
    image, text, tokenizer = ImageBackbone(), TextBackbone(CONTEXT), read_tokenizer()
    with opened(_source(data, CAPTIONED)) as captioned, opened(_source(data, SAMPLES)) as samples:
        others = _read_lines(_source(data, OTHERS))
        everything = read_captions(captioned / "captions.csv")
        kept, _ = held_out(everything.paths, min(HELD_OUT, len(everything) // 2))
        chosen = everything.take(kept[:photos])
        labelled = read_labels(samples / "labels.csv")
        pictures = read_pictures([*chosen.paths, *labelled.paths], tell)
    maps = image_maps(image, pictures, VIEWS, recipe.seed, tell)
    names = name_sentences(imagenet_classes(), prompt_templates())
    captions = [caption for own in chosen.captions for caption in own]
    sentences = read_sentences(text, tokenizer, [*names.sentences, *captions, *others], tell)
    material = _material(image, chosen, maps, labelled.labels, names, sentences)
    learner = fit(image, text, material, recipe, tell)
    learner.image.centre_on(pooled(image, material.photos[0]))
    space = class_space(names, sentences.all_features(text, tell)[: len(names.sentences)])
    out.mkdir(parents=True, exist_ok=True)
    return _write(out, tokenizer, learner, space, recipe)


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
    uses = Counter(row for words in names.rows for row in {word[0] for word in words})
    kin = [max(uses[word[0]] for word in words) for words in names.rows]
    space = ClassSpace()
    space.settle(torch.stack(places), torch.tensor(kin, dtype=torch.float32))
    return space


def _material(
    image: ImageBackbone,
    photos: CaptionedPhotos,
    maps: Tensor,
    labels: Sequence[int],
    names: Names,
    sentences: Sentences,
) -> Material:
    """Maps of photos and then of samples, and what belongs to what; sentences of names, captions and others.

    A sample's class is half what it is labelled and half what the classifier sees, so that a photo of several things
    teaches all of them.
    """
    first = len(names.sentences)
    ends = (first + torch.tensor([len(own) for own in photos.captions]).cumsum(0)).tolist()
    seen = torch.softmax(image.classifier(pooled(image, maps[0])), dim=1)  # (photos + samples, 1000)
    labelled = torch.nn.functional.one_hot(torch.tensor(labels), CLASSES)
    return Material(
        photos=maps[:, : len(photos)],
        captions_of=[range(end - len(own), end) for end, own in zip(ends, photos.captions, strict=True)],
        photo_classes=seen[: len(photos)],
        samples=maps[:, len(photos) :],
        sample_classes=(seen[len(photos) :] + labelled) / 2,
        names_of=names.rows,
        others=range(ends[-1], len(sentences)),
        sentences=sentences,
    )


def _write(out: Path, tokenizer: Tokenizer, learner: Learner, space: ClassSpace, recipe: Recipe) -> ModelFolder:
    """Put the towers together and write the model folder."""
    pixels = torch.zeros(2, SIDE, SIDE, 3, dtype=torch.uint8)
    tokens = {name: torch.ones(3, 9, dtype=torch.long) for name in ("input_ids", "attention_mask")}
    image_tower = ImageTower(learner.image_tower, learner.image, space, CLASS_WEIGHT)
    text_tower = TextTower(learner.text_tower, learner.text, space, CLASS_WEIGHT)
    export_tower(image_tower, {"pixels": pixels}, ["n"], out / IMAGE_GRAPH)
    export_tower(text_tower, tokens, ["n", "t"], out / TEXT_GRAPH)
    tokenizer.save(str(out / TOKENIZER))
    return write_model_folder(
        out,
        name=BUILTIN,
        revision="2",
        dim=recipe.dim + space.classes.shape[1],
        preprocessing=SQUASH,
        precision="int8",
        languages=("en",),
    )


def _read_lines(file: Path) -> list[str]:
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        return [line.strip() for line in lines if line.strip()]


def _source(data: Path, name: str) -> Path:
    """The zip of that name in the data, or the folder it was unpacked to."""
    for path in (data / name, data / name.removesuffix(".zip")):
        if path.exists():
            return path
    raise UsageError(f"There is no {name} in {printable(data)}.", "Name the folder that holds it with --data.")
