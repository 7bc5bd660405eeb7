"""Figures as pictures: a loss curve, a confusion, a similarity matrix. The only home of matplotlib.

Each is drawn on a figure of its own and never through pyplot, so nothing of it stays behind. What they show is
measured elsewhere.
"""

from __future__ import annotations

import textwrap
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from searchengine.errors import UsageError, printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from searchengine.records import Pixels

FORMATS = (".png", ".jpg", ".jpeg", ".svg", ".pdf")
DPI = 110

INK = "#1f2430"
SHADES = ("#ffffff", "#a9cfe9", "#4f9fd0")
"""Of a matrix's cells, from nothing to all; light enough for dark numbers on every one of them."""

CONFUSION_CELLS = (0.17, 0.62)  # inches, of many classes and of few
MANY_CLASSES = 30  # and from there on no numbers in the cells
LARGEST_MATRIX = 30.0  # inches; cells of more classes than fit are smaller, and nothing is written beside them
SMALLEST_LETTERS = 4.0  # points
LONGEST_NAME = 40  # letters of a class

_CELL = (0.9, 0.42)  # inches across and down, of the similarity matrix
_OTHER_SCRIPTS = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "WenQuanYi Zen Hei", "PingFang SC", "Hiragino Sans", "Microsoft YaHei",
    "Yu Gothic", "Malgun Gothic", "Noto Sans Arabic", "Noto Sans Hebrew", "Noto Sans Devanagari", "Noto Sans Thai",
)  # fmt: skip
"""Fonts with letters that matplotlib's own hasn't; those that are on the machine are asked in this order."""


def check_drawable(path: Path) -> None:
    """See that a picture can be drawn there, before minutes are spent on what it should show.

    Raises UsageError without matplotlib, for a format that isn't one of ours, and for a folder that isn't there.
    """
    if find_spec("matplotlib") is None:
        raise UsageError(
            "Pictures of figures are drawn by matplotlib, which is not installed.",
            "Install the extra: `pip install 'searchengine[train]'`.",
        )
    if path.suffix.lower() not in FORMATS:
        raise UsageError(f"{printable(path)} is no picture's name.", f"End it in one of {', '.join(FORMATS)}.")
    if not path.parent.is_dir():
        raise UsageError(f"There is no folder {printable(path.parent)} to draw {printable(path.name)} in.")


