"""The weights in one file of anybody's, without running anything that the file says.

`.safetensors`; `.pt` as `torch.save` writes it, which PyTorch itself reads with nothing but weights allowed; and
TorchScript archives, as OpenAI published CLIP, which PyTorch would only read by running the programs in them. Of those
the one pickle with the weights is read, by an unpickler that knows a handful of instructions and knows tensors alone:
whatever class it names otherwise becomes an inert `Stub`, or stops the reading.
"""

from __future__ import annotations

import io
import pickle
import pickletools
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from searchengine.embedding.checkpoint_files import damaged
from searchengine.errors import ModelDamagedError, NotFoundError, printable

if TYPE_CHECKING:
    import torch

LARGEST_PICKLE = 64 << 20  # bytes; that of OpenAI's largest model has less than one
MOST_PARTS = 100_000  # modules, attributes and weights; the largest model has some thousands
INSTRUCTIONS = frozenset(
    {"PROTO", "STOP", "MARK", "NONE", "NEWTRUE", "NEWFALSE", "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT"}
    | {"BINUNICODE", "EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3", "EMPTY_LIST", "APPEND", "APPENDS"}
    | {"EMPTY_DICT", "SETITEM", "SETITEMS", "BINGET", "LONG_BINGET", "BINPUT", "LONG_BINPUT", "GLOBAL", "BINPERSID"}
    | {"NEWOBJ", "REDUCE", "BUILD"}
)
"""What the pickle of a TorchScript archive is written in."""


def read_weights(path: Path) -> dict[str, torch.Tensor]:
    """The weights in a file by their names, as they lie there.

    Raises NotFoundError when there is no such file, ModelDamagedError when it can't be read, or asks for anything but
    weights.
    """
    if not path.is_file():
        raise NotFoundError(f"There is no file {printable(path)}.")
    try:
        if path.suffix == ".safetensors":
            from safetensors.torch import load_file

            return load_file(path)
        if not zipfile.is_zipfile(path):
            return _plain(path)
        with zipfile.ZipFile(path) as archive:
            root = _check(archive, path.stat().st_size)
            scripted = f"{root}/constants.pkl" in archive.namelist()
            return _scripted(archive, root) if scripted else _plain(path)
    except ModelDamagedError:
        raise
    except Exception as error:  # what a torn or hostile file can bring on has no common base
        raise damaged(path, (str(error) or repr(error)).strip().splitlines()[0].rstrip(".")) from error


class Stub:
    """What a module of the archive becomes: a place for its attributes, without any of its code."""

    attributes: Mapping[str, Any]

    def __setstate__(self, state: object) -> None:
        self.attributes = state if isinstance(state, dict) else {}


def _plain(path: Path) -> dict[str, torch.Tensor]:
    """A state dict, bare or in a training checkpoint under "state_dict", of one GPU or of several ("module.")."""
    import torch

    try:
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ValueError("it holds something else than weights; nothing of it was run") from error
    except (LookupError, EOFError) as error:  # whose words are a byte's number
        raise ValueError("it is no file of PyTorch's") from error
    state = loaded.get("state_dict", loaded) if isinstance(loaded, dict) else {}
    weights = {str(name): tensor for name, tensor in state.items() if isinstance(tensor, torch.Tensor)}
    if not weights:
        raise ValueError("there are no weights in it")
    if all(name.startswith("module.") for name in weights):
        weights = {name.removeprefix("module."): tensor for name, tensor in weights.items()}
    return weights


def _check(archive: zipfile.ZipFile, size: int) -> str:
    """The one folder of an archive of PyTorch's.

    Raises ValueError for any that would grow as it is read: PyTorch packs weights as they are, each once.
    """
    files = archive.infolist()
    roots = [file.filename.removesuffix("/data.pkl") for file in files if file.filename.endswith("/data.pkl")]
    if len(roots) != 1:
        raise ValueError("it is no archive of PyTorch's")
    read = [file for file in files if file.filename.startswith((f"{roots[0]}/data", f"{roots[0]}/byteorder"))]
    packed = any(file.compress_type != zipfile.ZIP_STORED for file in read)
    if packed or sum(file.file_size for file in read) > size:
        raise ValueError("its weights are packed in a way that PyTorch doesn't")
    return roots[0]


def _scripted(archive: zipfile.ZipFile, root: str) -> dict[str, torch.Tensor]:
    """The weights of a TorchScript archive."""
    names = set(archive.namelist())
    if f"{root}/byteorder" in names and archive.read(f"{root}/byteorder") != b"little":
        raise ValueError("it was written on a big-endian machine")
    if archive.getinfo(f"{root}/data.pkl").file_size > LARGEST_PICKLE:
        raise ValueError("its table of contents is too long")
    data = archive.read(f"{root}/data.pkl")
    _check_instructions(data)
    reader = _Unpickler(data, lambda key: archive.read(f"{root}/data/{key}"))
    weights = dict(_weights(reader.load()))
    if not weights:
        raise ValueError("there are no weights in it")
    return weights


