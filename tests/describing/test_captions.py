"""The captions nearest to a photo, captioners at work over a library, a person's list from a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from searchengine.describing.captions import PHOTO, CaptionIndex
from searchengine.describing.sentence_list import read_sentences
from searchengine.describing.written_captions import write_captions
from searchengine.errors import UsageError
from searchengine.photos.fingerprint import fingerprint
from searchengine.ranking.relevance import Yardstick
from searchengine.resources import background_sentences
from searchengine.store.captions import LIST
from tests.fakes import COLOURS, PALETTE, ColourModel
from tests.searching.libraries import FACTS, SmallLibrary, identity

if TYPE_CHECKING:
    from searchengine.records import Pixels


def picture(colour: str, seed: int = 0) -> Pixels:
    """A field of one colour, with a little noise."""
    noise = np.random.default_rng(seed).integers(-15, 16, (30, 40, 3))
    return np.clip(np.array(PALETTE[colour]) + noise, 0, 255).astype(np.uint8)


MODEL = ColourModel()
PICTURES = [picture(colour, seed) for seed in range(4) for colour in PALETTE]
VECTORS = MODEL.encode_images(PICTURES)
YARDSTICK = Yardstick.of(VECTORS, MODEL.encode_texts(background_sentences()))


@pytest.fixture
def library(tmp_path: Path) -> SmallLibrary:
    """Photos of every colour; those of the first, black, have a caption of their own."""
    small = SmallLibrary(tmp_path / "library", MODEL.identity)
    facts = [replace(FACTS, caption="black as night") if n % len(PALETTE) == 0 else FACTS for n in range(len(VECTORS))]
    small.add(VECTORS, facts=facts)
    return small


def test_the_nearest_of_three_kinds_come_each_with_who_says_so(library: SmallLibrary) -> None:
    database = library.database
    with database.writing():
        database.captions.add(["a red door", "blue and yellow", "black as night"])
        database.captions.write("blip", {3: "red all over", 4: "something green", 16: "something green"})
    index = CaptionIndex(database, library.model_id, lambda: MODEL)
    assert len(index) == 5
    red = index.nearest(VECTORS[list(PALETTE).index("red")], YARDSTICK)
    assert {caption.text for caption in red[:2]} == {"a red door", "red all over"}
    assert {caption.source for caption in red[:2]} == {LIST, "blip"}
    green = index.nearest(VECTORS[list(PALETTE).index("green")], YARDSTICK)
    assert (green[0].text, green[0].photo_ids) == ("something green", (4, 16))
    black = index.nearest(VECTORS[0], YARDSTICK)
    assert (black[0].text, black[0].source) == ("black as night", PHOTO)
    assert len(black[0].photo_ids) == 4
    assert all(0 < caption.relevance <= 1 for caption in (*red, *green, *black))


def test_a_photo_that_no_caption_fits_gets_none(library: SmallLibrary) -> None:
    with library.database.writing():
        library.database.captions.add(["a red door", "yellow flowers", "nothing of it"])
    index = CaptionIndex(library.database, library.model_id, lambda: MODEL)
    assert index.nearest(VECTORS[list(PALETTE).index("cyan")], YARDSTICK) == ()


def test_captions_go_through_the_model_once(library: SmallLibrary) -> None:
    with library.database.writing():
        library.database.captions.add(["a red door"])
    CaptionIndex(library.database, library.model_id, lambda: MODEL)

    def unasked() -> ColourModel:
        raise AssertionError("the model was asked for")

    assert len(CaptionIndex(library.database, library.model_id, unasked)) == 2
    assert len(CaptionIndex(SmallLibrary(library.folder / "empty", identity(8)).database, 1, unasked)) == 0


# --- written captions -------------------------------------------------------------------------------------------------


class Painter:
    """Says the colour that it sees, as a captioner would."""

    name, at_least = "painter", 8

    def __init__(self) -> None:
        self.lots: list[int] = []

    def captions(self, images: Sequence[Pixels], prompt: str | None = None) -> list[str]:
        self.lots.append(len(images))
        nearest = [np.linalg.norm(COLOURS - image.mean((0, 1)), axis=1).argmin() for image in images]
        return [f"{prompt or 'it is'} {list(PALETTE)[colour]}" for colour in nearest]


@pytest.fixture
def on_disk(tmp_path: Path) -> tuple[SmallLibrary, list[int], list[Path]]:
    """Twenty photos that are files, in two folders."""
    small = SmallLibrary(tmp_path / "library", MODEL.identity)
    paths = [tmp_path / "photos" / ("left" if n % 2 else "right") / f"{n:02d}.png" for n in range(20)]
    for path, pixels in zip(paths, PICTURES, strict=False):
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
    ids = small.add(
        VECTORS[:20], paths=[bytes(p) for p in paths], fingerprints=[fingerprint(p.read_bytes()) for p in paths]
    )
    return small, ids, paths


def test_every_photo_gets_its_sentence(on_disk: tuple[SmallLibrary, list[int], list[Path]]) -> None:
    library, ids, _ = on_disk
    told: list[tuple[int, int]] = []
    written = write_captions(
        library.database, Painter(), ids, prompt="a wall of", tell=lambda done, whole: told.append((done, whole))
    )
    assert (written.captions, written.unreadable, written.interrupted) == (20, (), False)
    said = library.database.captions.of(ids)
    assert [said[photo_id][0].text for photo_id in ids[:3]] == ["a wall of black", "a wall of white", "a wall of grey"]
    assert told == [(8, 20), (16, 20), (20, 20)]
    assert library.database.captions.lacking("painter").tolist() == []


def test_what_was_written_before_a_stop_is_kept_and_the_next_run_goes_on(
    on_disk: tuple[SmallLibrary, list[int], list[Path]],
) -> None:
    library, ids, _ = on_disk
    stop = Event()
    first = write_captions(library.database, Painter(), ids, stop=stop, tell=lambda *_: stop.set())
    assert (first.captions, first.interrupted) == (8, True)
    rest = library.database.captions.lacking("painter").tolist()
    assert rest == ids[8:]
    assert write_captions(library.database, Painter(), rest).captions == 12


def test_a_photo_that_is_gone_changed_or_torn_is_named_and_stops_nothing(
    on_disk: tuple[SmallLibrary, list[int], list[Path]],
) -> None:
    library, ids, paths = on_disk
    paths[1].unlink()
    Image.fromarray(picture("red")).save(paths[2])
    written = write_captions(library.database, Painter(), ids)
    assert written.captions == 18
    gone, changed = written.unreadable
    assert "01.png can't be read as a photo: there is no such file" in gone
    assert "02.png can't be read as a photo: it has changed since it was indexed" in changed
    assert library.database.captions.lacking("painter").tolist() == ids[1:3]


# --- a list from a file -----------------------------------------------------------------------------------------------


def test_sentences_come_from_lines_or_from_a_column(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("\ufeffa dog\r\n\r\n# of mine\r\n  two   cats \r\na dog\r\n".encode())
    assert read_sentences(tmp_path / "a.txt") == ["a dog", "two cats"]
    (tmp_path / "b.CSV").write_text('image,caption\nx.jpg,"a dog, asleep"\ny.jpg,\nz.jpg\n', "utf-8")
    assert read_sentences(tmp_path / "b.CSV") == ["a dog, asleep"]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.csv", b"image,text\nx.jpg,a dog\n", "no column caption"),
        ("a.txt", b"\xff\xfe\x00", "isn't text in UTF-8"),
        ("a.txt", b"\n# nothing\n", "holds no sentence"),
        ("gone/a.txt", None, "can't be read"),
    ],
)
def test_a_file_without_sentences_says_what_is_wrong(
    tmp_path: Path, name: str, content: bytes | None, reason: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageError, match=reason):
        read_sentences(tmp_path / name)
