"""What is computed once for the training of the built-in model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from searchengine.training.backbones import MAPS, ImageBackbone
from searchengine.training.features import CROP, SMALL, WHOLE, image_maps, pooled, read_pictures
from searchengine.training.views import seen_small

pytest.importorskip("efficientnet_lite_pytorch", reason="training the built-in model needs the extra 'train'")


@pytest.fixture(scope="module")
def pictures() -> torch.Tensor:
    """Three pictures of noise, coarse enough to survive being made small."""
    coarse = np.random.default_rng(0).integers(0, 256, (3, 3, 8, 8)).astype(np.uint8)
    return torch.from_numpy(coarse.repeat(20, 2).repeat(20, 3))


def test_pictures_are_kept_at_one_size(tmp_path: Path) -> None:
    paths = []
    for number, shape in enumerate([(160, 160), (40, 300)]):
        pixels = np.random.default_rng(number).integers(0, 256, (*shape, 3)).astype(np.uint8)
        paths.append(tmp_path / f"{number}.png")
        Image.fromarray(pixels).save(paths[-1])
    kept = read_pictures(paths)
    assert kept.shape == (2, 3, 160, 160)
    np.testing.assert_array_equal(kept[0].permute(1, 2, 0).numpy(), np.asarray(Image.open(paths[0])))


def test_the_parts_of_the_backbone_make_the_whole(pictures: torch.Tensor) -> None:
    backbone = ImageBackbone()
    maps = image_maps(backbone, pictures, [WHOLE], seed=0)
    assert maps.shape == (1, 3, *MAPS)
    enlarged = torch.nn.functional.interpolate(pictures.float(), size=(224, 224), mode="bicubic", antialias=True)
    whole = backbone(enlarged.clamp(0, 255).round().to(torch.uint8).permute(0, 2, 3, 1))
    cosines = torch.nn.functional.cosine_similarity(pooled(backbone, maps[0]), whole)
    assert (cosines > 0.99).all()  # bfloat16 on the way


def test_views_differ_and_the_seed_decides_them(pictures: torch.Tensor) -> None:
    backbone = ImageBackbone()
    views = [WHOLE, CROP, SMALL, CROP]
    maps = image_maps(backbone, pictures, views, seed=1)
    assert torch.equal(maps, image_maps(backbone, pictures, views, seed=1))
    for one in range(4):
        for other in range(one):
            assert not torch.equal(maps[one], maps[other])


def test_a_picture_seen_small_has_lost_its_detail() -> None:
    stripes = torch.zeros(2, 3, 160, 160)
    stripes[..., ::2] = 255
    small = seen_small(stripes, np.random.default_rng(0))
    assert small.shape == stripes.shape
    assert small.std() < 0.5 * stripes.std()
