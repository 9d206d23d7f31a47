"""Checks and times the contenders of a case, side by side."""

import contextlib
import os
import statistics
import subprocess
import time
import traceback

import numpy as np

# Seconds: a sample lasts at least one quantum, and a contender at most a budget,
# whatever it needs for its first sample.
FULL = {"quantum": 0.02, "budget": 1.5, "rounds": 9}
QUICK = {"quantum": 0.005, "budget": 0.3, "rounds": 5}


@contextlib.contextmanager
def pinned(core):
    """Runs on one core; None leaves the affinity alone."""
    before = os.sched_getaffinity(0)
    if core is not None:
        os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def error_of(found, truth):
    """The largest error of the arrays that both have, relative to the truth's
    largest element, and the array it is in; a NaN is an error without bound. The
    truth, or a peer, may know the first instances only."""
    worst, where = -1.0, None
    for name in found.keys() & truth.keys():
        mine, true = np.asarray(found[name]).ravel(), np.asarray(truth[name]).ravel()
        size = min(mine.size, true.size)
        if not size:
            continue
        mine, true = mine[:size].astype("f8"), true[:size].astype("f8")
        same = (mine == true) | (np.isnan(mine) & np.isnan(true))
        with np.errstate(invalid="ignore"):
            difference = np.where(same, 0, np.abs(mine - true))
        finite = true[np.isfinite(true)]
        scale = max(1e-300, np.abs(finite).max() if finite.size else 1.0)
        error = difference.max() / scale
        error = float("inf") if np.isnan(error) else float(error)
        if error > worst:
            worst, where = error, name
    return worst, where


def compiler_failure(error):
    """What the compiler says, without where its files are."""
    text = (error.stderr or b"").decode(errors="replace")
    if "Stack dump" in text or error.returncode < 0:
        return "the compiler crashes"
    said = [line.partition("error: ")[2] for line in text.splitlines() if "error: " in line]
    return f"does not compile: {(said or [f'exit status {error.returncode}'])[0]}"[:200]


class Entrant:
    """A contender on its way through one measurement."""

    def __init__(self, contender, case):
        self.contender = contender
        self.cells, self.tolerance = contender.cells or case.cells, case.tolerance
        self.call = self.failure = self.check = None
        self.samples, self.walls = [], []

    def start(self, truth):
        """Prepares, calls once, which also warms up compilers just in time, and
        compares with the truth. Returns what came out."""
        results = None
        try:
            self.call = self.contender.prepare()
            results = self.call()
            if truth is not None:
                error, where = error_of(results, truth)
                if where is not None:
                    self.check = {"error": error, "in": where, "ok": error <= self.tolerance}
        except ImportError as error:
            self.failure = f"not installed: {error}"
        except subprocess.CalledProcessError as error:
            self.failure = compiler_failure(error)
        except Exception as error:  # a peer may fail in any way it likes
            self.failure = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"[:200]
            if os.environ.get("BENCH_TRACE"):
                traceback.print_exc()
        if self.check and not self.check["ok"] and self.contender.role in ("ours", "own", "limit"):
            self.failure = f"WRONG: error {self.check['error']:.1e} in {self.check['in']}, " \
                f"allowed {self.tolerance:.0e}"  # fmt: skip
        if self.failure:
            self.call = None
        return results

    def calibrate(self, pace, clock):
        begin = clock()
        self.call()
        once = max(1e-7, clock() - begin)
        self.repeats = max(1, int(pace["quantum"] / once))
        self.rounds = max(1, min(pace["rounds"], int(pace["budget"] / (once * self.repeats))))

    def sample(self, clock):
        wall, begin = time.perf_counter(), clock()
        for _ in range(self.repeats):
            self.call()
        self.samples.append((clock() - begin) / self.repeats)
        self.walls.append((time.perf_counter() - wall) / self.repeats)

    def summary(self):
        if self.failure:
            return {"role": self.contender.role, "failure": self.failure}
        line = {"role": self.contender.role, "cells": self.cells}
        if self.contender.note:
            line["note"] = self.contender.note
        if self.samples:
            median = statistics.median(self.samples)
            line.update(seconds=median, least=min(self.samples), wall=statistics.median(self.walls),
                        rounds=len(self.samples), ns=median / self.cells * 1e9)  # fmt: skip
        return line


def judge(case, lines):
    """{goal: {wanted, got, met}}; a goal whose contender has no time is open."""
    ours = next((line for line in lines.values() if line["role"] == "ours"), {})
    goals = {}
    for name, wanted in case.goals.items():
        if name == "fastest peer":
            times = [line["ns"] for line in lines.values() if line["role"] == "peer" and "ns" in line]
            theirs = min(times, default=None)
        elif name == "limit":
            theirs = next((line.get("ns") for line in lines.values() if line["role"] == "limit"), None)
        else:
            theirs = lines.get(name, {}).get("ns")
        if theirs is None or "ns" not in ours:
            goals[name] = {"wanted": wanted, "got": None, "met": None}
            continue
        if lines.get(name, {}).get("role") == "own":
            got = ours["ns"] / theirs
            goals[name] = {"wanted": wanted, "got": got, "met": got <= wanted, "most": True}
        else:
            got = theirs / ours["ns"]
            goals[name] = {"wanted": wanted, "got": got, "met": got >= wanted}
    return goals


def run_case(case, pace, core):
    """The row of a case, as a dict that JSON can hold.

    On one core the clock is the processor time of this process: what other
    processes of the machine take away is not ours and not the peers'. With more
    threads it is the wall clock, and the least sample counts."""
    clock = time.perf_counter if case.wall else time.process_time
    with pinned(None if case.wall else core):
        entrants = [Entrant(contender, case) for contender in case.build()]
        truth = None
        for entrant in entrants:
            if entrant.contender.role == "truth":
                truth = entrant.start(None)
                entrant.call = None
        for entrant in entrants:
            if entrant.contender.role != "truth":
                entrant.start(truth)
        truth = None
        racing = [e for e in entrants if e.call]
        for entrant in racing:
            entrant.calibrate(pace, clock)
        for number in range(pace["rounds"]):
            for entrant in racing:
                if number < entrant.rounds:
                    entrant.sample(clock)
    lines = {}
    for entrant in entrants:
        line = entrant.summary()
        if case.wall and "least" in line:
            line.update(seconds=line["least"], ns=line["least"] / entrant.cells * 1e9)
        if entrant.check:
            line["check"] = entrant.check
        lines[entrant.contender.name] = line
    busy = [line["wall"] / line["seconds"] for line in lines.values() if line.get("seconds")]
    return {"kind": "case", "kernel": case.kernel, "shape": case.shape, "unit": case.unit, "cells": case.cells,
            "contenders": lines, "goals": judge(case, lines),
            "busy": statistics.median(busy) if busy else None}  # fmt: skip
