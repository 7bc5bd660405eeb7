"""What a measurement gives, and how it is told."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from dataclasses import dataclass, field

from searchengine.embedding.onnx_runtime import processors

Tell = Callable[[str, int, int, str], None]
"""Called with what is being measured, how much of it is done, how much there is, and a remark."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One thing that was measured."""

    name: str
    value: float
    unit: str  # "photos/s", "s", "ms", "MB"
    floor: float | None = None  # the best that it could be, measured on the same machine, in the same unit
    floor_is: str = ""  # what that is


@dataclass(frozen=True, slots=True)
class Machine:
    """Where it was measured."""

    processor: str = field(default_factory=lambda: _processor())
    processors: int = field(default_factory=processors)  # that this process may use
    system: str = field(default_factory=platform.platform)
    python: str = field(default_factory=platform.python_version)


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that one run measured."""

    machine: Machine
    model: str
    precision: str  # of the model's image tower
    photos: str  # which ones were indexed
    records: int  # photos of the library that was searched
    figures: tuple[Figure, ...]


def _processor() -> str:
    """The processor's name, as Linux tells it; elsewhere its kind."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:  # noqa: PTH123  # no file
            names = (line.partition(":")[2].strip() for line in file if line.startswith("model name"))
            return next(names, platform.machine())
    except OSError:
        return platform.processor() or os.name
