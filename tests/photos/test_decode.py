"""Photos of every format come out as the same upright sRGB pixels."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image, ImageChops

from searchengine.errors import PhotoUnreadableError
from searchengine.photos import decode as decoding
from tests.photos.pictures import WHOLE, camera_raw, deep_png, display_p3, encoded, likeness, opened

if TYPE_CHECKING:
    from searchengine.records import Pixels

ORIENTATION = 0x0112

FORMATS = [
    ("JPEG", "jpeg", {"quality": 95, "subsampling": 0}),
    ("JPEG", "jpeg", {"quality": 95, "subsampling": 0, "progressive": True}),
    ("PNG", "png", {}),
    ("WEBP", "webp", {"quality": 95}),
    ("WEBP", "webp", {"lossless": True}),
    ("TIFF", "tiff", {}),
    ("TIFF", "tiff", {"compression": "tiff_lzw"}),
    ("TIFF", "tiff", {"compression": "tiff_deflate", "big_tiff": True}),
    ("BMP", "bmp", {}),
    ("HEIF", "heic", {"quality": 95}),
    ("AVIF", "avif", {"quality": 95}),
    ("JPEG2000", "jp2", {}),
    ("JPEG2000", "jp2", {"no_jp2": True}),
]


@pytest.mark.parametrize(("codec", "name", "options"), FORMATS)
def test_every_format_gives_the_same_pixels(cat: Image.Image, codec: str, name: str, options: dict) -> None:
    photo = opened(encoded(cat, codec, **options))
    assert likeness(photo.pixels, cat) < 3
    assert photo.pixels.dtype == np.uint8
    assert (photo.facts.width, photo.facts.height, photo.facts.format) == (451, 300, name)
    assert photo.facts.flaw is None


def test_the_content_counts_and_not_the_suffix(cat: Image.Image) -> None:
    assert opened(encoded(cat, "PNG"), "cat.jpg").facts.format == "png"
    assert opened(encoded(cat, "JPEG"), "cat.heic").facts.format == "jpeg"


@pytest.mark.parametrize("codec", ["GIF", "WEBP", "PNG", "TIFF"])
def test_the_first_picture_of_several_is_shown(cat: Image.Image, codec: str) -> None:
    other = Image.new("RGB", cat.size, "red")
    data = encoded(cat.quantize(), codec, save_all=True, append_images=[other.quantize(), other.quantize()])
    assert likeness(opened(data).pixels, cat) < 12  # a palette of 256 colours costs that much


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(
    ("codec", "tolerance"), [("JPEG", 3), ("PNG", 0), ("TIFF", 0), ("WEBP", 4), ("AVIF", 3), ("HEIF", 3)]
)
def test_all_eight_orientations_give_the_same_upright_pixels(
    cat: Image.Image, codec: str, tolerance: float, orientation: int
) -> None:
    undo = {2: "FLIP_LEFT_RIGHT", 3: "ROTATE_180", 4: "FLIP_TOP_BOTTOM", 5: "TRANSPOSE", 6: "ROTATE_90",
            7: "TRANSVERSE", 8: "ROTATE_270"}  # fmt: skip
    stored = cat.transpose(Image.Transpose[undo[orientation]]) if orientation > 1 else cat
    tags = Image.Exif()
    tags[ORIENTATION] = orientation
    photo = opened(encoded(stored, codec, exif=tags.tobytes(), quality=90), at_least=WHOLE)
    assert (photo.facts.width, photo.facts.height) == (451, 300)
    assert likeness(photo.pixels, cat) <= tolerance


def test_an_orientation_that_does_not_exist_is_passed_over(cat: Image.Image) -> None:
    for wrong in (0, 9, 255):
        tags = Image.Exif()
        tags[ORIENTATION] = wrong
        assert opened(encoded(cat, "PNG", exif=tags.tobytes())).pixels.shape == (300, 451, 3)


def test_heif_is_not_turned_twice(cat: Image.Image) -> None:
    tags = Image.Exif()
    tags[ORIENTATION] = 6
    turned = b'<x xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="6"/>'
    stored = cat.transpose(Image.Transpose.ROTATE_90)
    for options in ({"exif": tags.tobytes()}, {"exif": tags.tobytes(), "xmp": turned}):
        assert likeness(opened(encoded(stored, "HEIF", quality=90, **options)).pixels, cat) < 3


class TestReducedSize:
    def test_both_sides_keep_what_was_asked_for(self, cat: Image.Image) -> None:
        large = cat.resize((3000, 2000))
        for codec in ("JPEG", "PNG", "WEBP"):
            data = encoded(large, codec)
            for at_least in (100, 224, 448, 500, 1999, 2000, 2001):
                photo = opened(data, at_least=at_least)
                assert min(photo.pixels.shape[:2]) >= min(at_least, 2000), (codec, at_least)
                assert (photo.facts.width, photo.facts.height) == (3000, 2000)

    def test_a_long_strip_keeps_its_short_side(self, cat: Image.Image) -> None:
        photo = opened(encoded(cat.resize((6000, 500)), "JPEG"), at_least=448)
        assert photo.pixels.shape == (500, 6000, 3)

    def test_a_small_photo_keeps_its_size(self, cat: Image.Image) -> None:
        assert opened(encoded(cat, "JPEG"), at_least=448).pixels.shape == (300, 451, 3)

    def test_a_reduced_photo_still_looks_the_same(self, cat: Image.Image) -> None:
        large = cat.resize((3600, 2400))
        for codec in ("JPEG", "PNG"):
            pixels = opened(encoded(large, codec), at_least=300).pixels
            assert pixels.shape[0] < 700
            assert likeness(pixels, large.resize(pixels.shape[1::-1], Image.Resampling.BOX)) < 2

    def test_decoding_a_large_jpeg_at_reduced_size_saves_most_of_the_time(self, cat: Image.Image) -> None:
        data = encoded(cat.resize((4000, 3000)), "JPEG", quality=90)

        def seconds(at_least: int) -> float:
            start = time.perf_counter()
            opened(data, at_least=at_least)
            return time.perf_counter() - start

        reduced, whole = (min(seconds(size) for _ in range(5)) for size in (448, WHOLE))
        assert reduced < whole / 2


class TestColour:
    def test_display_p3_becomes_srgb(self) -> None:
        # sRGB's red is (234, 51, 35) in Display P3; a grey is the same grey in both.
        photo = Image.new("RGB", (32, 32), (234, 51, 35))
        photo.paste((128, 128, 128), (16, 0, 32, 32))
        for codec in ("PNG", "JPEG", "WEBP", "TIFF", "AVIF", "HEIF"):
            lossless = {"lossless": True} if codec == "WEBP" else {"subsampling": 0} if codec == "JPEG" else {}
            best = {} if codec == "TIFF" else {"quality": 100}
            pixels = opened(encoded(photo, codec, icc_profile=display_p3(), **best, **lossless)).pixels
            assert np.abs(pixels[8, 4].astype(int) - (255, 0, 0)).max() <= 8, codec
            assert np.abs(pixels[8, 28].astype(int) - 128).max() <= 4, codec

    def test_a_broken_profile_is_passed_over(self, cat: Image.Image) -> None:
        for profile in (b"no profile", display_p3()[:200], b"\0" * 3000):
            assert likeness(opened(encoded(cat, "PNG", icc_profile=profile)).pixels, cat) == 0

    def test_a_profile_for_another_kind_of_colour_is_passed_over(self, cat: Image.Image) -> None:
        grey = cat.convert("L")
        pixels = opened(encoded(grey, "PNG", icc_profile=display_p3())).pixels
        assert likeness(pixels, grey.convert("RGB")) == 0

    def test_cmyk_becomes_rgb(self, cat: Image.Image) -> None:
        inks = cat.convert("CMYK")
        for codec in ("JPEG", "TIFF"):
            assert likeness(opened(encoded(inks, codec)).pixels, cat) < 4, codec

    def test_cmyk_that_adobe_did_not_turn_upside_down_is_left_as_it_is(self, cat: Image.Image) -> None:
        inks = ImageChops.invert(cat.convert("CMYK"))  # Pillow turns it over, as Adobe does, and says that it is Adobe
        data = encoded(inks, "JPEG", quality=95)
        start = data.index(b"\xff\xee")
        unsigned = data[:start] + data[start + 2 + int.from_bytes(data[start + 2 : start + 4], "big") :]
        assert b"Adobe" not in unsigned
        assert likeness(opened(unsigned).pixels, cat) < 6

    def test_what_is_transparent_is_white(self, cat: Image.Image) -> None:
        alpha = Image.new("L", cat.size, 255)
        alpha.paste(0, (0, 0, 100, 300))
        layer = cat.copy()
        layer.putalpha(alpha)
        for image, codec in (
            (layer, "PNG"),
            (layer.convert("LA"), "PNG"),
            (layer, "WEBP"),
            (layer, "TIFF"),
            (layer, "HEIF"),
            (layer, "AVIF"),
        ):
            pixels = opened(encoded(image, codec)).pixels
            assert pixels[:, :95].min() > 250, (image.mode, codec)
            assert likeness(pixels[:, 110:], image.convert(image.mode[:-1]).convert("RGB").crop((110, 0, 451, 300))) < 6

    def test_a_palette_with_transparency(self, cat: Image.Image) -> None:
        indexed = cat.quantize(16)
        hidden = indexed.getpixel((0, 0))
        for codec in ("PNG", "GIF"):
            pixels = opened(encoded(indexed, codec, transparency=hidden)).pixels
            shown = np.asarray(indexed) != hidden
            assert (pixels[~shown] == 255).all()
            assert (pixels[shown] == np.asarray(indexed.convert("RGB"))[shown]).all()

    def test_one_bit(self, cat: Image.Image) -> None:
        bits = cat.convert("1")
        for codec in ("PNG", "TIFF", "BMP"):
            assert likeness(opened(encoded(bits, codec)).pixels, bits.convert("RGB")) == 0

    @pytest.mark.parametrize(("top", "codec"), [(65535, "PNG"), (65535, "TIFF"), (4095, "TIFF")])
    def test_deep_grey_is_scaled_and_not_clipped(self, cat: Image.Image, top: int, codec: str) -> None:
        grey = cat.convert("L")
        levels = np.asarray(grey).astype(np.float64)
        deep = Image.fromarray((levels / levels.max() * top).astype(np.uint16))
        pixels = opened(encoded(deep, codec)).pixels
        assert likeness(pixels[:, :, 0], (levels / levels.max() * 255).astype(np.uint8)) < 1

    @pytest.mark.parametrize(("low", "high"), [(0, 1), (0, 255), (0, 65535), (-3, 7), (0, 1e9)])
    def test_floating_point_grey_is_scaled_by_its_range(self, cat: Image.Image, low: float, high: float) -> None:
        levels = np.asarray(cat.convert("L")).astype(np.float32)
        levels = (levels - levels.min()) / (levels.max() - levels.min())
        pixels = opened(encoded(Image.fromarray((low + levels * (high - low)).astype(np.float32)), "TIFF")).pixels
        assert likeness(pixels[:, :, 0], (levels * 255).astype(np.uint8)) < 1

    @pytest.mark.parametrize("bands", [3, 4])
    def test_sixteen_bits_of_colour(self, cat: Image.Image, bands: int) -> None:
        deep = np.full((300, 451, bands), 65535, np.uint16)
        deep[:, :, :3] = np.asarray(cat).astype(np.uint16) * 257
        assert likeness(opened(deep_png(deep)).pixels, cat) == 0

    def test_floating_point_that_is_no_number(self) -> None:
        values = np.full((20, 20), 0.5, np.float32)
        values[0, :3] = np.nan, np.inf, -np.inf
        pixels = opened(encoded(Image.fromarray(values), "TIFF")).pixels
        assert (pixels[5:] == 128).all()


class TestRaw:
    @pytest.fixture
    def shot(self, cat: Image.Image) -> Image.Image:
        return cat.resize((1200, 800))

    def test_the_cameras_own_picture_is_shown(self, shot: Image.Image) -> None:
        pytest.importorskip("rawpy", reason="RAW files take the extra 'raw'")
        grey = Image.new("RGB", shot.size, "grey")
        photo = opened(camera_raw(np.asarray(grey), encoded(shot, "JPEG")), "IMG_1.DNG")
        assert likeness(photo.pixels, shot) < 5
        assert (photo.facts.width, photo.facts.height, photo.facts.format) == (1200, 800, "dng")
        assert photo.facts.camera == "Leica M11"
        assert photo.facts.taken_from == "exif"

    @pytest.mark.parametrize("preview", [None, (160, 106)])
    def test_without_a_large_preview_the_sensor_is_read_at_half_its_size(
        self, shot: Image.Image, preview: tuple[int, int] | None
    ) -> None:
        pytest.importorskip("rawpy", reason="RAW files take the extra 'raw'")
        inside = encoded(shot.resize(preview), "JPEG") if preview else None
        photo = opened(camera_raw(np.asarray(shot), inside), "a.dng", at_least=300)
        assert photo.pixels.shape == (400, 600, 3)
        assert same_shapes(photo.pixels, shot.resize((600, 400)))
        assert (photo.facts.width, photo.facts.height) == (1200, 800)

    @pytest.mark.parametrize("with_preview", [True, False])
    def test_a_camera_held_upright(self, shot: Image.Image, *, with_preview: bool) -> None:
        pytest.importorskip("rawpy", reason="RAW files take the extra 'raw'")
        stored = shot.transpose(Image.Transpose.ROTATE_90)  # what a sensor sees that needs turning clockwise, 6
        raw = camera_raw(np.asarray(stored), encoded(stored, "JPEG") if with_preview else None, orientation=6)
        photo = opened(raw, "a.dng", at_least=800)
        assert (photo.facts.width, photo.facts.height) == (1200, 800)
        assert same_shapes(photo.pixels, shot)

    def test_without_rawpy_the_reason_names_the_extra(self, shot: Image.Image, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(__import__("sys").modules, "rawpy", None)
        with pytest.raises(PhotoUnreadableError, match=r"searchengine\[raw\]"):
            opened(camera_raw(np.asarray(shot), None), "a.dng")

    def test_a_torn_raw_is_unreadable(self, shot: Image.Image) -> None:
        pytest.importorskip("rawpy", reason="RAW files take the extra 'raw'")
        whole = camera_raw(np.asarray(shot), None)
        for size in (100, 300, 1000):
            with pytest.raises(PhotoUnreadableError):
                opened(whole[:size], "a.dng")


def same_shapes(pixels: Pixels, image: Image.Image) -> bool:
    """Whether light and dark lie alike; the test's RAW has no true colours."""
    greys = [np.asarray(Image.fromarray(np.asarray(picture)).convert("L")).ravel() for picture in (pixels, image)]
    return bool(np.corrcoef(*greys)[0, 1] > 0.9)


