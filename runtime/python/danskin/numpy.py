"""NumPy as a host: `Program.numpy`.

Arrays are taken where they are, with any strides, also negative ones or 0, read
only or without elements; what has `__dlpack__` is read through it. Copied are
arrays whose elements lie at odd addresses, have another byte order or another
type than the kernel. What lies on a GPU is `gpu`'s part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from . import gpu
from .arrays import DTYPES, Weak, convert, convert_length, describe, take
from .host import Host, refuse_mask
from .plans import Plan, get_num_threads

if TYPE_CHECKING:
    from .program import Program

# Of the CPU without a question.
_PLAIN = frozenset({np.ndarray, float, int})


class NumpyHost(Host):
    """Calls with NumPy arrays, and with what has `__dlpack__`.

    Arrays of float64 (and ints and lists) are computed in float64, arrays of
    float32 and float16 in float32; plain numbers follow the arrays. Results are new
    arrays of that type, a path of int64.

    Arrays on an NVIDIA GPU, CuPy's and what else has `__dlpack__` or
    `__cuda_array_interface__`, are computed there, all on one; the program is compiled for
    it at the first call. Lengths, and gamma and inputs of rank 0, may lie on the CPU.
    Kernels run on CuPy's current stream, for other libraries on the default stream, or on
    that which any call takes as `stream=`: one of CuPy or PyTorch, what has
    `__cuda_stream__`, or the address of a CUstream. Nothing waits for them, and wrong
    lengths or ints are not raised: the instance's results are NaN. Results are CuPy's, or
    what the `from_dlpack` of the arrays' library makes of them; where it has none, a
    `danskin.dlpack.DeviceArray`. On another stream than their library's, arrays must
    live until it has come past.

    Shapes: an input as declared, [N, K] say, or [B, N, K] of a batch of B; its
    gradient, its direction and its Hessian-product are like it. An output without
    indices is [], or [B]. `gamma` and each of `lengths` are [] or [B].

    Units: `gamma` is in units of the scores: where all are twice as large, twice the
    gamma gives the same weights. `lengths` count what their size counts.

    Raises:
        TypeError: an argument is missing, of a type that is not taken, or cannot be
            read through DLPack: another byte order or type, a tensor that requires
            a gradient, memory of neither the CPU nor NVIDIA's GPUs.
        ValueError: shapes contradict each other, or a value is out of its range;
            the message names the array, the axis and both sizes. Arrays lie on
            several devices.
        RuntimeError: there is no memory for the workspace, or no driver of CUDA.
    """

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        # What says nothing of the type to compute in.
        self._no_floats = {"gamma"}
        self._no_floats.update(name for each in program.description.inputs if each.element != "float"
                               for name in each.abi_names)  # fmt: skip

    def _bind(self, inputs, named_inputs, gamma, lengths):
        stream = named_inputs.pop("stream", None)
        bound = super()._bind(inputs, named_inputs, gamma, lengths)
        bound.stream = stream
        return bound

    def _compute(self, query, bound, wanted, wrt=(), cotangents={}, directions={}):  # noqa: B006  never changed
        values = {f"ct.{name}": each for name, each in cotangents.items()}
        values.update((f"dir.{name}", each) for name, each in directions.items())
        for name, value in values.items():
            refuse_mask(self.program, name, value)
        values.update(bound.inputs)
        values["gamma"] = bound.gamma
        lengths = bound.lengths
        if not (_PLAIN.issuperset(map(type, values.values())) and _PLAIN.issuperset(map(type, lengths.values()))):
            first = gpu.find_first(values, lengths)
            if first:
                return gpu.compute(self.program, self._no_floats, query, wrt, first, values, bound)
        arrays = {name: take(name, value) for name, value in values.items()}
        dtype = self._choose_type(arrays)
        entry = self.program.entry(query, dtype, wrt or None)
        inputs = [convert(each, arrays.get(each["name"])) for each in entry.inputs]
        lengths = [convert_length(name, lengths.get(name)) for name in entry.size_names]
        sizes = [bound.sizes.get(name) for name in entry.size_names]
        key = tuple(None if each is None else (each.shape, each.strides, each.dtype.num)
                    for each in (*inputs, *lengths))  # fmt: skip
        key = (key, *sizes)
        plan = entry.plans.take(key)
        if plan is None:
            plan = Plan(entry, [describe(each) for each in inputs], sizes, [describe(each) for each in lengths],
                        get_num_threads())  # fmt: skip
        results = [np.empty(shape, DTYPES[name]) for shape, name in zip(plan.shapes, plan.types)]
        pointers = [each.ctypes.data for each in (*inputs, *lengths, *results) if each is not None]
        try:
            plan.run(pointers, get_num_threads())
        finally:
            entry.plans.give(key, plan)
        return dict(zip(entry.output_names, results))

    def _choose_type(self, arrays):
        """f32 if every float array is of at most single precision; else f64."""
        floats = [each for name, each in arrays.items() if name not in self._no_floats and not isinstance(each, Weak)]
        singles = bool(floats) and all(each.dtype.kind == "f" and each.dtype.itemsize <= 4 for each in floats)
        return "f32" if singles else "f64"

