#!/usr/bin/env python3
"""Libraries answer through TVM FFI as through their own C interface and as the
reference interpreter says; what the runtime writes down of TVM's and XLA's
interfaces is what their headers say."""

import pathlib
import subprocess
import sys
import tempfile

import numpy as np

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path[:0] = [str(ROOT / "test/lib"), str(ROOT / "test/semantics")]

import driver  # noqa: E402
import jaxlib  # noqa: E402
import tvm_ffi  # noqa: E402
from kernels import NAMES, Library, compile_library  # noqa: E402
from oracle import interpret  # noqa: E402
from subjects import SUBJECTS  # noqa: E402
from tvm_ffi import libinfo  # noqa: E402

BATCH = 3
GAMMA = 0.75
TOLERANCE = {"f32": 2e-5, "f64": 1e-11}
INCLUDES = {
    "xla": [pathlib.Path(jaxlib.__file__).parent / "include"],
    "tvm": [libinfo.find_include_path(), libinfo.find_dlpack_include_path()],
}


def layouts():
    for name, folders in INCLUDES.items():
        done = subprocess.run(["cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", f"-I{ROOT}",
                               f"-I{ROOT}/runtime/include", *(f"-isystem{each}" for each in folders),
                               HERE / f"{name}_layout.c"], capture_output=True, text=True)  # fmt: skip
        yield f"{name}.layout", done.stderr[-1000:]


def extents(texts, sizes):
    return tuple(int(eval(text, dict(sizes))) for text in texts)


def draw_inputs(subject, entry, sizes, draw):
    """What the entry takes, a batch of it; gamma is the same for all."""
    instances = [subject.make(draw, sizes) for _ in range(BATCH)]
    batch = {}
    for each in entry["inputs"]:
        name = each["name"]
        base = name.partition(".")[2] if name.startswith("dir.") else name
        if name == "gamma":
            batch[name] = np.array(GAMMA)
        elif name == "dir.gamma":
            batch[name] = np.array(0.25)
        elif base in instances[0] and base == name:
            batch[name] = np.stack([instance[name] for instance in instances])
        else:
            batch[name] = draw.normal(size=(BATCH, *extents(each["shape"], sizes)))
        batch[name] = batch[name].astype(NAMES[each["type"]])
    return batch


def call_tvm(module, subject, entry, batch, outputs, sizes):
    """Through TVM FFI, into arrays like `outputs`."""
    results = {name: np.zeros_like(array) for name, array in outputs.items()}
    # The last way to give a size is for sizes that inputs do not tell.
    arguments = [tvm_ffi.from_dlpack(batch[each["name"]]) for each in entry["inputs"]]
    arguments += [tvm_ffi.from_dlpack(results[each["name"]]) for each in entry["outputs"]]
    arguments += [sizes[size["name"]] for size in entry["sizes"]]
    getattr(module, f"{entry['program']}_{entry['entry']}")(*arguments)
    return results


def compare(found, expected, tolerance):
    for name in found:
        scale = max(1.0, float(np.max(np.abs(expected[name]), initial=0, where=np.isfinite(expected[name]))))
        if not np.allclose(found[name], expected[name], rtol=0, atol=tolerance * scale, equal_nan=True):
            yield f"{name} is {found[name].ravel()[:4]}, expected {np.asarray(expected[name]).ravel()[:4]}"


def answers(dpc, subject, folder):
    target = f"{folder}/{subject.name}.so"
    options = {"reg": "entropy", **({"wrt": subject.wrt} if subject.wrt else {})}
    # As quickly as dpc can: how kernels compute is not the question here.
    compile_library(subject.path, target, dpc, ("-O0", "--lanes=1"), float="f32,f64", entry="value,grad,hvp", **options)
    module = tvm_ffi.load_module(target)
    draw = np.random.default_rng(7)
    sizes = subject.largest()
    for dtype in ("f32", "f64"):
        library = Library(target, dtype)
        for name, entry in library.entries.items():
            batch = draw_inputs(subject, entry, sizes, draw)
            expected = library.prepare(name, batch, sizes=sizes)()
            found = call_tvm(module, subject, entry, batch, expected, sizes)
            wrong = [each for each in found if not np.array_equal(found[each], expected[each], equal_nan=True)]
            yield f"{subject.name}.{dtype}.{name}.as C", ", ".join(wrong)
            arrays = {each: array for each, array in batch.items() if each != "gamma"}
            free = {size: sizes[size] for size in sizes if not any(size in each["shape"] for each in entry["inputs"])}
            wrt = subject.wrt.split(",") if subject.wrt else ()
            oracle = interpret(subject.path, [name.replace("value_grad", "grad")], arrays, "entropy", GAMMA, wrt, free,
                               dpc)  # fmt: skip
            yield f"{subject.name}.{dtype}.{name}.as interpreted", "; ".join(compare(found, oracle, TOLERANCE[dtype]))


FAULTS = """
import ctypes, sys
sys.path.append(sys.argv[2])
import numpy as np
library = ctypes.CDLL(sys.argv[1])
import tvm_ffi
call = tvm_ffi.load_module(sys.argv[1]).dtw_value
x, y, cost = (tvm_ffi.from_dlpack(np.ones(shape)) for shape in ((4, 2), (5, 2), ()))
bad = {
    "ValueError: input `gamma`: it is -1": (x, y, -1.0, cost),
    "ValueError: input `y`: axis 1 is 3": (x, tvm_ffi.from_dlpack(np.ones((5, 3))), 1.0, cost),
    "TypeError: input `y`: it must be a tensor": (x, "y", 1.0, cost),
    "TypeError: output `cost`: it must be a tensor": (x, y, 1.0, 0.0),
    "TypeError: size `N`: it must be a whole number": (x, y, 1.0, cost, 4.5, None, None),
    "TypeError: dtw value takes 3 inputs and 1 outputs": (x, y, 1.0),
}
def fail_all(_):
    for expected, arguments in bad.items():
        try:
            call(*arguments)
            found = "nothing"
        except Exception as error:
            found = f"{type(error).__name__}: {error}"
        if not found.startswith(expected):
            sys.exit(f"expected {expected}, found {found}")
from memory import growth
grown = growth(fail_all, 1000)
if grown > 16 << 10:
    sys.exit(f"6,000 failing calls leave {grown} bytes")
call(x, y, None, cost)
"""


def faults(dpc, folder):
    """In a process that loads the library before it loads TVM FFI; nothing leaks."""
    target = f"{folder}/faults.so"
    compile_library(ROOT / "examples/dtw/dtw.dp", target, dpc=dpc, float="f32,f64", entry="value", reg="entropy")
    done = subprocess.run([sys.executable, "-c", FAULTS, target, str(ROOT / "test/lib")], capture_output=True, text=True)
    yield "faults", done.stderr[-1000:] if done.returncode else ""


def results(dpc):
    yield from layouts()
    with tempfile.TemporaryDirectory() as folder:
        yield from faults(dpc, folder)
        for subject in SUBJECTS:
            yield from answers(dpc, subject, folder)


if __name__ == "__main__":
    sys.exit(driver.main(__doc__, results))
