"""The package is typed: mypy finds the mistakes of a user's program, at its
strictest, and nothing else."""

import os
import pathlib
import re
import subprocess
import sys

PACKAGE = pathlib.Path(__file__).resolve().parents[4] / "runtime/python"
USER = """import danskin
from danskin.paths import Argmax

x, y = [[1.0]], [[2.0]]
dtw: danskin.Program = danskin.load("dtw.dp", reg="entropy", sizes={"K": 2})
cost = dtw.numpy(x, y, gamma=0.5, lengths={"N": 1})
value, gradients = dtw.torch.value_and_grad(x, y, wrt=["x", "y"])
product = dtw.jax.hvp(x, y, direction={"x": x}, cotangent=1.0)
best: Argmax = dtw.numpy.argmax(x, y)
steps = best.path()
names: tuple[str, ...] = danskin.zoo.names()
ctc: danskin.Program = danskin.zoo.ctc
danskin.plot.path_of(best, table="D", color="red")
danskin.load(3)  # wrong
danskin.set_num_threads("two")  # wrong
dtw.numpy.grad(x, y, wrt=3)  # wrong
dtw.tensorflow  # wrong
danskin.zoo.load()  # wrong
"""
# The package itself is checked by its tests; what hosts are made of is large.
OPTIONS = """[mypy]
strict = True
[mypy-danskin.*]
ignore_errors = True
[mypy-torch.*,jax.*,matplotlib.*]
follow_imports = skip
"""


def test_mypy(tmp_path):
    (tmp_path / "user.py").write_text(USER)
    (tmp_path / "mypy.ini").write_text(OPTIONS)
    done = subprocess.run([sys.executable, "-m", "mypy", "--no-error-summary", "user.py"], cwd=tmp_path,
                          env={**os.environ, "MYPYPATH": str(PACKAGE)}, stdout=subprocess.PIPE, text=True)  # fmt: skip
    found = {int(line) for line in re.findall(r"^user\.py:(\d+): error", done.stdout, re.MULTILINE)}
    assert found == {k for k, line in enumerate(USER.splitlines(), 1) if line.endswith("# wrong")}, done.stdout
