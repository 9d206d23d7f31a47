#!/usr/bin/env python3
"""Asks `dpc explain` about every code. The program that it shows as wrong gets
that code from `dpc check` or, where it is about a query, from the compiler; the
one that it shows as right gets no error."""

import re
import subprocess
import sys
import tempfile

CODE = re.compile(r"\[([EW]\d{4})\]$", re.M)


def dpc(*arguments, program=None):
    return subprocess.run(["dpc", *arguments], input=program, capture_output=True, text=True)


def shown(explanation, title):
    """The program under a title, or None."""
    found = re.search(rf"^{title}:\n\n((?:    .*\n|\n)+)", explanation, re.M)
    return found and re.sub(r"^    ", "", found[1], flags=re.M)


def codes_of(program, folder):
    """What the checks say, and the compiler where they say nothing."""
    checked = CODE.findall(dpc("check", "-", program=program).stderr)
    return checked or CODE.findall(dpc("-", "-o", f"{folder}/p.so", "-O0", "--lanes=1", program=program).stderr)


def fault(code, folder):
    """Why the explanation of a code is wrong; empty where it is right."""
    done = dpc("explain", code)
    if done.returncode or not done.stdout.startswith(f"{code}: "):
        return done.stderr or "explains something else"
    wrong, right = shown(done.stdout, "Wrong"), shown(done.stdout, "Right")
    if wrong and code not in codes_of(wrong, folder):
        return f"the wrong program gets {codes_of(wrong, folder)}"
    if right and (codes := codes_of(right, folder)):
        return f"the right program gets {codes}"
    return ""


def main():
    failed = 0
    codes = [line.split()[0] for line in dpc("explain").stdout.splitlines()]
    with tempfile.TemporaryDirectory() as folder:
        for code in codes:
            if why := fault(code, folder):
                failed += 1
                print(f"FAIL: {code}: {why}")
    print(f"{len(codes) - failed} passed, {failed} failed")
    return 1 if failed or not codes else 0


if __name__ == "__main__":
    sys.exit(main())
