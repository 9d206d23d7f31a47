"""Connectionist temporal classification."""

import numpy as np

from case import Case, Contender
from ours import ours, truth
from peers import programs_torch

B, T, V, L = 32, 150, 28, 40


def build():
    generator = np.random.default_rng(1)
    x = generator.normal(size=(B, T, V))
    logp = (x - np.log(np.exp(x).sum(-1, keepdims=True))).astype("f4")
    labels = generator.integers(1, V, size=(B, L))
    inputs = {"logp": logp, "y": labels}
    results = {"value": "logprob", "grad": "grad.logp"}
    return [
        ours("ctc", "grad", inputs, results, reg="entropy"),
        Contender("torch ctc_loss", lambda: programs_torch.ctc(logp, labels),
                  note="its gradient has that of the softmax in it"),
        truth("ctc", "grad", inputs, results, reg="entropy"),
    ]  # fmt: skip


def cases():
    yield Case("CTC value+gradient", f"B={B} T={T} V={V} L={L}", B * T * (2 * L + 1), build,
               goals={"torch ctc_loss": 5})  # fmt: skip
