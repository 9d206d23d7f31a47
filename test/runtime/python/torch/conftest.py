"""Where things are. run_torch.py runs these tests."""

import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[4]
sys.path.insert(0, str(ROOT / "runtime/python"))
# What tests start as processes of their own finds the package too.
os.environ["PYTHONPATH"] = str(ROOT / "runtime/python")


def pytest_addoption(parser):
    parser.addoption("--dpc", default=str(ROOT / "build/bin/dpc"))


def pytest_configure(config):
    os.environ["DANSKIN_DPC"] = config.getoption("--dpc")
