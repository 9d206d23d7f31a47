"""The reference interpreter, for tests that compare hosts with it."""

import os
import pathlib
import subprocess
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]


def interpret(path, entries, arrays, reg="hard", gamma=1.0, wrt=(), sizes=(), dpc=None):
    """{output: f64 array} of `dpc eval`.

    Args:
        path: of a .dp file.
        entries: some of `value`, `grad`, `hvp`, `argmax`.
        arrays: inputs by name, and as manifests call them `ct.<output>` and
            `dir.<input>`; lengths are `len.<size>`.
        wrt: names; none: all float inputs.
        sizes: {name: value} of those that no input determines.
        dpc: None: $DANSKIN_DPC.
    """
    arguments = [f"--reg={reg}", f"--gamma={float(gamma)!r}", f"--entry={','.join(entries)}", "--float=f64"]
    arguments += [f"{name}={value}" for name, value in dict(sizes).items()]
    if wrt:
        arguments.append(f"--wrt={','.join(wrt)}")
    with tempfile.TemporaryDirectory() as folder:
        for name, array in arrays.items():
            array = np.asarray(array)
            file = pathlib.Path(folder, f"{name}.npy")
            np.save(file, array.astype("f8" if array.dtype.kind == "f" else "i8"))
            prefix, dot, rest = name.partition(".")
            arguments.append(f"{f'{prefix}:{rest}' if dot and prefix in ('ct', 'dir', 'len') else name}={file}")
        done = subprocess.run([dpc or os.environ["DANSKIN_DPC"], "eval", path, *arguments, "-o", f"{folder}/out"],
                              capture_output=True, text=True)  # fmt: skip
        if done.returncode:
            raise RuntimeError(done.stderr)
        return {each.stem: np.load(each) for each in pathlib.Path(folder, "out").glob("*.npy")}


def prefixed(prefix, arrays):
    """{<prefix>.<name>: array}."""
    return {f"{prefix}.{name}": array for name, array in arrays.items()}


def example(name):
    """The path of an example's program."""
    return ROOT / "examples" / name / f"{name}.dp"
