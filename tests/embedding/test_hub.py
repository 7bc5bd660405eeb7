from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from searchengine.embedding import hub
from searchengine.errors import HubUnreachableError, ModelError, ModelUnsupportedError, NotFoundError
from tests.embedding.checkpoints import checkpoint
from tests.embedding.loopback_hub import COMMIT, Hub, serving, silent

NAME = "someone/tiny-clip"


@pytest.fixture
def loopback(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    shutil.copytree(checkpoint("clip", tmp_path_factory), tmp_path / "hub" / NAME)
    with serving(tmp_path / "hub") as server:
        yield server


def test_a_silent_hub_is_given_up_within_three_seconds() -> None:
    with silent() as endpoint:
        started = time.perf_counter()
        with pytest.raises(HubUnreachableError, match="didn't answer in time"):
            hub.probe(NAME, endpoint=endpoint)
        assert time.perf_counter() - started < 3


def test_an_absent_hub_is_unreachable_at_once() -> None:
    with silent() as endpoint:
        pass  # closed: nobody listens there now
    started = time.perf_counter()
    with pytest.raises(HubUnreachableError, match="can't be downloaded from") as caught:
        hub.probe(NAME, endpoint=endpoint)
    assert time.perf_counter() - started < 3
    assert "builtin" in caught.value.next_step


def test_a_host_without_an_address_is_unreachable_within_three_seconds() -> None:
    started = time.perf_counter()
    with pytest.raises(HubUnreachableError):
        hub.probe(NAME, endpoint="http://no-such-host.invalid")
    assert time.perf_counter() - started < 3


def test_a_model_that_the_hub_has_not_is_not_found(loopback: Hub) -> None:
    with pytest.raises(NotFoundError, match="no public model named someone/else"):
        hub.probe("someone/else", endpoint=loopback.endpoint)


def test_a_probe_tells_what_would_be_downloaded(loopback: Hub) -> None:
    folder = loopback.models / NAME
    (folder / "pytorch_model.bin").write_bytes(b"the same weights again")
    (folder / "open_clip_model.safetensors").write_bytes(b"and again")
    found = hub.probe(NAME, endpoint=loopback.endpoint)
    names = {file.name for file in found.files}
    assert found.revision == COMMIT
    assert found.licence == "mit"
    assert {"config.json", "model.safetensors", "tokenizer.json", "preprocessor_config.json"} <= names
    assert not names & {"pytorch_model.bin", "open_clip_model.safetensors"}
    assert found.bytes == sum((folder / name).stat().st_size for name in names)


def test_a_model_without_weights_for_transformers_is_refused(loopback: Hub) -> None:
    (loopback.models / NAME / "model.safetensors").rename(loopback.models / NAME / "model.gguf")
    with pytest.raises(ModelUnsupportedError, match="no weights"):
        hub.probe(NAME, endpoint=loopback.endpoint)


def test_a_model_of_another_family_is_refused_before_it_is_downloaded(loopback: Hub) -> None:
    (loopback.models / NAME / "config.json").write_text('{"model_type": "llama"}')
    with pytest.raises(ModelUnsupportedError, match="someone/tiny-clip is a llama model"):
        hub.probe(NAME, endpoint=loopback.endpoint)


def test_a_download_brings_every_file_and_tells_how_far_it_is(loopback: Hub, tmp_path: Path) -> None:
    found = hub.probe(NAME, endpoint=loopback.endpoint)
    told: list[tuple[int, int]] = []
    folder = tmp_path / "here"
    folder.mkdir()
    hub.download(found, folder, endpoint=loopback.endpoint, progress=lambda done, total: told.append((done, total)))
    for file in found.files:
        assert (folder / file.name).read_bytes() == (loopback.models / NAME / file.name).read_bytes()
    assert told[-1] == (found.bytes, found.bytes)


def test_a_file_that_differs_from_what_was_announced_is_refused(loopback: Hub, tmp_path: Path) -> None:
    found = hub.probe(NAME, endpoint=loopback.endpoint)
    weights = loopback.models / NAME / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    with pytest.raises(ModelError, match=r"model\.safetensors of someone/tiny-clip came damaged"):
        hub.download(found, tmp_path / "here", endpoint=loopback.endpoint, progress=hub.untold)
    assert not (tmp_path / "here" / "model.safetensors").exists()


def test_a_hub_that_falls_silent_in_a_download_is_given_up(
    loopback: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "STALLED", 1.0)
    found = hub.probe(NAME, endpoint=loopback.endpoint)
    loopback.silent_after = 1000
    started = time.perf_counter()
    with pytest.raises(HubUnreachableError, match="sent nothing for 1 seconds"):
        hub.download(found, tmp_path / "here", endpoint=loopback.endpoint, progress=hub.untold)
    assert time.perf_counter() - started < 5
