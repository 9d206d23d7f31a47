"""Calls the hand-written kernels of test/bench/limits."""

import ctypes
import subprocess

import numpy as np

from case import Contender
from ours import BUILD, ROOT

SOURCES = ROOT / "test/bench/limits"
LIBRARY = BUILD / "bench" / "liblimits.so"


def build():
    """Compiles what is older than its sources."""
    subprocess.run(["make", "-s", "-C", SOURCES, f"OUT={BUILD / 'bench'}"], check=True)


def load():
    if not LIBRARY.exists():
        raise ImportError("test/bench/limits is not built")
    return ctypes.CDLL(str(LIBRARY))


def empty(shape):
    """Floats aligned to a page, as stores past the caches want them."""
    raw = np.empty(int(np.prod(shape)) * 4 + 4096, "u1")
    skip = -raw.ctypes.data % 4096
    return raw[skip : skip + int(np.prod(shape)) * 4].view("f4").reshape(shape)


def pointer(array):
    return array.ctypes.data_as(ctypes.c_void_p)


def call(name, *arguments):
    """A call of a C function: arrays go as pointers, ints as int64, floats as float."""
    function = getattr(load(), name)
    function.restype = None
    given = [pointer(a) if isinstance(a, np.ndarray) else ctypes.c_float(a) if isinstance(a, float)
             else ctypes.c_int64(a) for a in arguments]  # fmt: skip
    return lambda: function(*given)


def width():
    """Lanes of a vector in the kernels that this processor takes."""
    return load().limits_width()


def softdtw_forward(d, gamma):
    values = np.empty(len(d), "f4")
    run = call("softdtw_forward", d, *d.shape, gamma, values)
    return lambda: run() or {"value": values}


def softdtw_gradient(d, gamma):
    values, gradient = np.empty(len(d), "f4"), empty(d.shape)
    run = call("softdtw_gradient", d, *d.shape, gamma, values, gradient)
    return lambda: run() or {"value": values, "grad": gradient}


def softdtw_product(d, z, gamma):
    derivatives, product = np.empty(len(d), "f4"), empty(d.shape)
    run = call("softdtw_product", d, z, *d.shape, gamma, derivatives, product)
    return lambda: run() or {"jvp": derivatives, "hvp": product}


def dtw_path(d):
    values = np.empty(len(d), "f4")
    path, length = np.empty((len(d), d.shape[1] + d.shape[2]), "i4"), np.empty(len(d), "i4")
    run = call("dtw_path", d, *d.shape, values, path, length)
    along = np.empty(len(d))

    def timed():
        run()
        return {"value": values, "along": along}

    run()
    for b, each in enumerate(d):
        along[b] = each.ravel()[path[b, : length[b]]].sum(dtype="f8")
    return timed


def chain_forward(w):
    """Of full potentials (B, T, S, S): [new, old]."""
    values = np.empty(len(w), "f4")
    run = call("chain_forward", w, *w.shape[:3], values)
    return lambda: run() or {"value": values}


def chain_gradient(w):
    values, gradient = np.empty(len(w), "f4"), empty(w.shape)
    run = call("chain_gradient", w, *w.shape[:3], values, gradient)
    return lambda: run() or {"value": values, "grad": gradient}


def chain_path(w):
    values, path = np.empty(len(w), "f4"), np.empty((len(w), w.shape[1] + 1), "i4")
    run = call("chain_path", w, *w.shape[:3], values, path)
    return lambda: run() or {"value": values, "path": path}


def crf_forward(emit, trans):
    values = np.empty(len(emit), "f4")
    run = call("crf_forward", trans, emit, *emit.shape, values)
    return lambda: run() or {"value": values}


def crf_gradient(emit, trans):
    values, by_emit, by_trans = np.empty(len(emit), "f4"), np.empty_like(emit), np.empty_like(trans)
    run = call("crf_gradient", trans, emit, *emit.shape, values, by_emit, by_trans)
    return lambda: run() or {"value": values, "grad.emit": by_emit, "grad.trans": by_trans}


def crf_path(emit, trans):
    values, path = np.empty(len(emit), "f4"), np.empty(emit.shape[:2], "i4")
    run = call("crf_path", trans, emit, *emit.shape, values, path)
    return lambda: run() or {"value": values, "path": path}


def sparse_chain(w):
    values = np.empty(len(w), "f4")
    run = call("sparse_chain_forward", w, *w.shape[:3], values)
    return lambda: run() or {"value": values}


def alignment(a, b, scores, opening, extending):
    values = np.empty(len(a), "f4")
    run = call("affine_alignment", a, b, len(a), a.shape[1], b.shape[1], scores, len(scores), opening, extending,
               values)  # fmt: skip
    return lambda: run() or {"value": values}


def contender(name, *arguments, note=""):
    """The limit of a case, by the name of a function of this module."""
    prepare = {"softdtw_forward": softdtw_forward, "softdtw_gradient": softdtw_gradient,
               "softdtw_product": softdtw_product, "dtw_path": dtw_path, "chain_forward": chain_forward,
               "chain_gradient": chain_gradient, "chain_path": chain_path, "sparse_chain": sparse_chain,
               "crf_forward": crf_forward, "crf_gradient": crf_gradient, "crf_path": crf_path,
               "alignment": alignment}[name]  # fmt: skip
    return Contender("limit", lambda: prepare(*arguments), "limit", note=note)
