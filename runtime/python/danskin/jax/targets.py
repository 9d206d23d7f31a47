"""The handlers of XLA's typed FFI that libraries export, known to XLA by name, and what
to compile for the GPUs that it has."""

import ctypes
import functools
import os
import threading

import jax

_registered = set()
_lock = threading.Lock()


# XLA's names of JAX's platforms.
_PLATFORMS = {"cpu": "cpu", "cuda": "CUDA"}


def get_target(entry, partitionable, platform):
    """The name under which XLA knows an entry.

    Args:
        partitionable: XLA may split a call along the first axis of its arrays,
            all of which have it then.
        platform: "cpu" or "cuda", as JAX has it; an entry for CUDA has kernels for GPUs.
    """
    library = os.path.basename(os.path.dirname(entry.path))
    name = f"danskin.{library}.{entry.symbol}.{platform}" + (".batch" if partitionable else "")
    with _lock:
        if name not in _registered:
            handler = ctypes.cast(getattr(entry.library, entry.symbol + "_xla"), ctypes.c_void_p)
            jax.ffi.register_ffi_target(name, jax.ffi.pycapsule(handler), platform=_PLATFORMS[platform])
            if partitionable:
                jax.ffi.register_ffi_target_as_batch_partitionable(name)
            _registered.add(name)
    return name


def get_entry(call, platform):
    """The entry that answers a call on a platform.

    Raises:
        NotImplementedError: it is for GPUs, which neither the program's options name
            nor JAX has.
    """
    program = call.program
    if platform == "cpu" or program.has_gpu_target:
        return call.entry
    gpus = _find_gpus()
    if not gpus:
        raise NotImplementedError(f"{program.name}: it was not compiled for a GPU, and JAX has none here to compile it "
                                  "for: name one, flags=['--target=cpu:native,cuda:sm_90'] say")  # fmt: skip
    return program.entry(call.query, call.dtype, call.wrt or None, gpus)


@functools.lru_cache(maxsize=None)
def _find_gpus():
    """The GPUs of this process, as `dpc --target` has them; "": there are none."""
    try:
        devices = jax.local_devices(backend="cuda")
    except RuntimeError:
        return ""
    return ",".join(sorted({f"cuda:sm_{each.compute_capability.replace('.', '')}" for each in devices}))
