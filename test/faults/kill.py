#!/usr/bin/env python3
"""Builds the compiler with each fault of faults.txt in turn and runs the test
that is to find it.

usage: test/faults/kill.py [NN...]

Works on a copy of the tree in build-faults/, which it keeps: the next run
builds what has changed. With ccache a fault takes about a minute; all take the
better part of an hour. NN: only these faults.
"""

import filecmp
import os
import pathlib
import shutil
import subprocess
import sys

import faults

TREE = faults.ROOT / "build-faults" / "tree"
BUILD = TREE / "build"
SECONDS = 300
TARGETS = ["dpc", "dp-opt", "AnalysisTests", "DialectTests", "ScheduleTests"]


def copy_tree():
    """Makes TREE the tree that git would track; what is the same stays untouched."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=faults.ROOT, check=True,
                            capture_output=True, text=True).stdout  # fmt: skip
    names = [name for name in listed.split("\0") if name and (faults.ROOT / name).is_file()]
    for name in names:
        source, target = faults.ROOT / name, TREE / name
        if target.exists() and filecmp.cmp(source, target, shallow=False):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
    kept = set(names)
    for path in TREE.rglob("*"):
        name = str(path.relative_to(TREE))
        if path.is_file() and not path.is_relative_to(BUILD) and "__pycache__" not in name and name not in kept:
            path.unlink()


def configure():
    launchers = [f"-DCMAKE_{language}_COMPILER_LAUNCHER=ccache" for language in ("C", "CXX")]
    subprocess.run(["cmake", "--preset", "release", "--log-level=WARNING", "-DCMAKE_UNITY_BUILD=OFF",
                    *(launchers if shutil.which("ccache") else [])], cwd=TREE, check=True)  # fmt: skip
    venv = faults.ROOT / "build" / "venv"
    if venv.exists() and not (BUILD / "venv").exists():
        (BUILD / "venv").symlink_to(venv)


def build():
    """What the compiler says; empty where it builds."""
    done = subprocess.run(["ninja", "-C", BUILD, *TARGETS], capture_output=True, text=True)
    return done.stdout[-2000:] if done.returncode else ""


def as_run(command):
    """The command with its program where it is."""
    first, *rest = command
    python = BUILD / "venv" / "bin" / "python"
    interpreter = str(python) if python.exists() else sys.executable
    if first == "python3":
        return [interpreter, *rest]
    if first != "lit":
        return [BUILD / "bin" / first, *rest]
    prefix = subprocess.check_output(["llvm-config-19", "--prefix"], text=True).strip()
    packaged = pathlib.Path(prefix, "build/utils/lit/lit.py")
    return [interpreter, *([packaged] if packaged.exists() else ["-m", "lit.main"]), "-q", *rest]


def passes(command):
    try:
        done = subprocess.run(as_run(command), cwd=TREE, timeout=SECONDS, capture_output=True,
                              env=dict(os.environ, PATH=f"{BUILD / 'bin'}:{os.environ['PATH']}"))  # fmt: skip
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def outcome(patch, command):
    """`killed`, `survived`, or what kept the fault from being tried."""
    if why := faults.apply(patch, TREE):
        return f"does not apply: {why}"
    try:
        if why := build():
            return f"does not build:\n{why}"
        return "survived" if passes(command) else "killed"
    finally:
        faults.apply(patch, TREE, "--reverse")


def main(wanted):
    entries = [(patch, command) for patch, command in faults.read() if not wanted or patch.stem[:2] in wanted]
    print("building without faults", flush=True)
    copy_tree()
    configure()
    if why := build():
        sys.exit(why)
    for command in {tuple(command): None for _, command in entries}:
        if not passes(command):
            sys.exit(f"fails without a fault: {' '.join(command)}")
    outcomes = []
    for patch, command in entries:
        outcomes.append(outcome(patch, command))
        print(f"{patch.stem:34} {outcomes[-1]}", flush=True)
    killed = outcomes.count("killed")
    print(f"{killed} of {len(outcomes)} killed")
    return 0 if killed == len(outcomes) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
