"""Hubs on this machine's loopback: one that serves models, one that accepts and never answers."""

from __future__ import annotations

import hashlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub(ThreadingHTTPServer):
    """Serves the folder `models / OWNER / NAME` as the model OWNER/NAME."""

    daemon_threads = True

    def __init__(self, models: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.models = models
        self.requests: list[str] = []
        self.cut_after: int | None = None  # bytes of a file after which the connection is closed
        self.silent_after: int | None = None  # bytes of a file after which nothing more comes

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@contextmanager
def serving(models: Path) -> Iterator[Hub]:
    hub = Hub(models)
    thread = threading.Thread(target=hub.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield hub
    finally:
        hub.shutdown()
        thread.join()
        hub.server_close()


@contextmanager
def silent() -> Iterator[str]:
    """The address of a server that accepts and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(8)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


class _Handler(BaseHTTPRequestHandler):
    server: Hub
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def log_message(self, *_: Any) -> None:
        """Nothing on the terminal."""

    def _answer(self, *, with_body: bool) -> None:
        self.server.requests.append(f"{self.command} {self.path}")
        parts = urlsplit(self.path).path.strip("/").split("/")
        if parts[:2] == ["api", "models"]:
            self._describe("/".join(parts[2:4]), tree=parts[4:5] == ["tree"])
        else:
            self._send_file("/".join(parts[:2]), parts[-1], with_body)

    def _describe(self, name: str, *, tree: bool) -> None:
        folder = self.server.models / name
        if not folder.is_dir():
            self._send(404, b"{}", {"X-Error-Code": "RepoNotFound"})
            return
        files = sorted(path for path in folder.iterdir() if path.is_file())
        if tree:
            answer: Any = [_entry(path) for path in files]
        else:
            siblings = [{"rfilename": path.name, "size": path.stat().st_size, "lfs": _lfs(path)} for path in files]
            answer = {"id": name, "sha": COMMIT, "siblings": siblings, "cardData": {"license": "mit"}}
            if (folder / "config.json").exists():
                answer["config"] = json.loads((folder / "config.json").read_text())
        self._send(200, json.dumps(answer).encode(), {"Content-Type": "application/json"})

    def _send_file(self, name: str, file: str, with_body: bool) -> None:
        path = self.server.models / name / file
        data = path.read_bytes()
        etag = hashlib.sha256(data).hexdigest()
        self._send(200, data if with_body else b"", {"ETag": f'"{etag}"', "X-Repo-Commit": COMMIT}, length=len(data))

    def _send(self, status: int, body: bytes, headers: dict[str, str], length: int | None = None) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        self.end_headers()
        if self.server.cut_after is not None and len(body) > self.server.cut_after:
            self.wfile.write(body[: self.server.cut_after])
            self.close_connection = True
        elif self.server.silent_after is not None and len(body) > self.server.silent_after:
            self.wfile.write(body[: self.server.silent_after])
            self.wfile.flush()
            time.sleep(20)
            self.close_connection = True
        else:
            self.wfile.write(body)


def _lfs(path: Path) -> dict[str, Any] | None:
    if path.suffix != ".safetensors":
        return None
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return {"sha256": sha256, "size": path.stat().st_size, "pointerSize": 134}


def _entry(path: Path) -> dict[str, Any]:
    lfs = _lfs(path)
    oid = hashlib.sha1(path.read_bytes()).hexdigest()
    about = {"type": "file", "path": path.name, "size": path.stat().st_size, "oid": oid}
    return about if lfs is None else {**about, "lfs": {"oid": lfs["sha256"], "size": lfs["size"], "pointerSize": 134}}
