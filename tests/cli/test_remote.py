"""`--server`: a server that runs gives the same answers as the library itself, and the same errors."""

from __future__ import annotations

import http.server
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from searchengine.cli import main
from tests.cli.conftest import program
from tests.conftest import CHECKOUT


@pytest.fixture(scope="module")
def library(sample_photos: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("served")
    odd = folder / "photos"
    odd.mkdir()
    for photo in sample_photos.iterdir():
        (odd / photo.name).write_bytes(photo.read_bytes())
    data = (odd / "chelsea.png").read_bytes()
    (odd / "chelsea.png").unlink()
    Path(bytes(odd).decode() + "/a cat 100%é\udcff.png").write_bytes(data)  # a name that isn't UTF-8
    done = program(folder / "library")("index", odd)
    assert done.returncode == 0, done.stderr
    return folder / "library"


@pytest.fixture(scope="module")
def server(library: Path) -> Iterator[str]:
    """The address of `searchengine serve`."""
    with subprocess.Popen(
        [sys.executable, "-m", "searchengine", "serve", "--port", "0", "--no-open", "--library", library],
        cwd=CHECKOUT,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        said = process.stderr.readline()
        found = re.search(r"http://\S+", said)
        assert found, said
        yield found[0]
        process.terminate()


def call(*arguments: str | Path, **environ: str | None) -> Result:
    environ = {"SEARCHENGINE_LIBRARY": "/nowhere", "SEARCHENGINE_SERVER": None, "SEARCHENGINE_TOKEN": None, **environ}
    return CliRunner().invoke(main, [str(argument) for argument in arguments], env=environ)


@pytest.mark.parametrize(
    "arguments",
    [
        ["a cat", "--limit", "3", "--all"],
        ["a cat", "--json", "--limit", "2"],
        ["a cat", "-0"],
        ["a motorcycle", "--paths", "--expand", "--offset", "1", "--limit", "3", "--all"],
        ["--all", "--json", "--limit", "600"],
        ["--all", "--offset", "5", "--limit", "4", "--sort", "date"],
        ["lake OR sea", "--format", "jpg", "--after", "2001", "--before", "2100-02-03", "--all", "--min-score", "0.05"],
        ["--format", "png", "--camera", "no such camera"],
        ["xyzzy"],
        ["tag:nothing"],
        ["a (cat"],
        [],
        ["a cat", "--limit", "0"],
    ],
    ids=" ".join,
)
def test_a_server_answers_as_the_library_does(library: Path, server: str, arguments: list[str]) -> None:
    local = call("search", *arguments, "--library", library)
    remote = call("search", *arguments, "--server", server)
    assert (remote.stdout_bytes, remote.stderr, remote.exit_code) == (
        local.stdout_bytes,
        local.stderr,
        local.exit_code,
    )
    if "--all" in arguments:
        assert local.exit_code == 0, local.output


def test_photos_are_sent_or_named_by_their_ids(library: Path, server: str, sample_photos: Path) -> None:
    photo = sample_photos / "motorcycle_left.png"
    for arguments in (["similar", photo], ["similar", "1"], ["search", "at night", "--like", photo, "--all", "-0"]):
        local = call(*arguments, "--library", library)
        remote = call(*arguments, "--server", server)
        assert (remote.stdout_bytes, remote.exit_code) == (local.stdout_bytes, local.exit_code)
    gone = call("similar", "nowhere.jpg", "--server", server)
    assert (gone.exit_code, "there is no such file" in gone.stderr) == (2, True)


def test_the_environment_names_a_server_until_a_library_is_named(library: Path, server: str) -> None:
    assert call("search", "a cat", SEARCHENGINE_SERVER=server).exit_code == 0
    assert call("search", "a cat", "--library", library, SEARCHENGINE_SERVER="http://localhost:1").exit_code == 0
    both = call("search", "a cat", "--library", library, "--server", server)
    assert (both.exit_code, "--server or --library" in both.stderr) == (2, True)


def test_what_a_server_cannot_do_is_said(server: str) -> None:
    for arguments in (["--why"], ["--rerank"], ["--after", "2019-07-14T18:30"], ["--before", "0001"]):
        done = call("search", "a cat", *arguments, "--server", server)
        assert (done.exit_code, done.stdout) == (2, "")
    assert call("search", "a cat", "--server", "localhost:5005").exit_code == 2


class _AnotherProgram(http.server.BaseHTTPRequestHandler):
    """Answers, and isn't this program."""

    def do_GET(self) -> None:
        self.send_response(302 if "redirect" in self.path else 200)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *_: Any) -> None:
        pass


def test_no_server_and_another_program_are_told_apart() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    nobody = call("search", "a cat", "--server", f"http://127.0.0.1:{port}")
    assert (nobody.exit_code, "No server answers" in nobody.stderr) == (3, True)
    with http.server.HTTPServer(("127.0.0.1", 0), _AnotherProgram) as other:
        thread = threading.Thread(target=other.serve_forever)
        thread.start()
        for path in ("", "/redirect"):
            done = call("search", "a cat", "--server", f"http://127.0.0.1:{other.server_port}{path}")
            assert (done.exit_code, "isn't this program's server" in done.stderr) == (3, True), done.output
        other.shutdown()
        thread.join()


def test_a_search_through_a_server_imports_nothing_heavy(server: str) -> None:
    code = (
        "import sys\nfrom searchengine.cli import main\n"
        f"main(['search', 'a cat', '--server', {server!r}], standalone_mode=False)\n"
        "heavy = {'numpy', 'sqlalchemy', 'onnxruntime', 'faiss', 'PIL', 'flask', 'pydantic', 'torch'}\n"
        "print(*heavy & set(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, cwd=CHECKOUT)
    assert done.stderr.strip() == b""
