"""Everything that can go wrong through a person's doing, or their machine's, as one tree of exceptions.

    SearchEngineError
    ├── UsageError                what was asked for makes no sense as it stands
    │   ├── QueryError            a line of the query language has a mistake
    │   ├── PhotoUnreadableError  the photo that was named can't be read
    │   └── NotFoundError         there is no such photo, root or model
    ├── LibraryError              the library can't be used
    │   ├── LibraryMissingError   there is none at that place
    │   ├── LibraryBusyError      another program is indexing it
    │   ├── LibraryReadOnlyError  it can't be written to
    │   ├── LibraryTooNewError    a newer version of this program made it
    │   ├── LibraryDamagedError   its database is torn
    │   └── LibraryFullError      the disk is full
    ├── ServerError               a running server can't be asked
    └── ModelError                the model can't be used
        ├── ModelMissingError     it isn't on this machine
        ├── ModelUnsupportedError its architecture is not one we run
        ├── ModelDamagedError     its files are torn or don't belong together
        └── HubUnreachableError   it can't be downloaded now

What each becomes (an exit code, an HTTP status) is decided by the faces, in one place each. Exceptions of other
libraries are translated to these at the edge where they arise.
"""

from __future__ import annotations

import os
import unicodedata


class SearchEngineError(Exception):
    """Something that a person can mend.

    `what` says what happened and to which file or option, `next_step` what to do about it. Both are sentences
    without markup, meant for a person.
    """

    def __init__(self, what: str, next_step: str = "") -> None:
        super().__init__(f"{what} {next_step}".strip())
        self.what = what
        self.next_step = next_step


class UsageError(SearchEngineError):
    """What was asked for makes no sense as it stands."""


class QueryError(UsageError):
    """A line of the query language has a mistake.

    `line` is the line in one row, `position` the place of the mistake in it, `suggestion` what may have been meant.
    """

    def __init__(self, line: str, position: int, what: str, suggestion: str = "") -> None:
        super().__init__(what, suggestion)
        self.line = "".join(letter if letter.isprintable() else " " for letter in line)
        self.position = position
        self.suggestion = suggestion

    @property
    def end(self) -> int:
        """Where the word ends that the mistake is in; behind the line's end, the place itself."""
        rest = self.line[self.position :]
        return self.position + len(rest.split(maxsplit=1)[0] if rest[:1].strip() else rest[:1])

    @property
    def pointed(self) -> str:
        """The line with a caret below the mistake, for letters that are all equally wide, or twice as wide as those."""
        before = self.line[: self.position]
        wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in before)
        marks = sum(unicodedata.combining(letter) != 0 for letter in before)
        return f"{self.line}\n{' ' * (len(before) + wide - marks)}^"


class PhotoUnreadableError(UsageError):
    """A file can't be read as a photo.

    While indexing this becomes a `Failure` in the library; only a photo that was asked for by name stops a command.
    """

    def __init__(self, path: str | bytes | os.PathLike[str], reason: str) -> None:
        name = os.fsdecode(path)
        super().__init__(f"{printable(name)} can't be read as a photo: {reason}.")
        self.path = os.fsencode(path)
        self.reason = reason


class NotFoundError(UsageError):
    """There is no such photo, root or model."""


class LibraryError(SearchEngineError):
    """The library can't be used."""


class LibraryMissingError(LibraryError):
    """There is no library at that place."""


class LibraryBusyError(LibraryError):
    """Another program is indexing this library."""


class LibraryReadOnlyError(LibraryError):
    """The library can't be written to."""


class LibraryTooNewError(LibraryError):
    """A newer version of this program made the library."""


class LibraryDamagedError(LibraryError):
    """The library's database is torn."""


class LibraryFullError(LibraryError):
    """The disk that holds the library is full."""


class ServerError(SearchEngineError):
    """A running server can't be asked."""


class ModelError(SearchEngineError):
    """The model can't be used."""


class ModelMissingError(ModelError):
    """The model isn't on this machine."""


class ModelUnsupportedError(ModelError):
    """The model's architecture is not one that this program runs."""


class ModelDamagedError(ModelError):
    """The model's files are torn or don't belong together."""


class HubUnreachableError(ModelError):
    """The model can't be downloaded now."""


def printable(path: str | bytes | os.PathLike[str]) -> str:
    """A path as text that any terminal, log or JSON can carry: bytes that aren't UTF-8 become `\\xNN`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
