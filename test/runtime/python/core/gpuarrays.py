"""Libraries of arrays on a GPU that are none: their memory is the CPU's."""

import contextlib
import ctypes
import types

import numpy as np

from danskin import abi

_api = ctypes.pythonapi
_get_pointer = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(("PyCapsule_GetPointer", _api))
_set_name = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.py_object, ctypes.c_char_p)(("PyCapsule_SetName", _api))


class _Managed(ctypes.Structure):
    _fields_ = [("tensor", abi.Tensor), ("context", ctypes.c_void_p),
                ("delete", ctypes.CFUNCTYPE(None, ctypes.c_void_p))]  # fmt: skip


def _open(capsule):
    return _Managed.from_address(_get_pointer(capsule, b"dltensor"))


class Array:
    """Of a library with DLPack: `ringo`, whose stream is 9.

    `asked`: the streams that others wanted to read it on.
    """

    __module__ = "ringo"

    def __init__(self, array, gpu=0):
        self.array, self.gpu, self.asked = array, gpu, []

    def __dlpack_device__(self):
        return 2, self.gpu

    def __dlpack__(self, *, stream):
        self.asked.append(stream)
        capsule = self.array.__dlpack__()
        tensor = _open(capsule).tensor
        tensor.device_type, tensor.device_id = 2, self.gpu
        return capsule


def _take_over(given, stream):
    """(an array of NumPy over what DLPack says, the GPU)"""
    kind, gpu = given.__dlpack_device__()
    assert kind == 2
    capsule = given.__dlpack__(stream=stream)
    managed = _open(capsule)
    _set_name(capsule, b"used_dltensor")
    tensor = managed.tensor
    assert (tensor.device_type, tensor.device_id, tensor.lanes) == (2, gpu, 1) and not tensor.strides
    shape = tensor.shape[: tensor.ndim] if tensor.ndim else ()
    dtype = np.dtype(f"{'f' if tensor.code else 'i'}{tensor.bits // 8}")
    memory = (ctypes.c_char * (int(np.prod(shape)) * dtype.itemsize)).from_address(tensor.data)

    class View(np.ndarray):
        def __del__(self):
            if self.base is not None and not isinstance(self.base, np.ndarray):
                managed.delete(ctypes.addressof(managed))

    return np.ndarray.__new__(View, shape, dtype, memory), gpu


def to_ringo(given):
    return Array(*_take_over(given, 9))


ringo = types.ModuleType("ringo")
ringo.from_dlpack = to_ringo


class Older:
    """Of a library that has __cuda_array_interface__ alone, as Numba's."""

    def __init__(self, array, stream=None, **further):
        self.array = array
        self.__cuda_array_interface__ = {
            "version": 3, "shape": array.shape, "typestr": array.dtype.str, "data": (array.ctypes.data, False),
            "strides": array.strides, "stream": stream, **further}  # fmt: skip


class Stream:
    """Of CuPy: `with` makes it the current one."""

    current = None

    def __init__(self, ptr, device_id=-1):
        self.ptr, self.device_id, self.before = ptr, device_id, []

    @classmethod
    def from_external(cls, stream):
        version, ptr = stream.__cuda_stream__()
        assert version == 0
        return cls(ptr)

    def __enter__(self):
        assert self.device_id in (-1, Device.current), "CuPy refuses streams of another GPU"
        self.before.append(Stream.current)
        Stream.current = self

    def __exit__(self, *_):
        Stream.current = self.before.pop()


Stream.current = Stream(0)


class Device:
    """Of CuPy."""

    current = 0

    def __init__(self, number):
        self.number = number

    def __enter__(self):
        self.before, Device.current = Device.current, self.number

    def __exit__(self, *_):
        Device.current = self.before


class MemoryPointer:
    """Of CuPy's pool; `log` has (bytes, GPU, stream) of each."""

    log = []

    def __init__(self, count):
        self.memory, self.device_id = np.full(count, 0xFF, np.uint8), Device.current
        self.ptr = self.memory.ctypes.data
        self.log.append((count, Device.current, Stream.current.ptr))


class ndarray(Array):  # noqa: N801  as CuPy has it
    """Of CuPy."""

    __module__ = "cupy"

    def __init__(self, shape, dtype, memptr):
        count = int(np.prod(shape)) * np.dtype(dtype).itemsize
        super().__init__(memptr.memory[:count].view(dtype).reshape(shape), memptr.device_id)
        self.memptr = memptr

    def astype(self, dtype):
        return asarray(self.array.astype(dtype), self.gpu)


def asarray(array, gpu=0):
    made = ndarray.__new__(ndarray)
    Array.__init__(made, array, gpu)
    return made


cupy = types.ModuleType("cupy")
cupy.ndarray = ndarray
cupy.cuda = types.SimpleNamespace(alloc=MemoryPointer, Device=Device, Stream=Stream,
                                  get_current_stream=lambda: Stream.current)  # fmt: skip


@contextlib.contextmanager
def current_stream(ptr):
    """CuPy's within."""
    with Stream(ptr):
        yield
