"""What is known of a downloaded checkpoint, kept beside it in `source.json`, and the archive in which it travels.

The archive is a plain tar of the checkpoint's files (weights don't compress), the receipt first. It is unpacked by
hand: only files that the receipt names are written, under those names, and each must have the size and sum that it
gives.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import tarfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from searchengine.embedding.model_folder import FileSum, checksum
from searchengine.errors import ModelDamagedError, NotFoundError, printable

FORMAT = 1
RECEIPT = "source.json"
LONGEST_RECEIPT = 1_000_000  # bytes; a real one has a few thousand
PLAIN_NAME = re.compile(r"[\w-][\w.-]*")
HUB_NAME = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")
CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Receipt:
    """Where a checkpoint came from, and its files as they came."""

    hub: str  # its name on the hub
    revision: str  # the commit there
    licence: str | None  # as its card said
    files: Mapping[str, FileSum]

    @classmethod
    def of(cls, folder: Path, *, hub: str, revision: str, licence: str | None) -> Receipt:
        """Take the sums of everything in a folder, and leave the receipt there."""
        paths = sorted(path for path in folder.iterdir() if path.is_file() and path.name != RECEIPT)
        files = {path.name: FileSum(path.stat().st_size, checksum(path)) for path in paths}
        receipt = cls(hub, revision, licence, files)
        (folder / RECEIPT).write_text(receipt.to_json(), encoding="utf-8")
        return receipt

    @classmethod
    def read(cls, folder: Path) -> Receipt:
        """The receipt in a folder. Raises ModelDamagedError."""
        try:
            return cls.from_json((folder / RECEIPT).read_bytes())
        except (OSError, ValueError) as error:
            raise _damaged(folder, f"{RECEIPT} can't be read ({error})") from error

    @classmethod
    def from_json(cls, text: bytes) -> Receipt:
        """Raises ValueError for anything that is not a receipt, names that could lead elsewhere included."""
        contents: Any = json.loads(text)
        try:
            if contents["format"] != FORMAT:
                raise ValueError(f"its format is {contents['format']}, and this version reads format {FORMAT}")
            files = {name: FileSum(int(sums["bytes"]), str(sums["sha256"])) for name, sums in contents["files"].items()}
            receipt = cls(str(contents["hub"]), str(contents["revision"]), contents["licence"], files)
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{error!r} in {RECEIPT}") from error
        if not HUB_NAME.fullmatch(receipt.hub) or not all(PLAIN_NAME.fullmatch(name) for name in files):
            raise ValueError(f"names in {RECEIPT} that no model has")
        return receipt

    def to_json(self) -> str:
        """The receipt as the text of `source.json`."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=2) + "\n"

    def verify(self, folder: Path) -> None:
        """Read every file of the checkpoint and compare its sum. Raises ModelDamagedError."""
        for name, sums in self.files.items():
            if checksum(folder / name) != sums.sha256:
                raise _damaged(folder, f"{name} is not as it was downloaded")


def pack(folder: Path, archive: IO[bytes]) -> None:
    """Write the checkpoint in `folder` as an archive. Raises ModelDamagedError when it isn't whole, or OSError."""
    receipt = Receipt.read(folder)
    receipt.verify(folder)
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.PAX_FORMAT) as tar:
        text = receipt.to_json().encode()
        head = tarfile.TarInfo(RECEIPT)
        head.size = len(text)
        tar.addfile(head, io.BytesIO(text))
        for name, sums in receipt.files.items():
            member = tarfile.TarInfo(name)  # with nobody's name, rights and dates
            member.size = sums.bytes
            with (folder / name).open("rb") as file:
                tar.addfile(member, file)


def unpack(path: Path, folder: Path) -> Receipt:
    """Write the checkpoint in the archive at `path` into `folder`, which is empty.

    Raises NotFoundError when there is no such file, ModelDamagedError when it is no archive of ours or not whole.
    """
    try:
        with tarfile.open(path, mode="r:") as tar:
            receipt = _unpack_receipt(tar)
            missing = set(receipt.files)
            while (member := tar.next()) is not None:
                if member.name not in missing:
                    raise ValueError(f"{RECEIPT} doesn't name {member.name!r}, or it is there twice")
                _unpack_file(tar, member, folder / member.name, receipt.files[member.name])
                missing.remove(member.name)
            if missing:
                raise ValueError(f"{min(missing)} is missing")
    except FileNotFoundError as error:
        raise NotFoundError(f"There is no file {printable(path)}.") from error
    except (tarfile.TarError, ValueError, EOFError) as error:
        raise ModelDamagedError(
            f"{printable(path)} is no whole archive of a model: {error}.",
            "Make it anew with `searchengine models export`, and copy it again.",
        ) from error
    (folder / RECEIPT).write_text(receipt.to_json(), encoding="utf-8")
    return receipt


def _unpack_receipt(tar: tarfile.TarFile) -> Receipt:
    head = tar.next()
    if head is None or head.name != RECEIPT or not head.isreg() or head.size > LONGEST_RECEIPT:
        raise ValueError(f"it doesn't begin with {RECEIPT}")
    text = tar.extractfile(head)
    return Receipt.from_json(text.read() if text is not None else b"")


def _unpack_file(tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path, sums: FileSum) -> None:
    if not member.isreg() or member.issparse() or member.size != sums.bytes:
        raise ValueError(f"{member.name} is no file of {sums.bytes:,} bytes")
    source, digest = tar.extractfile(member), hashlib.sha256()
    if source is None:
        raise ValueError(f"{member.name} has no content")
    with path.open("xb") as file:
        while chunk := source.read(CHUNK):
            digest.update(chunk)
            file.write(chunk)
    if digest.hexdigest() != sums.sha256:
        raise ValueError(f"{member.name} is not as it was packed")


def _damaged(folder: Path, reason: str) -> ModelDamagedError:
    return ModelDamagedError(f"The model in {printable(folder)} is damaged: {reason}.", "Pull or import it again.")
