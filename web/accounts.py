"""The library's password and the tokens of programs, in a file beside the database that only its owner can read.

Neither is kept itself: of the password a scrypt hash, of a token, which nobody can guess, a SHA-256. The key that signs
the cookies of sessions stands in a file of its own.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import tempfile
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from werkzeug.security import check_password_hash, generate_password_hash

from searchengine.errors import LibraryDamagedError, NotFoundError, UsageError, printable
from searchengine.store.filesystem import refusal

SHORTEST = 8
LONGEST = 1000  # letters of a password; hashing a longer one would only keep the machine busy
TOKEN = "se_"
"""How tokens begin, so that one that was lost somewhere is known for what it is."""


@dataclass(frozen=True, slots=True)
class Access:
    """What the file holds."""

    password: str | None = None  # scrypt, with its salt and costs, as Werkzeug writes it
    tokens: dict[str, str] = field(default_factory=dict)  # by name: SHA-256, hexadecimal


class Accounts:
    """Who may come into one library. Threads may share it; what another program changes holds at once."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "access.json"
        self._key_file = folder / "session.key"
        self._read: tuple[tuple[int, int, int], Access] | None = None  # the file's stamp, and what it held then

    @property
    def has_password(self) -> bool:
        """Whether there is a password."""
        return self._access().password is not None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the tokens, in order."""
        return tuple(sorted(self._access().tokens))

    def set_password(self, password: str) -> None:
        """Let this be the password from now on; whoever came in by another one is out. Raises UsageError."""
        if not SHORTEST <= len(password) <= LONGEST:
            raise UsageError(f"A password has {SHORTEST} to {LONGEST} letters.", "Choose another one.")
        self._write(replace(self._access(), password=generate_password_hash(password, "scrypt")))

    def remove_password(self) -> None:
        """Have none from now on: only this machine is served. Raises NotFoundError where there is none."""
        if not self.has_password:
            raise NotFoundError("The library has no password.")
        self._write(replace(self._access(), password=None))

    def is_password(self, password: str) -> bool:
        """Whether this is the password. Takes a twentieth of a second and 32 MiB, as it is meant to."""
        known = self._access().password
        return known is not None and len(password) <= LONGEST and check_password_hash(known, password)

    @property
    def edition(self) -> str:
        """What changes with the password, and tells nothing of it."""
        return hashlib.sha256((self._access().password or "").encode()).hexdigest()[:16]

    def add_token(self, name: str) -> str:
        """A new token with this name, which is kept nowhere. Raises UsageError where the name is taken."""
        access = self._access()
        if not name.strip() or name in access.tokens:
            raise UsageError(f"There is a token {name!r} already." if name.strip() else "A token needs a name.")
        token = TOKEN + secrets.token_urlsafe(32)
        self._write(replace(access, tokens={**access.tokens, name: _digest(token)}))
        return token

    def remove_token(self, name: str) -> None:
        """Let a token open nothing any more. Raises NotFoundError."""
        access = self._access()
        if name not in access.tokens:
            raise NotFoundError(f"There is no token {name!r}.", "`searchengine tokens list` shows those there are.")
        self._write(replace(access, tokens={each: access.tokens[each] for each in access.tokens if each != name}))

    def is_token(self, token: str) -> bool:
        """Whether this is one of the tokens."""
        return _digest(token) in self._access().tokens.values()

    def key(self) -> bytes:
        """The key that signs cookies, made at the first time; where it can't be kept, one for this run alone."""
        key = secrets.token_bytes(32)
        with suppress(OSError):
            try:
                file = os.open(self._key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            except FileExistsError:
                return self._key_file.read_bytes() or key
            with os.fdopen(file, "wb") as stream:
                stream.write(key)
        return key

    def _access(self) -> Access:
        try:
            stat = self._file.stat()
            stamp = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
            if self._read is None or self._read[0] != stamp:
                self._read = stamp, Access(**json.loads(self._file.read_text("utf-8")))
        except FileNotFoundError:
            return Access()
        except (OSError, ValueError, TypeError) as error:
            raise LibraryDamagedError(
                f"{printable(self._file)}, which says who may come in, can't be read: {error}.",
                "Remove it, then set the password and the tokens anew.",
            ) from error
        return self._read[1]

    def _write(self, access: Access) -> None:
        try:
            # Only its owner can read what tempfile makes.
            with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=self._file.parent, delete=False) as file:
                json.dump(asdict(access), file, indent=1)
            Path(file.name).replace(self._file)
        except OSError as error:
            raise refusal(error, self._file) from error


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
