"""The download of a checkpoint from the Hugging Face hub: the only network access of this program.

`probe` asks what there is, within three seconds whatever happens; `download` fetches it into a folder. Both raise our
errors alone. Where the files go and what becomes of them, `model_store.py` says.
"""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from searchengine.embedding.atomic_folders import bytes_in
from searchengine.embedding.checkpoint_files import OPEN_CLIP_CONFIG, OTHER_FILES, WEIGHTS
from searchengine.embedding.clip.open_clip import OpenClipCheckpoint
from searchengine.embedding.families import family_of
from searchengine.embedding.kinds import Kind, kind_of
from searchengine.embedding.model_folder import checksum
from searchengine.errors import HubUnreachableError, ModelError, ModelUnsupportedError, NotFoundError, printable

logger = logging.getLogger(__name__)

PATIENCE = 2.5
"""Seconds in which the hub must have connected and answered: with the program's start, a person waits three."""
STALLED = 60.0
"""Seconds without a single byte after which a download is given up; what came so far is kept for the next try."""

Progress = Callable[[int, int], None]
"""Is told the bytes that have come and the bytes there are."""


def untold(_done: int, _total: int) -> None:
    """A `Progress` for who doesn't want to know."""


Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class HubFile:
    """A file of a checkpoint as the hub describes it."""

    name: str
    bytes: int
    sha256: str | None  # known for the large ones


@dataclass(frozen=True, slots=True)
class HubModel:
    """What the hub has under a name, of which only the files that we need."""

    name: str
    revision: str  # the commit
    licence: str | None  # as its card says
    config: str  # the file of its configuration
    files: tuple[HubFile, ...]  # the weights last

    @property
    def bytes(self) -> int:
        """The size of the download."""
        return sum(file.bytes for file in self.files)


def probe(name: str, *, endpoint: str | None, seconds: float = PATIENCE) -> HubModel:
    """Ask the hub for a model, for at most `seconds`. `endpoint` is the hub's address; None takes the library's own
    (`HF_ENDPOINT`).

    Raises HubUnreachableError when it can't be reached or hasn't answered in time, NotFoundError when it has no such
    model or keeps it to others, ModelUnsupportedError when it is of a family or in a format that we don't run.
    """
    started = time.monotonic()  # what is imported here takes a while itself
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HfHubHTTPError, RepositoryNotFoundError

    api = HfApi(endpoint=endpoint)
    # In a thread of its own: neither the search for the host's address nor an answer that trickles in knows a limit.
    asking = _Background(lambda: api.model_info(name, files_metadata=True, timeout=seconds))
    if not asking.done.wait(max(0.0, started + seconds - time.monotonic())):
        raise _unreachable(api.endpoint, "it didn't answer in time")
    try:
        info = asking.result()
    except RepositoryNotFoundError as error:
        raise NotFoundError(
            f"{api.endpoint} has no public model named {name}.", "See `searchengine models` for names that it has."
        ) from error
    except HfHubHTTPError as error:
        raise _unreachable(api.endpoint, f"it answered with status {error.response.status_code}") from error
    except Exception as error:  # the hub's library and the HTTP library beneath it have no common base
        raise _unreachable(api.endpoint, _reason(error)) from error
    searches = info.config is not None and kind_of(info.config) is Kind.SEARCH
    if info.config and searches and "model_type" in info.config:  # before gigabytes are fetched in vain
        family_of(info.config["model_type"], name)
    licence = info.card_data.get("license") if info.card_data is not None else None
    there = {
        sibling.rfilename: HubFile(sibling.rfilename, sibling.size or 0, sibling.lfs.sha256 if sibling.lfs else None)
        for sibling in info.siblings or ()
    }
    config, files = _needed(name, there)
    return HubModel(name, info.sha or "", str(licence) if licence else None, config, files)


