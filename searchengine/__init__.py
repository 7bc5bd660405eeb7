"""Find your own photographs by what is in them, offline.

The public names; importing this package imports nothing heavy.
"""

import os
from typing import TYPE_CHECKING

from searchengine.errors import SearchEngineError
from searchengine.records import Band, Hit, IndexReport, Label, Photo, PhotoFacts, Progress, Query, Results, Sort
from searchengine.settings import Settings

if TYPE_CHECKING:
    from searchengine.library import Library

# ONNX Runtime writes down and reports who uses it, from its import on; nothing leaves this machine.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

__version__ = "0.1.0"

__all__ = [
    "Band",
    "Hit",
    "IndexReport",
    "Label",
    "Library",
    "Photo",
    "PhotoFacts",
    "Progress",
    "Query",
    "Results",
    "SearchEngineError",
    "Settings",
    "Sort",
    "__version__",
]


def __getattr__(name: str) -> object:
    # Library brings SQLAlchemy and NumPy with it; `--help` and the records alone need neither.
    if name == "Library":
        from searchengine.library import Library

        return Library
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
