"""The reference interpreter as an oracle: `dpc eval` on arrays in files."""

import os
import pathlib
import subprocess
import tempfile

import numpy as np


def evaluate(program, inputs, entries=("value",), wrt=(), gamma=1.0, lengths=None, cotangents=None, directions=None,
             sizes=None, dtype="f64"):  # fmt: skip
    """{file's name: array} of a `danskin.Program`: `cost`, `grad.x`, `hvp.x`, `jvp.cost`."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        (folder / "program.dp").write_text(program.text)

        def save(prefix, arrays):
            for name, array in (arrays or {}).items():
                np.save(folder / f"in.{prefix}{name}.npy", np.asarray(array))
                yield f"{prefix}{name}={folder / f'in.{prefix}{name}.npy'}"

        command = [os.environ["DANSKIN_DPC"], "eval", folder / "program.dp", f"--program={program.name}",
                   f"--reg={program.reg}", f"--float={dtype}", f"--entry={','.join(entries)}", "-o", folder / "out",
                   *save("", inputs), *save("len:", lengths), *save("ct:", cotangents), *save("dir:", directions),
                   *(f"{name}={value}" for name, value in (sizes or {}).items())]  # fmt: skip
        if wrt:
            command.append(f"--wrt={','.join(wrt)}")
        if np.ndim(gamma):
            np.save(folder / "in.gamma.npy", gamma)
            command.append(f"--gamma={folder / 'in.gamma.npy'}")
        else:
            command.append(f"--gamma={gamma!r}")
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return {path.stem: np.load(path) for path in (folder / "out").glob("*.npy")}
