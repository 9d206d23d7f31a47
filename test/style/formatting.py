"""clang-format, LLVM style, on every C and C++ file."""

import re
import subprocess

from sources import ROOT, files


def check():
    """(number of files, faults)."""
    paths = [str(p) for p in files(".h", ".cpp", ".c")]
    if not paths:
        return 0, []
    run = subprocess.run(["clang-format-19", "--dry-run", *paths], cwd=ROOT, capture_output=True, text=True)
    named = dict.fromkeys(re.findall(r"^([^:\n]+):\d+:\d+: warning: code should be", run.stderr, re.MULTILINE))
    faults = [f"{path}: not formatted; run clang-format-19 -i {path}" for path in named]
    if run.returncode and not faults:
        faults = [f"clang-format-19: {run.stderr.strip()}"]
    return len(paths), faults
