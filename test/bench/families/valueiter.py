"""Value iteration."""

import numpy as np

from case import Case, Contender
from ours import ours
from peers import programs_torch

S, A, K, DISCOUNT = 256, 8, 100, 0.95


def build():
    generator = np.random.default_rng(S)
    chance = generator.random(size=(S, A, S))
    chance = (chance / chance.sum(-1, keepdims=True)).astype("f4")
    reward = generator.normal(size=(S, A)).astype("f4")
    inputs = {"R": reward, "P": chance, "discount": np.array(DISCOUNT, "f4")}
    exact = [a.astype("f8") for a in (reward, chance)]
    return [
        ours("valueiter", "value", inputs, {"value": "value"}, reg="hard", sizes={"K": K}),
        Contender("numpy, BLAS", lambda: programs_torch.value_iteration_numpy(reward, chance, DISCOUNT, K)),
        Contender("torch", lambda: programs_torch.value_iteration(reward, chance, DISCOUNT, K)),
        Contender("truth", lambda: programs_torch.value_iteration_numpy(*exact, DISCOUNT, K), "truth"),
    ]


def cases():
    yield Case("value iteration", f"S={S} A={A} K={K}", K * S * A * S, build, unit="product",
               goals={"fastest peer": 5})  # fmt: skip
