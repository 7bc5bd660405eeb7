"""The models worth recommending, as data: what they are called, what they read, and how well they were measured.

Figures stand here only when they were checked against the source that is named; what has none stays None. Any other
checkpoint of a known family can be used all the same, by its hub name or from a local folder.
"""

from __future__ import annotations

from dataclasses import dataclass

from searchengine.embedding.kinds import Kind

BUILTIN = "builtin"
CAPTIONER = "blip-base"
MATCHER = "blip-itm"
RECOMMENDED = "clip-b32"
EVERY_LANGUAGE = ("*",)
"""For a model that is trained on many languages."""

OPEN_CLIP = "open_clip, docs/openclip_results.csv and its retrieval table"
BIG_VISION = "big_vision, README_siglip2"


@dataclass(frozen=True, slots=True)
class Figures:
    """Published measurements, in percent."""

    source: str
    imagenet: float | None = None  # zero-shot top-1
    flickr_text_to_image: float | None = None  # Flickr30k, R@1
    flickr_image_to_text: float | None = None
    coco_text_to_image: float | None = None  # COCO, R@1
    coco_image_to_text: float | None = None


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """One model that has a short name."""

    name: str
    title: str
    licence: str
    languages: tuple[str, ...]  # ISO 639-1 codes, or EVERY_LANGUAGE
    hub: str | None = None  # its name on the Hugging Face hub
    parameters: int | None = None  # millions, as they are downloaded
    figures: Figures | None = None
    kind: Kind = Kind.SEARCH

    @property
    def download(self) -> int | None:
        """Bytes to download, roughly: its parameters in float32. None where their number has no checked source."""
        return None if self.parameters is None else self.parameters * 4_000_000


