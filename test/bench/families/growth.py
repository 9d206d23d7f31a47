"""Do time and memory grow as the cells do?"""

import subprocess
import time

import numpy as np

from case import Report
from ours import DPC, find, library

# Larger calls are not made, but their workspace is still asked for.
MEMORY = 6 << 30
SIDES = (100, 316, 1000, 3162, 10_000, 31_623)


def run():
    generator = np.random.default_rng(1)
    lines = []
    for reg in ("hard", "entropy"):
        compiled = library("dtw", entry="value", reg=reg)
        for n in SIDES:
            x, y = generator.normal(size=(2, n, 1)).astype("f4")
            prepared = compiled.prepare("value", {"x": x, "y": y})
            line = {"program": "dtw", "reg": reg, "cells": n * n, "workspace bytes/cell": prepared.memory.nbytes / n**2}
            if prepared.memory.nbytes <= MEMORY:
                spent = []
                for _ in range(3 if n < 5000 else 1):
                    begin = time.process_time()
                    prepared()
                    spent.append(time.process_time() - begin)
                line["ns/cell"] = min(spent) / n**2 * 1e9
            else:
                line["ns/cell"] = f"not run: {prepared.memory.nbytes / 2**30:.0f} GiB of workspace"
            lines.append(line)
            del prepared
    lines.append({"program": "dtw", "reg": "entropy", "cells": 65_536**2, "ns/cell": checkpointed()})
    return lines


def checkpointed():
    """Value and gradient of one very long instance in little memory."""
    done = subprocess.run([DPC[0], find("dtw"), "-o", "/dev/null", "--emit=manifest", "--memory=checkpoint"],
                          capture_output=True, text=True)  # fmt: skip
    if done.returncode:
        return f"--memory=checkpoint: {done.stderr.strip().splitlines()[0]}"
    n = 65_536
    x, y = np.random.default_rng(2).normal(size=(2, n, 1)).astype("f4")
    compiled = library("dtw", entry="value,grad", reg="entropy", memory="checkpoint")
    prepared = compiled.prepare("value_grad", {"x": x, "y": y})
    if prepared.memory.nbytes > 1 << 30:
        return f"workspace of {prepared.memory.nbytes / 2**30:.1f} GiB"
    begin = time.process_time()
    prepared()
    return (time.process_time() - begin) / n**2 * 1e9


def judge(lines):
    spreads = []
    for reg in {line["reg"] for line in lines}:
        rates = [line["ns/cell"] for line in lines[:-1]
                 if line["reg"] == reg and isinstance(line["ns/cell"], float)]  # fmt: skip
        spreads += [max(rates) / min(rates)] if rates else []
    spread = max(spreads, default=None)
    reached = max((line["cells"] for line in lines if isinstance(line["ns/cell"], float)), default=0)
    return {
        "time per cell varies by less than 2 times": (spread, spread is not None and spread < 2),
        "cells reached, of 1e9": (reached, reached >= 31_623**2),
        "65,536 x 65,536 with --memory=checkpoint": (lines[-1]["ns/cell"], isinstance(lines[-1]["ns/cell"], float)),
    }


def cases():
    yield Report("growth of time and memory", run, judge, slow=True)
