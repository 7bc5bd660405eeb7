"""What the commands that keep a library in order say and do."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner

from searchengine.cli import main
from searchengine.library import Library
from tests.cli.conftest import Run, program


@pytest.fixture
def photos(sample_photos: Path, tmp_path: Path) -> Path:
    """A folder of two photos that a test may change."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for name in ("chelsea.png", "rocket.jpg"):
        shutil.copy(sample_photos / name, folder)
    return folder


def test_status_says_what_the_library_holds(run: Run, sample_photos: Path) -> None:
    said = run("status").stdout
    assert "18 (18 embedded)" in said
    assert "builtin" in said
    assert str(sample_photos.resolve()) in said


def test_status_for_a_script(run: Run, sample_photos: Path) -> None:
    facts = json.loads(run("status", "--json").stdout)
    assert (facts["photos"], facts["files"]["present"], facts["unreadable"], facts["model"]) == (18, 18, 0, "builtin")
    assert facts["recall"] is None  # few photos are all compared
    assert facts["roots"] == [{"path": str(sample_photos.resolve()), "online": True, "exclude": []}]


def test_a_folder_that_is_away_is_shown_so_and_its_photos_are_still_found(new: Run, photos: Path) -> None:
    new("index", photos)
    photos.rename(photos.with_name("unplugged"))
    assert "2 offline" in new("index").stderr
    assert "(away)" in new("status").stdout
    done = new("search", "a cat", "--limit", "1")
    assert "chelsea.png" in done.stdout
    assert "drive" in done.stderr
    assert new("prune").stdout == ""


def test_prune_prints_what_it_forgets(new: Run, photos: Path) -> None:
    new("index", photos)
    (photos / "rocket.jpg").unlink()
    new("index")
    done = new("prune")
    assert done.stdout.splitlines() == [str(photos.resolve() / "rocket.jpg")]
    assert "1 photos forgotten" in done.stderr


def test_of_the_photos_that_are_there_status_says_how_many_are_embedded(new: Run, photos: Path) -> None:
    new("index", photos)
    (photos / "rocket.jpg").unlink()
    new("index")
    assert "1 (1 embedded)" in new("status").stdout


def test_a_healthy_library_leaves_the_doctor_nothing_to_print(run: Run) -> None:
    done = run("doctor")
    assert (done.returncode, done.stdout) == (0, "")


def test_the_doctor_ends_with_1_until_it_has_repaired(new: Run, photos: Path, tmp_path: Path) -> None:
    new("index", photos)
    index = next((tmp_path / "library").glob("*.faiss"))
    index.write_bytes(b"torn")
    assert new("doctor").returncode == 1
    assert new("doctor", "--repair").returncode == 0
    assert new("doctor").returncode == 0


def test_a_torn_database_is_said_to_be_so_with_the_way_back(new: Run, photos: Path, tmp_path: Path) -> None:
    new("index", photos)
    new("backup", tmp_path / "backup")
    database = tmp_path / "library" / "library.db"
    database.write_bytes(b"no database" * 500)
    done = new("search", "a cat")
    assert done.returncode == 3
    assert "searchengine restore" in done.stderr
    assert new("restore", tmp_path / "backup").returncode == 0
    assert "chelsea.png" in new("search", "a cat", "--limit", "1").stdout


def test_restoring_from_what_is_no_backup_changes_nothing(new: Run, photos: Path) -> None:
    new("index", photos)
    done = new("restore", photos / "chelsea.png")
    assert done.returncode == 3
    assert "chelsea.png is no backup" in done.stderr
    assert new("search", "a cat").returncode == 0


def test_models_lists_those_here_and_those_to_be_had(new: Run) -> None:
    models = {model["name"]: model for model in json.loads(new("models", "--json").stdout)}
    assert models["builtin"]["installed"]
    assert not models["clip-b32"]["installed"]
    assert models["clip-b32"]["entry"]["figures"]["imagenet"] == 66.6


def test_a_hub_that_never_answers_is_said_so_in_seconds(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        done = program(tmp_path / "library", HF_ENDPOINT=address)("models", "pull", "clip-b32")
    assert done.returncode == 3
    assert address in done.stderr
    assert "Traceback" not in done.stderr


def test_a_second_indexer_is_told_who_is_first(new: Run, photos: Path, tmp_path: Path) -> None:
    new("index", photos)
    holder = (
        "import sys, pathlib\n"
        "from searchengine.indexing.lock import index_lock\n"
        "with index_lock(pathlib.Path(sys.argv[1])):\n"
        "    print('held', flush=True)\n"
        "    sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holder, tmp_path / "library"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as first:
        assert first.stdout is not None
        first.stdout.readline()
        done = new("index")
        assert new("search", "a cat").returncode == 0
        first.communicate()
    assert done.returncode == 3
    assert str(first.pid) in done.stderr


def test_the_page_is_served_until_ctrl_c(new: Run, photos: Path, tmp_path: Path) -> None:
    new("index", photos)
    command = [sys.executable, "-m", "searchengine", "serve", "--no-open", "--port", "0"]
    with subprocess.Popen(
        [*command, "--library", str(tmp_path / "library")], stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stderr is not None
        address = next(word for word in server.stderr.readline().split() if word.startswith("http"))
        with urllib.request.urlopen(f"{address}?q=a+cat", timeout=30) as page:
            assert "chelsea.png" in page.read().decode()
        server.send_signal(signal.SIGINT)
        _, said = server.communicate(timeout=30)
    assert server.returncode == 0
    assert "Traceback" not in said


def test_a_port_that_is_taken_is_named(run: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run("serve", "--no-open", "--port", port)
    assert done.returncode == 2
    assert port in done.stderr
    assert "--port" in done.stderr


def test_samples_come_with_their_credits(new: Run, tmp_path: Path) -> None:
    pytest.importorskip("skimage")
    new("samples", tmp_path / "samples")
    owed = (tmp_path / "samples" / "CREDITS.txt").read_text("utf-8")
    pictures = [path for path in (tmp_path / "samples").iterdir() if path.suffix != ".txt"]
    assert len(pictures) == 18
    assert all(path.name in owed for path in pictures)


def test_samples_overwrite_no_photo_of_their_name(new: Run, tmp_path: Path) -> None:
    own = tmp_path / "photos" / "camera.png"
    own.parent.mkdir()
    own.write_bytes(b"mine")
    done = new("samples", own.parent)
    assert done.returncode == 2
    assert "camera.png" in done.stderr
    assert [path.name for path in own.parent.iterdir()] == ["camera.png"]
    assert own.read_bytes() == b"mine"


def test_samples_that_cannot_be_written_are_an_error_and_no_traceback(new: Run, tmp_path: Path) -> None:
    pytest.importorskip("skimage")
    (tmp_path / "file").touch()
    done = new("samples", tmp_path / "file" / "samples")
    assert done.returncode == 2
    assert str(tmp_path / "file") in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("in_an_import", [False, True])
def test_ctrl_c_at_any_moment_ends_with_130_and_no_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_an_import: bool
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        if in_an_import:
            raise ImportError("initialization failed") from KeyboardInterrupt()
        raise KeyboardInterrupt

    monkeypatch.setattr(Library, "open", interrupted)
    done = CliRunner().invoke(main, ["status", "--library", str(tmp_path)])
    assert (done.exit_code, done.output) == (130, "Stopped.\n")


def test_a_slip_of_the_keyboard_gets_a_suggestion(new: Run) -> None:
    done = new("serach", "a cat")
    assert done.returncode == 2
    assert "'search'" in done.stderr