def test_photos_are_decoded_by_several_threads_at_once(cat: Image.Image) -> None:
    files = [encoded(cat, codec, icc_profile=display_p3()) for codec in ("JPEG", "PNG", "WEBP", "HEIF", "TIFF")]
    alone = [opened(data).pixels for data in files]
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(lambda data: opened(data).pixels, files * 6))
    for index, pixels in enumerate(together):
        assert (pixels == alone[index % len(files)]).all()


def test_large_photos_are_decoded_one_at_a_time(cat: Image.Image, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "LARGE_PIXELS", 1000)
    data = encoded(cat, "PNG")
    with decoding._large_photo, ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(opened, data)
        time.sleep(0.2)
        assert not waiting.done()
        decoding._large_photo.release()
        assert waiting.result(timeout=10).facts.width == 451
        decoding._large_photo.acquire()


def test_the_decoder_names_the_versions_that_decide() -> None:
    assert "pillow" in decoding.DECODER
    assert "rawpy" in decoding.DECODER


def test_nothing_is_registered_with_pillow(cat: Image.Image) -> None:
    """In a program of its own: other packages that tests use do register formats."""
    program = (
        "import sys\n"
        "from PIL import Image\n"
        "from searchengine.photos.decode import decode\n"
        "photo = decode(sys.stdin.buffer.read(), path=b'cat.heic', at_least=64)\n"
        "print(photo.facts.format, *Image.OPEN)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], input=encoded(cat, "HEIF"), capture_output=True, check=True)
    read_as, *registered = done.stdout.decode().split()
    assert read_as == "heic"
    assert "HEIF" not in registered
