"""What `search` and `similar` print, where, and with which exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run, program


def test_json_is_a_list_of_photos_with_all_that_a_script_wants(run: Run) -> None:
    found = json.loads(run("search", "a cat", "--json", "--limit", "2", "--all").stdout)
    assert len(found) == 2
    best = found[0]
    assert Path(best["path"]).name == "chelsea.png"
    assert best["paths"] == [best["path"]]
    assert (best["width"], best["height"], best["format"]) == (451, 300, "png")
    assert best["relevance"] > found[1]["relevance"]
    assert (best["band"], found[1]["band"], best["alike"]) == ("strong", "none", [])
    assert 0 < best["score"] < 1
    assert isinstance(best["id"], int)


def test_words_without_quotes_are_one_phrase(run: Run) -> None:
    phrase = run("search", "a rocket on its way", "--limit", "4", "--all").stdout
    assert run("search", "a", "rocket", "--limit", "4", "--all", "on", "its", "way").stdout == phrase != ""


def test_paths_are_printed_and_nothing_else(run: Run) -> None:
    done = run("search", "a cat", "--paths", "--limit", "3", "--all")
    assert len(done.stdout.splitlines()) == 3
    assert all(Path(line).is_file() for line in done.stdout.splitlines())
    assert done.stderr == ""


def test_zero_ended_paths_are_for_xargs(run: Run) -> None:
    done = run("search", "a cat", "-0", "--limit", "3", "--all")
    assert [Path(path).is_file() for path in done.stdout.split("\0")[:-1]] == [True] * 3
    assert done.stdout.endswith("\0")


def test_in_a_pipe_a_line_is_relevance_and_path(run: Run) -> None:
    relevance, path = run("search", "a cat", "--limit", "1").stdout.rstrip("\n").split("\t")
    assert 0 < float(relevance) < 1
    assert Path(path).name == "chelsea.png"


def test_the_second_page_goes_on_where_the_first_ended(run: Run) -> None:
    whole = run("search", "a cat", "--paths", "--limit", "6", "--all").stdout.splitlines()
    second = run("search", "a cat", "--paths", "--limit", "3", "--offset", "3", "--all").stdout.splitlines()
    assert second == whole[3:]


def test_nothing_found_is_said_and_ends_with_1(run: Run) -> None:
    done = run("search", "a cat", "--min-score", "0.999")
    assert (done.returncode, done.stdout) == (1, "")
    assert "Nothing found" in done.stderr


def test_filters_that_exclude_each_other_are_said_to(run: Run) -> None:
    done = run("search", "a cat format:jpeg camera:pentax")  # the photo by that camera is a PNG
    assert done.returncode == 1
    assert "No photo satisfies all the filters together." in done.stderr


def test_what_nothing_fits_is_shown_but_never_as_a_bare_path(run: Run) -> None:
    shown = run("search", "asdkjh qwe")
    assert (shown.returncode, len(shown.stdout.splitlines())) == (0, 5)
    assert "Nothing fits well" in shown.stderr
    for output in ("--paths", "-0"):
        done = run("search", "asdkjh qwe", output)
        assert (done.returncode, done.stdout) == (1, "")


def test_a_mistake_in_the_query_is_pointed_at(run: Run) -> None:
    done = run("search", "a cat dte:2019")
    assert done.returncode == 2
    assert "    a cat dte:2019\n          ^" in done.stderr
    assert "date:" in done.stderr


def test_near_copies_stand_behind_one_unless_asked_for(run: Run) -> None:
    (one,) = json.loads(run("search", "a motorcycle", "--json").stdout)
    both = json.loads(run("search", "a motorcycle", "--json", "--expand").stdout)
    assert {one["id"], *one["alike"]} == {each["id"] for each in both}


def test_a_plan_says_how_a_query_is_understood(run: Run) -> None:
    assert run("search", "(a cat", "--plan").returncode == 2
    words = run("search", '"a cat" -people OR camera:canon', "--plan").stdout
    assert [line.split() for line in words.splitlines()] == [
        ["either"],
        *(["fits", "“a", "cat”", "(must", "fit)"], ["must", "not", "fit", "“people”"]),
        *(["or"], ["satisfies", "camera", "with", "“canon”", "in", "its", "name"]),
    ]
    plan = json.loads(run("search", "beach^2 date:2019", "--plan", "--json").stdout)
    assert plan == [
        {
            "asked": ["“beach”, weight 2"],
            "excluded": [],
            "conditions": ["taken from 2019-01-01 00:00 before 2020-01-01 00:00"],
        }
    ]


def test_similar_takes_a_photo_that_is_in_no_library(run: Run, sample_photos: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.png").write_bytes((sample_photos / "motorcycle_left.png").read_bytes() + b"and a tail")
    found = run("similar", tmp_path / "mine.png", "--paths", "--limit", "1").stdout
    assert Path(found.strip()).name == "motorcycle_left.png"


def test_similar_takes_an_id_as_search_prints_it(run: Run) -> None:
    (cat,) = json.loads(run("search", "a cat", "--limit", "1", "--json").stdout)
    by_id, by_path = (run("similar", photo, "--all", "--paths") for photo in (str(cat["id"]), cat["path"]))
    assert by_id.returncode == 0, by_id.stderr
    assert by_id.stdout == by_path.stdout != ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="/dev/full stands in for a full disk")
@pytest.mark.parametrize("form", ["--paths", "--json"])
def test_output_that_cannot_be_written_is_said_in_a_sentence(run: Run, form: str) -> None:
    with Path("/dev/full").open("wb") as full:
        done = run("search", "a cat", form, stdout=full)
    assert done.returncode == 3
    assert "can't be written: No space left" in done.stderr
    assert "Traceback" not in done.stderr


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
    done = program(library, PYTHONPROFILEIMPORTTIME="1")("search", "a cat that nobody has asked for yet", "--all")
    assert done.returncode == 0
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time")}
    assert {"searchengine.library", "onnxruntime"} <= imported
    assert not {"torch", "transformers", "alembic", "huggingface_hub", "onnx", "PIL.JpegImagePlugin"} & imported


def test_the_home_of_nobody_is_wrong_use(run: Run) -> None:
    for arguments in (("search", "a cat", "--folder", "~nobody-here/x"), ("similar", "~nobody-here/x.jpg")):
        done = run(*arguments)
        assert done.returncode == 2
        assert "~nobody-here" in done.stderr
