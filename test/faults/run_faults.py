#!/usr/bin/env python3
"""Checks that every seeded fault still applies, stands in the list once, and
names tests that exist. Whether the tests find them is what kill.py asks."""

import pathlib
import sys

import faults

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import driver  # noqa: E402

PROGRAMS = {"dpc", "lit", "python3", "AnalysisTests", "DialectTests", "ScheduleTests"}
FOLDERS = ("compiler/", "dialects/")


def fault_of(patch, command):
    """What is wrong with an entry; empty where nothing is."""
    if not patch.exists():
        return "there is no such patch"
    if why := faults.apply(patch, faults.ROOT, "--check"):
        return f"does not apply: {why}"
    if not all(path.startswith(FOLDERS) for path in faults.changed(patch)):
        return "changes more than the compiler"
    if not command or command[0] not in PROGRAMS:
        return f"`{' '.join(command)}` is no test"
    missing = [word for word in command if word.startswith(("test/", "examples/")) and not (faults.ROOT / word).exists()]
    return f"there is no {missing[0]}" if missing else ""


def results(dpc):
    entries = faults.read()
    for patch, command in entries:
        yield patch.stem, fault_of(patch, command)
    listed = [patch.stem for patch, _ in entries]
    for patch in faults.HERE.glob("*.patch"):
        if listed.count(patch.stem) != 1:
            yield patch.stem, f"stands in faults.txt {listed.count(patch.stem)} times"
    if len(entries) < 30:
        yield "faults.txt", f"lists {len(entries)} faults, not 30"


if __name__ == "__main__":
    sys.exit(driver.main(__doc__, results))
