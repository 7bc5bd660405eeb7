"""The pictures open, have the size that their content asks for, and show it where it belongs."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from searchengine.errors import UsageError

pytest.importorskip("matplotlib", reason="figures come with the extra 'train'")
from searchengine.training import figures
from searchengine.training.figures import check_drawable, draw_confusion, draw_loss_curve, draw_similarity_matrix

pytestmark = pytest.mark.filterwarnings("error")


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB")).astype(int)


def blue(picture: np.ndarray) -> np.ndarray:
    """How much darker each pixel's red is than its blue: 0 on white and grey, more the fuller a cell."""
    return np.maximum(picture[..., 2] - picture[..., 0], 0)


def test_a_loss_curve_falls_from_the_upper_left_to_the_lower_right(tmp_path: Path) -> None:
    path = tmp_path / "loss.png"
    draw_loss_curve([(step, 5 / (1 + step / 40)) for step in range(400)], path)
    curve = blue(pixels(path)) > 60
    height, width = curve.shape
    assert width > height > 300
    assert curve[: height // 2, : width // 3].any()
    assert not curve[: height // 2, 2 * width // 3 :].any()
    assert curve[height // 2 :, 2 * width // 3 :].any()


@pytest.mark.parametrize("rows", [[(1, 2.0)], [(1, 2.0), (2, 1.0)], [(1, float("nan")), (2, 1.0)]])
def test_a_short_or_broken_run_has_a_curve_too(tmp_path: Path, rows: list[tuple[int, float]]) -> None:
    draw_loss_curve(rows, tmp_path / "loss.png")
    assert pixels(tmp_path / "loss.png").shape[1] > 300


def test_a_confusion_of_few_classes_is_darkest_where_most_photos_are(tmp_path: Path) -> None:
    counts = np.full((10, 10), 1) + np.diag(np.full(10, 60))
    counts[2, 7] = 90
    path = tmp_path / "confusion.png"
    draw_confusion(counts, [f"class {number}" for number in range(10)], path)
    picture = blue(pixels(path))
    # The matrix is where the coloured cells are: its bounding box, cut into ten by ten.
    rows, columns = (np.flatnonzero((picture > 20).sum(axis) > 20) for axis in (1, 0))
    inside = picture[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    cells = [[cell.mean() for cell in np.array_split(row, 10, axis=1)] for row in np.array_split(inside, 10)]
    fullest = np.array(cells).argmax(1)
    assert fullest.tolist() == [0, 1, 7, 3, 4, 5, 6, 7, 8, 9]


def test_a_confusion_of_101_classes_is_large_enough_to_read_and_names_them(tmp_path: Path) -> None:
    path = tmp_path / "confusion.png"
    draw_confusion(np.eye(101, dtype=np.int64), [f"dish number {number}" for number in range(101)], path)
    picture = pixels(path)
    assert min(picture.shape[:2]) > 101 * 15  # pixels: a line of letters for each
    names = picture[:, : picture.shape[1] // 20].min(2) < 100
    assert names.any()


def test_a_confusion_of_a_thousand_classes_stays_a_picture_that_opens(tmp_path: Path) -> None:
    path = tmp_path / "confusion.png"
    draw_confusion(np.eye(1000, dtype=np.int64), [str(number) for number in range(1000)], path)
    assert 3000 < max(pixels(path).shape) < 4000


def test_classes_may_be_called_anything(tmp_path: Path) -> None:
    names = ["$5_bill", "猫", "قطة", "a\nb", "", "x" * 80, "\\frac{"]
    draw_confusion(np.eye(7, dtype=np.int64), names, tmp_path / "confusion.png")
    assert pixels(tmp_path / "confusion.png").shape[0] > 400


def test_a_class_without_photos_is_an_empty_row(tmp_path: Path) -> None:
    draw_confusion(np.array([[3, 0], [0, 0]]), ["cat", "dog"], tmp_path / "confusion.png")
    assert (tmp_path / "confusion.png").stat().st_size > 1000


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".svg", ".pdf"])
def test_a_matrix_shows_each_photo_above_its_column(tmp_path: Path, suffix: str) -> None:
    colours = [(220, 20, 20), (20, 160, 20), (250, 220, 20)]
    photos = [np.full((96, 96, 3), colour, np.uint8) for colour in colours]
    path = tmp_path / f"matrix{suffix}"
    draw_similarity_matrix(photos, ["red", "green", "yellow", "a $ sign"], np.eye(3, 4, dtype=np.float32), path)
    if suffix in {".svg", ".pdf"}:
        assert path.stat().st_size > 3000
        return
    picture = pixels(path)
    places = [np.argwhere(np.abs(picture - colour).max(2) < 12) for colour in colours]
    assert all(len(place) > 60 * 60 for place in places)
    across = [place[:, 1].mean() for place in places]
    assert across == sorted(across)
    top = max(place[:, 0].max() for place in places)
    cells = blue(picture)[int(top) + 5 :]
    # Under each photo, going down, the framed and fullest cell is the next one.
    down = [cells[:, int(x) - 20 : int(x) + 20].mean(1).argmax() for x in across]
    assert down == sorted(down)
    assert len(set(down)) == 3


def test_nothing_of_a_figure_stays_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import matplotlib

    monkeypatch.delitem(sys.modules, "matplotlib.pyplot", raising=False)

    def look() -> list[object]:  # "backend" among the others would import pyplot by being read
        return [matplotlib.rcParams[name] for name in ("font.family", "text.parse_math", "text.color")]

    before = look()
    draw_confusion(np.eye(3, dtype=np.int64), ["a", "b", "c"], tmp_path / "confusion.png")
    assert look() == before
    assert "matplotlib.pyplot" not in sys.modules


@pytest.mark.parametrize(
    ("name", "complaint"),
    [("figure.doc", "no picture's name"), ("figure", "no picture's name"), ("gone/figure.png", "no folder")],
)
def test_where_nothing_can_be_drawn_is_said_before_anything_is_measured(
    tmp_path: Path, name: str, complaint: str
) -> None:
    with pytest.raises(UsageError, match=complaint):
        check_drawable(tmp_path / name)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "figure.png").mkdir()
    with pytest.raises(UsageError, match=r"figure\.png can't be written"):
        draw_loss_curve([(1, 1.0)], tmp_path / "figure.png")


def test_without_matplotlib_it_is_said_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "find_spec", lambda _name: None)
    with pytest.raises(UsageError, match=r"pip install 'searchengine\[train\]'"):
        check_drawable(tmp_path / "figure.png")