def draw_loss_curve(rows: Sequence[tuple[int, float]], path: Path) -> None:
    """The loss by step: `rows` of (step, loss), at least one; behind the curve every step's own, pale.

    Raises UsageError as `check_drawable`, and when the file can't be written.
    """
    steps, losses = (np.array(column, float) for column in zip(*rows, strict=True))
    window = max(1, len(losses) // 50)
    smooth = np.convolve(losses, np.ones(window) / window, "valid")  # (rows - window + 1,)
    with _drawing(path, 7.5, 4) as figure:
        axes = figure.add_axes((0, 0, 1, 1))
        axes.plot(steps, losses, color=SHADES[-1], alpha=0.4, linewidth=0.8)
        axes.plot(steps[window - 1 :], smooth, color="#1c6ea4", linewidth=1.6, marker="." if len(rows) == 1 else None)
        axes.set_xlabel("step")
        axes.set_ylabel("loss" if window == 1 else f"loss (bold: the mean of {window} steps)")
        axes.grid(color="#e6e6e6")
        axes.spines[["top", "right"]].set_visible(False)


def draw_confusion(counts: NDArray[np.int64], classes: Sequence[str], path: Path) -> None:
    """What photos of each class were taken for: `counts` int64 (classes, classes), a row for what they show.

    Every row is drawn as percent of its photos; few classes have the numbers in their cells. Raises as
    `draw_loss_curve`.
    """
    percent = 100 * counts / np.maximum(counts.sum(1, keepdims=True), 1)
    smallest, largest = CONFUSION_CELLS
    cell = min(max(smallest, min(largest, 11 / len(classes))), LARGEST_MATRIX / len(classes))  # inches
    letters = min(11.0, 0.75 * 72 * cell)  # points
    many = len(classes) > MANY_CLASSES
    side = cell * len(classes)
    with _drawing(path, side, side) as figure:
        axes = figure.add_axes((0, 0, 1, 1))
        # Without numbers in them the pale cells would be taken for empty ones: the root brings them out.
        shares = np.sqrt(percent / 100) if many else percent / 100
        axes.imshow(shares, cmap=_shades(), vmin=0, vmax=1, interpolation="nearest")
        axes.set_ylabel("what the photo shows", fontsize=max(11.0, side))
        told = "the darker, the more of the row" if many else "% of the row"
        axes.set_xlabel(f"what it is taken for ({told})", fontsize=max(11.0, side))
        if letters < SMALLEST_LETTERS:
            axes.set_xticks([])
            axes.set_yticks([])
            return
        _ruled(axes, len(classes), len(classes), width=0.25 if many else 0.6)
        names = [textwrap.shorten(name, LONGEST_NAME, placeholder=" …") for name in classes]
        axes.set_xticks(range(len(classes)), names, fontsize=letters, rotation=90 if many else 45)
        axes.set_yticks(range(len(classes)), names, fontsize=letters)
        axes.tick_params(top=True, labeltop=True, bottom=False, labelbottom=False)
        for label in axes.get_xticklabels():
            label.set(ha="center" if many else "left")
        if not many:
            _numbers(axes, percent, "{:.0f}", at_least=0.5, fontsize=letters)


def draw_similarity_matrix(
    photos: Sequence[Pixels], sentences: Sequence[str], scores: NDArray[np.float32], path: Path
) -> None:
    """Cosine similarities, float32 (photos, sentences): a column for each photo, a row for each sentence.

    `photos` are squares, uint8 (side, side, 3). Each photo's best sentence is framed. Raises as `draw_loss_curve`.
    """
    rows = scores.T  # (sentences, photos)
    wide, high = _CELL
    tall = wide / high  # of a photo, in rows
    with _drawing(path, wide * len(photos), high * len(sentences) + wide) as figure:
        axes = figure.add_axes((0, 0, 1, 1))
        axes.imshow(rows, cmap=_shades(), vmin=0, vmax=float(rows.max()), aspect=high / wide)
        _ruled(axes, len(photos), len(sentences))
        _numbers(axes, rows, "{:z.2f}", fontsize=10)
        for column, (photo, best) in enumerate(zip(photos, rows.argmax(0), strict=True)):
            _frame(axes, column, int(best))
            place = (column - 0.47, column + 0.47, -0.6, -0.6 - 0.94 * tall)
            axes.imshow(photo, extent=place, aspect=high / wide, interpolation="antialiased")
        axes.set_xlim(-0.52, len(photos) - 0.48)
        axes.set_ylim(len(sentences) - 0.47, -0.62 - 0.94 * tall)
        axes.set_xticks([])
        axes.set_yticks(range(len(sentences)), [textwrap.fill(one, 42) for one in sentences], fontsize=11)
        axes.set_xlabel("cosine similarity; framed: the sentence that fits each photo best", fontsize=10)


def draw_reliability(curves: Mapping[str, Sequence[tuple[float, float]]], path: Path) -> None:
    """How often what was said held: for each name a curve of (said, true), both 0 to 1. Raises as `draw_loss_curve`."""
    with _drawing(path, 5, 5) as figure:
        axes = figure.add_axes((0, 0, 1, 1))
        axes.plot([0, 1], [0, 1], color="#b8b8b8", linewidth=1, linestyle="--", label="as good as its word")
        for (name, points), colour in zip(curves.items(), ("#1c6ea4", "#d9822b", "#5a9e4b"), strict=False):
            said, true = zip(*points, strict=True)
            axes.plot(said, true, color=colour, linewidth=1.6, marker="o", markersize=4, label=name)
        axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="relevance, in bins of as many pairs", ylabel="share of true pairs")
        axes.grid(color="#e6e6e6")
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, loc="upper left")


@contextmanager
def _drawing(path: Path, width: float, height: float) -> Iterator[Figure]:
    """A figure of so many inches and whatever stands around it, written to `path` when the block ends well."""
    check_drawable(path)
    import matplotlib
    from matplotlib import font_manager
    from matplotlib.figure import Figure

    fonts = [name for name in _OTHER_SCRIPTS if name in {font.name for font in font_manager.fontManager.ttflist}]
    look = matplotlib.rc_context(
        {
            "font.family": ["DejaVu Sans", *fonts],
            "text.parse_math": False,  # a class may be named "$5 bill"
            "text.color": INK,
            "axes.labelcolor": INK,
            "xtick.labelcolor": INK,
            "ytick.labelcolor": INK,
        }
    )
    with look, warnings.catch_warnings():
        # A letter that no font here has is drawn as a box; the rest is as readable as before.
        warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)
        figure = Figure(figsize=(width, height), facecolor="white")
        yield figure
        try:
            figure.savefig(path, dpi=DPI, bbox_inches="tight")
        except OSError as error:
            raise UsageError(f"{printable(path)} can't be written: {error.strerror or error}.") from error


def _shades() -> Colormap:
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("searchengine", SHADES)


def _ruled(axes: Axes, columns: int, rows: int, *, width: float = 0.6) -> None:
    """Thin lines between the cells, and none around them."""
    axes.set_xticks(np.arange(columns + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(rows + 1) - 0.5, minor=True)
    axes.grid(which="minor", color="#e6e6e6", linewidth=width)
    axes.tick_params(which="both", length=0)
    axes.spines[:].set_visible(False)


def _numbers(axes: Axes, values: NDArray[Any], form: str, *, fontsize: float, at_least: float = -np.inf) -> None:
    """Each value in its cell, but those below `at_least`."""
    for (row, column), value in np.ndenumerate(values):
        if value >= at_least:
            axes.text(column, row, form.format(value), ha="center", va="center", fontsize=fontsize)


def _frame(axes: Axes, column: int, row: int) -> None:
    from matplotlib.patches import Rectangle

    corner = (column - 0.47, row - 0.45)
    axes.add_patch(Rectangle(corner, 0.94, 0.9, fill=False, edgecolor="#1c6ea4", linewidth=2, zorder=3))
