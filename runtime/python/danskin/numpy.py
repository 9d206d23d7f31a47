"""NumPy as a host: `Program.numpy`.

Arrays are taken where they are, with any strides, also negative ones or 0, read
only or without elements; what has `__dlpack__` is read through it. Copied are
arrays whose elements lie at odd addresses, have another byte order or another
type than the kernel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .host import Host, refuse_mask
from .plans import Array, Plan, get_num_threads

if TYPE_CHECKING:
    from .program import Program

_NAMES = {"f4": "f32", "f8": "f64", "i4": "i32", "i8": "i64"}
_DTYPES = {"f32": np.dtype("f4"), "f64": np.dtype("f8"), "i64": np.dtype("i8")}


class NumpyHost(Host):
    """Calls with NumPy arrays, and with what has `__dlpack__`.

    Arrays of float64 (and ints and lists) are computed in float64, arrays of
    float32 and float16 in float32; plain numbers follow the arrays. Results are new
    arrays of that type, a path of int64.

    Shapes: an input as declared, [N, K] say, or [B, N, K] of a batch of B; its
    gradient, its direction and its Hessian-product are like it. An output without
    indices is [], or [B]. `gamma` and each of `lengths` are [] or [B].

    Units: `gamma` is in units of the scores: where all are twice as large, twice the
    gamma gives the same weights. `lengths` count what their size counts.

    Raises:
        TypeError: an argument is missing, of a type that is not taken, or cannot be
            read through DLPack: another byte order or type, a tensor that requires
            a gradient, memory that is not the CPU's.
        ValueError: shapes contradict each other, or a value is out of its range;
            the message names the array, the axis and both sizes.
        RuntimeError: there is no memory for the workspace.
    """

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self._ints = {name for each in program.description.inputs if each.element != "float"
                      for name in each.abi_names}  # fmt: skip

    def _compute(self, query, bound, wanted, wrt=(), cotangents={}, directions={}):  # noqa: B006  never changed
        further = {f"ct.{name}": each for name, each in cotangents.items()}
        further.update((f"dir.{name}", each) for name, each in directions.items())
        for name, value in further.items():
            refuse_mask(self.program, name, value)
        arrays = {name: _take(name, value) for name, value in (*bound.inputs.items(), *further.items())}
        dtype = self._choose_type(arrays)
        arrays["gamma"] = _take("gamma", bound.gamma)
        entry = self.program.entry(query, dtype, wrt or None)
        inputs = [_convert(each, arrays.get(each["name"])) for each in entry.inputs]
        lengths = [_convert_length(name, bound.lengths.get(name)) for name in entry.size_names]
        sizes = [bound.sizes.get(name) for name in entry.size_names]
        key = tuple(None if each is None else (each.shape, each.strides, each.dtype.num)
                    for each in (*inputs, *lengths))  # fmt: skip
        key = (key, *sizes)
        plan = entry.plans.take(key)
        if plan is None:
            plan = Plan(entry, [_describe(each) for each in inputs], sizes, [_describe(each) for each in lengths],
                        get_num_threads())  # fmt: skip
        results = [np.empty(shape, _DTYPES[name]) for shape, name in zip(plan.shapes, plan.types)]
        pointers = [each.ctypes.data for each in (*inputs, *lengths, *results) if each is not None]
        try:
            plan.run(pointers, get_num_threads())
        finally:
            entry.plans.give(key, plan)
        return dict(zip(entry.output_names, results))

    def _choose_type(self, arrays):
        """f32 if every float array is of at most single precision; else f64."""
        floats = [each for name, each in arrays.items() if name not in self._ints and not isinstance(each, _Weak)]
        singles = bool(floats) and all(each.dtype.kind == "f" and each.dtype.itemsize <= 4 for each in floats)
        return "f32" if singles else "f64"


class _Weak(np.ndarray):
    """A plain number, whose type follows the arrays."""


def _take(name, value, what="input"):
    """What was given, as an array.

    Raises:
        TypeError: DLPack cannot say it, or who gives it refuses.
        ValueError: a list of lists is no array.
    """
    if isinstance(value, np.ndarray):
        return value
    if isinstance(value, (bool, int, float)):
        return np.asarray(value).view(_Weak)
    if hasattr(value, "__dlpack__"):
        try:
            return np.from_dlpack(value)
        except Exception as reason:
            # Each library refuses with exceptions of its own.
            raise TypeError(f"{what} `{name}`: {type(value).__name__} cannot be read through DLPack: "
                            f"{reason}") from None  # fmt: skip
    try:
        return np.asarray(value)
    except ValueError as reason:
        raise ValueError(f"{what} `{name}`: {reason}") from None


def _convert(declared, array):
    """An array that the runtime takes for this input, itself where that can be."""
    if array is None:
        return None
    name, wanted = declared["name"], _DTYPES[declared["type"]]
    kinds = "iu" if wanted.kind == "i" else "fiub"
    if array.dtype.kind not in kinds:
        takes = "ints" if wanted.kind == "i" else "floats"
        raise TypeError(f"input `{name}`: has elements of {array.dtype}, but takes {takes}")
    if wanted.kind == "i" and array.dtype == np.dtype("i4"):
        wanted = array.dtype
    if wanted.kind == "i" and array.dtype == np.dtype("u8") and array.size and array.max() > np.iinfo("i8").max:
        raise ValueError(f"input `{name}`: {array.max()} exceeds 2^63 - 1")
    return _lay_out(array.astype(wanted, copy=False))


def _lay_out(array):
    """The array, copied if its elements lie at odd addresses."""
    aligned = array.flags.aligned and all(s % array.itemsize == 0 for s in array.strides)
    return array if aligned and array.dtype.isnative else np.array(array, array.dtype.newbyteorder("="), order="C")


def _convert_length(name, value):
    if value is None:
        return None
    array = _take(name, value, "lengths of")
    if array.dtype.kind not in "iu":
        raise TypeError(f"lengths of `{name}` must be ints, not {array.dtype}")
    return _lay_out(array if array.dtype == np.dtype("i4") else array.astype("i8", copy=False))


def _describe(array):
    if array is None:
        return None
    strides = tuple(s // array.itemsize for s in array.strides)
    return Array(array.ctypes.data, array.shape, strides, _NAMES[array.dtype.str[1:]])
