"""`searchengine evaluate`, called as a person calls it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from searchengine.cli import COMMANDS
from tests.cli.conftest import Run
from tests.conftest import CHECKOUT
from tests.embedding.clip.folders import save
from tests.fakes import PALETTE
from tests.training.pictures import captioned, paint

XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:description><rdf:Alt>
<rdf:li xml:lang="x-default">%s</rdf:li></rdf:Alt></dc:description></rdf:Description></rdf:RDF></x:xmpmeta>"""


@pytest.fixture
def classes(tmp_path: Path) -> Path:
    """A folder for each of three colours, five photos each, and one file that is no picture."""
    for colour in ("red", "green", "blue"):
        for number in range(5):
            paint(tmp_path / "classes" / colour / f"{number}.png", colour)
    (tmp_path / "classes" / "red" / "torn.jpg").write_bytes(b"\xff\xd8\xff nothing more")
    return tmp_path / "classes"


@pytest.fixture(scope="session")
def own_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small checkpoint of our own kind, with random weights."""
    folder = tmp_path_factory.mktemp("models") / "mine"
    save(folder)
    return folder


def test_bad_photos_are_named_and_the_rest_is_measured(new: Run, classes: Path, tmp_path: Path) -> None:
    picture = tmp_path / "confusion.png"
    done = new("evaluate", "zero-shot", classes, "--confusion", picture)
    assert done.returncode == 0, done.stderr
    assert "15 photos, 3 classes; 1 left out" in done.stdout
    assert re.search(r"left out: .*torn\.jpg can't be read as a photo", done.stderr)
    with Image.open(picture) as opened:
        assert min(opened.size) > 200


def test_json_holds_every_figure_and_every_problem(new: Run, classes: Path) -> None:
    done = new("evaluate", "probe", classes, "--json")
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)
    assert (figures["model"], figures["photos"], figures["learnt_from"], figures["classes"]) == ("builtin", 3, 12, 3)
    assert figures["top_1"] == figures["mean_per_class"] == pytest.approx(sum(figures["per_class"].values()) / 3)
    assert set(figures["per_class"]) == {"red", "green", "blue"}
    assert len(figures["problems"]) == 1


@pytest.mark.slow
def test_a_checkpoint_of_ones_own_is_measured_and_compared(new: Run, own_model: Path, tmp_path: Path) -> None:
    rows = [(f"{colour}.png", f"a {colour} wall") for colour in PALETTE]
    captioned(tmp_path / "photos", rows)
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        for path in (tmp_path / "photos").iterdir():
            archive.write(path, path.name)
    done = new("evaluate", "captions", tmp_path / "photos", "--model", own_model, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["captions"] == 12
    answer = new("evaluate", "compare", "builtin", own_model, tmp_path / "photos.zip")
    assert answer.returncode == 0, answer.stderr
    assert "12 photos, 12 captions" in answer.stdout
    assert len(re.findall(r"^\w+ to \w+ R@\d+ .* to ", answer.stdout, re.MULTILINE)) == 6
    assert "too narrow to be trusted" in answer.stdout
    few = new("evaluate", "compare", "builtin", own_model, tmp_path / "photos.zip", "--json", "--held-out", "4")
    told = json.loads(few.stdout)
    assert told["photos"] == 4
    assert told["differences"][0]["measure"] == "text to image R@1"
    assert told["verdict"].endswith("too narrow to be trusted.")


@pytest.mark.slow
def test_without_a_data_set_the_library_s_own_captions_are_taken(new: Run, own_model: Path, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    for colour in ("red", "green", "blue"):
        paint(photos / f"{colour}.png", colour)
    assert new("index", photos).returncode == 0
    none = new("evaluate", "compare", "builtin", own_model)
    assert none.returncode == 2
    assert "No photo of the library that is within reach has a caption" in none.stderr
    for colour in ("red", "green"):
        (photos / f"{colour}.xmp").write_text(XMP % f"a {colour} wall", encoding="utf-8")
    assert new("index").returncode == 0
    done = new("evaluate", "compare", "builtin", own_model)
    assert done.returncode == 0, done.stderr
    assert "2 photos, 2 captions" in done.stdout


def test_the_sample_photographs_find_their_sentences(new: Run, sample_photos: Path, tmp_path: Path) -> None:
    short, full = tmp_path / "short.png", tmp_path / "full.png"
    assert new("evaluate", "--matrix", short).returncode == 0
    done = new("evaluate", "matrix", full)
    assert (done.returncode, done.stdout) == (0, "")
    assert short.read_bytes() == full.read_bytes()
    own = new("evaluate", "matrix", tmp_path / "own.jpg", sample_photos / "chelsea.png", "--sentence", "a cat")
    assert own.returncode == 0, own.stderr
    with Image.open(full) as large, Image.open(tmp_path / "own.jpg") as small:
        assert large.width > 900
        assert large.width > small.width
        assert small.format == "JPEG"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("evaluate",), "Classes known by name only."),
        (("evaluate", "--matrix", "a.png", "captions", "CLASSES"), "--matrix stands alone"),
        (("evaluate", "zero-shot", "CLASSES", "--confusion", "gone/a.png"), "no folder gone"),
        (("evaluate", "probe", "CLASSES", "--confusion", "a.doc"), "no picture's name"),
        (("evaluate", "zero-shot", "CLASSES", "--confusion", "PHOTO"), "nothing is overwritten"),
        (("evaluate", "matrix", "PHOTO"), "nothing is overwritten"),
        (("evaluate", "captions", "CLASSES"), "captions.csv"),
        (("evaluate", "captions", "gone.zip"), "does not exist"),
        (("evaluate", "captions", "CLASSES", "--model", "no such model"), "no such model"),
        (("evaluate", "compare", "builtin"), "Missing argument"),
        (("evaluate", "matrix", "a.png", "PHOTO"), "--sentence"),
        (("evaluate", "matrix", "a.png", "TORN", "--sentence", "a dog"), "can't be read as a photo"),
    ],
)
def test_wrong_use_is_said_in_a_sentence(new: Run, classes: Path, arguments: tuple[str, ...], complaint: str) -> None:
    places = {"CLASSES": classes, "PHOTO": classes / "red" / "1.png", "TORN": classes / "red" / "torn.jpg"}
    done = new(*(places.get(argument, argument) for argument in arguments))
    assert done.returncode == 2
    assert complaint in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert not done.stdout


def test_a_model_that_must_be_pulled_first_is_told_apart_from_wrong_use(new: Run, classes: Path) -> None:
    done = new("evaluate", "zero-shot", classes, "--model", "clip-b32")
    assert done.returncode == 3
    assert "models pull clip-b32" in done.stderr


@pytest.mark.slow
def test_ctrl_c_ends_it_at_once_and_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "temporary").mkdir()
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        photo = paint(tmp_path / "red.png", "red").read_bytes()
        for number in range(4000):
            archive.writestr(f"{'red' if number % 2 else 'blue'}/{number}.png", photo)
    environ = {**os.environ, "TMPDIR": str(tmp_path / "temporary")}
    arguments = [sys.executable, "-m", "searchengine", "evaluate", "probe", str(tmp_path / "photos.zip")]
    with subprocess.Popen(arguments, env=environ, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert "photos: " in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert not out
    assert not list((tmp_path / "temporary").glob("searchengine-*"))


class TestThePageInPlainWords:
    """searchengine/embedding/clip/README.md"""

    folder = CHECKOUT / "searchengine" / "embedding" / "clip"
    page = (folder / "README.md").read_text("utf-8")

    def test_its_picture_and_its_files_are_there(self) -> None:
        (picture,) = re.findall(r"!\[.+?\]\((.+?)\)", self.page)
        assert (self.folder / picture).stat().st_size < 250_000
        for name in re.findall(r"`([\w./]+\.py)`", self.page):
            assert any((base / name).is_file() for base in (self.folder, CHECKOUT / "searchengine")), name

    def test_it_says_how_the_picture_is_drawn(self, new: Run, tmp_path: Path, sample_photos: Path) -> None:
        (line,) = re.findall(r"^searchengine evaluate matrix \.github.*$", self.page, re.MULTILINE)
        assert sample_photos.is_dir()
        done = new(*line.replace(".github", str(tmp_path)).split()[1:])
        assert done.returncode == 0, done.stderr

    def test_its_commands_are_ours(self, new: Run) -> None:
        lines = re.findall(r"^searchengine (\w+) ([\w-]+)", self.page, re.MULTILINE)
        assert lines
        for command, part in lines:
            assert command in COMMANDS
            assert new(command, part, "--help").returncode == 0
