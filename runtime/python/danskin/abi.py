"""The C interface of a compiled library, for ctypes (dp/call.h)."""

import ctypes

CPU, CUDA = 1, 2
INT, FLOAT = 0, 2
ERROR_WORKSPACE = 12
MAX_RANK = 17

# Element types as manifests call them: (DLPack's code, bits).
TYPES = {"f32": (FLOAT, 32), "f64": (FLOAT, 64), "i32": (INT, 32), "i64": (INT, 64)}


class Tensor(ctypes.Structure):
    """DLTensor. Strides count elements."""

    _fields_ = [("data", ctypes.c_void_p), ("device_type", ctypes.c_int32), ("device_id", ctypes.c_int32),
                ("ndim", ctypes.c_int32), ("code", ctypes.c_uint8), ("bits", ctypes.c_uint8),
                ("lanes", ctypes.c_uint16), ("shape", ctypes.POINTER(ctypes.c_int64)),
                ("strides", ctypes.POINTER(ctypes.c_int64)), ("byte_offset", ctypes.c_uint64)]  # fmt: skip


Tensors = ctypes.POINTER(ctypes.POINTER(Tensor))


class Call(ctypes.Structure):
    """dp_call."""

    _fields_ = [("struct_size", ctypes.c_uint32), ("flags", ctypes.c_uint32), ("num_inputs", ctypes.c_int32),
                ("num_outputs", ctypes.c_int32), ("num_sizes", ctypes.c_int32), ("max_threads", ctypes.c_int32),
                ("inputs", Tensors), ("outputs", Tensors), ("sizes", Tensors), ("lengths", Tensors),
                ("workspace", ctypes.c_void_p), ("workspace_bytes", ctypes.c_int64), ("stream", ctypes.c_void_p),
                ("parallel_for", ctypes.c_void_p), ("parallel_host", ctypes.c_void_p), ("error", ctypes.c_void_p),
                ("error_bytes", ctypes.c_int64), ("status", ctypes.c_void_p)]  # fmt: skip


def make_tensor(pointer, shape, strides, type_name, gpu=None):
    """The descriptor of an array that the caller keeps alive. `strides` are in
    elements; None: dense, row-major. `gpu`: its number, None for the CPU."""
    code, bits = TYPES[type_name]
    rank = len(shape)
    place = (CPU, 0) if gpu is None else (CUDA, gpu)
    made = Tensor(pointer, *place, rank, code, bits, 1)
    made.shape = (ctypes.c_int64 * max(1, rank))(*shape)
    if strides is not None:
        made.strides = (ctypes.c_int64 * max(1, rank))(*strides)
    return made


def make_pointers(tensors):
    """An array of pointers to descriptors; None becomes NULL. It keeps them alive."""
    made = (ctypes.POINTER(Tensor) * max(1, len(tensors)))()
    for k, each in enumerate(tensors):
        if each is not None:
            made[k] = ctypes.pointer(each)
    made.tensors = tensors
    return made
