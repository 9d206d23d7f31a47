"""Four devices and float64. run_jax.py runs these tests."""

import os

os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=4"

import jax  # noqa: E402
import numpy as np  # noqa: E402
import pytest  # noqa: E402

jax.config.update("jax_enable_x64", True)
# Of LLVM's on what is called once.
jax.config.update("jax_disable_most_optimizations", True)


@pytest.fixture
def load():
    """load(name, reg): a program of the zoo."""
    import danskin

    return lambda name, reg="entropy": danskin.zoo.load(name, reg)


@pytest.fixture
def draw():
    return np.random.default_rng(11)
