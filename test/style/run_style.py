#!/usr/bin/env python3
"""Checks of the sources as text: layers, formatting, paths in documents."""

import argparse
import sys

import arrows
import documents
import formatting


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dpc", help="not used; every driver takes it")
    parser.parse_args()
    passed = failed = 0
    for check in (arrows, formatting, documents):
        count, faults = check.check()
        for fault in faults:
            print("FAIL:", fault)
        failed += len(faults)
        passed += count - len({fault.split(":")[0] for fault in faults})
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
