"""Programs to begin with: `danskin.zoo.dtw`, `danskin.zoo.ctc`, ...

`names()` lists them; each name is a `Program` with the regularizer that its text
names, `load(name, reg=...)` makes another of it. The texts are those of the
project's examples, where each is described.
"""

from __future__ import annotations

import functools
import pathlib

from . import program
from .program import Program


def _find_texts():
    """{name: file}: as the package carries them, or of the checkout it lies in."""
    package = pathlib.Path(__file__).resolve().parent
    carried = sorted((package / "programs").glob("*.dp"))
    return {path.stem: path for path in carried or sorted(package.parents[2].glob("examples/*/*.dp"))}


def names() -> tuple[str, ...]:
    """What there is."""
    return tuple(_find_texts())


def load(name: str, reg: str | None = None) -> Program:
    """The program `name` under a regularizer; options are those of `danskin.load`.

    Raises:
        AttributeError: there is no such program.
    """
    return _load(name, reg)


@functools.lru_cache(maxsize=None)
def _load(name, reg):
    try:
        path = _find_texts()[name]
    except KeyError:
        raise AttributeError(f"danskin.zoo has no `{name}`; it has {', '.join(names())}") from None
    return program.compile(path.read_text(), reg=reg, source=path.name)


def __getattr__(name: str) -> Program:
    if name.startswith("__"):
        raise AttributeError(name)
    return load(name)


def __dir__() -> list[str]:
    return [*names(), "load", "names"]
