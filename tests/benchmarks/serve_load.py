"""How long the page's answers take when many ask at once, over HTTP and a library of 100,000 photos.

    python -m tests.benchmarks.serve_load LIBRARY [--photos N] [--seconds N] [--keep FOLDER]

LIBRARY was indexed with the built-in model. It is copied, and its photos are multiplied: each copy has a vector near
that of its photo, facts and a thumbnail of its own. `searchengine serve` runs as a program of its own; the clients are
in this one, on the same machine, and take their part of its processors.

While photos are taken in, every answer is held against what must be in it.
"""

# ruff: noqa: T201  # a program of its own: it prints what it measured

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from urllib.parse import quote

import numpy as np
from PIL import Image

from searchengine.library import Library
from searchengine.records import Stamp
from searchengine.settings import Settings
from searchengine.store.files import Place

NOISE = 0.5  # a copy's cosine to its photo is 0.9
BATCH = 2000
ROOT = b"/copies"
NEW = 400  # photos that are taken in under load

THINGS = "a dog, two dogs, a cat, a red car, a train, a boy, a girl, people, a man with a hat, a horse, a bird, food"
PLACES = "on a beach, in the snow, at night, on grass, by the sea, in a street, on a table, in a kitchen, near a tree"
WAYS = (
    "running, sleeping, seen from above, in black and white, far away, close up, in the sun, in the rain, with friends"
)
LINES = [f"{thing} {place} {way}" for way in WAYS.split(", ") for place in PLACES.split(", ")
         for thing in THINGS.split(", ")]  # fmt: skip  # 972, so that hardly one is asked twice
NARROWED = [f"{line} date:2012..2016" for line in LINES[::3]] + [f'"{line}" -people' for line in LINES[::4]]

Ask = Callable[[], str]
"""The path of the next request."""


# --- the library ------------------------------------------------------------------------------------------------------


def multiply(folder: Path, photos: int) -> None:
    """Fill the library in this folder with copies of its photos until there are so many."""
    rng = np.random.default_rng(0)
    with Library.open(Settings(library=folder, models=folder / "models")) as library:
        database = library.database
        model_id = database.models.active()[0]  # type: ignore[index]
        ids, vectors = database.embeddings.of(model_id, database.photos.matching(()))
        known = database.photos.get(ids.tolist())
        with database.writing():
            database.roots.add(ROOT)
        root_id = next(root.id for root in database.roots.all() if root.path == ROOT)
        for start in range(len(ids), photos, BATCH):
            rows = np.arange(start, min(photos, start + BATCH)) % len(ids)
            noise = rng.normal(size=(len(rows), vectors.shape[1]))
            near = vectors[rows] + NOISE * noise / np.linalg.norm(noise, axis=1, keepdims=True)
            near /= np.linalg.norm(near, axis=1, keepdims=True)
            prints = [rng.bytes(16) for _ in rows]
            shifts = rng.integers(-5000, 0, len(rows))
            facts = [
                replace(known[row].facts, taken_at=known[row].facts.taken_at and known[row].facts.taken_at + timedelta(
                    days=int(shift))) for row, shift in zip(rows, shifts, strict=True)
            ]  # fmt: skip
            with database.writing():
                made = database.photos.add(list(zip(prints, facts, strict=True)))
                numbered = [(made[fingerprint], start + place) for place, fingerprint in enumerate(prints)]
                database.files.place(
                    [Place(b"%s/%d/%06d.jpg" % (ROOT, n % 300, n), root_id, id_, Stamp(1, 1)) for id_, n in numbered]
                )
                new = [id_ for id_, _ in numbered]
                database.embeddings.add(model_id, new, near.astype(np.float32), "float32")
                database.looks.write({id_: rng.bytes(8) for id_ in new})
                database.placeholders.write({id_: rng.bytes(36) for id_ in new})
            for row, fingerprint in zip(rows, prints, strict=True):
                place = library.thumbnails.path(fingerprint)
                place.parent.mkdir(parents=True, exist_ok=True)
                os.link(library.thumbnails.path(known[row].fingerprint), place)
        library.index([_empty(folder)])  # labels, the vector index, what relevance is measured by


