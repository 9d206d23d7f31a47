"""Where things are, and a generator of each test's own. run_python.py runs these tests."""

import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[4]
sys.path[:0] = [str(ROOT / each) for each in ("runtime/python", "test/lib")]
# What tests start as processes of their own finds the package too.
os.environ["PYTHONPATH"] = str(ROOT / "runtime/python")

import numpy as np  # noqa: E402
import pytest  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--dpc", default=str(ROOT / "build/bin/dpc"))


def pytest_configure(config):
    os.environ["DANSKIN_DPC"] = config.getoption("--dpc")


@pytest.fixture
def draw(request):
    return np.random.default_rng(sum(map(ord, request.node.name)))
