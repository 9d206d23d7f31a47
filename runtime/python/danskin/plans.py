"""Prepared calls. Describing arrays costs more than many kernels, so a call's
descriptors are kept by the layout of its arrays, and only pointers are set anew.
"""

import collections
import ctypes
import threading

import numpy as np

from . import abi
from .errors import fault

# Layouts of one entry that are remembered, and equal ones in use at a time.
_LAYOUTS, _SPARE = 256, 64
# Up to here a thread keeps its workspace, beyond it each call gets its own.
_KEPT_BYTES = 16 << 20
_MESSAGE_BYTES = 1024

_threads = 0


def set_num_threads(count: int) -> None:
    """Runs batches on at most `count` threads; 0: one a processor. JAX has the number
    of when a call was traced, PyTorch one of its own, torch.set_num_threads. Results
    do not depend on it.

    Raises:
        ValueError: `count` is negative.
    """
    global _threads
    if count < 0:
        raise ValueError(f"there cannot be {count} threads")
    _threads = int(count)


def get_num_threads() -> int:
    """What set_num_threads said; 0 at first."""
    return _threads


class _Scratch(threading.local):
    """Workspace of a thread; contents are lost between calls."""

    address, capacity, memory = 0, 0, None

    def grow(self, count):
        self.memory = np.empty(max(count, 2 * self.capacity), np.uint8)
        self.address, self.capacity = self.memory.ctypes.data, self.memory.nbytes
        return self.address


_scratch = _Scratch()


class Array:
    """An array of a call: its address, shape, strides in elements and type, and
    the number of the GPU it lies on, None for the CPU."""

    __slots__ = ("pointer", "shape", "strides", "type_name", "gpu")

    def __init__(self, pointer, shape, strides, type_name, gpu=None):
        self.pointer, self.shape, self.strides, self.type_name = pointer, shape, strides, type_name
        self.gpu = gpu


class Plan:
    """A call of an entry for arrays of one layout.

    `run(pointers)` wants the addresses of what is given, in order: inputs,
    lengths, outputs. Attributes: `shapes` of the outputs, and their `types`; `models` is a place
    for what a host makes outputs from.
    """

    __slots__ = ("entry", "call", "reference", "message", "slots", "shapes", "types", "workspace_bytes", "models",
                 "_keep")  # fmt: skip

    def __init__(self, entry, inputs, sizes, lengths, threads, gpu=None):
        """`inputs`: an Array each, or None. `sizes`: an int each, or None.
        `lengths`: an Array each, or None. `gpu`: where outputs will be.

        Raises:
            ValueError, TypeError: the runtime's word on shapes and types.
        """
        self.entry = entry
        self.message = ctypes.create_string_buffer(_MESSAGE_BYTES)
        call = self.call = abi.Call(ctypes.sizeof(abi.Call), 0, len(inputs), len(entry.outputs), len(sizes), threads)
        call.error, call.error_bytes = ctypes.addressof(self.message), _MESSAGE_BYTES
        self.reference = ctypes.byref(call)
        given = [_describe(each) for each in inputs]
        limits = [_describe(each) for each in lengths]
        numbers = [None if size is None else _Number(size) for size in sizes]
        self._keep = [numbers, abi.make_pointers(given), abi.make_pointers(limits),
                      abi.make_pointers([number and number.tensor for number in numbers])]  # fmt: skip
        _, call.inputs, call.lengths, call.sizes = self._keep
        self.shapes = [self._get_shape(k) for k in range(len(entry.outputs))]
        self.types = [each["type"] for each in entry.outputs]
        results = [abi.make_tensor(0, shape, None, name, gpu) for shape, name in zip(self.shapes, self.types)]
        self._keep.append(abi.make_pointers(results))
        call.outputs = self._keep[-1]
        self.slots = [each for each in (*given, *limits, *results) if each is not None]
        self.workspace_bytes = self._get_workspace()

    def _check(self, code):
        if code:
            raise fault(self.entry.program, code, self.message.value.decode(errors="replace"))

    def _get_shape(self, output):
        rank, shape = ctypes.c_int32(), (ctypes.c_int64 * abi.MAX_RANK)()
        self._check(self.entry.output_shape(self.reference, output, ctypes.byref(rank), shape))
        return tuple(shape[: rank.value])

    def _get_workspace(self):
        count = self.entry.workspace(self.reference)
        self._check(-min(count, 0))
        return count

    def run(self, pointers, threads):
        """Makes the call. Raises what the runtime says of the arrays' contents."""
        for slot, pointer in zip(self.slots, pointers):
            slot.data = pointer
        call, count = self.call, self.workspace_bytes
        if call.max_threads != threads:
            call.max_threads = threads
            count = self.workspace_bytes = self._get_workspace()
        if count <= _scratch.capacity:
            call.workspace, call.workspace_bytes = _scratch.address, count
            code = self.entry.function(self.reference)
        else:
            code = self._run_with_own(count)
        if code == abi.ERROR_WORKSPACE:
            # The processors this thread may use have changed.
            count = self.workspace_bytes = self._get_workspace()
            code = self._run_with_own(count)
        if code:
            self._check(code)

    def run_on(self, stream, pointers, workspace):
        """The same on a GPU: starts the work on a stream. `workspace` is an address
        of `workspace_bytes` there."""
        for slot, pointer in zip(self.slots, pointers):
            slot.data = pointer
        call = self.call
        call.workspace, call.workspace_bytes, call.stream = workspace, self.workspace_bytes, stream
        self._check(self.entry.function(self.reference))

    def _run_with_own(self, count):
        call = self.call
        if count <= _KEPT_BYTES:
            call.workspace, call.workspace_bytes = _scratch.grow(count), count
            return self.entry.function(self.reference)
        memory = np.empty(count, np.uint8)
        call.workspace, call.workspace_bytes = memory.ctypes.data, count
        return self.entry.function(self.reference)


def _describe(array):
    if array is None:
        return None
    return abi.make_tensor(array.pointer, array.shape, array.strides, array.type_name, array.gpu)


class _Number:
    """A size as the runtime wants it."""

    def __init__(self, value):
        self.value = ctypes.c_int64(value)
        self.tensor = abi.make_tensor(ctypes.addressof(self.value), (), (), "i64")


class PlanCache:
    """Plans of an entry by layout. A plan belongs to one call at a time: threads
    take it and give it back."""

    def __init__(self, entry):
        self.entry = entry
        self._spare = collections.OrderedDict()

    def take(self, key):
        """A plan for the layout `key`, or None."""
        try:
            return self._spare[key].pop()
        except (KeyError, IndexError):
            return None

    def give(self, key, plan):
        """Keeps a plan for the next call."""
        spare = self._spare.get(key)
        if spare is None:
            while len(self._spare) >= _LAYOUTS:
                try:
                    self._spare.popitem(last=False)
                except KeyError:
                    break
            spare = self._spare.setdefault(key, [])
        if len(spare) < _SPARE:
            spare.append(plan)
