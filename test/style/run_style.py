#!/usr/bin/env python3
"""Checks of the sources as text: layers, formatting, paths in documents."""

import pathlib
import sys

import arrows
import documents
import formatting

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import driver  # noqa: E402


def results(dpc):
    for check in (arrows, formatting, documents):
        count, faults = check.check()
        for fault in faults:
            name, _, why = fault.partition(": ")
            yield name, why
        yield from [(check.__name__, "")] * (count - len({fault.split(":")[0] for fault in faults}))


if __name__ == "__main__":
    sys.exit(driver.main(__doc__, results))
