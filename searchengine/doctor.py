"""Whether everything in a library fits together: the database, the vector index beside it, and the model.

The database's own invariants are checked in `store.doctor`; here stands what no part can see alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from searchengine.errors import LibraryDamagedError, ModelError
from searchengine.store import doctor as database_doctor
from searchengine.store.doctor import Finding
from searchengine.vectors import faiss_file

if TYPE_CHECKING:
    from searchengine.library import Library


def examine(library: Library, *, repair: bool = False) -> Iterator[Finding]:
    """Everything that is wrong; nothing for a healthy library. With `repair`, what can be mended or rebuilt is.

    Reads every page, every vector and the model's weights: seconds, or a minute for a very large library.
    """
    yield from database_doctor.check(library.database, repair=repair)
    yield from _vector_index(library, repair)
    yield from _model(library, repair)


def _vector_index(library: Library, repair: bool) -> Iterator[Finding]:
    path = library.index_file
    if not path.exists():
        return  # a cache: the next search makes it
    try:
        faiss_file.verify(path)
    except LibraryDamagedError as error:
        if repair:
            path.unlink()
            library.refresh_index()
        yield Finding("vector index", error.what, repair)


def _model(library: Library, repair: bool) -> Iterator[Finding]:
    name = library.model_identity.name
    try:
        library.models.verify(name)
    except ModelError as error:
        mended = repair and _mend(library, name)
        yield Finding("model", str(error), mended)
        return
    try:
        library.model  # noqa: B018  # opening it compares its identity with the library's
    except ModelError as error:
        yield Finding("model", str(error))


def _mend(library: Library, name: str) -> bool:
    try:
        library.models.repair(name)
    except ModelError:
        return False
    return True
