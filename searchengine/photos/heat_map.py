"""A photo with the regions that speak for something lit up, beside a scale; one panel for each thing.

What the numbers mean is the caller's business.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from searchengine.records import Pixels

SIDE = 640  # pixels of a photo's longer side in its panel
LEAST = 240  # pixels of a panel's width, so that there is room for words
GAP = 16
BAR = 12
LETTERS = 18  # pixels
_PAPER, _INK, _FAINT = (250, 250, 250), (25, 25, 25), (110, 110, 110)
_QUALITY = 88

_COLOURS = np.array(
    [(0.00, 20, 11, 54), (0.25, 92, 18, 110), (0.50, 187, 55, 84), (0.75, 249, 142, 9), (1.00, 252, 245, 150)],
    np.float32,
)
"""Dark to bright, and told apart by everybody: points along a scale with their colours."""

Letters = ImageFont.FreeTypeFont | ImageFont.ImageFont

Box = tuple[float, float, float, float]
"""A part of a photo: left, top, right, bottom as shares of its width and height."""


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """One thing, and where in the photo it is."""

    title: str
    heat: NDArray[np.float32]  # (h, w), over the part of the photo that was looked at; below 0 stays dark
    full: float  # the heat of the brightest colour
    unit: str
    remark: str  # on the photo as a whole


def draw(pixels: Pixels, panels: Sequence[Panel], seen: Box, kind: str) -> bytes:
    """The panels side by side, as a picture file of this kind ("PNG" or "JPEG").

    `pixels`: the photo, uint8 (height, width, 3). `seen`: the part of it that the heat covers; the rest stays dark.
    """
    photo = Image.fromarray(pixels)
    scale = SIDE / max(photo.size)
    photo = photo.resize((max(LEAST, round(photo.width * scale)), max(1, round(photo.height * scale))))
    drawn = [_panel(photo, panel, seen) for panel in panels]
    sheet = Image.new("RGB", (GAP + len(drawn) * (photo.width + GAP), drawn[0].height + 2 * GAP), _PAPER)
    for number, each in enumerate(drawn):
        sheet.paste(each, (GAP + number * (photo.width + GAP), GAP))
    stream = io.BytesIO()
    sheet.save(stream, kind, quality=_QUALITY)
    return stream.getvalue()


def _panel(photo: Image.Image, panel: Panel, seen: Box) -> Image.Image:
    """A title, the photo under its heat, the scale, and a remark."""
    letters = ImageFont.load_default(LETTERS)
    below = 2 * LETTERS + photo.height + GAP
    sheet = Image.new("RGB", (photo.width, below + BAR + 4 * LETTERS), _PAPER)
    sheet.paste(_lit(photo, panel.heat, seen, panel.full), (0, 2 * LETTERS))
    colours = _colours(np.tile(np.linspace(0, 1, photo.width, dtype=np.float32), (BAR, 1)))
    sheet.paste(Image.fromarray(colours.astype(np.uint8)), (0, below))
    pen = ImageDraw.Draw(sheet)
    pen.text((0, 0), _cut(panel.title, photo.width, letters), _INK, letters)
    pen.text((0, below + BAR + 4), "0", _FAINT, letters)
    pen.text((photo.width, below + BAR + 4), f"{panel.full:.2f} {panel.unit}", _FAINT, letters, anchor="ra")
    pen.text((0, below + BAR + 2 * LETTERS), _cut(panel.remark, photo.width, letters), _FAINT, letters)
    return sheet


def _lit(photo: Image.Image, heat: NDArray[np.float32], seen: Box, full: float) -> Image.Image:
    """The photo in shades of grey, darkened, under the colours of its heat."""
    left, right = (round(share * photo.width) for share in (seen[0], seen[2]))
    top, bottom = (round(share * photo.height) for share in (seen[1], seen[3]))
    over = Image.fromarray(np.clip(heat / full, 0, 1).astype(np.float32))
    over = over.resize((max(1, right - left), max(1, bottom - top)), Image.Resampling.BICUBIC)
    whole = Image.new("F", photo.size)
    whole.paste(over, (left, top))
    shares = np.clip(np.asarray(whole), 0, 1)
    original = np.asarray(photo, np.float32)
    grey = original.mean(axis=2, keepdims=True)
    strength = shares[:, :, None]
    # Where there is no heat the photo is pale and dark; with it come back its own colours, under those of the scale.
    base = 0.45 * grey * (1 - strength) + original * strength
    shown = base + 0.5 * np.sqrt(strength) * (_colours(shares) - base)
    return Image.fromarray(np.clip(shown, 0, 255).astype(np.uint8))


def _colours(shares: NDArray[np.float32]) -> NDArray[np.float32]:
    """Shares of the scale, 0 to 1, (h, w), to its colours, (h, w, 3)."""
    points = _COLOURS[:, 0]
    return np.stack([np.interp(shares, points, _COLOURS[:, 1 + channel]) for channel in range(3)], axis=-1)


def _cut(text: str, width: int, letters: Letters) -> str:
    """As much of a text as fits on a line of so many pixels."""
    text = " ".join(text.split())
    if letters.getlength(text) <= width:
        return text
    while text and letters.getlength(text + "…") > width:
        text = text[:-1]
    return text.rstrip() + "…"
