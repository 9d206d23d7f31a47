"""Tests in pytest as a driver of suites.py."""

import argparse
import os
import pathlib
import re
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Report:
    """Counts tests and prints what fails as suites.py reads it. A test that skips
    itself has failed: what is not run stands in test/skips.txt."""

    def __init__(self):
        self.passed = self.failed = 0

    def fail(self, name, why):
        self.failed += 1
        print(f"FAIL: {name}: {why}", flush=True)

    def pytest_runtest_logreport(self, report):
        name = re.sub(r"\s", "-", report.nodeid.rpartition("/")[2])
        if report.skipped:
            self.fail(name, "skipped itself")
        elif report.failed:
            print(report.longreprtext[-3000:])
            self.fail(name, report.when)
        elif report.when == "call":
            self.passed += 1

    def pytest_collectreport(self, report):
        if report.failed:
            print(report.longreprtext[-3000:])
            self.fail(report.nodeid.rpartition("/")[2] or "collection", "is not loaded")


def main(title, folder):
    """Runs the tests of `folder`, which has a conftest.py with `--dpc`; programs are
    compiled into a cache of their own."""
    import pytest

    parser = argparse.ArgumentParser(description=title.splitlines()[0])
    parser.add_argument("--dpc", type=pathlib.Path, default=ROOT / "build/bin/dpc")
    options, further = parser.parse_known_args()
    report = Report()
    os.chdir(ROOT)
    with tempfile.TemporaryDirectory() as cache:
        os.environ["DANSKIN_CACHE"] = cache
        status = pytest.main(["-p", "no:cacheprovider", "-p", "no:terminal",
                              f"--dpc={options.dpc.resolve()}", str(folder), *further], plugins=[report])  # fmt: skip
    if status and not report.failed:
        report.fail("pytest", f"exit status {int(status)}")
    print(f"{report.passed} passed, {report.failed} failed")
    return 1 if report.failed else 0