def download(model: HubModel, folder: Path, *, endpoint: str | None, progress: Progress) -> None:
    """Fetch the files of a model into `folder`, going on where an earlier try ended, and check them.

    Raises HubUnreachableError when the hub goes away or falls silent, ModelUnsupportedError when it is an architecture
    that we don't run, ModelError when the disk is full or what came is not what the hub announced.
    """
    from huggingface_hub import constants, hf_hub_download
    from huggingface_hub.utils import disable_progress_bars  # type: ignore[attr-defined]

    disable_progress_bars()
    # What it warns of as it tries again, we say when it gives up.
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    logger.info("downloading %s at %s", model.name, model.revision)

    def fetch() -> None:
        # One after the other in this one thread: its own pool of threads would be waited for when the program ends.
        for file in model.files:
            hf_hub_download(model.name, file.name, revision=model.revision, local_dir=folder, endpoint=endpoint)
            if file.name == model.config == OPEN_CLIP_CONFIG:  # of any architecture, and gigabytes are to come
                OpenClipCheckpoint.described(folder)

    fetching = _Background(fetch)
    _wait(fetching, folder, model, endpoint or constants.ENDPOINT, progress)
    try:
        fetching.result()
    except ModelError:
        raise
    except OSError as error:
        if error.errno is not None and not isinstance(error, (ConnectionError, TimeoutError)):  # the disk
            raise ModelError(
                f"The model {model.name} can't be written to {printable(folder)}: {error.strerror}."
            ) from error
        raise _unreachable(endpoint or constants.ENDPOINT, _reason(error)) from error
    except Exception as error:  # as in `probe`
        raise _unreachable(endpoint or constants.ENDPOINT, _reason(error)) from error
    for file in model.files:
        path = folder / file.name
        whole = path.is_file() and path.stat().st_size == file.bytes
        if not whole or (file.sha256 is not None and checksum(path) != file.sha256):
            path.unlink(missing_ok=True)
            raise ModelError(f"{file.name} of {model.name} came damaged from the hub.", "Pull the model again.")
    _tidy(folder, {file.name for file in model.files})
    progress(model.bytes, model.bytes)


class _Background(Generic[Answer]):
    """A call in a thread that the program doesn't wait for when it ends."""

    def __init__(self, call: Callable[[], Answer]) -> None:
        self.done = threading.Event()
        self._call = call
        self._answer: list[Answer] = []
        self._error: BaseException | None = None
        threading.Thread(target=self._run, daemon=True).start()

    def result(self) -> Answer:
        """What the call returned, once `done`. Raises what it raised."""
        if self._error is not None:
            raise self._error
        return self._answer[0]

    def _run(self) -> None:
        try:
            self._answer.append(self._call())
        except BaseException as error:  # noqa: BLE001  # it is raised again where the result is asked for
            self._error = error
        finally:
            self.done.set()


def _wait(fetching: _Background[None], folder: Path, model: HubModel, endpoint: str, progress: Progress) -> None:
    """Tell how much has come while it comes, and stop waiting for a hub that has fallen silent."""
    last, since = -1, time.monotonic()
    while not fetching.done.wait(0.2):
        come = bytes_in(folder)
        if come != last:
            last, since = come, time.monotonic()
            progress(min(come, model.bytes), model.bytes)
        elif time.monotonic() - since > STALLED:
            raise _unreachable(endpoint, f"it sent nothing for {STALLED:g} seconds")


def _tidy(folder: Path, names: set[str]) -> None:
    """Leave these files alone, without the books of the hub's library and what an older revision had."""
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name not in names:
            path.unlink()


def _needed(name: str, there: dict[str, HubFile]) -> tuple[str, tuple[HubFile, ...]]:
    """The weights in the best of the formats, and before them what belongs to them, its configuration by name."""
    for config, pattern in WEIGHTS:
        weights = [file for file in there.values() if pattern.fullmatch(file.name)]
        if weights and config in there:
            others = [file for file in there.values() if OTHER_FILES.fullmatch(file.name)]
            return config, (*others, *weights)
    raise ModelUnsupportedError(
        f"{name} has no weights that this program reads.",
        "Look for a version of it that was made for transformers, or for OpenCLIP.",
    )


def _unreachable(endpoint: str, reason: str) -> HubUnreachableError:
    return HubUnreachableError(
        f"The model can't be downloaded from {endpoint} now: {reason}.",
        "Nothing was changed. Try again when the network is there, or carry the model over with "
        "`searchengine models export` and `import`; the model `builtin` needs no download.",
    )


def _reason(error: Exception) -> str:
    return (str(error) or type(error).__name__).strip().splitlines()[0].rstrip(".")
