"""Calls with arrays that lie on an NVIDIA GPU, of any library: `Program.numpy`'s part.

Results are arrays of the library of the first of them. CuPy's memory comes from
CuPy's pool, and work is started on CuPy's current stream; memory for others comes
from the driver, and goes over to them through DLPack.
"""

import contextlib
import math
import sys

import numpy as np

from . import driver
from .arrays import DTYPES, convert, convert_length, take
from .dlpack import DeviceArray, View, find_gpu, read
from .plans import Plan

_HALVES = ("float32", "float16", "bfloat16")
_INTS, _FLOATS = ("int", "uint"), ("int", "uint", "float", "bfloat", "bool")


def find_first(inputs, lengths):
    """(what messages call it, array, number of its GPU) of the first value of two dicts
    that lies on a GPU; None: none does."""
    for what, values in (("input", inputs), ("lengths of", lengths)):
        for name, value in values.items():
            gpu = find_gpu(value)
            if gpu is not None:
                return f"{what} `{name}`", value, gpu
    return None


def compute(program, no_floats, query, wrt, first, values, bound):
    """{name: array} of all outputs of an entry; what computes them has been started.

    Args:
        no_floats: the names of those whose elements say nothing of the type to compute in.
        first: what `find_first` said.
        values: {name: value} of inputs, gamma, cotangents and directions.
        bound: the `danskin.arguments.Bound` of the call, for all else.

    Raises:
        TypeError: elements of another type, which the array's library must convert.
        ValueError: shapes contradict each other, or arrays lie on several devices.
        RuntimeError: there is no driver, or no memory.
    """
    call = _Call(*first, bound.stream)
    views = {name: call.look(f"input `{name}`", name, value) for name, value in values.items()}
    floats = [each for name, each in views.items() if each.gpu is not None and name not in no_floats]
    singles = bool(floats) and all(each.dtype in _HALVES for each in floats)
    entry = program.entry(query, "f32" if singles else "f64", wrt or None, driver.get_target(call.gpu))
    given = [call.convert(each, values[each["name"]], views[each["name"]]) if each["name"] in views else None
             for each in entry.inputs]  # fmt: skip
    lengths = [call.convert_length(name, bound.lengths.get(name)) for name in entry.size_names]
    return call.run(entry, given, [bound.sizes.get(name) for name in entry.size_names], lengths)


class _Call:
    """A call on the GPU of its first array."""

    def __init__(self, first, like, gpu, stream):
        self.first, self.gpu = first, gpu
        kind = _Cupy if type(like).__module__.partition(".")[0] == "cupy" else _Others
        self.place = kind(like, gpu, None if stream is None else _to_stream(stream))

    def look(self, what, name, value):
        """The View of a value, which may be a number of the CPU."""
        gpu = find_gpu(value)
        if gpu == self.gpu:
            return self._read(what, value)
        if gpu is not None:
            raise ValueError(f"{what} lies on GPU {gpu}, but {self.first} on GPU {self.gpu}: copy one to where the "
                             "other is")  # fmt: skip
        array = take(name, value)
        if array.ndim:
            raise ValueError(f"{what} lies on the CPU, but {self.first} on GPU {self.gpu}: copy one to where the "
                             "other is, with cupy.asarray or cupy.asnumpy say")  # fmt: skip
        return _of_cpu(array)

    def _read(self, what, value):
        try:
            return read(value, self.gpu, self.place.stream)
        except TypeError as reason:
            raise TypeError(f"{what}: {reason}") from None

    def convert(self, declared, value, view):
        """The View in the elements that an input declares."""
        if view.gpu is None:
            return _of_cpu(convert(declared, view.keep))
        return self._fit(f"input `{declared['name']}`", value, view, DTYPES[declared["type"]])

    def convert_length(self, name, value):
        """The View of what instances use of a size; what the CPU has is copied."""
        if value is None:
            return None
        what = f"lengths of `{name}`"
        if find_gpu(value) is not None:
            view = self.look(what, name, value)
            return view if view.dtype == "int32" else self._fit(what, value, view, DTYPES["i64"])
        array = convert_length(name, value)
        memory, pointer = self.place.allocate(array.nbytes)
        driver.upload(self.gpu, self.place.stream, pointer, array)
        return View(pointer, array.shape, None, array.dtype.name, self.gpu, memory)

    def _fit(self, what, value, view, wanted):
        if view.dtype == wanted.name:
            return view
        if not view.dtype.startswith(_INTS if wanted.kind == "i" else _FLOATS):
            takes = "ints" if wanted.kind == "i" else "floats"
            raise TypeError(f"{what}: has elements of {view.dtype}, but takes {takes}")
        return self._read(what, self.place.convert(what, value, view.dtype, wanted.name))

    def run(self, entry, inputs, sizes, lengths):
        """{name: array} of the outputs."""
        given = [each for each in (*inputs, *lengths) if each is not None]
        key = (self.gpu, *sizes, *(each and (each.shape, each.strides, each.type_name, each.gpu)
                                   for each in (*inputs, *lengths)))  # fmt: skip
        plan = entry.plans.take(key) or Plan(entry, inputs, sizes, lengths, 0, self.gpu)
        try:
            dtypes = [DTYPES[name] for name in plan.types]
            results = [self.place.allocate(math.prod(shape) * dtype.itemsize)
                       for shape, dtype in zip(plan.shapes, dtypes)]  # fmt: skip
            workspace, address = self.place.allocate(plan.workspace_bytes)
            pointers = [*(each.pointer for each in given), *(pointer for _, pointer in results)]
            plan.run_on(self.place.stream, pointers, address)
            made = [self.place.wrap(memory, shape, dtype)
                    for (memory, _), shape, dtype in zip(results, plan.shapes, dtypes)]  # fmt: skip
        finally:
            entry.plans.give(key, plan)
        return dict(zip(entry.output_names, made))


