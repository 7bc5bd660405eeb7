"""Where a page of an answer ends, as an opaque text: the server keeps nothing.

It holds how many photos came before and the newest photo that there was at the first page, so that photos which come
while a person reads on move nothing, and what was asked, so that it isn't taken for another question's.
"""

from __future__ import annotations

import binascii
import struct
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

from searchengine.errors import UsageError

_LAYOUT = struct.Struct(">IQI")
_MOST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Cursor:
    """What a page begins behind."""

    offset: int = 0  # photos on the pages before
    newest: int | None = None  # the id of the newest photo that counts; None: all

    def written(self, asked: object) -> str:
        """As text, for the answer to what was asked, which has a `repr` that says all of it."""
        packed = _LAYOUT.pack(self.offset, self.newest or 0, _mark(asked))
        return urlsafe_b64encode(packed).decode().rstrip("=")

    @classmethod
    def read(cls, text: str | None, asked: object) -> Cursor:
        """The cursor that this text is; without one, the first page's. Raises UsageError for any other text."""
        if text is None:
            return cls()
        try:
            offset, newest, mark = _LAYOUT.unpack(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        except (ValueError, struct.error, binascii.Error) as error:
            raise UsageError("The cursor is none that an answer gave.", "Leave it out to begin anew.") from error
        if mark != _mark(asked) or newest > _MOST:
            raise UsageError("The cursor belongs to another question.", "Leave it out to begin anew.")
        return cls(offset, newest)


def _mark(asked: object) -> int:
    return zlib.crc32(repr(asked).encode("utf-8", "surrogatepass"))
