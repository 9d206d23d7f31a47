#!/usr/bin/env python3
"""Prints the schedules in a program of `--emit=schedule`, read from standard
input, a statement a line: its name, then for each row the coefficients of its
indices and a constant."""

import re
import sys

STATEMENT = re.compile(r'dp\.table "([^"]*)"|dp\.scatter (%\d+)')
SCHEDULE = re.compile(r"schedule = \[(.*?)\]")
ROW = re.compile(r"array<i64: ([^>]*)>")


def main(text):
    names = dict(re.findall(r'(%\d+) = dp\.table "([^"]*)"', text))
    statement = None
    for line in text.splitlines():
        if found := STATEMENT.search(line):
            statement = found[1] or f"scatter into {names[found[2]]}"
        if found := SCHEDULE.search(line):
            print(f"{statement}:", *(f"({row})" for row in ROW.findall(found[1])))


if __name__ == "__main__":
    main(sys.stdin.read())
