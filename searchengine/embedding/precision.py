"""In which precision a model's image tower may be run on the processor, and what was found out about that.

A verdict is found once for a model on a machine and kept beside what was made for it; how it is found, `adaptive.py`
says. Nothing heavy is imported here.
"""

from __future__ import annotations

import hashlib
import json
import platform
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

FLOAT32, FLOAT16, BFLOAT16, INT8 = "float32", "float16", "bfloat16", "int8"
AUTO = "auto"
PRECISIONS = (AUTO, FLOAT32, INT8, BFLOAT16)
"""What may be asked for; `AUTO` is the fastest that is close enough to float32."""

VERDICT = "verdict.json"
FORMAT = 1
"""Raised whenever a graph in 8 bits or a verdict comes out differently, so that older ones are found anew."""


@dataclass(frozen=True, slots=True)
class Fidelity:
    """How close vectors are to those of float32, on photographs."""

    mean: float  # cosine
    low: float  # the cosine that one photo in twenty falls below
    overlap: float  # of each photo's ten nearest, the share that are the same

    LEAST_COSINE = 0.99
    LEAST_OVERLAP = 0.95

    @property
    def enough(self) -> bool:
        """Whether one may be searched for the other."""
        return min(self.mean, self.low) >= self.LEAST_COSINE and self.overlap >= self.LEAST_OVERLAP


@dataclass(frozen=True, slots=True)
class Trial:
    """What a precision was found to be worth beside float32, both in turn on the same photos."""

    precision: str
    photos_per_second: float
    float32_per_second: float
    photos: int  # that its vectors were compared on
    fidelity: Fidelity

    FASTER = 1.1
    """How much faster than float32 it must be to take its place."""

    @property
    def good(self) -> bool:
        """Whether to run the model so."""
        return self.fidelity.enough and self.photos_per_second >= self.FASTER * self.float32_per_second

    @property
    def findings(self) -> str:
        """The same in words."""
        how = "" if self.fidelity.enough else " isn't close enough to float32, and"
        return (
            f"{self.precision}{how} is {self.photos_per_second / self.float32_per_second:.1f} times as fast "
            f"(cosine {self.fidelity.mean:.4f}, for one photo in twenty below {self.fidelity.low:.4f}; "
            f"{100 * self.fidelity.overlap:.1f} % of the nearest photos the same; on {self.photos} photos)"
        )


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found about a model on this machine, in the order in which it was tried."""

    model: str
    machine: str  # `machine()`
    trials: tuple[Trial, ...]

    @property
    def chosen(self) -> str:
        """The precision to run it in."""
        return next((trial.precision for trial in self.trials if trial.good), FLOAT32)

    @property
    def why(self) -> str:
        """A sentence for a person."""
        tried = "; ".join(trial.findings for trial in self.trials) or "nothing in it can be made faster so"
        return f"{self.model} runs in {self.chosen} here: {tried}."

    @classmethod
    def read(cls, folder: Path, machine: str) -> Verdict | None:
        """The verdict in a folder; None when there is none that can be used, or it was found on another machine."""
        try:
            contents = json.loads((folder / VERDICT).read_text(encoding="utf-8"))
            trials = [Trial(**(trial | {"fidelity": Fidelity(**trial["fidelity"])})) for trial in contents["trials"]]
            verdict = cls(contents["model"], contents["machine"], tuple(trials))
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return verdict if verdict.machine == machine else None

    def write(self, folder: Path) -> None:
        """Leave it in a folder."""
        (folder / VERDICT).write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")


def place_for(models: Path, weights: str) -> Path:
    """Where the verdict on a model with this checksum lies, with what was made for it."""
    return models / "precisions" / weights[:16]


def machine() -> str:
    """What a verdict depends on besides the model: the processor, and what runs the graphs."""
    name, abilities = _processor()
    digest = hashlib.sha256(abilities.encode()).hexdigest()[:8]
    return f"{name} ({digest}), ONNX Runtime {version('onnxruntime')}, format {FORMAT}"


def _processor() -> tuple[str, str]:
    """This machine's processor: its name, and what it can do in words, where that is known (Linux)."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    facts = {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return facts.get("model name", platform.processor()), facts.get("flags", facts.get("Features", ""))


def has_bfloat16() -> bool:
    """Whether the processor is known to multiply in bfloat16; in others it is slower than float32."""
    return bool({"avx512_bf16", "amx_bf16", "bf16"} & set(_processor()[1].split()))
