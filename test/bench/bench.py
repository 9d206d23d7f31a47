#!/usr/bin/env python3
"""Measures our kernels beside their peers and the hand-written limits.

  bench.py                    everything
  bench.py --only 'CRF.*S=32' rows whose name matches
  bench.py --quick            fewer and shorter samples, without the slow rows
  bench.py --list             names the rows
  bench.py --resume           only rows that OUTPUT.json does not have yet

Run it through run.sh, which installs the peers and builds.
"""

import argparse
import datetime
import gc
import importlib
import json
import os
import pathlib
import re
import sys

# One thread, for whatever library asks; said before any of them is loaded.
for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import limits  # noqa: E402
import machine  # noqa: E402
import measure  # noqa: E402
import ours  # noqa: E402
import report  # noqa: E402
from case import Report  # noqa: E402

FAMILIES = ["dtw", "features", "chain", "crf", "ctc", "alignment", "cky", "semimarkov", "nussinov", "valueiter", "dag",
            "threads", "growth", "compiletime", "accuracy", "unseen"]  # fmt: skip


def collect(options):
    rows = []
    for family in FAMILIES:
        rows += importlib.import_module(f"families.{family}").cases()
    return [row for row in rows if re.search(options.only, row.name) and not (row.slow and options.quick)]


def run_report(row):
    try:
        lines = row.run()
    except Exception as error:
        return {"kind": "report", "kernel": row.kernel, "lines": [], "failure": f"{type(error).__name__}: {error}"}
    goals = {name: {"got": got, "met": met} for name, (got, met) in row.judge(lines).items()}
    return {"kind": "report", "kernel": row.kernel, "lines": lines, "goals": goals}


def write(result, output):
    output.parent.mkdir(parents=True, exist_ok=True)
    output.with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n")
    output.with_suffix(".txt").write_text(report.whole(result))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", metavar="PATTERN", help="a regular expression for the names of rows")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--resume", action="store_true", help="goes on where a run was interrupted")
    parser.add_argument("--core", type=int, default=max(os.sched_getaffinity(0)))
    parser.add_argument("--dpc", type=pathlib.Path, default=ours.DPC[0])
    parser.add_argument("-o", "--output", type=pathlib.Path, default=ours.BUILD / "bench" / "last",
                        help="writes OUTPUT.json, .txt and .svg")  # fmt: skip
    options = parser.parse_args()
    ours.DPC[0] = options.dpc.resolve()
    rows = collect(options)
    if options.list:
        print(*(row.name for row in rows), sep="\n")
        return 0
    limits.build()
    result = {"date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
              "quick": options.quick, "machine": machine.describe(), "rows": []}  # fmt: skip
    if options.resume and options.output.with_suffix(".json").exists():
        before = json.loads(options.output.with_suffix(".json").read_text())["rows"]
        result["rows"] = before
        measured = {f"{row['kernel']} {row.get('shape', '')}".strip() for row in before}
        rows = [row for row in rows if row.name not in measured]
    print(report.heading(result), flush=True)
    for row in rows:
        done = run_report(row) if isinstance(row, Report) else measure.run_case(
            row, measure.QUICK if options.quick else measure.FULL, options.core)  # fmt: skip
        result["rows"].append(done)
        print(report.text_of(done), flush=True)
        write(result, options.output)  # what is measured is kept, whatever comes
        gc.collect()
    print(report.summary(result))
    report.picture(result, options.output.with_suffix(".svg"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
