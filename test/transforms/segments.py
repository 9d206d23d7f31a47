#!/usr/bin/env python3
"""Runs the gradient of an alignment of two long series with all cells kept and
with checkpoints, each in a process of its own, and compares their memory.

usage: segments.py DTW.dp
"""

import os
import subprocess
import sys

LENGTH = 4096
CELL = 8  # bytes: the least of what a gradient reads of one
PROCESS = 256 << 20  # bytes: the compiler, which runs in it


def get_peak(spec, memory):
    """Of the process, in bytes."""
    command = ["dpc", "run", spec, f"x=random:{LENGTH}x1", f"y=random:{LENGTH}x1", "--reg=entropy", "--entry=grad",
               f"--memory={memory}"]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, status
    return usage.ru_maxrss * 1024


peak = get_peak(sys.argv[1], "checkpoint")
assert peak < PROCESS, peak
spared = get_peak(sys.argv[1], "full") - peak
assert spared > 0.9 * CELL * LENGTH**2, spared
print("most cells take no memory")
