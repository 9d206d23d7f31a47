"""Tests in pytest as a driver of suites.py."""

import os
import re
import sys
import tempfile

import driver

# Kernels without vectors of instances and without LLVM's optimizations are compiled ten times as quickly; what kernels
# compute, in every form, is for the suites of test/semantics to test.
QUICK = "-O0 --lanes=1"


class Report(driver.Tally):
    """A test that skips itself has failed: what is not run stands in test/skips.txt."""

    def pytest_runtest_logreport(self, report):
        name = re.sub(r"\s", "-", report.nodeid.rpartition("/")[2])
        if report.skipped:
            self.add(name, "skipped itself")
        elif report.failed:
            print(report.longreprtext[-3000:])
            self.add(name, report.when)
        elif report.when == "call":
            self.add(name, "")

    def pytest_collectreport(self, report):
        if report.failed:
            print(report.longreprtext[-3000:])
            self.add(report.nodeid.rpartition("/")[2] or "collection", "is not loaded")


def main(title, folder):
    """Runs the tests of `folder` against the sources of the package. Programs are
    compiled into a cache of their own."""
    import pytest

    options, further = driver.make_parser(title).parse_known_args()
    report = Report()
    os.chdir(driver.ROOT)
    places = [str(driver.ROOT / each) for each in ("runtime/python", "test/lib", "test/semantics")]
    sys.path[:0] = places
    with tempfile.TemporaryDirectory() as cache:
        # What tests start as processes of their own finds the same.
        os.environ.update(DANSKIN_CACHE=cache, DANSKIN_DPC=str(options.dpc), DANSKIN_FLAGS=QUICK,
                          PYTHONPATH=os.pathsep.join(places))  # fmt: skip
        status = pytest.main(["-p", "no:cacheprovider", "-p", "no:terminal", str(folder), *further], plugins=[report])
    if status and not report.failed:
        report.add("pytest", f"exit status {int(status)}")
    return report.end()
