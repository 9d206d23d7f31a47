"""The handlers of XLA's typed FFI that libraries export, known to XLA by name."""

import ctypes
import os
import threading

import jax

_registered = set()
_lock = threading.Lock()


def get_target(entry, partitionable):
    """The name under which XLA knows an entry.

    Args:
        partitionable: XLA may split a call along the first axis of its arrays,
            all of which have it then.
    """
    library = os.path.basename(os.path.dirname(entry.path))
    name = f"danskin.{library}.{entry.symbol}" + (".batch" if partitionable else "")
    with _lock:
        if name not in _registered:
            handler = ctypes.cast(getattr(entry.library, entry.symbol + "_xla"), ctypes.c_void_p)
            jax.ffi.register_ffi_target(name, jax.ffi.pycapsule(handler), platform="cpu")
            if partitionable:
                jax.ffi.register_ffi_target_as_batch_partitionable(name)
            _registered.add(name)
    return name
