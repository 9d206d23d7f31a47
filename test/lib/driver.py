"""What all drivers run_*.py have in common. A driver is a generator of results,
pairs (name, why it fails), the second empty where it passes; suites.py reads what
`run` prints of them.
"""

import argparse
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
SUMMARY = re.compile(r"^(\d+) passed, (\d+) failed\s*$", re.MULTILINE)


class Tally:
    """Counts results, and prints those that fail at once."""

    def __init__(self):
        self.passed = self.failed = 0

    def add(self, name, why):
        self.passed += not why
        self.failed += bool(why)
        if why:
            print(f"FAIL: {name}: {why}", flush=True)

    def end(self):
        """Prints the summary. Returns the exit status."""
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed else 0


def make_parser(text):
    """A parser of the option that all drivers take; `text` describes the driver."""
    parser = argparse.ArgumentParser(description=" ".join(text.split()))
    parser.add_argument("--dpc", type=lambda path: pathlib.Path(path).resolve(), default=ROOT / "build/bin/dpc")
    return parser


def run(results):
    """Tallies results as they come. Returns the exit status."""
    tally = Tally()
    for name, why in results:
        tally.add(name, why)
    return tally.end()


def read_results(text, name):
    """The results of a test program that prints what a driver prints."""
    found = SUMMARY.search(text)
    if not found:
        yield name, f"no summary: {text.strip()[-2000:]}"
        return
    yield from [(name, "")] * int(found[1])
    failed = [line[6:].partition(": ") for line in text.splitlines() if line.startswith("FAIL: ")]
    yield from ((f"{name}.{case}", why or "failed") for case, _, why in failed)
    if len(failed) != int(found[2]):
        yield name, f"counts {found[2]} failures, names {len(failed)}"


def main(text, results):
    """All of a driver without options of its own: `results(dpc)` are its results."""
    return run(results(make_parser(text).parse_args().dpc))
