from __future__ import annotations

import io
import json
import shutil
import socket
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from searchengine.embedding import export, ready
from searchengine.embedding.model_store import ModelStore
from searchengine.embedding.onnx_runtime import OnnxModel
from searchengine.embedding.receipt import RECEIPT
from searchengine.errors import (
    HubUnreachableError,
    ModelDamagedError,
    ModelError,
    ModelMissingError,
    ModelUnsupportedError,
    NotFoundError,
    UsageError,
)
from tests.embedding.checkpoints import checkpoint
from tests.embedding.clip.folders import save
from tests.embedding.loopback_hub import COMMIT, Hub, serving, silent
from tests.embedding.test_preprocessing import photo
from tests.embedding.tiny import make_model_folder

NAME = "someone/tiny-clip"


@pytest.fixture(scope="module")
def loopback(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    models = tmp_path_factory.mktemp("hub")
    for name in (NAME, "laion/CLIP-ViT-B-32-laion2B-s34B-b79K"):
        shutil.copytree(checkpoint("clip", tmp_path_factory), models / name)
    with serving(models) as hub:
        yield hub


@pytest.fixture(scope="module")
def pulled_once(loopback: Hub, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    ModelStore(folder, endpoint=loopback.endpoint).pull(NAME)
    return folder


@pytest.fixture
def models(pulled_once: Path, tmp_path: Path) -> Path:
    """A models' folder with one pulled model, for a test to spoil."""
    return shutil.copytree(pulled_once, tmp_path / "models", copy_function=shutil.copy2)


@pytest.fixture
def exports(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the models exported so far; a ready-made one stands in for each, since exporting takes seconds."""
    names: list[str] = []

    def stand_in(_: object, folder: Path, *, name: str, revision: str, languages: tuple[str, ...]) -> None:
        names.append(name)
        make_model_folder(folder, name=name, revision=revision, languages=languages)

    monkeypatch.setattr(export, "export_checkpoint", stand_in)
    return names


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any connection fails the test."""

    def refuse(*_: object) -> None:
        raise AssertionError("the network was touched")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


# --- names ------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("no_network")
def test_a_model_that_is_not_here_says_how_to_get_it_and_how_large_it_is(tmp_path: Path) -> None:
    with pytest.raises(ModelMissingError, match="clip-b32 isn't on this machine") as caught:
        ModelStore(tmp_path).open("clip-b32")
    assert "searchengine models pull clip-b32" in caught.value.next_step
    assert "604 MB" in caught.value.next_step


@pytest.mark.parametrize("name", ["nonsense", "", "a/b/c", "../x", "https://example.org/a", "owner/../etc", "/nowhere"])
def test_a_name_that_no_model_can_have_is_not_found(tmp_path: Path, name: str) -> None:
    (tmp_path / "models").mkdir()
    if name:
        with pytest.raises(NotFoundError, match="There is no model named"):
            ModelStore(tmp_path / "models").open(name)


@pytest.mark.usefixtures("exports")
def test_a_short_name_and_the_hub_name_are_one_model(loopback: Hub, tmp_path: Path) -> None:
    store = ModelStore(tmp_path, endpoint=loopback.endpoint)
    assert store.pull("laion/CLIP-ViT-B-32-laion2B-s34B-b79K").name == "clip-b32"
    by_short, by_hub = store.open("clip-b32"), store.open("laion/CLIP-ViT-B-32-laion2B-s34B-b79K")
    assert by_short.identity == by_hub.identity
    assert by_short.identity.name == "clip-b32"
    assert by_short.languages == ("en",)


@pytest.mark.usefixtures("no_network")
def test_a_naflex_model_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ModelUnsupportedError, match="NaFlex") as caught:
        ModelStore(tmp_path).pull("google/siglip2-base-patch16-naflex")
    assert "google/siglip2-base-patch32-256" in caught.value.next_step


def test_a_model_has_one_canonical_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = ModelStore(tmp_path / "models")
    (tmp_path / "own").mkdir()
    monkeypatch.chdir(tmp_path)
    assert store.canonical_name("builtin") == "builtin"
    assert store.canonical_name("laion/CLIP-ViT-B-32-laion2B-s34B-b79K") == "clip-b32"
    assert store.canonical_name("someone/else") == "someone/else"
    assert store.canonical_name("own") == store.canonical_name("./own") == str(tmp_path / "own")


# --- pulling ----------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("no_network")
def test_a_pulled_model_opens_without_the_network(models: Path) -> None:
    model = ModelStore(models).open(NAME)
    assert model.identity.name == NAME
    assert model.identity.revision == COMMIT
    assert model.encode_texts(["a dog"]).shape == (1, 24)
    assert model.encode_images([photo(60, 40)]).shape == (1, 24)


def test_a_pulled_model_is_listed_with_its_size_and_the_licence_of_its_card(models: Path) -> None:
    (entry,) = [entry for entry in ModelStore(models).entries() if entry.name == NAME]
    assert entry.installed
    assert entry.licence == "mit"
    assert entry.bytes > (models / "checkpoints" / "someone--tiny-clip" / "model.safetensors").stat().st_size


def test_the_catalogue_is_listed_before_anything_is_pulled(tmp_path: Path) -> None:
    entries = ModelStore(tmp_path / "none").entries()
    assert [entry.name for entry in entries if entry.installed] == ["builtin"]
    assert {"clip-b32", "openai-b32", "openai-l14", "siglip2-b32", "siglip2-b16", "siglip2-so400m"} <= {
        entry.name for entry in entries
    }


@pytest.mark.usefixtures("no_network")
def test_pulling_again_asks_nobody(models: Path) -> None:
    assert ModelStore(models).pull(NAME).installed


def test_a_damaged_receipt_leaves_the_list_whole(models: Path) -> None:
    (models / "checkpoints" / "someone--tiny-clip" / RECEIPT).write_text("{")
    entries = ModelStore(models).entries()
    assert [entry.installed for entry in entries if entry.name == NAME] == [False]
    assert len(entries) > 1


@pytest.mark.usefixtures("exports")
def test_pulling_a_damaged_model_mends_it(models: Path, loopback: Hub) -> None:
    weights = models / "checkpoints" / "someone--tiny-clip" / "model.safetensors"
    weights.write_bytes(b"\0" * weights.stat().st_size)
    with pytest.raises(ModelDamagedError, match=r"model\.safetensors is not as it was downloaded"):
        ModelStore(models).verify(NAME)
    store = ModelStore(models, endpoint=loopback.endpoint)
    store.pull(NAME)
    store.verify(NAME)


def test_a_pull_from_a_silent_hub_changes_nothing(tmp_path: Path) -> None:
    with silent() as endpoint, pytest.raises(HubUnreachableError):
        ModelStore(tmp_path / "models", endpoint=endpoint).pull("clip-b32")
    assert not (tmp_path / "models").exists()


@pytest.mark.usefixtures("exports")
def test_a_broken_download_goes_on_at_the_next_pull(loopback: Hub, tmp_path: Path) -> None:
    store = ModelStore(tmp_path, endpoint=loopback.endpoint)
    loopback.cut_after = 20_000
    try:
        with pytest.raises(ModelError):
            store.pull(NAME)
    finally:
        loopback.cut_after = None
    with pytest.raises(ModelMissingError):
        store.open(NAME)
    assert store.pull(NAME).installed


@pytest.mark.usefixtures("no_network")
@pytest.mark.parametrize("name", ["builtin", "folder"])
def test_what_is_here_by_itself_is_not_pulled(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(UsageError, match="nothing to download"):
        ModelStore(tmp_path).pull(name if name == "builtin" else str(tmp_path / name))


# --- local folders and the export as a cache --------------------------------------------------------------------------


@pytest.fixture
def local(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shutil.copytree(checkpoint("clip", tmp_path_factory), tmp_path / "my clip")


def test_a_local_checkpoint_is_exported_once(local: Path, tmp_path: Path, exports: list[str]) -> None:
    first = ModelStore(tmp_path / "models").open(str(local))
    second = ModelStore(tmp_path / "models").open(str(local))
    assert exports == [str(local)]
    assert first.identity == second.identity


def test_a_changed_checkpoint_is_exported_anew(local: Path, tmp_path: Path, exports: list[str]) -> None:
    ModelStore(tmp_path / "models").open(str(local))
    with (local / "model.safetensors").open("ab") as weights:
        weights.write(b"more")
    ModelStore(tmp_path / "models").open(str(local))
    assert len(exports) == 2


def test_a_torn_export_is_made_anew(local: Path, tmp_path: Path, exports: list[str]) -> None:
    ModelStore(tmp_path / "models").open(str(local))
    (graph,) = (tmp_path / "models" / "ready").glob("*/text.onnx")
    graph.write_bytes(graph.read_bytes()[:-7])
    assert ModelStore(tmp_path / "models").open(str(local)).encode_texts(["a dog"]).shape == (1, 24)
    assert len(exports) == 2


@pytest.mark.usefixtures("exports")
def test_an_exported_model_is_searched_while_its_checkpoint_is_away(local: Path, tmp_path: Path) -> None:
    before = ModelStore(tmp_path / "models").open(str(local)).identity
    local.rename(tmp_path / "elsewhere")
    assert ModelStore(tmp_path / "models").open(str(local)).identity == before


@pytest.mark.usefixtures("exports")
def test_an_export_that_was_killed_leaves_nothing_that_is_taken_for_a_model(local: Path, tmp_path: Path) -> None:
    building = tmp_path / "models" / "building"
    make_model_folder(building)  # as a killed program would leave it
    ModelStore(tmp_path / "models").open(str(local))
    assert not building.exists()


def test_a_new_exporter_makes_old_exports_anew(
    local: Path, tmp_path: Path, exports: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    ModelStore(tmp_path / "models").open(str(local))
    monkeypatch.setattr(ready, "EXPORTER", ready.EXPORTER + 1)
    ModelStore(tmp_path / "models").open(str(local))
    assert len(exports) == 2


def test_a_model_folder_is_opened_where_it_lies(tmp_path: Path) -> None:
    made = make_model_folder(tmp_path / "own")
    model = ModelStore(tmp_path / "models").open(str(made.path))
    assert isinstance(model, OnnxModel)
    assert model.identity == replace(made.identity, name=str(made.path)), "by which it is found again"
    assert not (tmp_path / "models").exists()


def test_a_text_query_with_a_checkpoint_imports_neither_torch_nor_transformers(models: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from searchengine.embedding.model_store import ModelStore; "
        f"ModelStore(Path({str(models)!r})).open({NAME!r}, accelerated=False).encode_texts(['a dog']); "
        "print(sorted({'torch', 'transformers', 'onnx', 'huggingface_hub'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_models_folder_that_cannot_be_written_to_is_named(local: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ModelError, match="models' folder") as caught:
        ModelStore(tmp_path / "file" / "models").open(str(local))
    assert "SEARCHENGINE_MODELS" in caught.value.next_step


# --- carrying a model over --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def packed(pulled_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("packed") / "model.tar"
    ModelStore(pulled_once).export_to(NAME, path)
    return path


def test_a_model_is_carried_to_a_machine_without_a_network(packed: Path, models: Path, tmp_path: Path) -> None:
    other = ModelStore(tmp_path / "other")
    assert other.import_from(packed).name == NAME
    here, there = ModelStore(models).open(NAME), other.open(NAME)
    assert here.identity == there.identity
    np.testing.assert_allclose(here.encode_texts(["a dog"]), there.encode_texts(["a dog"]), atol=1e-5)


def test_what_needs_no_carrying_is_not_exported(models: Path, tmp_path: Path) -> None:
    for name in ("builtin", str(tmp_path)):
        with pytest.raises(UsageError):
            ModelStore(models).export_to(name, tmp_path / "x.tar")
    with pytest.raises(ModelMissingError):
        ModelStore(models).export_to("clip-b32", tmp_path / "x.tar")
    assert not (tmp_path / "x.tar").exists()


def test_an_archive_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="There is no file"):
        ModelStore(tmp_path / "models").import_from(tmp_path / "x.tar")


@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.95])
def test_a_truncated_archive_is_refused_and_leaves_nothing(packed: Path, tmp_path: Path, share: float) -> None:
    whole = packed.read_bytes()
    cut = tmp_path / "cut.tar"
    cut.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ModelDamagedError, match="no whole archive"):
        ModelStore(tmp_path / "models").import_from(cut)
    assert not list((tmp_path / "models").glob("*/*"))


def test_an_archive_with_a_changed_byte_is_refused(packed: Path, tmp_path: Path) -> None:
    data = bytearray(packed.read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / "changed.tar").write_bytes(data)
    with pytest.raises(ModelDamagedError):
        ModelStore(tmp_path / "models").import_from(tmp_path / "changed.tar")


def rewrite(path: Path, receipt: dict[str, object], members: list[tarfile.TarInfo]) -> Path:
    """An archive with this receipt and these members, each filled with zeros."""
    with tarfile.open(path, "w") as tar:
        text = json.dumps(receipt).encode()
        head = tarfile.TarInfo(RECEIPT)
        head.size = len(text)
        tar.addfile(head, io.BytesIO(text))
        for member in members:
            tar.addfile(member, io.BytesIO(b"\0" * member.size))
    return path


@pytest.mark.parametrize("name", ["../escaped", "/tmp/escaped", "a/b", "..", ".hidden", "x\\..\\y"])
def test_an_archive_cannot_write_outside_its_folder(tmp_path: Path, name: str) -> None:
    sums = {"bytes": 3, "sha256": "709e80c88487a2411e1ee4dfb9f22a861492d20c4765150c0c794abd70f8147c"}
    member = tarfile.TarInfo(name)
    member.size = 3
    receipt = {"format": 1, "hub": NAME, "revision": "1", "licence": None, "files": {name: sums}}
    before = sorted(tmp_path.rglob("*"))
    archive = rewrite(tmp_path / "evil.tar", receipt, [member])
    with pytest.raises(ModelDamagedError):
        ModelStore(tmp_path / "models").import_from(archive)
    written = [path for path in sorted(tmp_path.rglob("*")) if path not in before and path.is_file()]
    assert {path.name for path in written} <= {"evil.tar", ".build.lock"}


@pytest.mark.parametrize("hub_name", ["../../x", "a/../b", "nonsense", "/etc/passwd"])
def test_an_archive_cannot_name_a_model_out_of_the_folder(tmp_path: Path, hub_name: str) -> None:
    receipt = {"format": 1, "hub": hub_name, "revision": "1", "licence": None, "files": {}}
    with pytest.raises(ModelDamagedError):
        ModelStore(tmp_path / "models").import_from(rewrite(tmp_path / "evil.tar", receipt, []))


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE])
def test_an_archive_holds_files_alone(tmp_path: Path, kind: bytes) -> None:
    member = tarfile.TarInfo("config.json")
    member.type, member.linkname = kind, "/etc/passwd"
    sums = {"bytes": 0, "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"}
    receipt = {"format": 1, "hub": NAME, "revision": "1", "licence": None, "files": {"config.json": sums}}
    with pytest.raises(ModelDamagedError, match="no whole archive"):
        ModelStore(tmp_path / "models").import_from(rewrite(tmp_path / "evil.tar", receipt, [member]))


