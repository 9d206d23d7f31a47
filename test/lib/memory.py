"""What calls leave behind in memory. It is counted: malloc and Python know what is
in use to the byte, so that a few thousand calls show a leak of one small object
in each. What neither knows of is seen from outside, coarsely."""

import ctypes
import gc
import resource
import sys

_NAMES = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()
# Python counts its small objects, without their sizes.
_OBJECT = 64
# By how much a process grows without a leak: holes in what malloc has.
_SLACK = 1 << 20


class _Mallinfo(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in _NAMES]


_mallinfo = ctypes.CDLL(None).mallinfo2
_mallinfo.restype = _Mallinfo


def _in_use():
    gc.collect()
    info = _mallinfo()
    return info.uordblks + info.hblkhd + _OBJECT * sys.getallocatedblocks()


def _resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def growth(call, times):
    """The bytes that `times` calls leave, each `call(k)`: the least of three rounds,
    for caches fill in the first, and what leaks is in all. Pages that the process
    keeps count where they are more than that, and more than a mebibyte a round."""

    def measure():
        counted, resident = _in_use(), _resident()
        for k in range(times):
            call(k)
        return _in_use() - counted, _resident() - resident

    counted, resident = map(min, zip(*(measure() for _ in range(3))))
    return max(counted, resident if resident > _SLACK else 0)


def growth_of_failures(calls, kinds, times=34_000):
    """The same of calls that fail with `kinds`, `times` of all in turn a round."""

    def fail(k):
        try:
            calls[k % len(calls)](k)
        except kinds:
            return
        raise AssertionError(f"call {k % len(calls)} does not fail")

    return growth(fail, times)
