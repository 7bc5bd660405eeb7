"""Files that are torn, odd or meant to harm: nothing in them is run, and each is refused with a reason."""

from __future__ import annotations

import io
import os
import pickle
import struct
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from searchengine.embedding.clip.weights_file import read_weights
from searchengine.errors import ModelDamagedError, NotFoundError
from tests.embedding.clip.archives import save_script

FLOATS = struct.pack("<4f", 1, 2, 3, 4)


def archive(path: Path, table: bytes, *, storages: dict[str, bytes] | None = None, compressed: bool = False) -> Path:
    """An archive laid out as TorchScript's, with this table of contents."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED) as made:
        made.writestr("m/data.pkl", table)
        made.writestr("m/constants.pkl", b"\x80\x02).")
        made.writestr("m/code/__torch__.py", "raise SystemExit")
        for key, data in (storages or {"0": FLOATS}).items():
            made.writestr(f"m/data/{key}", data)
    return path


class Named:
    """Pickles as the global `module.name`, called with arguments when there are any."""

    def __init__(self, module: str, name: str, *arguments: object) -> None:
        self.module, self.name, self.arguments = module, name, arguments


class Storage:
    def __init__(self, kind: str = "FloatStorage", key: object = "0", count: object = 4) -> None:
        self.kind, self.key, self.count = kind, key, count


class _Writer(pickle._Pickler):
    """Writes what no honest program would."""

    def persistent_id(self, obj: object) -> object:
        if isinstance(obj, Storage):
            return ("storage", Named("torch", obj.kind), obj.key, "cpu", obj.count)
        return None

    def save(self, obj: Any, save_persistent_id: bool = True) -> None:
        if not isinstance(obj, Named):
            super().save(obj, save_persistent_id)
            return
        self.write(f"c{obj.module}\n{obj.name}\n".encode())
        if obj.arguments:
            self.save(obj.arguments)
            self.write(pickle.REDUCE)


def table(content: object) -> bytes:
    buffer = io.BytesIO()
    _Writer(buffer, 2).dump(content)
    return buffer.getvalue()


def tensor(storage: Storage, offset: object, size: object, stride: object) -> Named:
    return Named("torch._utils", "_rebuild_tensor_v2", storage, offset, size, stride, False, {})


def test_such_an_archive_is_read_when_it_is_honest(tmp_path: Path) -> None:
    honest = table({"a": {"weight": tensor(Storage(), 0, (2, 2), (2, 1)), "training": False}})
    read = read_weights(archive(tmp_path / "x.pt", honest))
    assert list(read) == ["a.weight"]
    assert read["a.weight"].tolist() == [[1, 2], [3, 4]]


MARK = "touched"
HOSTILE: dict[str, Callable[[], object]] = {
    "a command": lambda: Named("posix", "system", f"touch {MARK}"),
    "a command of os": lambda: Named("os", "system", f"touch {MARK}"),
    "eval": lambda: Named("builtins", "eval", f"open({MARK!r}, 'w')"),
    "exec in Python 2's spelling": lambda: Named("__builtin__", "exec", f"open({MARK!r}, 'w')"),
    "a name without a call": lambda: {"weight": Named("subprocess", "Popen")},
    "among the weights": lambda: {"a": {"b": [{"c": Named("os", "system", f"touch {MARK}")}]}},
    "in a weight's arguments": lambda: tensor(Storage(), 0, Named("os", "system", f"touch {MARK}"), (1,)),
    "a function of torch": lambda: Named("torch", "load", MARK),
    "torch.hub": lambda: Named("torch.hub", "load", "a/b", "c"),
    "an attribute": lambda: Named("builtins", "getattr", Named("__torch__.m", "M"), "__class__"),
    "the library pickle": lambda: Named("_pickle", "loads", b"cos\nsystem\n."),
    "a storage's kind": lambda: tensor(Storage(kind="hub.load"), 0, (1,), (1,)),
    "numpy": lambda: Named("numpy", "load", MARK),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_nothing_that_an_archive_asks_for_is_run(what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = archive(tmp_path / "x.pt", table(HOSTILE[what]()))
    with pytest.raises(ModelDamagedError, match=r"which is no weight; nothing of it was run"):
        read_weights(path)
    assert os.listdir() == ["x.pt"]  # noqa: PTH208  # whatever is there


class Reduces:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {MARK}",)


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
def test_nothing_is_run_whatever_the_pickle_is_written_in(
    protocol: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = archive(tmp_path / "x.pt", pickle.dumps({"weight": Reduces()}, protocol))
    with pytest.raises(ModelDamagedError):
        read_weights(path)
    assert not (tmp_path / MARK).exists()


@pytest.mark.parametrize("zipped", [True, False])
def test_nothing_is_run_in_a_plain_file_either(zipped: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"weight": Reduces()}, tmp_path / "x.pt", _use_new_zipfile_serialization=zipped)
    with pytest.raises(ModelDamagedError, match="something else than weights; nothing of it was run"):
        read_weights(tmp_path / "x.pt")
    assert not (tmp_path / MARK).exists()


@pytest.mark.parametrize("state", [b"}X\x01\x00\x00\x00aK\x01s", b"N}X\x0c\x00\x00\x00__defaults__)s\x86"])
@pytest.mark.parametrize("name", [b"torch._utils\n_rebuild_tensor_v2", b"collections\nOrderedDict", b"__torch__\nM"])
def test_nothing_that_reads_an_archive_is_changed_by_it(name: bytes, state: bytes, tmp_path: Path) -> None:
    changing = b"\x80\x02c" + name + b"\n" + state + b"b."
    with pytest.raises(ModelDamagedError):
        read_weights(archive(tmp_path / "x.pt", changing))
    assert not hasattr(OrderedDict, "a")
    honest = table({"weight": tensor(Storage(), 0, (4,), (1,))})
    assert list(read_weights(archive(tmp_path / "y.pt", honest))) == ["weight"]


def test_a_class_of_the_archive_is_inert_whatever_it_is_called(tmp_path: Path) -> None:
    evil = Named("__torch__.os", "system", "touch")
    with pytest.raises(ModelDamagedError):
        read_weights(archive(tmp_path / "x.pt", table({"weight": evil})))


@pytest.mark.parametrize(
    "content",
    [
        tensor(Storage(count=5), 0, (4,), (1,)),  # says more than there is
        tensor(Storage(count=3), 0, (3,), (1,)),
        tensor(Storage(key="1"), 0, (4,), (1,)),  # isn't there
        tensor(Storage(key="../constants.pkl"), 0, (4,), (1,)),
        tensor(Storage(key=7), 0, (4,), (1,)),
        tensor(Storage(), 1, (4,), (1,)),  # beyond the end
        tensor(Storage(), -1, (4,), (1,)),
        tensor(Storage(), 0, (2, 2), (3, 1)),
        tensor(Storage(), 0, (4,), (-1,)),
        tensor(Storage(), 0, (1 << 40,), (0,)),  # one number, said to be a million million
        tensor(Storage(), 0, (2, 2), (1,)),
        tensor(Storage(), 0, ("4",), (1,)),
        tensor(Storage(), 0, 4, 1),
        {"weight": 3},
        [],
    ],
)
def test_odd_weights_are_refused(content: object, tmp_path: Path) -> None:
    with pytest.raises(ModelDamagedError, match="can't be loaded"):
        read_weights(archive(tmp_path / "x.pt", table({"weight": content})))


def test_a_storage_of_two_kinds_is_refused(tmp_path: Path) -> None:
    both = {"a": tensor(Storage(), 0, (4,), (1,)), "b": tensor(Storage("IntStorage"), 0, (4,), (1,))}
    with pytest.raises(ModelDamagedError, match="two kinds"):
        read_weights(archive(tmp_path / "x.pt", table(both)))


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    honest = table({"weight": tensor(Storage(count=1 << 24), 0, (1 << 24,), (1,))})
    bomb = archive(tmp_path / "x.pt", honest, storages={"0": bytes(1 << 26)}, compressed=True)
    assert bomb.stat().st_size < 1 << 18
    with pytest.raises(ModelDamagedError, match="packed in a way that PyTorch doesn't"):
        read_weights(bomb)


def test_a_table_that_refers_to_itself_has_an_end(tmp_path: Path) -> None:
    endless: dict[str, object] = {}
    endless["again"] = endless
    with pytest.raises(ModelDamagedError, match="more parts than any model"):
        read_weights(archive(tmp_path / "x.pt", table(endless)))


def test_a_table_that_counts_beyond_its_length_is_refused(tmp_path: Path) -> None:
    far = b"\x80\x02}r" + struct.pack("<I", 0x7FFFFFFF) + b"."  # would take 32 GB to remember
    with pytest.raises(ModelDamagedError, match="counts beyond its own length"):
        read_weights(archive(tmp_path / "x.pt", far))


@pytest.mark.parametrize("share", [0, 0.1, 0.5, 0.99])
@pytest.mark.parametrize("name", ["x.pt", "x.safetensors"])
def test_a_torn_file_is_damage(name: str, share: float, tmp_path: Path) -> None:
    whole = save_script({"a.weight": torch.zeros(100)}, tmp_path / "whole").read_bytes()
    (tmp_path / name).write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ModelDamagedError, match="can't be loaded"):
        read_weights(tmp_path / name)


def test_an_archive_of_something_else_is_damage(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "x.pt", "w") as made:
        made.writestr("readme.txt", "hello")
    with pytest.raises(ModelDamagedError, match="no archive of PyTorch's"):
        read_weights(tmp_path / "x.pt")


def test_a_file_that_is_not_there_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="There is no file"):
        read_weights(tmp_path / "x.pt")


@pytest.mark.parametrize("content", [b"", b"hello world\n", b"version https://git-lfs.github.com/spec/v1\n"])
def test_a_file_that_is_none_of_pytorchs_is_called_that(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "weights.pt").write_bytes(content)
    with pytest.raises(ModelDamagedError, match=r"can't be loaded: it (is no file of PyTorch's|holds something else)"):
        read_weights(tmp_path / "weights.pt")
