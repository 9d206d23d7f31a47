#!/usr/bin/env python3
"""Gives every code block of a Markdown file to `dpc check`: those marked `dp`
are accepted without a warning, those marked `dp-error CODE` are refused with
that code alone.

usage: language.py FILE.md
"""

import pathlib
import re
import subprocess
import sys

BLOCK = re.compile(r"^```dp(?:-error (\w+))?\n(.*?)^```$", re.S | re.M)
CODE = re.compile(r"\[([EW]\d{4})\]$", re.M)


def main(path):
    text = pathlib.Path(path).read_text()
    count = failed = 0
    for block in BLOCK.finditer(text):
        count += 1
        done = subprocess.run(["dpc", "check", "-"], input=block[2], capture_output=True, text=True)
        expected = {block[1]} if block[1] else set()
        if set(CODE.findall(done.stderr)) != expected or done.returncode != bool(expected):
            failed += 1
            line = text.count("\n", 0, block.start()) + 1
            print(f"FAIL: {path}:{line}\n{done.stderr}")
    print(f"{count - failed} passed, {failed} failed")
    return 1 if failed or text.count("```dp") != count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
