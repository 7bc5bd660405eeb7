from __future__ import annotations

import dataclasses

import pytest
import torch

from searchengine.training.backbones import MAPS, ImageBackbone
from searchengine.training.features import pooled
from searchengine.training.fit import Learner, Material, Recipe, Stage, fit

pytest.importorskip("efficientnet_lite_pytorch", reason="training the built-in model needs the extra 'train'")

QUICK = Recipe(
    dim=16,
    hidden=32,
    image_dropout=0.1,
    text_dropout=0.1,
    heads=Stage(epochs=80, batch=16, samples=8, rate=1e-2),
    tower=Stage(epochs=6, batch=16, samples=8, rate=1e-3),
    tower_rate=2e-5,
)
BRIEF = dataclasses.replace(QUICK, heads=Stage(1, 1000, 4, 1e-2), tower=Stage(1, 1000, 4, 1e-3))


def toy() -> Material:
    """16 photos of two views and two captions each, all noisy readings of one hidden vector a photo."""
    generator = torch.Generator().manual_seed(0)

    def read(hidden: torch.Tensor, shape: tuple[int, ...], noise: float) -> torch.Tensor:
        width = int(torch.tensor(shape).prod())
        lens = torch.randn(hidden.shape[-1], width, generator=torch.Generator().manual_seed(width))
        seen = hidden @ lens + noise * torch.randn(*hidden.shape[:-1], width, generator=generator)
        return seen.reshape(*hidden.shape[:-1], *shape)

    hidden = torch.randn(16, 8, generator=generator)
    classes = torch.randn(1000, 8, generator=generator)
    names = classes.repeat_interleave(4, 0)  # two words and two templates a class
    return Material(
        photos=read(hidden.expand(2, -1, -1), MAPS, 0.3).bfloat16(),
        captions=read(hidden.repeat_interleave(2, 0), (20,), 0.1),
        captions_of=[range(2 * photo, 2 * photo + 2) for photo in range(16)],
        photo_classes=torch.softmax(4 * hidden @ classes.T, 1),
        samples=read(classes[:4].expand(2, -1, -1), MAPS, 0.3).bfloat16(),
        sample_classes=torch.eye(1000)[:4],
        names=read(names, (20,), 0.1),
        names_of=[[[4 * one, 4 * one + 1], [4 * one + 2, 4 * one + 3]] for one in range(1000)],
    )


def trained(recipe: Recipe) -> tuple[Material, Learner]:
    material = toy()
    return material, fit(ImageBackbone(), material, recipe)


@pytest.mark.slow
def test_photos_find_their_captions_and_the_image_tower_moves() -> None:
    material, learner = trained(QUICK)
    before = ImageBackbone()
    with torch.no_grad():
        images = learner.image(pooled(learner.backbone, material.photos[1]))
        found = (images @ learner.text(material.captions[1::2]).T).argmax(1)
    assert (found == torch.arange(16)).float().mean() > 0.9
    after = dict(learner.backbone.named_parameters())
    moved = {name for name, old in before.named_parameters() if not torch.equal(old, after[name])}
    assert moved
    assert not any(name.startswith("lower.") for name in moved)
    assert not any("depthwise" in name for name in moved)


@pytest.mark.slow
def test_the_seed_decides_everything() -> None:
    vectors = []
    for seed in (1, 1, 2):
        material, learner = trained(dataclasses.replace(BRIEF, seed=seed))
        vectors.append(learner.image(pooled(learner.backbone, material.photos[0])))
    torch.testing.assert_close(vectors[0], vectors[1])
    assert not torch.allclose(vectors[0], vectors[2], atol=1e-2)


def test_vectors_have_unit_length_and_no_common_direction() -> None:
    material, learner = trained(BRIEF)
    features = pooled(learner.backbone, material.photos[0])
    before = learner.image(features)
    learner.image.centre_on(features)
    after = learner.image(features)
    for vectors in (before, after, learner.text(material.captions)):
        torch.testing.assert_close(vectors.norm(dim=1), torch.ones(len(vectors)))
    assert after.mean(0).norm() < 0.5 * before.mean(0).norm()
