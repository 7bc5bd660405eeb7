"""Pictures to fill a library with: drawn, small, of many shapes, taken over a year with two cameras in three places."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from PIL import Image, ImageDraw

COUNT = 90
SHAPES = [(240, 160), (160, 240), (200, 200), (320, 160), (160, 320), (240, 180)]
COLOURS = {"red": (205, 50, 45), "green": (60, 150, 70), "blue": (55, 85, 190), "yellow": (235, 200, 60)}
CAMERAS = [("Canon", "Canon EOS 80D"), ("Apple", "iPhone 12")]
PLACES = [("Paris", 48.857, 2.352), ("Seoul", 37.566, 126.978), ("Sydney", -33.868, 151.209)]


def draw_pictures(folder: Path) -> None:
    """Write them below this folder, in one folder for each place; two of them are near-copies of each other."""
    for number in range(COUNT):
        place = PLACES[number * len(PLACES) // COUNT]
        (folder / place[0]).mkdir(parents=True, exist_ok=True)
        picture = draw_picture(number)
        exif = exif_of(number, place)
        name = f"{list(COLOURS)[number % 4]}-{number:03}.jpg"
        picture.save(folder / place[0] / name, quality=90, exif=exif)
        if number == 0:
            picture.resize((216, 144)).save(folder / place[0] / "red-again.jpg", quality=60, exif=exif)


def draw_picture(number: int) -> Image.Image:
    """A coloured shape before a coloured ground; no two are alike."""
    width, height = SHAPES[number % len(SHAPES)]
    colours = list(COLOURS.values())
    picture = Image.new("RGB", (width, height), colours[number % 4])
    pen = ImageDraw.Draw(picture)
    middle = (20 + number * 7 % (width - 90), 20 + number * 11 % (height - 90))
    box = (*middle, middle[0] + 40 + number % 30, middle[1] + 40 + number % 30)
    (pen.ellipse if number % 2 else pen.rectangle)(box, fill=colours[(number // 4 + 1) % 4], outline="white", width=3)
    for line in range(number % 9):
        pen.line((0, line * 17, width, line * 23 + number), fill="black", width=2)
    return picture


def exif_of(number: int, place: tuple[str, float, float]) -> Image.Exif:
    """Taken four days after the one before; every third one says where."""
    exif = Image.Exif()
    taken = (datetime(2023, 1, 3, 9) + timedelta(days=4 * number)).strftime("%Y:%m:%d %H:%M:%S")  # noqa: DTZ001
    exif[0x0132] = taken
    exif.get_ifd(0x8769)[0x9003] = taken
    exif[0x010F], exif[0x0110] = CAMERAS[number % 2]
    if number % 3 == 0:
        where = exif.get_ifd(0x8825)
        where[1], where[2] = ("N" if place[1] >= 0 else "S"), degrees(abs(place[1]) + number / 10_000)
        where[3], where[4] = ("E" if place[2] >= 0 else "W"), degrees(abs(place[2]))
    return exif


def degrees(value: float) -> tuple[int, int, float]:
    """Degrees, minutes and seconds."""
    minutes = value % 1 * 60
    return int(value), int(minutes), round(minutes % 1 * 60, 2)
