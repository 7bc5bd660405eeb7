"""What `index` says and does at the terminal's edge; how it works inside is tested with the indexer."""

from __future__ import annotations

import os
import pty
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Run, program


def test_the_report_counts_files_and_goes_to_standard_error(new: Run, sample_photos: Path) -> None:
    done = new("index", sample_photos)
    assert (done.returncode, done.stdout) == (0, "")
    assert "18 added, 0 moved, 0 unchanged, 0 missing, 0 unreadable, 1 not photos" in done.stderr


def test_again_without_folders_looks_at_what_is_known(new: Run, sample_photos: Path) -> None:
    new("index", sample_photos)
    assert "0 added, 0 moved, 18 unchanged" in new("index").stderr


def test_without_folders_and_without_any_known_the_next_step_is_named(new: Run) -> None:
    done = new("index")
    assert done.returncode == 2
    assert "searchengine index" in done.stderr


def test_patterns_for_no_folder_are_wrong_use(run: Run) -> None:
    done = run("index", "--exclude", "*.gif")
    assert done.returncode == 2
    assert "Name them" in done.stderr


def test_a_folder_that_is_not_there_is_named(new: Run, tmp_path: Path) -> None:
    done = new("index", tmp_path / "nowhere")
    assert done.returncode == 2
    assert "nowhere" in done.stderr


def test_an_unreadable_photo_is_named_and_stops_nothing(new: Run, sample_photos: Path, tmp_path: Path) -> None:
    photos = Path(shutil.copytree(sample_photos, tmp_path / "photos"))
    (photos / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 not much of a photo")
    done = new("index", photos)
    assert done.returncode == 0
    assert "18 added" in done.stderr
    assert "1 unreadable" in done.stderr
    assert "broken.jpg" in done.stderr
    assert "broken.jpg" in new("status", "--failures").stdout


def test_strict_ends_with_1_when_something_is_unreadable(new: Run, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    assert new("index", "--strict", tmp_path / "photos").returncode == 1


def test_off_a_terminal_the_built_in_model_is_taken_and_a_better_one_named(new: Run, sample_photos: Path) -> None:
    said = new("index", sample_photos).stderr
    assert "built-in" in said
    assert "searchengine models pull" in said


def test_the_environment_names_the_model_for_a_new_library(sample_photos: Path, tmp_path: Path) -> None:
    run = program(tmp_path / "library", SEARCHENGINE_MODEL="openai-b32")
    done = run("index", sample_photos)
    assert done.returncode == 3
    assert "searchengine models pull openai-b32" in done.stderr


def test_another_model_than_the_librarys_is_refused_with_the_way_to_switch(new: Run, sample_photos: Path) -> None:
    new("index", sample_photos)
    done = new("index", "--model", "openai-b32", sample_photos)
    assert done.returncode == 2
    assert "searchengine models use openai-b32" in done.stderr


@pytest.mark.parametrize("answer", ["", "builtin"])
def test_on_a_terminal_the_person_is_asked_once(sample_photos: Path, tmp_path: Path, answer: str) -> None:
    said = on_a_terminal(tmp_path, ["index", str(sample_photos)], answer + "\n")
    assert "Which model" in said
    assert "MB" in said
    assert "18 added" in said
    assert "Which model" not in on_a_terminal(tmp_path, ["index", str(sample_photos)], "")


def test_a_name_with_control_characters_does_not_reach_the_terminal_as_such(
    sample_photos: Path, tmp_path: Path
) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    shutil.copy(sample_photos / "chelsea.png", photos / "cat\x1b]0;owned\x07\n.png")
    (photos / "broken\x1b[31m.jpg").touch()
    said = on_a_terminal(tmp_path, ["index", "--model", "builtin", str(photos)], "")
    said += on_a_terminal(tmp_path, ["search", "a cat"], "")
    assert "broken\\x1b[31m.jpg" in said
    assert "cat\\x1b]0;owned\\x07\\x0a.png" in said
    assert "\x1b]0" not in said


def on_a_terminal(home: Path, arguments: list[str], typed: str) -> str:
    """Run the program in a pseudo-terminal, type, and give back all that it showed."""
    ours, theirs = pty.openpty()
    environ = {**os.environ, "SEARCHENGINE_LIBRARY": str(home / "library"), "TERM": "xterm", "COLUMNS": "200"}
    environ.pop("SEARCHENGINE_MODEL", None)
    with subprocess.Popen(
        [sys.executable, "-m", "searchengine", *arguments], env=environ, stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        os.write(ours, typed.encode())
        shown = b""
        while chunk := read(ours):
            shown += chunk
        assert process.wait(timeout=60) == 0, shown
    os.close(ours)
    return shown.decode("utf-8", "replace")


def read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # how Linux says that the other side has closed
        return b""


@pytest.mark.slow
def test_ctrl_c_keeps_what_is_done_and_the_next_run_goes_on(sample_photos: Path, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    for number in range(40):
        folder = photos / str(number)
        shutil.copytree(sample_photos, folder)
        for file in folder.iterdir():  # forty times the same pictures with other bytes, so that each is a photo
            file.write_bytes(file.read_bytes() + bytes([number]))
    run = program(tmp_path / "library")
    environ = {**os.environ, "SEARCHENGINE_LIBRARY": str(tmp_path / "library")}
    with subprocess.Popen(
        [sys.executable, "-m", "searchengine", "index", "--model", "builtin", photos],
        env=environ, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        database = tmp_path / "library" / "library.db"
        while not (database.exists() and stored(run) >= 60):
            assert process.poll() is None, "it was done before it could be stopped"
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in said
    assert "run the same command to go on" in said
    kept = stored(run)
    assert 60 <= kept < 720
    assert run("index").returncode == 0
    assert stored(run) == 720


def stored(run: Run) -> int:
    import json

    return int(json.loads(run("status", "--json").stdout)["photos"])


def test_watching_without_folders_names_the_next_step(new: Run) -> None:
    new("index")
    done = new("watch")
    assert done.returncode == 2
    assert "searchengine index" in done.stderr


def test_a_model_that_is_not_here_leaves_no_library_of_another(new: Run, sample_photos: Path, tmp_path: Path) -> None:
    done = new("index", "--model", "clip-b32", sample_photos)
    assert done.returncode == 3
    assert "searchengine models pull clip-b32" in done.stderr
    assert not (tmp_path / "library").exists()
