"""Four devices, float64, and where things are. run_jax.py runs these tests."""

import os
import pathlib
import sys

os.environ["XLA_FLAGS"] = "--xla_force_host_platform_device_count=4"
ROOT = pathlib.Path(__file__).resolve().parents[4]
sys.path[:0] = [str(ROOT / each) for each in ("runtime/python", "test/lib", "test/semantics")]

import jax  # noqa: E402
import numpy as np  # noqa: E402
import pytest  # noqa: E402

jax.config.update("jax_enable_x64", True)


def pytest_addoption(parser):
    parser.addoption("--dpc", default=str(ROOT / "build/bin/dpc"))


def pytest_configure(config):
    os.environ["DANSKIN_DPC"] = config.getoption("--dpc")


@pytest.fixture(scope="session")
def dpc(pytestconfig):
    return pytestconfig.getoption("--dpc")


@pytest.fixture(scope="session")
def load():
    """load(name, reg): a program of the examples."""
    import danskin

    programs = {}

    def find(name, reg="entropy"):
        if (name, reg) not in programs:
            programs[name, reg] = danskin.load(ROOT / "examples" / name / f"{name}.dp", reg=reg)
        return programs[name, reg]

    return find


@pytest.fixture
def draw():
    return np.random.default_rng(11)
