"""Run the program, and say last on standard error how many bytes of memory it held at most.

    python -m searchengine.bench.peak search 'a cat'

In the process itself, since what the system says of a child counts what its parent held when it was started.
"""

from __future__ import annotations

import runpy
import sys


def peak() -> int:
    """Bytes of memory that this process held at most, mapped files included; 0 where the system doesn't tell."""
    try:
        with open("/proc/self/status", encoding="ascii") as file:  # noqa: PTH123  # no file
            return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM"))
    except OSError:
        pass
    try:
        import resource
    except ImportError:
        return 0
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    try:
        runpy.run_module("searchengine", run_name="__main__")
    finally:
        print(f"\n{peak()}", file=sys.stderr)  # noqa: T201  # to whoever started this
