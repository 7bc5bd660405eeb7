"""What `search` and `similar` print, where, and with which exit code."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Run, program


def test_json_is_a_list_of_photos_with_all_that_a_script_wants(run: Run) -> None:
    found = json.loads(run("search", "a cat", "--json", "--limit", "2").stdout)
    assert len(found) == 2
    best = found[0]
    assert Path(best["path"]).name == "chelsea.png"
    assert best["paths"] == [best["path"]]
    assert (best["width"], best["height"], best["format"]) == (451, 300, "png")
    assert best["score"] > found[1]["score"]
    assert isinstance(best["id"], int)


def test_words_without_quotes_are_one_phrase(run: Run) -> None:
    phrase = run("search", "a rocket on its way", "--limit", "4").stdout
    assert run("search", "a", "rocket", "--limit", "4", "on", "its", "way").stdout == phrase != ""


def test_paths_are_printed_and_nothing_else(run: Run) -> None:
    done = run("search", "a cat", "--paths", "--limit", "3")
    assert len(done.stdout.splitlines()) == 3
    assert all(Path(line).is_file() for line in done.stdout.splitlines())
    assert done.stderr == ""


def test_zero_ended_paths_are_for_xargs(run: Run) -> None:
    done = run("search", "a cat", "-0", "--limit", "3")
    assert [Path(path).is_file() for path in done.stdout.split("\0")[:-1]] == [True] * 3
    assert done.stdout.endswith("\0")


def test_in_a_pipe_a_line_is_score_and_path(run: Run) -> None:
    score, path = run("search", "a cat", "--limit", "1").stdout.rstrip("\n").split("\t")
    assert 0 < float(score) < 1
    assert Path(path).name == "chelsea.png"


def test_the_second_page_goes_on_where_the_first_ended(run: Run) -> None:
    whole = run("search", "a cat", "--paths", "--limit", "6").stdout.splitlines()
    second = run("search", "a cat", "--paths", "--limit", "3", "--offset", "3").stdout.splitlines()
    assert second == whole[3:]


def test_nothing_found_is_said_and_ends_with_1(run: Run) -> None:
    done = run("search", "a cat", "--min-score", "0.999")
    assert (done.returncode, done.stdout) == (1, "")
    assert "Nothing found" in done.stderr


def test_similar_takes_a_photo_that_is_in_no_library(run: Run, sample_photos: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.png").write_bytes((sample_photos / "motorcycle_left.png").read_bytes() + b"and a tail")
    found = run("similar", tmp_path / "mine.png", "--paths", "--limit", "1").stdout
    assert Path(found.strip()).name == "motorcycle_left.png"


def test_a_text_file_named_as_a_photo_is_wrong_use_and_says_why(run: Run, tmp_path: Path) -> None:
    (tmp_path / "notes.png").write_text("not a picture")
    done = run("similar", tmp_path / "notes.png")
    assert done.returncode == 2
    assert "notes.png" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_photo_that_is_not_there_is_wrong_use(run: Run, tmp_path: Path) -> None:
    done = run("search", "at night", "--like", tmp_path / "gone.jpg")
    assert done.returncode == 2
    assert "gone.jpg" in done.stderr


def test_asking_nothing_is_wrong_use(run: Run) -> None:
    done = run("search")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_swapped_dates_are_noticed(run: Run) -> None:
    done = run("search", "a cat", "--after", "2021", "--before", "2019-07")
    assert done.returncode == 2
    assert "Swap" in done.stderr


def test_what_is_no_date_is_answered_with_how_to_write_one(run: Run) -> None:
    done = run("search", "a cat", "--after", "yesterday")
    assert done.returncode == 2
    assert "2019-07-14" in done.stderr
    assert "%Y" not in done.stderr


def test_without_a_library_the_next_step_is_named(new: Run) -> None:
    done = new("search", "a cat")
    assert done.returncode == 3
    assert "searchengine index" in done.stderr


def test_a_query_in_words_imports_nothing_that_it_does_not_need(run: Run) -> None:
    library = Path(json.loads(run("status", "--json").stdout)["library"])
    done = program(library, PYTHONPROFILEIMPORTTIME="1")("search", "a cat")
    assert done.returncode == 0
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time")}
    assert {"searchengine.library", "onnxruntime"} <= imported
    assert not {"torch", "transformers", "alembic", "huggingface_hub", "onnx", "PIL.JpegImagePlugin"} & imported


def test_the_home_of_nobody_is_wrong_use(run: Run) -> None:
    for arguments in (("search", "a cat", "--folder", "~nobody-here/x"), ("similar", "~nobody-here/x.jpg")):
        done = run(*arguments)
        assert done.returncode == 2
        assert "~nobody-here" in done.stderr
