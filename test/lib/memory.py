"""What calls leave behind in memory. It is counted, not seen from outside: malloc
and Python know what is in use to the byte, so that a few thousand calls show a
leak of one small object in each."""

import ctypes
import gc
import sys

_NAMES = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()
# Python counts its small objects, without their sizes.
_OBJECT = 64


class _Mallinfo(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in _NAMES]


_mallinfo = ctypes.CDLL(None).mallinfo2
_mallinfo.restype = _Mallinfo


def _in_use():
    gc.collect()
    info = _mallinfo()
    return info.uordblks + info.hblkhd + _OBJECT * sys.getallocatedblocks()


def growth(call, times):
    """The bytes that `times` calls leave, each `call(k)`: the least of three rounds,
    for caches fill in the first, and what leaks is in all."""

    def measure():
        start = _in_use()
        for k in range(times):
            call(k)
        return _in_use() - start

    return min(measure() for _ in range(3))
