#!/usr/bin/env python3
"""Runs every ```mlir block of the dialect's documentation through dp-opt twice:
it must parse, verify, and print as what parses to the same text.

usage: documentation.py FILE.td...
"""

import pathlib
import re
import subprocess
import sys
import textwrap

BLOCK = re.compile(r"^ *```mlir\n(.*?)^ *```$", re.S | re.M)


def round_trip(text):
    return subprocess.run(["dp-opt"], input=text, capture_output=True, text=True)


def main(paths):
    count = failed = 0
    for path in paths:
        text = pathlib.Path(path).read_text()
        for block in BLOCK.finditer(text):
            count += 1
            line = text.count("\n", 0, block.start()) + 1
            once = round_trip(textwrap.dedent(block.group(1)))
            twice = round_trip(once.stdout)
            if once.returncode or twice.returncode or once.stdout != twice.stdout:
                failed += 1
                print(f"FAIL: {path}:{line}\n{once.stderr}{twice.stderr}")
    print(f"{count - failed} passed, {failed} failed")
    return 1 if failed or not count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
