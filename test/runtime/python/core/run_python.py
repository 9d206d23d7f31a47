#!/usr/bin/env python3
"""The tests of the Python package, with NumPy as its host, with pytest."""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "lib"))

import pytest_driver  # noqa: E402

if __name__ == "__main__":
    sys.exit(pytest_driver.main(__doc__, pathlib.Path(__file__).parent))
