#!/usr/bin/env python3
"""What a compiled library does in its host: it allocates nothing, survives where
nothing can be allocated, works after a fork, leaves the modes of the processor
alone, comes and goes (host.c), and counts beyond 2^31."""

import mmap
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "test" / "lib"))
import driver  # noqa: E402
from kernels import Program  # noqa: E402

PROGRAMS = ROOT / "test" / "semantics" / "programs"
FAR = 2**31
NORESERVE = 0x4000  # Linux; Python has no name for it before 3.13


def checked(*command):
    """What the command prints; ends this program where it fails to run."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if done.returncode not in (0, 1):
        sys.exit(f"{command[0]}: exit status {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def in_process(dpc):
    """host.c's results as (name, why)."""
    with tempfile.TemporaryDirectory() as folder:
        library, program = f"{folder}/libdtw.so", f"{folder}/host"
        checked(dpc, ROOT / "examples" / "dtw" / "dtw.dp", "-o", library, f"--emit-header={folder}/dtw.h",
                "--reg=entropy", "--float=f64")  # fmt: skip
        checked("cc", "-std=gnu99", "-Wall", "-Wextra", "-Werror", f"-I{folder}", ROOT / "test/semantics/host.c", "-o",
                program, "-ldl", "-lm", "-pthread")  # fmt: skip
        text = checked(program, library)
        sections = checked("readelf", "-SW", library)
    yield from driver.read_results(text, "host")
    yield "init_array", "loading runs code" if ".init_array" in sections else ""


def reserved(count, dtype):
    """An array of zeros that takes memory only where it is written to."""
    size = count * np.dtype(dtype).itemsize
    return np.frombuffer(mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | NORESERVE), dtype)


def beyond(dpc):
    """Strides and sizes of more than 2^31, as (name, why)."""
    far = Program(PROGRAMS / "far.dp", dpc=dpc, reg="hard")
    count = FAR + 11
    x = reserved(count, "f4")
    x[count - 2] = 3
    found = far.prepare("value", {"x": x})()
    yield "size.value", "" if found["last"] == 3 == found["best"] else f"finds {found}"
    found = far.prepare("argmax", {"x": x})()
    steps = found["argmax"][: int(found["argmax.length"])]
    yield "size.path", "" if (steps == count - 2).any(1).sum() == 2 else f"finds {steps}"

    stride = FAR + 7
    x = reserved(5 * stride, "f8")[::stride]
    x[:] = np.arange(5)
    band = Program(PROGRAMS / "band.dp", dpc=dpc, reg="entropy", float="f64")
    for entry in ("value", "value_grad", "hvp", "argmax"):
        y = np.ones(5)
        near, apart = (band.prepare(entry, {"x": each, "y": y, "dir.x": each}, {"W": 2})() for each in (x.copy(), x))
        wrong = [name for name in near if not np.array_equal(near[name], apart[name])]
        yield f"stride.{entry}", ", ".join(wrong)
    batch = reserved(5 * stride, "f8")
    batch = np.lib.stride_tricks.as_strided(batch, (5, 4), (8 * stride, 8))
    batch[...] = np.arange(20).reshape(5, 4)
    near, apart = (band.prepare("value_grad", {"x": each, "y": np.ones(4)}, {"W": 2})()
                   for each in (batch.copy(), batch))  # fmt: skip
    yield "stride.batch", ", ".join(name for name in near if not np.array_equal(near[name], apart[name]))


def results(dpc):
    yield from in_process(dpc)
    yield from beyond(dpc)


if __name__ == "__main__":
    sys.exit(driver.main(__doc__, results))