CATALOGUE = (
    CatalogueEntry(
        name=BUILTIN,
        title="Built-in model (EfficientNet-Lite0 and all-MiniLM-L6-v2)",
        licence="research and personal use",
        languages=("en",),
    ),
    CatalogueEntry(
        name="clip-b32",
        title="CLIP ViT-B/32, trained on LAION-2B",
        licence="MIT",
        languages=("en",),
        hub="laion/CLIP-ViT-B-32-laion2B-s34B-b79K",
        parameters=151,
        figures=Figures(OPEN_CLIP, 66.6, 66.8, 84.1, 39.3, 56.3),
    ),
    CatalogueEntry(
        name="openai-b32",
        title="CLIP ViT-B/32 of OpenAI",
        licence="MIT",
        languages=("en",),
        hub="openai/clip-vit-base-patch32",
        parameters=151,
        figures=Figures(OPEN_CLIP, 63.3, 58.8, 78.9, 30.4, 50.1),
    ),
    CatalogueEntry(
        name="openai-b16",
        title="CLIP ViT-B/16 of OpenAI",
        licence="MIT",
        languages=("en",),
        hub="openai/clip-vit-base-patch16",
        parameters=150,
        figures=Figures(OPEN_CLIP, 68.3, 62.2, 82.2, 33.1, 52.4),
    ),
    CatalogueEntry(
        name="openai-l14",
        title="CLIP ViT-L/14 of OpenAI",
        licence="MIT",
        languages=("en",),
        hub="openai/clip-vit-large-patch14",
        parameters=428,
        figures=Figures(OPEN_CLIP, 75.5, 65.0, 85.2, 36.5, 56.3),
    ),
    CatalogueEntry(
        name="openai-l14-336",
        title="CLIP ViT-L/14 of OpenAI, at 336 pixels",
        licence="MIT",
        languages=("en",),
        hub="openai/clip-vit-large-patch14-336",
        parameters=428,
        figures=Figures(OPEN_CLIP, 76.6, 66.9, 87.7, 37.1, 57.9),
    ),
    CatalogueEntry(
        name="openai-rn50",
        title="CLIP ResNet-50 of OpenAI",
        licence="MIT",
        languages=("en",),
        hub="timm/resnet50_clip.openai",
        parameters=102,
        figures=Figures(OPEN_CLIP, 59.8, 57.4, 80.0, 28.5, 48.8),
    ),
    CatalogueEntry(
        name="openai-rn101",
        title="CLIP ResNet-101 of OpenAI",
        licence="MIT",
        languages=("en",),
        hub="timm/resnet101_clip.openai",
        parameters=120,
        figures=Figures(OPEN_CLIP, 62.3, 58.0, 79.0, 30.7, 49.8),
    ),
    CatalogueEntry(
        name="openai-rn50x4",
        title="CLIP ResNet-50x4 of OpenAI, at 288 pixels",
        licence="MIT",
        languages=("en",),
        hub="timm/resnet50x4_clip.openai",
        parameters=178,
        figures=Figures(OPEN_CLIP, 66.3, 62.6, 82.1, 33.4, 53.0),
    ),
    CatalogueEntry(
        name="openai-rn50x16",
        title="CLIP ResNet-50x16 of OpenAI, at 384 pixels",
        licence="MIT",
        languages=("en",),
        hub="timm/resnet50x16_clip.openai",
        parameters=291,
        figures=Figures(OPEN_CLIP, 70.7, 65.3, 85.7, 35.4, 55.4),
    ),
    CatalogueEntry(
        name="openai-rn50x64",
        title="CLIP ResNet-50x64 of OpenAI, at 448 pixels",
        licence="MIT",
        languages=("en",),
        hub="timm/resnet50x64_clip.openai",
        parameters=623,
        figures=Figures(OPEN_CLIP, 73.9, 69.0, 86.9, 35.2, 58.4),
    ),
    CatalogueEntry(
        name="siglip2-b32",
        title="SigLIP 2 B/32 at 256 pixels",
        licence="Apache-2.0",
        languages=EVERY_LANGUAGE,
        hub="google/siglip2-base-patch32-256",
        figures=Figures(BIG_VISION, imagenet=74.0, coco_text_to_image=47.2, coco_image_to_text=63.7),
    ),
    CatalogueEntry(
        name="siglip2-b16",
        title="SigLIP 2 B/16 at 224 pixels",
        licence="Apache-2.0",
        languages=EVERY_LANGUAGE,
        hub="google/siglip2-base-patch16-224",
        figures=Figures(BIG_VISION, imagenet=78.2, coco_text_to_image=52.1, coco_image_to_text=68.9),
    ),
    CatalogueEntry(
        name="siglip2-so400m",
        title="SigLIP 2 So400m/14 at 384 pixels",
        licence="Apache-2.0",
        languages=EVERY_LANGUAGE,
        hub="google/siglip2-so400m-patch14-384",
    ),
    CatalogueEntry(
        name=CAPTIONER,
        title="BLIP with ViT-B/16, for captions, at 384 pixels",
        licence="BSD-3-Clause",
        languages=("en",),
        hub="Salesforce/blip-image-captioning-base",
        parameters=247,
        kind=Kind.CAPTIONER,
    ),
    CatalogueEntry(
        name="blip-large",
        title="BLIP with ViT-L/16, for captions, at 384 pixels",
        licence="BSD-3-Clause",
        languages=("en",),
        hub="Salesforce/blip-image-captioning-large",
        parameters=470,
        kind=Kind.CAPTIONER,
    ),
    CatalogueEntry(
        name=MATCHER,
        title="BLIP with ViT-B/16 and its image-text matching head, at 384 pixels",
        licence="BSD-3-Clause",
        languages=("en",),
        hub="Salesforce/blip-itm-base-coco",
        parameters=224,
        kind=Kind.MATCHER,
    ),
)


def find(name: str) -> CatalogueEntry | None:
    """The entry with this short name or hub name; None when the catalogue doesn't have it."""
    return next((entry for entry in CATALOGUE if name in (entry.name, entry.hub)), None)