def _check_instructions(data: bytes) -> None:
    """Refuse a pickle with other instructions, or one that would make the unpickler's memory grow beyond the file."""
    for instruction, argument, _ in pickletools.genops(data):
        if instruction.name not in INSTRUCTIONS:
            raise ValueError(f"its table of contents has an instruction that PyTorch doesn't write, {instruction.name}")
        if instruction.name in ("BINPUT", "LONG_BINPUT") and isinstance(argument, int) and argument > len(data):
            raise ValueError("its table of contents counts beyond its own length")


class _Unpickler(pickle.Unpickler):
    """Knows tensors, their storages, and stubs."""

    def __init__(self, data: bytes, read_storage: Callable[[str], bytes]) -> None:
        import torch

        super().__init__(io.BytesIO(data))
        self._read_storage = read_storage
        self._storages: dict[str, torch.Tensor] = {}
        self._kinds = {
            "DoubleStorage": torch.float64,
            "FloatStorage": torch.float32,
            "HalfStorage": torch.float16,
            "BFloat16Storage": torch.bfloat16,
            "LongStorage": torch.int64,
            "IntStorage": torch.int32,
            "ShortStorage": torch.int16,
            "CharStorage": torch.int8,
            "ByteStorage": torch.uint8,
            "BoolStorage": torch.bool,
        }

    def find_class(self, module: str, name: str) -> Any:
        """What stands for a class or function that the pickle names. Nothing is ever imported."""
        if module == "torch" and name in self._kinds:
            return self._kinds[name]
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _Function(_rebuild)
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if module == "torch.jit._pickle" and name.startswith(("build_", "restore_type_tag")):
            return _Function(_first)
        if module == "__torch__" or module.startswith("__torch__."):
            return Stub
        raise ValueError(f"it asks for {module}.{name}, which is no weight; nothing of it was run")

    def persistent_load(self, pid: Any) -> torch.Tensor:
        """The storage that the pickle refers to, as a flat tensor."""
        import torch

        tag, kind, key, _, count = pid
        if tag != "storage" or not isinstance(kind, torch.dtype) or not isinstance(key, str):
            raise ValueError("it refers to something that is no storage")
        if key not in self._storages:
            data = self._read_storage(key)
            if len(data) != count * kind.itemsize:
                raise ValueError(f"the storage {key} has another size than it says")
            self._storages[key] = torch.frombuffer(bytearray(data), dtype=kind) if count else torch.empty(0, dtype=kind)
        if self._storages[key].dtype != kind:
            raise ValueError(f"the storage {key} is of two kinds")
        return self._storages[key]


class _Function:
    """A function that the pickle may call, and not change."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    def __call__(self, *arguments: Any) -> Any:
        return self._function(*arguments)

    def __setstate__(self, state: object) -> None:
        raise ValueError("it changes what reads it; nothing of it was run")


def _rebuild(storage: Any, offset: Any, size: Any, stride: Any, *_: Any) -> torch.Tensor:
    """A tensor as a window on its storage. Raises ValueError for one that reaches beyond it, or repeats it."""
    import torch

    numbers = (offset, *size, *stride)
    if not isinstance(storage, torch.Tensor) or not all(type(number) is int and number >= 0 for number in numbers):
        raise ValueError("a weight is described by something else than numbers")
    reach = offset + sum((length - 1) * step for length, step in zip(size, stride, strict=True)) + 1
    count = 1
    for length in size:
        count *= length
    if count and (reach > len(storage) or count > len(storage)):
        raise ValueError("a weight reaches beyond its storage")
    return torch.as_strided(storage, size, stride, offset)


def _first(value: Any, *_: Any) -> Any:
    """A list that says of which type it is, without that."""
    return value


def _weights(module: object) -> Iterator[tuple[str, torch.Tensor]]:
    """The tensors in a tree of stubs, by the path to each. Raises ValueError for a tree without an end."""
    import torch

    parts = 0
    left: list[tuple[str, object]] = [("", module)]
    while left:
        path, part = left.pop()
        parts += 1
        if parts > MOST_PARTS:
            raise ValueError("it has more parts than any model")
        if isinstance(part, torch.Tensor):
            yield path, part
        elif isinstance(part, Stub | dict):
            inside = part if isinstance(part, dict) else getattr(part, "attributes", {})
            left += [(f"{path}.{name}".lstrip("."), value) for name, value in inside.items()]
