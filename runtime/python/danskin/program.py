"""Programs: loaded from text, compiled entry by entry when first called."""

from __future__ import annotations

import hashlib
import os
import pathlib
import sys
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from . import compiler, show
from .description import Description
from .library import Entry, open_library

if TYPE_CHECKING:
    from .jax import JaxHost
    from .numpy import NumpyHost
    from .torch import TorchHost


def load(path: str | os.PathLike[str], reg: str | None = None, **options: Any) -> Program:
    """Loads a program from a `.dp` file.

    Args:
        path: the file.
        reg: the regularizer of choices that name none: "hard", "entropy" or "l2";
            None: the one the program names, or hard.
        options: as of `compile`.

    Raises:
        OSError: the file cannot be read.
        CompileError: the program is refused; the message shows where and why.
    """
    path = pathlib.Path(path)
    return compile(path.read_text(), reg=reg, source=os.fspath(path), **options)


def compile(text: str, reg: str | None = None, program: str | None = None, sizes: Mapping[str, int] | None = None,
            flags: Iterable[str] = (), source: str = "program") -> Program:  # fmt: skip
    """Makes a Program of the text of a `.dp` file.

    What it needs is compiled by dpc when it is first called, and kept on disk by
    text, options and compiler (`danskin.cache`).

    Args:
        text: the equations.
        reg: as of `load`.
        program: which one, where the text has several.
        sizes: {name: value} to specialize, as dpc's -D.
        flags: further options of dpc, such as "-O3".
        source: what messages call the text.

    Raises:
        CompileError: the program is refused; the message shows where and why.
        ValueError: there are several programs and none was named.
    """
    return Program(text, reg=reg, program=program, sizes=sizes, flags=flags, source=source)


class Program:
    """A differentiable dynamic program.

    Calls go through its hosts: `numpy`, `torch` and `jax`. Each takes the inputs
    in order or by name, `gamma`, `lengths`, and the sizes that no shape
    determines by their names. An input of one more axis than declared is a batch.

    It pickles as text; a process that loads it finds the compiled libraries on
    disk or makes them.

    Attributes:
        text: the equations.
        description: a `danskin.description.Description`: sizes, inputs, lets,
            tables, outputs, class, cost.
        name: the program's name.
        reg: the regularizer.
        digest: a name for text and options, the same in every process.
    """

    def __init__(self, text: str, reg: str | None = None, program: str | None = None,
                 sizes: Mapping[str, int] | None = None, flags: Iterable[str] = (),
                 source: str = "program") -> None:  # fmt: skip
        self.text, self.source = text, source
        self._arguments = dict(reg=reg, program=program, sizes=dict(sizes or {}), flags=tuple(flags))
        self._options = [*self._arguments["flags"]]
        if reg:
            self._options.append(f"--reg={reg}")
        for name, value in sorted((sizes or {}).items()):
            self._options += ["-D", f"{name}={value}"]
        chosen = [f"--program={program}"] if program else []
        programs = compiler.describe(text, [*self._options, *chosen], source)
        if len(programs) > 1:
            names = ", ".join(each["name"] for each in programs)
            raise ValueError(f"{source} has the programs {names}: choose one, program=...")
        self.description = Description.parse(programs[0])
        self.name = self.description.name
        self.reg = reg or self.description.regularizer
        self._options.append(f"--program={self.name}")
        self.digest = hashlib.blake2b("\0".join([text, *self._options]).encode(), digest_size=6).hexdigest()
        self._entries, self._hosts = {}, {}
        if "torch" in sys.modules:
            # torch.compile must find it there when it traces the first call.
            self._get_host("torch", "TorchHost")

    def __reduce__(self):
        return _restore, (self.text, self._arguments, self.source)

    def __repr__(self):
        return show.to_text(self)

    def _repr_html_(self):
        return show.to_html(self)

    @property
    def numpy(self) -> NumpyHost:
        """Calls with arrays of NumPy or CuPy, and anything with `__dlpack__`, on the CPU or
        a GPU: a `danskin.numpy.NumpyHost`."""
        return self._get_host("numpy", "NumpyHost")

    @property
    def torch(self) -> TorchHost:
        """Calls with PyTorch tensors, differentiable twice: a `danskin.torch.TorchHost`."""
        return self._get_host("torch", "TorchHost")

    @property
    def jax(self) -> JaxHost:
        """Calls with JAX arrays, differentiable twice: a `danskin.jax.JaxHost`."""
        return self._get_host("jax", "JaxHost")

    def _get_host(self, module, name):
        """A host, imported and made when it is first asked for."""
        host = self._hosts.get(module)
        if host is None:
            host = self._hosts[module] = getattr(import_module(f"{__package__}.{module}"), name)(self)
        return host

    @property
    def has_gpu_target(self) -> bool:
        """Whether all that is compiled has kernels for GPUs, by an option `--target`."""
        targets = [each for each in (*compiler.get_flags(), *self._options) if each.startswith("--target=")]
        return bool(targets) and "cuda:" in targets[-1]

    def check_wrt(self, wrt: str | Iterable[str] | None) -> tuple[str, ...]:
        """The names gradients are taken by, as a tuple.

        Args:
            wrt: a float input, a let or "gamma", or several; None: all float inputs.

        Raises:
            ValueError: there is no derivative by one of them, one is there twice, or there
                are none.
        """
        if wrt is None:
            return self.description.float_inputs
        names = (wrt,) if isinstance(wrt, str) else tuple(wrt)
        for name in names:
            if name not in self.description.differentiable:
                known = ", ".join(self.description.differentiable)
                raise ValueError(f"{self.name}: no derivative by `{name}`; there are {known}")
        if len(set(names)) < len(names) or not names:
            raise ValueError(f"{self.name}: wrt wants names, each once, not {list(names)}")
        return names

    def entry(self, query: str, dtype: str = "f32", wrt: str | Iterable[str] | None = None,
              target: str = "") -> Entry:  # fmt: skip
        """The `danskin.library.Entry` that answers a query, compiled if need be.

        Args:
            query: "value", "grad", "hvp" or "argmax".
            dtype: "f32" or "f64".
            wrt: names, for grad and hvp; None: all float inputs.
            target: besides the CPU, as `dpc --target` has it: "cuda:sm_90".

        Raises:
            ValueError: the program's class has no such entry, or wrt no such name.
        """
        key = (query, dtype, wrt if wrt is None or isinstance(wrt, str) else tuple(wrt), target)
        found = self._entries.get(key)
        if found is None:
            found = self._entries[key] = self._make_entry(query, dtype, wrt, target)
        return found

    def _make_entry(self, query, dtype, wrt, target):
        if query not in self.description.entries:
            known = ", ".join(self.description.entries)
            raise ValueError(f"{self.name}: a program of class {self.description.program_class} has no {query}; "
                             f"it has {known}")  # fmt: skip
        arguments = [*self._options, f"--entry={query}", f"--float={dtype}"]
        if query in ("grad", "hvp"):
            names = self.check_wrt(wrt)
            arguments.append(f"--wrt={','.join(names)}")
        if target:
            arguments.append(f"--target=cpu:native,{target}")
        path, manifest = compiler.build(self.text, arguments, self.source)
        (entry,) = open_library(path, manifest).values()
        return entry


def _restore(text, arguments, source):
    return Program(text, source=source, **arguments)
