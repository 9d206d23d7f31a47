#!/usr/bin/env python3
"""The tests of PyTorch as a host, with pytest.

`--python PATH`: an interpreter that runs them instead, with the PyTorch and the peers that
it has, against the same sources and compiler. PyTorch 2.4 has wheels for Python 3.8 to 3.12:

    python3.11 -m venv V
    V/bin/pip install torch==2.4.1 numpy matplotlib psutil pytest numba scipy scikit-learn joblib
    V/bin/pip install --no-deps pytorch-crf==0.7.2 torch-struct==0.5 tslearn
    test/runtime/python/torch/run_torch.py --python V/bin/python
"""

import argparse
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "lib"))

import pytest_driver  # noqa: E402

if __name__ == "__main__":
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--python")
    options, further = parser.parse_known_args()
    if options.python:
        os.execv(options.python, [options.python, __file__, *further])
    sys.exit(pytest_driver.main(__doc__, pathlib.Path(__file__).parent))
