"""Compiles programs and calls their kernels from NumPy, for tests and benchmarks
that want the call itself in hand: its workspace, its outputs, its descriptors.

>>> dtw = Program("dtw.dp", reg="entropy")            # doctest: +SKIP
>>> dtw.prepare("value_grad", {"x": x, "y": y})()     # doctest: +SKIP
"""

import ctypes
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "runtime/python"))

from danskin.abi import Call, make_pointers, make_tensor  # noqa: E402

TYPES = {np.dtype("f4"): "f32", np.dtype("f8"): "f64", np.dtype("i4"): "i32", np.dtype("i8"): "i64"}
NAMES = {"f32": np.dtype("f4"), "f64": np.dtype("f8"), "i64": np.dtype("i8")}


def tensor(array):
    """A view of the array; it keeps the array alive."""
    strides = [s // array.itemsize for s in array.strides]
    made = make_tensor(array.ctypes.data, array.shape, strides, TYPES[array.dtype])
    made.array = array
    return made


def converted(array, dtype):
    """The array with this element type; ints of 32 bits, which inputs may have, stay."""
    array = np.asarray(array)
    return array if dtype == NAMES["i64"] and array.dtype == np.dtype("i4") else array.astype(dtype, copy=False)


class Prepared:
    """A call with its arrays and its workspace, to be made again and again."""

    def __init__(self, library, symbol, call, outputs, memory, keep):
        self.call, self.outputs, self.memory, self.keep = call, outputs, memory, keep
        self.run = getattr(library, symbol)

    def __call__(self):
        if self.run(ctypes.byref(self.call)):
            raise ValueError(ctypes.string_at(self.call.error).decode())
        return self.outputs


def compile_library(path, target, dpc=ROOT / "build/bin/dpc", flags=(), **options):
    """Makes the library `target` and, beside it, its manifest: dpc's options as
    keywords (reg="entropy", float="f32")."""
    subprocess.run([dpc, path, "-o", target, f"--emit-manifest={target}.json", *flags,
                    *(f"--{key}={value}" for key, value in options.items())], check=True)  # fmt: skip


class Library:
    """A compiled .dp file in one number type, with its manifest; `dtype` says which
    where it has several."""

    def __init__(self, target, dtype=None):
        self.library = ctypes.CDLL(str(target))
        manifest = json.loads(pathlib.Path(f"{target}.json").read_text())
        self.entries = {entry["entry"]: entry for entry in manifest["entries"] if dtype in (None, entry["dtype"])}

    def prepare(self, name, inputs, sizes=None, lengths=None, threads=1, empty=np.empty):
        """Binds arrays by name; those with one more axis than declared are a batch.
        `empty(shape, dtype)` makes the outputs."""
        entry = self.entries[name]
        symbol = entry["symbol"]
        given = [tensor(converted(inputs[each["name"]], NAMES[each["type"]])) if each["name"] in inputs else None
                 for each in entry["inputs"]]  # fmt: skip
        scalars, limits = ([tensor(np.array(values[s["name"]], dtype="i8")) if values and s["name"] in values else None
                            for s in entry["sizes"]] for values in (sizes, lengths))  # fmt: skip
        call = Call(ctypes.sizeof(Call), 0, len(given), len(entry["outputs"]), len(scalars), threads)
        message = ctypes.create_string_buffer(1024)
        call.error, call.error_bytes = ctypes.addressof(message), len(message)
        keep = [message, make_pointers(given), make_pointers(scalars), make_pointers(limits)]
        _, call.inputs, call.sizes, call.lengths = keep

        def check(code):
            if code:
                raise ValueError(message.value.decode())

        results = {}
        for k, output in enumerate(entry["outputs"]):
            rank, shape = ctypes.c_int32(), (ctypes.c_int64 * 17)()
            check(getattr(self.library, symbol + "_output_shape")(ctypes.byref(call), k, ctypes.byref(rank), shape))
            results[output["name"]] = empty(shape[: rank.value], NAMES[output["type"]])
        keep.append(make_pointers([tensor(array) for array in results.values()]))
        call.outputs = keep[-1]
        workspace = getattr(self.library, symbol + "_workspace")
        workspace.restype = ctypes.c_int64
        call.workspace_bytes = workspace(ctypes.byref(call))
        check(call.workspace_bytes < 0)
        memory = np.empty(call.workspace_bytes + 64, np.uint8)
        call.workspace = memory.ctypes.data
        return Prepared(self.library, symbol, call, results, memory, keep)


class Program(Library):
    """A .dp file, compiled for as long as this lives."""

    def __init__(self, path, **options):
        self.folder = tempfile.TemporaryDirectory()
        compile_library(path, f"{self.folder.name}/library.so", **options)
        super().__init__(f"{self.folder.name}/library.so")
