#!/usr/bin/env python3
"""Compares two results of bench.py: what became faster, slower, right or wrong.

  benchcmp.py OLD.json NEW.json [--threshold=5] [--absolute]

Machines differ from day to day, so a kernel's time is taken relative to the
hand-written limit of its row, or to the fastest peer where there is none;
--absolute compares nanoseconds. The exit status is 1 where something became slower by
more than the threshold, in percent, or wrong.
"""

import argparse
import json
import pathlib
import sys


def rows(path):
    result = json.loads(pathlib.Path(path).read_text())
    return {(row["kernel"], row["shape"]): row for row in result["rows"] if row["kind"] == "case"}


def ours(row):
    return next((c for c in row["contenders"].values() if c["role"] == "ours"), {})


def yardstick(row, other):
    """The name of a contender that both rows have timed."""
    both = [name for name, c in row["contenders"].items()
            if "ns" in c and "ns" in other["contenders"].get(name, {})]  # fmt: skip
    limits = [name for name in both if row["contenders"][name]["role"] == "limit"]
    peers = sorted((name for name in both if row["contenders"][name]["role"] == "peer"),
                   key=lambda name: row["contenders"][name]["ns"])  # fmt: skip
    return (limits + peers + [None])[0]


def compare(old, new, absolute):
    """(change, text): the ratio of the new time to the old, or None."""
    before, after = ours(old), ours(new)
    if "ns" not in before or "ns" not in after:
        if "ns" in before:
            return float("inf"), after.get("failure", "is not timed any more")
        return (0.0, "is timed now") if "ns" in after else (None, after.get("failure", "is not timed"))
    name = None if absolute else yardstick(new, old)
    scale = new["contenders"][name]["ns"] / old["contenders"][name]["ns"] if name else 1.0
    change = after["ns"] / before["ns"] / scale
    beside = f" relative to {name}" if name else ""
    return change, f"{before['ns']:.3g} -> {after['ns']:.3g} ns/{new['unit']}{beside}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("old")
    parser.add_argument("new")
    parser.add_argument("--threshold", type=float, default=5, help="percent (default 5)")
    parser.add_argument("--absolute", action="store_true")
    options = parser.parse_args()
    old, new = rows(options.old), rows(options.new)
    worse = 0
    for key in list(dict.fromkeys([*old, *new])):
        name = " ".join(key)
        if key not in old or key not in new:
            print(f"  only in {'new' if key in new else 'old'}  {name}")
            continue
        change, text = compare(old[key], new[key], options.absolute)
        if change is None:
            mark = "      -"
        else:
            slower, faster = change > 1 + options.threshold / 100, change < 1 - options.threshold / 100
            worse += slower
            mark = f"{change:6.2f}x" + (" SLOWER" if slower else " faster" if faster else "")
        print(f"{mark:16}  {name}: {text}")
    print(f"{worse} slower by more than {options.threshold:g} %")
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