def _of_cpu(array):
    return View(array.ctypes.data, array.shape, (), array.dtype.name, None, array)


class _Stream:
    """An address, as CUDA's protocol of streams wants it."""

    def __init__(self, address):
        self.address = address

    def __cuda_stream__(self):
        return 0, self.address


class _Cupy:
    """CuPy's memory, from its pool, and its current stream or another."""

    def __init__(self, like, gpu, stream):
        self.cupy, self.gpu = sys.modules["cupy"], gpu
        with self.cupy.cuda.Device(gpu):
            self.chosen = self.cupy.cuda.get_current_stream()
        if stream is not None:
            # CuPy has the first since version 14, where it deprecates the second.
            make = getattr(self.cupy.cuda.Stream, "from_external", None)
            self.chosen = make(_Stream(stream)) if make else self.cupy.cuda.ExternalStream(stream, gpu)
        self.stream = self.chosen.ptr

    @contextlib.contextmanager
    def _active(self):
        """What CuPy does and gives within is in the order of the stream."""
        with self.cupy.cuda.Device(self.gpu), self.chosen:
            yield

    def allocate(self, count):
        """(memory, its address)."""
        with self._active():
            # None of 0 bytes is given.
            memory = self.cupy.cuda.alloc(max(1, count))
        return memory, memory.ptr

    def wrap(self, memory, shape, dtype):
        """An array of that memory."""
        return self.cupy.ndarray(shape, dtype, memory)

    def convert(self, what, value, dtype, wanted):
        """A copy with other elements."""
        with self._active():
            return value.astype(wanted)


class _Others:
    """The driver's memory, and arrays that the library of `like` makes of it."""

    def __init__(self, like, gpu, stream):
        self.gpu, self.stream = gpu, stream or 0
        namespace = getattr(like, "__array_namespace__", None)
        module = namespace() if namespace else sys.modules.get(type(like).__module__.partition(".")[0])
        self.from_dlpack = getattr(module, "from_dlpack", None)

    def allocate(self, count):
        memory = driver.Memory(self.gpu, self.stream, count)
        return memory, memory.pointer

    def wrap(self, memory, shape, dtype):
        array = DeviceArray(memory, shape, dtype)
        return self.from_dlpack(array) if self.from_dlpack else array

    def convert(self, what, value, dtype, wanted):
        # Who converts it may give the copy's memory out again before a kernel has read it.
        raise TypeError(f"{what}: has elements of {dtype}, but the kernel takes {wanted}: convert it before the call")


def _to_stream(stream):
    """The address of a CUstream, from what libraries have for one.

    Raises:
        TypeError: it is no stream.
    """
    protocol = getattr(stream, "__cuda_stream__", None)
    if protocol is not None:
        return int(protocol()[1])
    address = getattr(stream, "ptr", getattr(stream, "cuda_stream", stream))
    if isinstance(address, (int, np.integer)) and not isinstance(address, bool) and address >= 0:
        return int(address)
    raise TypeError("stream must be one of CuPy or PyTorch, what has `__cuda_stream__`, or the address of a CUstream, "
                    f"not {stream!r}")  # fmt: skip
