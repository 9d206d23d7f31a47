"""What hosts have in common: the calls that a person makes, and what they give."""

from __future__ import annotations

import collections
import copyreg
import threading
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from .arguments import Signature, by_name
from .errors import python_name
from .paths import Argmax

if TYPE_CHECKING:
    from .program import Program


class Host:
    """Calls of one program with the arrays of some library.

    All calls take the inputs in the order of the program or by name, and

    - `gamma`: the strength of the regularizer, > 0; a number, or an array of rank 0
      or with one an instance
    - `lengths`: {size: how much of the padded size an instance uses}; an int or an
      array with one an instance. What lies beyond is not read, and 0 in results.
    - sizes that no shape determines, by name

    An input of one more axis than declared, in front, is a batch; results have
    that axis then. What a call gives is one array, or a tuple of several whose
    members have names too.

    Raises:
        TypeError: an argument is missing or of a type that is not taken.
        ValueError: shapes contradict each other, or a value is out of its range;
            the message names the array, the axis and both sizes.
    """

    def __init__(self, program: Program) -> None:
        self.program = program
        self._signature = Signature(program.description)
        self._outputs = tuple(each.name for each in program.description.outputs)

    def __reduce__(self):
        # A copy of a program has hosts of its own.
        module = type(self).__module__.removeprefix(f"{__package__}.").partition(".")[0]
        return getattr, (self.program, module)

    def __call__(self, *inputs: Any, gamma: Any = 1.0, lengths: Mapping[str, Any] | None = None,
                 **named_inputs: Any) -> Any:  # fmt: skip
        """The outputs: an array each (0-d without batch or indices)."""
        bound = self._bind(inputs, named_inputs, gamma, lengths)
        return self._values(self._compute("value", bound, self._outputs))

    def grad(self, *inputs: Any, wrt: str | Iterable[str] | None = None, cotangent: Any = None, gamma: Any = 1.0,
             lengths: Mapping[str, Any] | None = None, **named_inputs: Any) -> Any:  # fmt: skip
        """The gradient of <cotangent, outputs>.

        Args:
            wrt: a float input, a let or "gamma": then an array of its shape comes
                back; or several, or None for all float inputs: a tuple. The gradient
                by a let says how much each of its elements is used.
            cotangent: like the outputs (a tuple or dict of several); default 1.

        Where an input stands once for a batch its gradient is summed over it.
        """
        bound = self._bind(inputs, named_inputs, gamma, lengths)
        names = self.program.check_wrt(wrt)
        wanted = [f"grad.{name}" for name in names]
        return self._by_wrt("grad", wrt, names, self._compute("grad", bound, wanted, names, self._weigh(cotangent)))

    def value_and_grad(self, *inputs: Any, wrt: str | Iterable[str] | None = None, cotangent: Any = None,
                       gamma: Any = 1.0, lengths: Mapping[str, Any] | None = None,
                       **named_inputs: Any) -> tuple[Any, Any]:  # fmt: skip
        """(what a call gives, what `grad` gives).

        Args:
            wrt, cotangent: as of `grad`; the cotangent does not weigh the outputs.
        """
        bound = self._bind(inputs, named_inputs, gamma, lengths)
        names = self.program.check_wrt(wrt)
        wanted = [*self._outputs, *(f"grad.{name}" for name in names)]
        found = self._compute("grad", bound, wanted, names, self._weigh(cotangent))
        return self._values(found), self._by_wrt("grad", wrt, names, found)

    def hvp(self, *inputs: Any, direction: Any, wrt: str | Iterable[str] | None = None, cotangent: Any = None,
            gamma: Any = 1.0, lengths: Mapping[str, Any] | None = None, **named_inputs: Any) -> Any:  # fmt: skip
        """The Hessian of <cotangent, outputs> times a direction.

        Args:
            direction: arrays like what `wrt` names, a tuple in that order or a dict;
                what a dict leaves out is 0.
            wrt, cotangent: as of `grad`.
        """
        return self.jvp_and_hvp(*inputs, direction=direction, wrt=wrt, cotangent=cotangent, gamma=gamma,
                                lengths=lengths, **named_inputs)[1]  # fmt: skip

    def jvp_and_hvp(self, *inputs: Any, direction: Any, wrt: str | Iterable[str] | None = None, cotangent: Any = None,
                    gamma: Any = 1.0, lengths: Mapping[str, Any] | None = None,
                    **named_inputs: Any) -> tuple[Any, Any]:  # fmt: skip
        """(the outputs' derivative along the direction, what `hvp` gives).

        Args:
            direction, wrt: as of `hvp`.
            cotangent: as of `grad`; the derivative of the outputs does not depend on it.
        """
        bound = self._bind(inputs, named_inputs, gamma, lengths)
        names = self.program.check_wrt(wrt)
        directions = by_name("direction", names, direction, names)
        wanted = [*(f"jvp.{name}" for name in self._outputs), *(f"hvp.{name}" for name in names)]
        found = self._compute("hvp", bound, wanted, names, self._weigh(cotangent), directions)
        return self._values(found, "jvp."), self._by_wrt("hvp", wrt, names, found)

    def argmax(self, *inputs: Any, lengths: Mapping[str, Any] | None = None, **named_inputs: Any) -> Argmax:
        """The solution of the all-hard program. No derivative passes through it."""
        bound = self._bind(inputs, named_inputs, 1.0, lengths)
        found = self._compute("argmax", bound, [*self._outputs, "argmax", "argmax.length"])
        return Argmax(self.program.description, self._values(found), found["argmax"], found["argmax.length"])

    def _bind(self, inputs, named_inputs, gamma, lengths):
        """The arguments of a call, as `_compute` takes them."""
        bound = self._signature.bind(inputs, named_inputs, gamma, lengths)
        for name, value in (*bound.inputs.items(), ("gamma", bound.gamma)):
            refuse_mask(self.program, name, value)
        for name, value in bound.lengths.items():
            refuse_mask(self.program, f"lengths of {name}", value)
        return bound

    def _compute(self, query, bound, wanted, wrt=(), cotangents={}, directions={}):  # noqa: B006  never changed
        """{name: array}: the outputs `wanted` of the entry `query`, named as in its
        manifest. Cotangents and directions are {name: array}; none stand for all 1."""
        raise NotImplementedError

    def _weigh(self, cotangent):
        """{output: cotangent}, of all outputs or of none."""
        given = by_name("cotangent", self._outputs, cotangent, self._outputs)
        missing = [name for name in self._outputs if name not in given] if given else ()
        if missing:
            raise ValueError(f"{self.program.name}: the cotangent misses {', '.join(missing)}")
        return given

    def _values(self, found, prefix=""):
        values = [found[prefix + name] for name in self._outputs]
        return values[0] if len(values) == 1 else _named(self.program.name, self._outputs, values)

    def _by_wrt(self, prefix, wrt, names, found):
        values = [found[f"{prefix}.{name}"] for name in names]
        return values[0] if isinstance(wrt, str) else _named(prefix, names, values)


def refuse_mask(program, name, value):
    """What a mask hides would count like the rest.

    Raises:
        TypeError: the value is a masked array of NumPy.
    """
    if isinstance(value, np.ma.MaskedArray):
        raise TypeError(f"{program.name}: input `{python_name(name)}`: is a masked array, but masks are not read: "
                        "fill it, or give lengths")  # fmt: skip


def _named(title, names, values):
    """A tuple whose members have names too."""
    key = " ".join((title, *names))
    make_class(key)
    return getattr(_Classes, key)(*values)


class _Classes:
    """One class for equal names, so that results of two calls are of one type. Its attributes
    are read one by one while torch.compile traces; a dict would be read whole."""


_lock = threading.Lock()


def make_class(key):
    """Adds the class of tuples with the title and the names that `key` has."""
    if not hasattr(_Classes, key):
        title, *names = key.split()
        made = collections.namedtuple(python_name(title), [python_name(each) for each in names], rename=True)
        # What pickle finds by name is this module, not the class.
        copyreg.pickle(made, lambda result: (_named, (title, names, tuple(result))))
        with _lock:
            if not hasattr(_Classes, key):
                setattr(_Classes, key, made)
