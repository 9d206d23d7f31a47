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
# Their class is `general`.
WITHOUT_PATHS = ("valueiter", "tempered")
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


def draw_ragged(subject, entry, sizes, draw):
    """(inputs, lengths): each instance has sizes of its own, the last the largest."""
    lengths = [subject.draw_sizes(draw) for _ in range(BATCH - 1)] + [sizes]
    instances = [subject.make(draw, each) for each in lengths]
    batch = draw_inputs(subject, entry, sizes, draw)
    for name, array in batch.items():
        if name in instances[0]:
            array[...] = 10**6 if array.dtype.kind == "i" else np.nan
            for b, each in enumerate(instances):
                array[(b, *map(slice, each[name].shape))] = each[name]
    return batch, {name: np.array([each[name] for each in lengths]) for name in sizes}


def spread(array):
    """The same with gaps in memory; ints narrow."""
    array = array.astype("i4") if array.dtype.kind == "i" else array
    if not array.ndim:
        return array
    room = np.ones((*array.shape[:-1], 2 * array.shape[-1]), array.dtype)
    room[..., ::2] = array
    return room[..., ::2]


def call_tvm(module, entry, batch, results, sizes, lengths=None):
    """Through TVM FFI, into the arrays `results`. `sizes` are those that inputs do
    not tell, or all."""
    arguments = [tvm_ffi.from_dlpack(batch[each["name"]]) for each in entry["inputs"]]
    arguments += [tvm_ffi.from_dlpack(results[each["name"]]) for each in entry["outputs"]]
    arguments += [sizes.get(size["name"]) for size in entry["sizes"]]
    if lengths:
        arguments += [tvm_ffi.from_dlpack(lengths[size["name"]]) for size in entry["sizes"]]
    getattr(module, f"{entry['program']}_{entry['entry']}")(*arguments)
    return results


def differing(found, expected):
    return ", ".join(name for name in found if not np.array_equal(found[name], expected[name], equal_nan=True))


def compare(found, expected, tolerance):
    for name in found:
        scale = max(1.0, float(np.max(np.abs(expected[name]), initial=0, where=np.isfinite(expected[name]))))
        if not np.allclose(found[name], expected[name], rtol=0, atol=tolerance * scale, equal_nan=True):
            yield f"{name} is {found[name].ravel()[:4]}, expected {np.asarray(expected[name]).ravel()[:4]}"


def answers(dpc, subject, folder):
    target = f"{folder}/{subject.name}.so"
    options = {"reg": "entropy", **({"wrt": subject.wrt} if subject.wrt else {})}
    entries = "value,grad,hvp" if subject.name in WITHOUT_PATHS else "value,grad,hvp,argmax"
    # As quickly as dpc can: how kernels compute is not the question here.
    compile_library(subject.path, target, dpc, ("-O0", "--lanes=1"), float="f32,f64", entry=entries, **options)
    module = tvm_ffi.load_module(target)
    draw = np.random.default_rng(7)
    sizes = subject.largest()
    for dtype in ("f32", "f64"):
        library = Library(target, dtype)
        for name, entry in library.entries.items():
            title = f"{subject.name}.{dtype}.{name}"
            batch = draw_inputs(subject, entry, sizes, draw)
            expected = library.prepare(name, batch, sizes=sizes)()
            found = call_tvm(module, entry, batch, {k: np.zeros_like(each) for k, each in expected.items()}, sizes)
            yield f"{title}.as C", differing(found, expected)
            arrays = {each: array for each, array in batch.items() if each != "gamma"}
            free = {size: sizes[size] for size in sizes if not any(size in each["shape"] for each in entry["inputs"])}
            wrt = subject.wrt.split(",") if subject.wrt and name != "argmax" else ()
            reg = "hard" if name == "argmax" else "entropy"
            oracle = interpret(subject.path, [name.replace("value_grad", "grad")], arrays, reg, GAMMA, wrt, free, dpc)
            if name == "argmax" and dtype == "f32":
                # Rounding may decide between paths that are as good.
                found = {each: array for each, array in found.items() if not each.startswith("argmax")}
            elif name == "argmax":
                # Beyond its length a path is nothing.
                for each in (found, oracle):
                    rows = each["argmax"][:, : oracle["argmax.length"].max()]
                    inside = np.arange(rows.shape[1]) < oracle["argmax.length"][:, None]
                    each["argmax"] = np.where(inside[..., None], rows, 0)
            yield f"{title}.as interpreted", "; ".join(compare(found, oracle, TOLERANCE[dtype]))
            batch, lengths = draw_ragged(subject, entry, sizes, draw)
            expected = library.prepare(name, batch, sizes=sizes, lengths=lengths)()
            gaps = {k: spread(each) for k, each in batch.items()}
            results = {k: np.zeros((*each.shape, 2), each.dtype)[..., 0] for k, each in expected.items()}
            yield f"{title}.ragged, with gaps", differing(call_tvm(module, entry, gaps, results, free, lengths), expected)


FAULTS = """
import ctypes, sys
sys.path.append(sys.argv[2])
import numpy as np
library = ctypes.CDLL(sys.argv[1])
import tvm_ffi
call = tvm_ffi.load_module(sys.argv[1]).dtw_value
of = tvm_ffi.from_dlpack
x, y, cost = (of(np.ones(shape)) for shape in ((4, 2), (5, 2), ()))
# No machine has the memory for a row of such a table.
endless = of(np.lib.stride_tricks.as_strided(np.zeros((1, 2)), (2**50, 2), (0, 8)))
bad = {
    "ValueError: input `gamma`: it is -1": (x, y, -1.0, cost),
    "ValueError: input `y`: axis 1 is 3": (x, of(np.ones((5, 3))), 1.0, cost),
    "ValueError: input `x`": (None, y, 1.0, cost),
    "ValueError: length of `N`": (x, y, 1.0, cost, None, None, None, 9, None, None),
    "TypeError: input `x`: its elements": (of(np.ones((4, 2), "i8")), y, 1.0, cost),
    "TypeError: input `y`: its elements": (x, of(np.ones((5, 2), "f4")), 1.0, cost),
    "RuntimeError: there is no memory": (endless, endless, 1.0, cost),
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
grown = growth(fail_all, 34_000 // len(bad))
if grown > 16 << 10:
    sys.exit(f"34,000 failing calls leave {grown} bytes")
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
