"""Arrays on a GPU between libraries: reading what has `__dlpack__` or
`__cuda_array_interface__`, and an array that has both.

https://dmlc.github.io/dlpack, and CUDA Array Interface, version 3, in Numba's manual.
"""

import ctypes
import math

import numpy as np

from . import abi, driver
from .arrays import NAMES
from .plans import Array

_CUDA, _MANAGED = 2, 13
_NAME = b"dltensor"
_KINDS = {0: "int", 1: "uint", 2: "float", 4: "bfloat", 5: "complex", 6: "bool"}  # DLDataTypeCode
_TYPE_NAMES = {np.dtype(key).name: name for key, name in NAMES.items()}

_Delete = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class _Managed(ctypes.Structure):
    """DLManagedTensor."""

    _fields_ = [("tensor", abi.Tensor), ("context", ctypes.c_void_p), ("delete", _Delete)]


def _function(name, result, *types):
    function = getattr(ctypes.pythonapi, name)
    # A prototype of our own: others use these functions with other types.
    return ctypes.PYFUNCTYPE(result, *types)(ctypes.cast(function, ctypes.c_void_p).value)


_new_capsule = _function("PyCapsule_New", ctypes.py_object, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p)
_get_pointer = _function("PyCapsule_GetPointer", ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)
# Of a capsule that is about to go, which Python must not count again.
_is_unused = _function("PyCapsule_IsValid", ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p)
_get_unused = _function("PyCapsule_GetPointer", ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p)


class View(Array):
    """An array on a GPU, as a call describes it, and what keeps it there.

    `dtype`: the name of its elements, "float32"; `type_name` is None where no kernel has
    such.
    """

    __slots__ = ("dtype", "keep")

    def __init__(self, pointer, shape, strides, dtype, gpu, keep):
        strides = None if strides is None else tuple(strides)
        super().__init__(pointer, tuple(shape), strides, _TYPE_NAMES.get(dtype), gpu)
        self.dtype, self.keep = dtype, keep


def find_gpu(value):
    """The number of the GPU that an array lies on; None: on none, or nobody says."""
    if isinstance(value, (np.ndarray, int, float, list, tuple)) or value is None:
        return None
    device = getattr(value, "__dlpack_device__", None)
    if device is None:
        described = getattr(value, "__cuda_array_interface__", None)
        return None if described is None else driver.find_gpu(described["data"][0])
    try:
        kind, number = map(int, device())
    except Exception:
        # Asked again where it is read, which tells why.
        return None
    return number if kind in (_CUDA, _MANAGED) else None


def read(value, gpu, stream):
    """The View of an array that lies on this GPU; what comes on `stream` sees what was
    written to it.

    Raises:
        TypeError: neither protocol can say it, or who gives it refuses.
    """
    try:
        return _read_dlpack(value, gpu, stream) if hasattr(value, "__dlpack__") else _read_cuda(value, gpu, stream)
    except RuntimeError:
        raise
    except Exception as reason:
        # Each library refuses with exceptions of its own.
        raise TypeError(f"{type(value).__name__} cannot be read through DLPack or __cuda_array_interface__: "
                        f"{reason}") from None  # fmt: skip


def _read_dlpack(value, gpu, stream):
    # 0 is no stream there.
    capsule = value.__dlpack__(stream=stream or 1)
    tensor = _Managed.from_address(_get_pointer(capsule, _NAME)).tensor
    shape = tensor.shape[: tensor.ndim] if tensor.ndim else ()
    strides = tensor.strides[: tensor.ndim] if tensor.ndim and tensor.strides else None
    kind = _KINDS.get(tensor.code, f"code {tensor.code}, bits ")
    dtype = kind if kind == "bool" else f"{kind}{tensor.bits}" if tensor.lanes == 1 else f"{tensor.lanes} lanes"
    # A capsule that nobody takes over lets go of the array when it goes itself.
    return View((tensor.data or 0) + tensor.byte_offset, shape, strides, dtype, gpu, (value, capsule))


def _read_cuda(value, gpu, stream):
    described = value.__cuda_array_interface__
    if described.get("mask") is not None:
        raise ValueError("it has a mask, and masks are not read")
    dtype = np.dtype(described["typestr"])
    if not dtype.isnative:
        raise ValueError("its elements have another byte order")
    strides = described.get("strides")
    if strides is not None and any(each % dtype.itemsize for each in strides):
        raise ValueError(f"its strides {strides} are no multiples of the {dtype.itemsize} bytes of an element")
    if described.get("stream") is not None:
        driver.wait(gpu, stream, described["stream"])
    strides = None if strides is None else [each // dtype.itemsize for each in strides]
    return View(described["data"][0] or 0, described["shape"], strides, dtype.name, gpu, value)


class DeviceArray:
    """A new array on a GPU, dense, for any library to take: `__dlpack__` and
    `__cuda_array_interface__`.

    Attributes:
        shape, dtype: as NumPy has them.
        memory: a `danskin.driver.Memory`, which others share.
    """

    def __init__(self, memory: driver.Memory, shape, dtype) -> None:
        self.memory, self.shape, self.dtype = memory, tuple(shape), np.dtype(dtype)

    def __repr__(self):
        return f"<danskin array of {self.dtype}, shape {self.shape}, on GPU {self.memory.gpu}>"

    def __dlpack_device__(self):
        return _CUDA, self.memory.gpu

    def get(self) -> np.ndarray:
        """A copy on the CPU; waits for what computes it."""
        copy = np.empty(self.shape, self.dtype)
        if copy.size:
            self.memory.download(copy)
        return copy

    def __dlpack__(self, *, stream=None, max_version=None, dl_device=None, copy=None):
        """A capsule, of DLPack before 1.0. `stream`: what comes there sees the array;
        None: the legacy default stream, -1: nothing waits.

        Raises:
            BufferError: a copy is wanted, or another device.
        """
        if copy or dl_device not in (None, self.__dlpack_device__()):
            raise BufferError("it can be read where it lies alone")
        if stream != -1:
            self.memory.share(stream or 0)
        return _export(self)

    @property
    def __cuda_array_interface__(self):
        # Who reads it waits for the stream; 0 is none there.
        return {"version": 3, "shape": self.shape, "typestr": self.dtype.str, "strides": None,
                "data": (self.memory.pointer if math.prod(self.shape) else 0, False),
                "stream": self.memory.stream or 1}  # fmt: skip


_exported = {}


@_Delete
def _let_go(address):
    _exported.pop(address, None)


@_Delete
def _drop(capsule):
    """Of a capsule that goes: nobody took the array over."""
    if _is_unused(capsule, _NAME):
        _let_go(_get_unused(capsule, _NAME))


def _export(array):
    tensor = abi.make_tensor(array.memory.pointer, array.shape, None, NAMES[array.dtype.str[1:]], array.memory.gpu)
    managed = _Managed(tensor, None, _let_go)
    address = ctypes.addressof(managed)
    _exported[address] = managed, tensor, array
    return _new_capsule(address, _NAME, ctypes.cast(_drop, ctypes.c_void_p))
