from __future__ import annotations

import time

import numpy as np
import pytest
from numpy.typing import NDArray
from transformers import AutoImageProcessor

from searchengine.embedding.checkpoint import open_checkpoint
from searchengine.embedding.preprocessing import Preprocessing, prepare, sight
from tests.embedding.checkpoints import CHECKPOINTS, checkpoint

SIZES = [(480, 640), (640, 480), (333, 257), (32, 32), (31, 97), (20, 20), (500, 33), (1, 9)]


def photo(height: int, width: int) -> NDArray[np.uint8]:
    """Something with edges, gradients, noise and a colour of its own."""
    rows, columns = np.mgrid[:height, :width]
    random = np.random.default_rng(height * width)
    waves = np.sin(rows / 7)[..., None] * 60 + np.cos(columns / 11)[..., None] * 50
    noise = random.normal(scale=25, size=(height, width, 3))
    blocks = ((rows // 16 + columns // 16) % 2)[..., None] * np.array([40, -30, 20])
    return np.clip(random.integers(30, 226, 3) + waves + blocks + noise, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("family", CHECKPOINTS)
def test_it_is_what_the_reference_does(family: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = checkpoint(family, tmp_path_factory)
    how, normalisation = open_checkpoint(folder).preprocessing()
    reference = AutoImageProcessor.from_pretrained(folder, backend="pil")
    for height, width in SIZES:
        image = photo(height, width)
        expected = reference(image, return_tensors="np", input_data_format="channels_last")["pixel_values"][0]
        ours = prepare(image, how) * np.array(normalisation.scale) + np.array(normalisation.shift)
        levels = np.abs(ours.transpose(2, 0, 1) - expected) / max(normalisation.scale)  # of 255
        assert levels.max() < 2.01  # a tie that rounds the other way, once down and once across
        assert levels.mean() < 0.2
        cosine = np.vdot(ours.transpose(2, 0, 1), expected) / np.linalg.norm(ours) / np.linalg.norm(expected)
        assert cosine > 0.9999


@pytest.mark.parametrize("side", [224, 256, 288])
def test_real_photographs_come_out_as_the_reference_has_them(side: int) -> None:
    data = pytest.importorskip("skimage.data", reason="the sample photographs come with the extra 'demo'")
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    reference = CLIPImageProcessorPil(
        size={"shortest_edge": side}, crop_size={"height": side, "width": side}, do_rescale=False, do_normalize=False
    )
    how = Preprocessing(side, side, "shortest", side, "bicubic")
    for image in (data.astronaut(), data.chelsea(), data.coffee(), data.rocket()):
        expected = reference(image, return_tensors="np")["pixel_values"][0]
        difference = np.abs(prepare(image, how).transpose(2, 0, 1).astype(int) - expected.astype(int))
        assert difference.max() <= 1
        assert (difference > 0).mean() < 0.001


@pytest.mark.parametrize("shape", [(1, 50_000), (50_000, 1), (3, 90_000)])
def test_a_thin_strip_costs_no_more_than_a_square(shape: tuple[int, int]) -> None:
    started = time.perf_counter()
    prepared = prepare(np.full((*shape, 3), 77, np.uint8), Preprocessing(384, 384, "shortest", 384, "bicubic"))
    assert time.perf_counter() - started < 1
    assert prepared.shape == (384, 384, 3)
    assert (prepared == 77).all()


def test_a_picture_smaller_than_the_crop_is_surrounded_by_black() -> None:
    prepared = prepare(np.full((9, 9, 3), 200, np.uint8), Preprocessing(10, 11, "shortest", 5, "bilinear"))
    assert (prepared[3:8, 3:8] == 200).all()
    assert prepared.sum() == 5 * 5 * 3 * 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"height": 0},
        {"resize": "stretch"},
        {"resize_to": 0},
        {"resample": "magic"},
    ],
)
def test_a_preprocessing_that_there_is_not_is_refused(wrong: dict[str, object]) -> None:
    right = {"height": 8, "width": 8, "resize": "squash", "resize_to": 8, "resample": "bicubic"}
    with pytest.raises(ValueError, match="no such preprocessing"):
        Preprocessing(**{**right, **wrong})


@pytest.mark.parametrize("resize", ["squash", "shortest"])
@pytest.mark.parametrize(("height", "width"), [(40, 40), (40, 120), (120, 40), (37, 61)])
def test_sight_says_which_part_of_a_picture_the_input_shows(height: int, width: int, resize: str) -> None:
    how = Preprocessing(32, 32, resize, 32, "bilinear")
    seen = sight(height, width, how)
    left, top, right, bottom = seen.box
    rows = np.linspace(0, 255, height).astype(np.uint8)
    columns = np.linspace(0, 255, width).astype(np.uint8)
    picture = np.stack(np.broadcast_arrays(rows[:, None], columns, np.uint8(0)), axis=2)
    shown = prepare(picture, how)[seen.rows, seen.columns].astype(float) / 255
    assert shown.shape == (32, 32, 3)
    for axis, (first, last) in enumerate([(top, bottom), (left, right)]):
        ramp = shown[:, :, axis].mean(axis=1 - axis)
        assert (ramp[0], ramp[-1]) == pytest.approx((first, last), abs=0.05)


def test_sight_knows_the_black_around_a_small_picture() -> None:
    seen = sight(9, 9, Preprocessing(10, 11, "shortest", 5, "bilinear"))
    assert (seen.box, seen.rows, seen.columns) == ((0, 0, 1, 1), slice(3, 8), slice(3, 8))
