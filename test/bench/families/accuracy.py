"""Errors of gradients in f32 against f64."""

import numpy as np

from case import Report
from ours import prepare
from peers import dtw_numba

SIDES = (128, 512, 2048, 4096)
GAMMAS = (1.0, 0.1, 0.01, 0.001)
FORMS = ("auto", "wide")
# What the default form may err by, by gamma.
ALLOWED = {1.0: 5e-6, 0.1: 5e-6, 0.01: 2e-5, 0.001: 2e-5}


def truth(d, gamma):
    """In f64, of the very numbers that the f32 kernel gets."""
    return dtw_numba.prepare_gradient(d, gamma)()["grad"]


def run():
    lines = []
    for n in SIDES:
        generator = np.random.default_rng(n)
        x, y = generator.normal(size=(n, 1)), generator.normal(size=(1, n))
        d = ((x - y) ** 2)[None].astype("f4")
        for gamma in GAMMAS:
            line = {"n": n, "gamma": gamma}
            expected = truth(d, gamma)
            for form in FORMS:
                given = {"d": d, "gamma": np.array(gamma)}
                found = prepare("softdtw", "grad", given, {"grad": "grad.d"}, reg="entropy", form=form)()["grad"]
                line[f"--form={form}"] = float(np.abs(found - expected).max())
            lines.append(line)
    return lines


def judge(lines):
    goals = {}
    for gamma, allowed in ALLOWED.items():
        worst = max(line["--form=auto"] for line in lines if line["gamma"] == gamma)
        goals[f"gamma {gamma:g}: at most {allowed:g}"] = (worst, worst <= allowed)
    return goals


def cases():
    yield Report("largest error of soft-DTW's gradient, f32 against f64", run, judge, slow=True)
