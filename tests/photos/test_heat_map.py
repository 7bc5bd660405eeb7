"""What a heat map shows of a photo, where."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from searchengine.photos.heat_map import BAR, GAP, LETTERS, Panel, draw

PHOTO = np.full((300, 600, 3), 120, np.uint8)


def drawn(*panels: Panel, seen: tuple[float, float, float, float] = (0, 0, 1, 1), kind: str = "PNG") -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(draw(PHOTO, panels, seen, kind))), np.float32)


def brightness(sheet: np.ndarray, across: float, down: float) -> float:
    """At a place of the first panel's photo, as shares of its sides."""
    top, height = GAP + 2 * LETTERS, 320
    return float(sheet[top + int(down * height), GAP + int(across * 640)].sum())


def test_what_is_hot_is_bright_and_what_is_cold_or_unseen_is_dark() -> None:
    heat = np.zeros((8, 8), np.float32)
    heat[:, 5:] = 1
    heat[:, 0] = -1
    sheet = drawn(Panel("a boat", heat, 1.0, "cosine", "strong"), seen=(0.25, 0, 0.75, 1))
    hot, cold, against, unseen = (brightness(sheet, across, 0.5) for across in (0.72, 0.5, 0.27, 0.9))
    assert hot > 3 * cold
    assert cold == against == unseen


def test_the_scale_decides_how_bright_it_is() -> None:
    heat = np.full((8, 8), 0.5, np.float32)
    faint, full = (brightness(drawn(Panel("", heat, scale, "", "")), 0.5, 0.5) for scale in (5.0, 0.5))
    assert full > 1.5 * faint


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_every_thing_has_a_panel(kind: str) -> None:
    one, three = (drawn(*[Panel("a boat", np.eye(4, dtype=np.float32), 1.0, "", "")] * n, kind=kind) for n in (1, 3))
    assert one.shape[0] == three.shape[0] > 320 + BAR
    assert three.shape[1] == 3 * (one.shape[1] - GAP) + GAP


@pytest.mark.parametrize("title", ["", "x" * 500, "赤い船 ⛵", "two\nlines"])
def test_any_title_is_drawn(title: str) -> None:
    assert drawn(Panel(title, np.eye(4, dtype=np.float32), 1.0, "", title)).shape[1] == 640 + 2 * GAP


@pytest.mark.parametrize("shape", [(2000, 3, 3), (1, 1, 3), (3, 2000, 3)])
def test_a_strip_of_a_photo_is_drawn(shape: tuple[int, int, int]) -> None:
    panel = Panel("a boat", np.eye(4, dtype=np.float32), 1.0, "", "")
    assert Image.open(io.BytesIO(draw(np.zeros(shape, np.uint8), [panel], (0, 0, 1, 1), "PNG"))).width >= 240
