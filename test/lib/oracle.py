"""The reference interpreter, for tests that compare hosts with it."""

import pathlib
import subprocess
import tempfile

import numpy as np

KEYS = (("ct.", "ct:"), ("dir.", "dir:"), ("len.", "len:"))


def interpret(dpc, path, entries, arrays, *options):
    """{output: f64 array} of `dpc eval` for arrays by name: inputs, `ct.<output>`,
    `dir.<input>`, and `len.<size>`. Entries are `value`, `grad`, `hvp`, `argmax`;
    `options` go to dpc as they are (`W=3`, `--reg=l2`, `--gamma=0.5`)."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = []
        for name, array in arrays.items():
            array = np.asarray(array)
            file = pathlib.Path(folder, f"{name}.npy")
            np.save(file, array.astype("f8" if array.dtype.kind == "f" else "i8"))
            for written, key in KEYS:
                name = name.replace(written, key) if name.startswith(written) else name
            arguments.append(f"{name}={file}")
        done = subprocess.run([dpc, "eval", path, *arguments, *options, "--float=f64",
                               f"--entry={','.join(entries)}", "-o", f"{folder}/out"],
                              capture_output=True, text=True)  # fmt: skip
        if done.returncode:
            raise RuntimeError(done.stderr)
        return {each.stem: np.load(each) for each in pathlib.Path(folder, "out").glob("*.npy")}
