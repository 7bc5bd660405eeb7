"""Run a command and say what it took, as JSON: seconds, megabytes at most (mapped files included), processor seconds.

A process of its own, and a small one: what the system tells of a child's memory counts what its parent held.
"""

# ruff: noqa: T201  # that is its answer

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

start = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
assert process.stderr is not None
said = process.stderr.read()
_, status, usage = os.wait4(process.pid, 0)
seconds = time.perf_counter() - start
if os.waitstatus_to_exitcode(status) not in (0, 1):  # 1: nothing found
    sys.exit(said.decode())
print(
    json.dumps({"seconds": seconds, "megabytes": usage.ru_maxrss / 1024, "processor": usage.ru_utime + usage.ru_stime})
)
