#!/usr/bin/env python3
"""Makes calls of entries through the C interface (runtime/include/dp/call.h)
and prints the bytes of workspace that each asks for. Needs no package, so
that it starts fast under an instrument.

usage: calls.py PLAN.json

The plan is a list of calls {library, symbol, sizes: [n], inputs: [{type, shape,
data}], outputs: [type]}; data may be null: numbers that repeat.
"""

import array
import ctypes
import json
import math
import sys

CODES = {"f64": ("d", 2), "f32": ("f", 2), "i64": ("q", 0)}


class Tensor(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("device_type", ctypes.c_int32), ("device_id", ctypes.c_int32),
                ("ndim", ctypes.c_int32), ("code", ctypes.c_uint8), ("bits", ctypes.c_uint8),
                ("lanes", ctypes.c_uint16), ("shape", ctypes.POINTER(ctypes.c_int64)), ("strides", ctypes.c_void_p),
                ("byte_offset", ctypes.c_uint64)]  # fmt: skip


Tensors = ctypes.POINTER(ctypes.POINTER(Tensor))


class Call(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_uint32), ("flags", ctypes.c_uint32), ("num_inputs", ctypes.c_int32),
                ("num_outputs", ctypes.c_int32), ("num_sizes", ctypes.c_int32), ("max_threads", ctypes.c_int32),
                ("inputs", Tensors), ("outputs", Tensors), ("sizes", Tensors), ("lengths", Tensors),
                ("workspace", ctypes.c_void_p), ("workspace_bytes", ctypes.c_int64), ("stream", ctypes.c_void_p),
                ("parallel_for", ctypes.c_void_p), ("parallel_host", ctypes.c_void_p), ("error", ctypes.c_char_p),
                ("error_bytes", ctypes.c_int64)]  # fmt: skip


def tensor(type, shape, data=None):
    """A dense tensor, with what must outlive it."""
    letter, code = CODES[type]
    count = math.prod(shape)
    if data is None:
        data = [(7 * k + 3) % 23 / 23 for k in range(23)] * (count // 23 + 1)
    # An empty array still needs an address.
    values = array.array(letter, list(data)[:count] or [0])
    extents = (ctypes.c_int64 * max(1, len(shape)))(*shape)
    made = Tensor(values.buffer_info()[0], 1, 0, len(shape), code, 8 * values.itemsize, 1, extents)
    made.keep = values
    return made


def pointers(tensors):
    return (ctypes.POINTER(Tensor) * max(1, len(tensors)))(*[ctypes.pointer(t) for t in tensors])


measured=ctypes.CDLL("/tmp/growth/m.so").dp_measured

def perform(library, symbol, sizes, inputs, outputs):
    """Calls one entry once; its bytes of workspace."""
    message = ctypes.create_string_buffer(512)
    run, shape_of, workspace_of = (getattr(library, symbol + suffix) for suffix in ("", "_output_shape", "_workspace"))
    workspace_of.restype = ctypes.c_int64
    arguments = [tensor(**i) for i in inputs]
    scalars = [tensor("i64", [], [n]) for n in sizes]
    call = Call(ctypes.sizeof(Call), 0, len(arguments), len(outputs), len(scalars), 1)
    call.inputs, call.sizes = pointers(arguments), pointers(scalars)
    call.error, call.error_bytes = ctypes.addressof(message), len(message)

    def check(code):
        if code:
            sys.exit(f"{symbol}: {message.value.decode()}")

    results = []
    for k, type in enumerate(outputs):
        rank, shape = ctypes.c_int32(), (ctypes.c_int64 * 17)()
        check(shape_of(ctypes.byref(call), k, ctypes.byref(rank), shape))
        results.append(tensor(type, shape[: rank.value], [0] * math.prod(shape[: rank.value])))
    call.outputs = pointers(results)
    call.workspace_bytes = workspace_of(ctypes.byref(call))
    check(-min(0, call.workspace_bytes))
    memory = (ctypes.c_char * (call.workspace_bytes + 1))()
    call.workspace = ctypes.addressof(memory)
    check(measured(run, ctypes.byref(call)))
    assert all(math.isfinite(v) for r in results for v in r.keep), symbol
    return call.workspace_bytes


def main(path):
    with open(path) as file:
        plan = json.load(file)
    print(json.dumps([perform(ctypes.CDLL(c.pop("library")), **c) for c in plan]))


if __name__ == "__main__":
    main(sys.argv[1])