def _empty(folder: Path) -> Path:
    empty = folder / "nothing"
    empty.mkdir(exist_ok=True)
    return empty


def paint(folder: Path) -> None:
    """New photos, none like another."""
    folder.mkdir()
    rng = np.random.default_rng()  # and none like those of the last time, in a library that is kept
    for number in range(NEW):
        small = Image.fromarray(rng.integers(0, 255, (9, 12, 3), np.uint8))
        small.resize((1200, 900), Image.Resampling.BICUBIC).save(folder / f"new-{number:03}.jpg", quality=85)


# --- the server -------------------------------------------------------------------------------------------------------


@contextmanager
def serving(folder: Path) -> Iterator[tuple[int, int]]:
    """The port and the process of `searchengine serve` on this library."""
    command = [sys.executable, "-m", "searchengine", "serve", "--no-open", "--port", "0", "--library", str(folder)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        line = server.stderr.readline()  # type: ignore[union-attr]
        yield int(line.split("localhost:")[1].split("/")[0]), server.pid
        server.send_signal(signal.SIGINT)
        server.communicate(timeout=60)


def memory(process: int) -> str:
    """What the process holds, and has held at most, in MiB."""
    status = Path(f"/proc/{process}/status").read_text()
    now, most = (int(re.findall(rf"{name}:\s+(\d+)", status)[0]) >> 10 for name in ("VmRSS", "VmHWM"))
    return f"{now} MiB, at most {most}"


def worked(process: int) -> float:
    """Seconds that the process has had of the processors: what others on this machine do hardly changes those."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# --- the clients ------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Heard:
    """What the clients have heard."""

    times: list[float] = field(default_factory=list)  # seconds
    wrong: list[str] = field(default_factory=list)

    def row(self, seconds: float, worked: float) -> str:
        """Percentiles of the times, how many answers there were, and what each cost the server's processors."""
        p50, p95, p99 = (1000 * float(np.percentile(self.times, share)) for share in (50, 95, 99))
        rate, each = len(self.times) / seconds, 1000 * worked / len(self.times)
        times = f"p50 {p50:7.1f}  p95 {p95:7.1f}  p99 {p99:7.1f} ms"
        return f"{times}  {rate:6.1f}/s  {each:5.1f} ms of processor each  {len(self.wrong)} wrong"


async def load(
    port: int, clients: int, ask: Ask, until: Callable[[], bool], check: Callable[[str, bytes], str]
) -> Heard:
    """So many clients, each of which asks again as soon as it has its answer."""
    heard = Heard()

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while not until():
            path = ask()
            began = time.perf_counter()
            status, body = await get(reader, writer, path)
            heard.times.append(time.perf_counter() - began)
            problem = check(path, body) if status == 200 else f"{status}"
            if problem:
                heard.wrong.append(f"{path}: {problem}")
        writer.close()

    await asyncio.gather(*(client() for _ in range(clients)))
    return heard


async def get(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str) -> tuple[int, bytes]:
    """One request over a connection that stays open."""
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(re.findall(rb"(?i)content-length: (\d+)", head)[0])
    return int(head.split(b" ", 2)[1]), await reader.readexactly(length)


def post(port: int, path: str, body: object) -> None:
    import urllib.request

    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    urllib.request.urlopen(request, timeout=60).close()


def fetched(port: int, path: str) -> dict[str, object]:
    import urllib.request

    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
        return json.loads(answer.read())  # type: ignore[no-any-return]


def for_seconds(seconds: float) -> Callable[[], bool]:
    """Whether so much time has passed."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() > end


def search(lines: list[str]) -> Ask:
    """Searches by words, one after the other."""
    numbers = count()
    return lambda: f"/api/v1/search?q={quote(lines[next(numbers) % len(lines)])}"


def mixed(photos: int) -> Ask:
    """What people do: ten thumbnails for a search, now and then a page, a photo, the facets."""
    words, narrowed, rng = search(LINES), search(NARROWED), random.Random(0)
    kinds: list[tuple[int, Ask]] = [
        (60, lambda: f"/photos/{rng.randint(1, photos)}/thumbnail"),
        (6, words),
        (2, narrowed),
        (1, lambda: f"/api/v1/search?like={rng.randint(1, photos)}"),
        (2, lambda: "/"),
        (1, lambda: f"/photos/{rng.randint(1, photos)}"),
        (1, lambda: "/api/v1/facets"),
        (1, lambda: "/api/v1/jobs/index"),
    ]
    weights = [weight for weight, _ in kinds]
    return lambda: rng.choices(kinds, weights)[0][1]()


def anything(_path: str, body: bytes) -> str:
    return "" if body else "nothing came"


# --- what is measured -------------------------------------------------------------------------------------------------


async def measure(port: int, process: int, photos: int, seconds: float, work: Path) -> None:
    await load(port, 1, search(LINES[:5]), for_seconds(5), anything)
    print(f"warm: {memory(process)}")
    loads = [(f"text search, {clients:2} clients", clients, search(LINES)) for clients in (1, 8, 64)]
    loads += [("with filters, 8 clients", 8, search(NARROWED))]
    loads += [(f"mixed,       {clients:2} clients", clients, mixed(photos)) for clients in (8, 64)]
    for name, clients, ask in loads:
        before = worked(process)
        heard = await load(port, clients, ask, for_seconds(seconds), anything)
        print(f"{name:24} {heard.row(seconds, worked(process) - before)}")
    print(f"then: {memory(process)}")
    await while_indexing(port, process, photos, work)
    print(f"at the end: {memory(process)}")


async def while_indexing(port: int, process: int, photos: int, work: Path) -> None:
    """64 clients while photos are taken in: what was found before is found all the time, and nothing is lost."""
    paint(work)
    lines = [f"{line} date:..2016" for line in LINES[:20]]  # the new photos are of today
    expected = {line: _found(fetched(port, f"/api/v1/search?q={quote(line)}")) for line in lines}
    first, other = search(lines), mixed(photos)
    turns = count()

    def ask() -> str:
        return first() if next(turns) % 4 == 0 else other()

    paths = {f"/api/v1/search?q={quote(line)}": found for line, found in expected.items()}

    def check(path: str, body: bytes) -> str:
        return "" if path not in paths or _found(json.loads(body)) == paths[path] else "another answer than before"

    began, before = time.monotonic(), worked(process)
    post(port, "/api/v1/jobs/index", {"folders": [str(work)]})
    done = False

    async def watch() -> None:
        nonlocal done
        while not done:
            await asyncio.sleep(1)
            state = await asyncio.to_thread(fetched, port, "/api/v1/jobs/index")
            done = state["state"] in ("done", "failed")

    heard, _ = await asyncio.gather(load(port, 64, ask, lambda: done, check), watch())
    seconds = time.monotonic() - began
    print(f"indexing,    64 clients {heard.row(seconds, worked(process) - before)} ({NEW} photos in {seconds:.0f} s)")
    state = fetched(port, "/api/v1/jobs/index")
    if state["state"] != "done" or state["report"]["added"] != NEW:  # type: ignore[index]
        print(f"WRONG: {state}")
    for wrong in heard.wrong[:5]:
        print(f"WRONG: {wrong}")


def _found(answer: dict[str, object]) -> list[int]:
    return [photo["id"] for photo in answer["photos"]]  # type: ignore[index, attr-defined]


def main() -> None:
    options = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    options.add_argument("library", type=Path)
    options.add_argument("--photos", type=int, default=100_000)
    options.add_argument("--seconds", type=float, default=15, help="of each load")
    options.add_argument("--keep", type=Path, help="where the multiplied library is kept for the next time")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        kept = given.keep or Path(temporary) / "library"
        if not kept.exists():
            shutil.copytree(given.library, kept)
            multiply(kept, given.photos)
        with serving(kept) as (port, process):
            asyncio.run(measure(port, process, given.photos, given.seconds, Path(temporary) / "new"))


if __name__ == "__main__":
    main()
