"""CUDA's driver, as far as arrays on a GPU need it: what GPUs are, their memory, and
what waits for what. Kernels are launched by libraries (runtime/src/cuda.c).

A stream is a CUstream as an int; 0 and 1 are the legacy default stream, 2 that of
each thread.
"""

import contextlib
import ctypes
import functools

import numpy as np

_MAJOR, _MINOR = 75, 76  # CUdevice_attribute: compute capability
_ORDINAL = 9  # CUpointer_attribute: the number of the GPU
_NO_TIMING = 2  # CUevent_flags
_LEGACY = 1

_int, _pointer, _address, _size = ctypes.c_int, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_size_t
_to = ctypes.POINTER
_FUNCTIONS = {
    "cuInit": [ctypes.c_uint],
    "cuGetErrorString": [_int, _to(ctypes.c_char_p)],
    "cuDeviceGetAttribute": [_to(_int), _int, _int],
    "cuDevicePrimaryCtxRetain": [_to(_pointer), _int],
    "cuCtxPushCurrent_v2": [_pointer],
    "cuCtxPopCurrent_v2": [_to(_pointer)],
    "cuPointerGetAttribute": [_pointer, _int, _address],
    "cuMemAllocAsync": [_to(_address), _size, _pointer],
    "cuMemFreeAsync": [_address, _pointer],
    "cuMemcpyHtoDAsync_v2": [_address, _pointer, _size, _pointer],
    "cuMemcpyDtoHAsync_v2": [_pointer, _address, _size, _pointer],
    "cuStreamSynchronize": [_pointer],
    "cuEventCreate": [_to(_pointer), ctypes.c_uint],
    "cuEventRecord": [_pointer, _pointer],
    "cuStreamWaitEvent": [_pointer, _pointer, ctypes.c_uint],
    "cuEventDestroy_v2": [_pointer],
}


@functools.lru_cache(maxsize=None)
def _open():
    """The driver's library, started.

    Raises:
        RuntimeError: there is none that can be used.
    """
    try:
        library = ctypes.CDLL("libcuda.so.1")
    except OSError as reason:
        raise RuntimeError(f"CUDA's driver cannot be used: {reason}; arrays on a GPU want NVIDIA's driver "
                           "where Python runs") from None  # fmt: skip
    for name, types in _FUNCTIONS.items():
        try:
            getattr(library, name).argtypes = types
        except AttributeError:
            raise RuntimeError(f"libcuda.so.1 has no {name}: it is older than CUDA 12") from None
    _check(library, "start", library.cuInit(0))
    return library


def _check(library, what, code):
    if code:
        text = ctypes.c_char_p()
        library.cuGetErrorString(code, ctypes.byref(text))
        raise RuntimeError(f"CUDA cannot {what}: {(text.value or b'unknown error').decode()} ({code})")


def _call(what, name, *arguments):
    library = _open()
    _check(library, what, getattr(library, name)(*arguments))


@functools.lru_cache(maxsize=None)
def get_target(gpu: int) -> str:
    """What to compile for a GPU, as `dpc --target` has it: "cuda:sm_90".

    Raises:
        RuntimeError: there is no driver, or no such GPU.
    """
    found = []
    for attribute in (_MAJOR, _MINOR):
        value = _int()
        _call(f"ask GPU {gpu}", "cuDeviceGetAttribute", ctypes.byref(value), attribute, gpu)
        found.append(value.value)
    return "cuda:sm_{}{}".format(*found)


@functools.lru_cache(maxsize=None)
def _get_context(gpu):
    """The one that CUDA's runtime and all libraries use of a GPU."""
    context = _pointer()
    _call(f"use GPU {gpu}", "cuDevicePrimaryCtxRetain", ctypes.byref(context), gpu)
    return context


@contextlib.contextmanager
def on(gpu: int):
    """What is called within concerns this GPU."""
    _call(f"use GPU {gpu}", "cuCtxPushCurrent_v2", _get_context(gpu))
    try:
        yield
    finally:
        _open().cuCtxPopCurrent_v2(ctypes.byref(_pointer()))


def find_gpu(pointer: int) -> int:
    """The number of the GPU that memory lies on."""
    number = _int()
    _call("say where an array lies", "cuPointerGetAttribute", ctypes.byref(number), _ORDINAL, pointer)
    return number.value


def same(stream: int, other: int) -> bool:
    """Whether two streams are one."""
    return (stream or _LEGACY) == (other or _LEGACY)


def wait(gpu: int, stream: int, other: int) -> None:
    """What comes on `stream` waits for what has been started on `other`; the CPU does not."""
    if same(stream, other):
        return
    event = _pointer()
    with on(gpu):
        _call("order streams", "cuEventCreate", ctypes.byref(event), _NO_TIMING)
        try:
            _call("order streams", "cuEventRecord", event, other)
            _call("order streams", "cuStreamWaitEvent", stream, event, 0)
        finally:
            # It lives on until the stream has come past.
            _open().cuEventDestroy_v2(event)


def upload(gpu: int, stream: int, pointer: int, array) -> None:
    """Copies a dense array of NumPy to an address of the GPU."""
    # Memory that is not pinned is read before the driver returns; a new array is none.
    array = np.array(array, order="C")
    with on(gpu):
        _call("copy to the GPU", "cuMemcpyHtoDAsync_v2", pointer, array.ctypes.data, array.nbytes, stream)


class Memory:
    """Memory of a GPU, in the order of a stream. It is free again when the stream,
    and those that `share` names, have come past what was started there.

    Attributes:
        gpu, stream: where it lies and whose it is.
        pointer: its address.

    Raises:
        RuntimeError: there is no driver, or not so much memory.
    """

    def __init__(self, gpu: int, stream: int, count: int) -> None:
        self.gpu, self.stream, self.pointer, self._others = gpu, stream, 0, set()
        address = _address()
        with on(gpu):
            # None of 0 bytes is given.
            _call(f"allocate {count} bytes on GPU {gpu}", "cuMemAllocAsync", ctypes.byref(address), max(1, count),
                  stream)  # fmt: skip
        self.pointer = address.value

    def download(self, array) -> None:
        """Copies as much as a dense array of NumPy has into it, and waits for that."""
        with on(self.gpu):
            _call("copy from the GPU", "cuMemcpyDtoHAsync_v2", array.ctypes.data, self.pointer, array.nbytes,
                  self.stream)  # fmt: skip
            _call("wait for the GPU", "cuStreamSynchronize", self.stream)

    def share(self, stream: int) -> None:
        """What comes on `stream` may read and write it."""
        if not same(stream, self.stream):
            wait(self.gpu, stream, self.stream)
            self._others.add(stream)

    def _free(self):
        for each in self._others:
            wait(self.gpu, self.stream, each)
        with on(self.gpu):
            _open().cuMemFreeAsync(self.pointer, self.stream)

    def __del__(self):
        if self.pointer:
            # Where the process ends the driver may be gone, and all memory with it.
            with contextlib.suppress(RuntimeError):
                self._free()
