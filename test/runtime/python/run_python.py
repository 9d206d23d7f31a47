#!/usr/bin/env python3
"""The Python package: pytest on each file beside this one, a process each."""

import argparse
import os
import pathlib
import subprocess
import sys
from xml.etree import ElementTree

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
def run_file(path, dpc):
    """(number passed, {what did not: why}) of one file."""
    home = dpc.parents[1] / "test"
    home.mkdir(exist_ok=True)
    report = home / f"{path.stem}.xml"
    report.unlink(missing_ok=True)
    environment = dict(os.environ, DANSKIN_DPC=str(dpc), DANSKIN_CACHE=str(home / "python-cache"),
                       PYTHONPATH=os.pathsep.join(map(str, (ROOT / "runtime/python", HERE))))  # fmt: skip
    command = [sys.executable, "-m", "pytest", "-q", "--no-header", "--tb=short", "-p", "no:cacheprovider",
               f"--junitxml={report}", "--rootdir", HERE, path]  # fmt: skip
    done = subprocess.run(command, env=environment, cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True)  # fmt: skip
    passed, failed = 0, {}
    cases = ElementTree.parse(report).iter("testcase") if report.exists() else ()
    for case in cases:
        faults = [each for each in case if each.tag in ("failure", "error", "skipped")]
        if faults:
            why = (faults[0].get("message") or "").splitlines() or [""]
            failed[f"{path.stem}.{case.get('name').replace(' ', '-')}"] = f"{faults[0].tag}: {why[0][:200]}"
        else:
            passed += 1
    if done.returncode and not failed or not passed + len(failed):
        failed[path.stem] = f"exit status {done.returncode}"
    if failed:
        print(done.stdout[-8000:])
    return passed, failed


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dpc", type=lambda p: pathlib.Path(p).resolve(), default=ROOT / "build/bin/dpc")
    parser.add_argument("files", nargs="*", help="default: all")
    options = parser.parse_args()
    files = [HERE / each for each in options.files] or sorted(HERE.glob("test_*.py"))
    passed = failed = 0
    for path in files:
        good, bad = run_file(path, options.dpc)
        print(f"{path.stem}: {good} passed, {len(bad)} failed", flush=True)
        for name, why in bad.items():
            print(f"FAIL: {name}: {why}", flush=True)
        passed, failed = passed + good, failed + len(bad)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