# --- the doctor's part ------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("exports")
def test_a_silently_changed_export_is_found_and_repaired(models: Path) -> None:
    (graph,) = (models / "ready").glob("*/text.onnx")
    data = bytearray(graph.read_bytes())
    data[len(data) // 2] ^= 0xFF
    graph.write_bytes(data)
    store = ModelStore(models)
    with pytest.raises(ModelDamagedError, match=r"text\.onnx is not as it was made"):
        store.verify(NAME)
    store.repair(NAME)
    store.verify(NAME)


# --- models of a person's own -----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("no_network")
def test_an_installed_model_is_used_and_listed_by_its_plain_name(tmp_path: Path) -> None:
    store = ModelStore(tmp_path / "models")
    installed = store.install(save(tmp_path / "trained", languages=("en", "de")), "holidays")
    assert (installed.name, installed.installed) == ("holidays", True)
    shutil.rmtree(tmp_path / "trained")
    model = store.open("holidays")
    assert (model.identity.name, model.languages) == ("holidays", ("en", "de"))
    assert model.encode_texts(["a dog"]).shape == model.encode_images([photo(60, 40)]).shape == (1, 24)
    assert store.canonical_name("holidays") == "holidays"
    assert "holidays" in [entry.name for entry in store.entries() if entry.installed]
    store.verify("holidays")
    assert store.checkpoint("holidays") == tmp_path / "models" / "own" / "holidays"


@pytest.mark.usefixtures("exports")
def test_a_checkpoint_of_any_kind_can_be_installed(local: Path, tmp_path: Path) -> None:
    ModelStore(tmp_path / "models").install(local, "mine")
    assert ModelStore(tmp_path / "models").open("mine").identity.name == "mine"


@pytest.mark.usefixtures("exports")
def test_installing_again_takes_the_place_of_the_old_one(local: Path, tmp_path: Path) -> None:
    store = ModelStore(tmp_path / "models")
    store.install(local, "mine")
    store.install(save(tmp_path / "trained"), "mine")
    assert {path.name for path in (tmp_path / "models" / "own" / "mine").iterdir()} == {
        "config.json",
        "model.safetensors",
        "tokenizer.json",
    }
    assert [path.name for path in (tmp_path / "models" / "own").iterdir()] == ["mine"]


@pytest.mark.parametrize("name", ["", "builtin", "clip-b32", "a/b", "../x", ".hidden", "two words", "a" + "\n"])
def test_a_name_that_would_not_be_found_again_is_not_installed(name: str, local: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="can't be installed as"):
        ModelStore(tmp_path / "models").install(local, name)
    assert not (tmp_path / "models").exists()


def test_what_is_no_checkpoint_is_not_installed(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ModelMissingError):
        ModelStore(tmp_path / "models").install(tmp_path / "empty", "mine")
    assert not (tmp_path / "models").exists()


@pytest.mark.usefixtures("no_network", "exports")
def test_an_installed_model_is_neither_pulled_nor_packed(local: Path, tmp_path: Path) -> None:
    store = ModelStore(tmp_path / "models")
    store.install(local, "mine")
    with pytest.raises(UsageError, match="nothing to download"):
        store.pull("mine")
    with pytest.raises(UsageError, match="copy it as it is"):
        store.export_to("mine", tmp_path / "x.tar")


@pytest.mark.usefixtures("exports")
def test_an_installed_model_comes_before_a_folder_of_its_name(
    local: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ModelStore(tmp_path / "models")
    store.install(local, "mine")
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path)
    assert store.canonical_name("mine") == "mine"
    assert store.canonical_name("./mine") == str(tmp_path / "mine")
