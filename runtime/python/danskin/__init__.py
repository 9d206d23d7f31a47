"""Differentiable dynamic programs, compiled and called from Python.

>>> import danskin
>>> dtw = danskin.load("dtw.dp", reg="entropy")           # doctest: +SKIP
>>> cost = dtw.numpy(x, y, gamma=0.1)                     # doctest: +SKIP
>>> alignment = dtw.numpy.grad(x, y, wrt="d")             # doctest: +SKIP
>>> loss = dtw.torch(x, y, gamma=0.1)                     # doctest: +SKIP

`load` and `compile` give a `Program`. Its hosts `.numpy`, `.torch` and `.jax`
are imported when they are first used. `danskin.zoo` has programs to begin with,
`danskin.plot` draws results.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from .errors import CompileError
from .plans import get_num_threads, set_num_threads
from .program import Program, compile, load

if TYPE_CHECKING:
    from . import plot, zoo

__version__ = "0.1.0"
__all__ = ["CompileError", "Program", "compile", "get_num_threads", "load", "plot", "set_num_threads", "zoo"]


def __getattr__(name: str) -> ModuleType:
    if name in ("plot", "zoo"):
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
