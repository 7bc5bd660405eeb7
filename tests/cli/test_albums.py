"""`searchengine albums` and `explain`, called as a person calls them, over real photographs and the built-in model."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import pytest
from PIL import Image

from tests.cli.conftest import Run, program

NAMES = ("chelsea.png", "coffee.png", "rocket.jpg", "flower.jpg", "motorcycle_left.png")


@pytest.fixture(scope="module")
def photos(sample_photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of five photographs."""
    folder = tmp_path_factory.mktemp("photos")
    for name in NAMES:
        shutil.copy(sample_photos / name, folder)
    return folder


@pytest.fixture(scope="module")
def run(photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The program over a library of them, whose albums the tests of this file make."""
    run = program(tmp_path_factory.mktemp("library"))
    done = run("index", photos)
    assert done.returncode == 0, done.stderr
    return run


def shown(run: Run, name: str, *options: str) -> list[str]:
    """The names of the photos that an album shows, in alphabetical order."""
    done = run("albums", "show", name, "--paths", *options)
    assert done.returncode in (0, 1), done.stderr
    return sorted(Path(line).name for line in done.stdout.splitlines())


def test_an_album_from_its_making_to_its_end(run: Run, photos: Path) -> None:
    assert "no albums yet" in run("albums").stderr
    done = run("albums", "add", "Cats", "a cat", "--min-relevance", "weak")
    assert (done.returncode, "1 photo" in done.stderr) == (0, True), done.stderr
    assert shown(run, "cats") == ["chelsea.png"]
    assert run("albums", "pin", "Cats", photos / "rocket.jpg").returncode == 0
    assert run("albums", "take-out", "Cats", photos / "chelsea.png").returncode == 0
    assert shown(run, "Cats") == shown(run, "Cats", "--pinned") == ["rocket.jpg"]
    assert shown(run, "Cats", "--taken-out") == ["chelsea.png"]
    assert run("albums", "undo", "Cats", photos / "rocket.jpg", photos / "chelsea.png").returncode == 0
    assert shown(run, "Cats") == ["chelsea.png"]
    assert run("albums", "rename", "Cats", "Our cat").returncode == 0
    (facts,) = json.loads(run("albums", "--json").stdout)
    assert {name: facts[name] for name in ("name", "query", "least", "photos", "pinned")} == {
        "name": "Our cat", "query": "a cat", "least": "weak", "photos": 1, "pinned": 0,
    }  # fmt: skip
    assert run("search", 'album:"our cat"', "--paths").stdout.splitlines() == [str(photos / "chelsea.png")]
    assert run("albums", "change", "Our cat", "format:jpeg").returncode == 0
    assert shown(run, "Our cat") == ["flower.jpg", "rocket.jpg"]
    assert run("albums", "remove", "Our cat").returncode == 0
    assert run("albums", "show", "Our cat").returncode == 2


def test_an_album_is_printed_as_a_search_is(run: Run, photos: Path) -> None:
    assert run("albums", "add", "All by hand").returncode == 0
    nothing = run("albums", "show", "All by hand")
    assert (nothing.returncode, nothing.stdout) == (1, "")
    ids = [str(hit["id"]) for hit in json.loads(run("search", "a cat", "--all", "--json").stdout)]
    assert run("albums", "pin", "All by hand", *ids).returncode == 0
    assert len(json.loads(run("albums", "show", "All by hand", "--json").stdout)) == len(ids) == len(NAMES)
    assert len(shown(run, "All by hand", "--limit", "2")) == 2
    done = run("albums", "show", "All by hand", "-0")
    assert {Path(path).parent for path in done.stdout.split("\0")[:-1]} == {photos}
    assert run("albums", "remove", "all by hand").returncode == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("show", "Nowhere"), "no album 'Nowhere'"),
        (("pin", "Nowhere", "1"), "no album 'Nowhere'"),
        (("add", "Broken", 'a "cat'), '"'),
        (("add", "Broken", "album:Nowhere"), "no album 'Nowhere'"),
        (("change", "Broken"), "--min-relevance"),
    ],
)
def test_a_mistake_is_said_and_makes_no_album(run: Run, arguments: tuple[str, ...], said: str) -> None:
    done = run("albums", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Broken" not in run("albums").stdout


def test_why_says_which_words_a_photo_fits(run: Run) -> None:
    (hit,) = json.loads(run("search", "a cat with a cup", "--why", "--json", "--all", "--limit", "1").stdout)
    levels = {word["words"]: word["level"] for word in hit["why"]}
    assert list(levels) == ["cat", "cup"]
    assert levels["cat"] > levels["cup"]


def test_explain_draws_a_map_and_prints_its_numbers(run: Run, photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "map.jpg"
    done = run("explain", photos / "chelsea.png", '"a cat" "a cup"', "--out", out, "--json")
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    cat, cup = facts["parts"]
    assert (cat["text"], cup["text"]) == ("a cat", "a cup")
    assert cat["relevance"] > cup["relevance"]
    assert {len(row) for row in cat["map"]} == {len(cat["map"])}
    assert Image.open(io.BytesIO(out.read_bytes())).format == "JPEG"


def test_a_map_overwrites_nothing(run: Run, photos: Path) -> None:
    before = (photos / "coffee.png").read_bytes()
    done = run("explain", photos / "chelsea.png", "a cat", "--out", photos / "coffee.png")
    assert done.returncode == 2
    assert "is there already" in done.stderr
    assert (photos / "coffee.png").read_bytes() == before


def test_explain_takes_a_photo_that_is_in_no_library(run: Run, sample_photos: Path, tmp_path: Path) -> None:
    out = tmp_path / "map.png"
    assert run("explain", sample_photos / "astronaut.png", "a face", "--out", out).returncode == 0
    assert Image.open(io.BytesIO(out.read_bytes())).format == "PNG"


@pytest.mark.parametrize("arguments", [(), ("--out", "map.gif")])
def test_explain_says_where_a_map_can_go(run: Run, photos: Path, arguments: tuple[str, ...]) -> None:
    done = run("explain", photos / "chelsea.png", "a cat", *arguments)
    assert done.returncode == 2
    assert ".png" in done.stderr


def test_names_and_queries_that_look_like_markup_are_shown_as_they_are(run: Run) -> None:
    assert run("albums", "add", "[/x]", "dogs [/foo]").returncode == 0
    listed = run("albums")
    assert listed.returncode == 0, listed.stderr
    assert "[/x]" in listed.stdout
    assert "dogs [/foo]" in listed.stdout
    assert run("albums", "remove", "[/x]").returncode == 0
