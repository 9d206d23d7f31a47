"""CUDA's driver without a GPU, in this process: stubcuda.c, which the loader takes
for libcuda.so.1. Whoever looks for a driver after `load` finds it."""

import ctypes
import dataclasses
import functools
import pathlib
import subprocess
import tempfile

import numpy as np

_SOURCE = pathlib.Path(__file__).with_name("stubcuda.c")
_LAUNCH = ctypes.CFUNCTYPE(None, ctypes.c_char_p, ctypes.c_int, ctypes.c_int64, ctypes.c_uint, ctypes.c_uint,
                           ctypes.POINTER(ctypes.c_int64))  # fmt: skip
_DTYPES = {"f32": np.dtype("f4"), "f64": np.dtype("f8"), "i64": np.dtype("i8")}


@dataclasses.dataclass
class Array:
    """What a kernel is told of an input or output: of all instances, shape and strides
    with the batch in front. `value`: the bytes of what every element is, or None."""

    data: int
    shape: tuple
    strides: tuple
    value: int = None

    def view(self, type_name):
        """Its elements, where they lie."""
        dtype, count = _DTYPES[type_name], int(np.prod(self.shape))
        if self.value is not None:
            return np.array([self.value], "i8").view(dtype)[:1].reshape(())
        reach = 1 + sum((extent - 1) * stride for extent, stride in zip(self.shape, self.strides)) if count else 0
        flat = np.ctypeslib.as_array((ctypes.c_char * (reach * dtype.itemsize)).from_address(self.data)).view(dtype)
        return np.lib.stride_tricks.as_strided(flat, self.shape, [each * dtype.itemsize for each in self.strides])


@dataclasses.dataclass
class Launch:
    """A kernel that was started, and its argument while it runs (dp/abi.h has its words)."""

    kernel: str
    device: int
    stream: int
    words: object

    def read(self, entry):
        """(inputs, outputs, [(padded size, address of lengths)]): {name: Array}; `entry` is the manifest's."""
        words = iter(range(1 << 20))

        def take(count):
            return [self.words[next(words)] for _ in range(count)]

        batch = take(7)[0]
        sizes = [tuple(take(4)[:2]) for _ in entry["sizes"]]
        inputs, outputs = {}, {}
        for each in entry["inputs"]:
            rank = len(each["shape"])
            data, _, is_value, value, _, narrow, step = take(7)
            _, shape, strides = take(rank), take(rank), take(rank)
            data = narrow or data
            inputs[each["name"]] = Array(data, (batch, *shape), (step, *strides), value if is_value else None)
        for each in entry["outputs"]:
            rank = len(each["shape"])
            data, step, _ = take(3)
            strides, shape, _ = take(rank), take(rank), take(rank)
            outputs[each["name"]] = Array(data, (batch, *shape), (step, *strides))
        return inputs, outputs, sizes


class Stub:
    """The driver that is loaded.

    Attributes:
        launches: a Launch each, without its words.
        on_launch: what is called with each Launch while it has words, or None.
    """

    def __init__(self, path):
        self.library = ctypes.CDLL(path)
        self.library.stub_log.restype = ctypes.c_char_p
        self.launches, self.on_launch, self._faults = [], None, []
        self._keep = _LAUNCH(self._launch)
        ctypes.c_void_p.in_dll(self.library, "stub_launch").value = ctypes.cast(self._keep, ctypes.c_void_p).value

    def _launch(self, kernel, device, stream, blocks, threads, words):
        launch = Launch(kernel.decode(), device, stream, words)
        try:
            if self.on_launch:
                self.on_launch(launch)
        except BaseException as fault:
            # It cannot pass through the library.
            self._faults.append(fault)
        launch.words = None
        self.launches.append(launch)

    def log(self):
        """The lines since the last time."""
        return self.library.stub_log().decode().splitlines()

    def reset(self):
        """Forgets everything. Raises what `on_launch` raised."""
        self.launches, self.on_launch = [], None
        self.log()
        self.fail_next(0)
        self.place(0)
        faults, self._faults = self._faults, []
        if faults:
            raise faults[0]

    def fail_next(self, code):
        """The next allocation or launch fails with CUDA's code."""
        ctypes.c_int.in_dll(self.library, "stub_fails").value = code

    def place(self, device):
        """All memory lies on this GPU, for who asks the driver."""
        ctypes.c_int.in_dll(self.library, "stub_pointer_device").value = device


@functools.lru_cache(maxsize=None)
def load():
    """The Stub of this process."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/libcuda.so.1"
        subprocess.run(["cc", "-std=gnu11", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC",
                        "-Wl,-soname,libcuda.so.1", _SOURCE, "-o", path], check=True)  # fmt: skip
        return Stub(path)
