"""What a person calls: `Program.jax`."""

import jax
import numpy as np
from jax import numpy as jnp

from ..arguments import Signature, by_name
from ..errors import python_name
from ..numpy import named
from ..paths import Argmax
from .calls import LENGTH, Call
from .primitives import bind, grad_p, hvp_p, value_p


class JaxHost:
    """Calls of one program with JAX arrays on the CPU.

    All calls take the inputs in the order of the program or by name, and

    - `gamma`: the strength of the regularizer, > 0; a number or an array of rank 0 or
      with one an instance
    - `lengths`: {size: how much of the padded size an instance uses}; an int or
      one an instance. What lies beyond is not read, and 0 in results.
    - sizes that no shape determines, by name

    An input of one more axis than declared, in front, is a batch; results have
    that axis then. Float inputs are float32, or float64 where one of them is (which
    wants jax_enable_x64).

    All of JAX's transformations go through: jit, vmap (which makes its axis a part
    of the batch), grad, jvp and what is made of them up to second derivatives, and
    shard_map. Third derivatives raise NotImplementedError.

    Raises:
        TypeError: an argument is missing or of a type that is not taken.
        ValueError: shapes contradict each other; the message names the array, the
            axis and both sizes.
        jax.errors.JaxRuntimeError: a value is out of its range, which is seen when
            the computation runs.
    """

    def __init__(self, program):
        self.program = program
        self._signature = Signature(program.description)
        self._outputs = tuple(each.name for each in program.description.outputs)
        self._floats = set(program.description.float_inputs)

    def __call__(self, *inputs, gamma=1.0, lengths=None, **named_inputs):
        """The outputs: an array (0-d without batch or indices), or a tuple of such."""
        call, operands = self._bind(inputs, named_inputs, gamma, lengths)
        return self._values(bind(value_p, call.replace(results=self._outputs), operands))

    def grad(self, *inputs, wrt=None, cotangent=None, gamma=1.0, lengths=None, **named_inputs):
        """The gradient of <cotangent, outputs>, itself differentiable once more.

        Args:
            wrt: a float input, a let or "gamma": then an array of its shape comes
                back; or several, or None for all float inputs: a tuple. The gradient
                by a let says how much each of its elements is used.
            cotangent: like the outputs (a tuple or dict of several); default 1.

        Where an input stands once for a batch its gradient is summed over it.
        """
        names, call, operands = self._prepare("grad", inputs, named_inputs, gamma, lengths, wrt, cotangent)
        call = call.replace(results=tuple(f"grad.{name}" for name in names))
        return self._by_wrt("grad", wrt, names, bind(grad_p, call, operands))

    def value_and_grad(self, *inputs, wrt=None, cotangent=None, gamma=1.0, lengths=None, **named_inputs):
        """(what a call gives, what `grad` gives), computed together."""
        names, call, operands = self._prepare("grad", inputs, named_inputs, gamma, lengths, wrt, cotangent)
        call = call.replace(results=(*self._outputs, *(f"grad.{name}" for name in names)))
        results = bind(grad_p, call, operands)
        return self._values(results), self._by_wrt("grad", wrt, names, results)

    def hvp(self, *inputs, direction, wrt=None, cotangent=None, gamma=1.0, lengths=None, **named_inputs):
        """The Hessian of <cotangent, outputs> times a direction, and differentiable
        in the direction.

        Args:
            direction: arrays like what `wrt` names, a tuple in that order or a dict;
                what a dict leaves out is 0.
            wrt: as of `grad`.
        """
        return self.jvp_and_hvp(*inputs, direction=direction, wrt=wrt, cotangent=cotangent, gamma=gamma,
                                lengths=lengths, **named_inputs)[1]  # fmt: skip

    def jvp_and_hvp(self, *inputs, direction, wrt=None, cotangent=None, gamma=1.0, lengths=None, **named_inputs):
        """(the outputs' derivative along the direction, what `hvp` gives)."""
        names, call, operands = self._prepare("hvp", inputs, named_inputs, gamma, lengths, wrt, cotangent, direction)
        results = (*(f"jvp.{name}" for name in self._outputs), *(f"hvp.{name}" for name in names))
        found = bind(hvp_p, call.replace(results=results), operands)
        return self._values(found, "jvp."), self._by_wrt("hvp", wrt, names, found)

    def argmax(self, *inputs, lengths=None, **named_inputs):
        """The solution of the all-hard program, a `danskin.paths.Argmax`, which jit
        takes and gives too. No derivative passes through it."""
        call, operands = self._bind(inputs, named_inputs, 1.0, lengths)
        operands = [jax.lax.stop_gradient(each) for each in operands]
        call = call.replace(query="argmax", results=(*self._outputs, "argmax", "argmax.length"))
        found = bind(value_p, call, operands)
        return Argmax(self.program.description, self._values(found), found["argmax"], found["argmax.length"])

    def _prepare(self, query, inputs, named_inputs, gamma, lengths, wrt, cotangent, direction=None):
        """(names of wrt, Call without results, operands)."""
        call, operands = self._bind(inputs, named_inputs, gamma, lengths)
        names = self.program.check_wrt(wrt)
        further = {f"ct.{name}": each for name, each in
                   by_name("cotangent", self._outputs, cotangent, self._outputs).items()}  # fmt: skip
        further.update((f"dir.{name}", each) for name, each in by_name("direction", names, direction, names).items())
        own = dict(zip(call.names, operands))
        for name, each in further.items():
            base = own.get(name.partition(".")[2]) if name.startswith("dir.") else None
            dtype = _dtype(call.dtype) if base is None else base.dtype
            operands.append(self._to_float(name, each).astype(dtype))
        return names, call.replace(query=query, wrt=names, names=call.names + tuple(further)), operands

    def _bind(self, inputs, named_inputs, gamma, lengths):
        """(Call without results, operands) of the entry `value`."""
        bound = self._signature.bind(inputs, named_inputs, gamma, lengths)
        arrays = {}
        for name, each in bound.inputs.items():
            arrays[name] = self._to_float(name, each) if name in self._floats else self._to_int(name, each)
        floats = [each.dtype for name, each in arrays.items() if name in self._floats]
        dtype = "f64" if np.dtype("f8") in floats else "f32"
        wanted = _dtype(dtype)
        arrays = {name: each.astype(wanted) if name in self._floats and each.dtype != wanted else each
                  for name, each in arrays.items()}  # fmt: skip
        arrays["gamma"] = self._to_float("gamma", bound.gamma)
        arrays.update((LENGTH + name, self._to_int(f"lengths of {name}", each)) for name, each in bound.lengths.items())
        call = Call(self.program, "value", dtype, tuple(arrays), (), sizes=tuple(bound.sizes.items()))
        return call, list(arrays.values())

    def _to_float(self, name, value):
        array = _to_array(self.program, name, value)
        if array.dtype in (np.dtype("f4"), np.dtype("f8")):
            return array
        if array.dtype.kind in "iub":
            return array.astype(jax.dtypes.canonicalize_dtype(np.dtype("f8")))
        raise TypeError(f"{self.program.name}: input `{name}`: has elements of {array.dtype}, "
                        "but takes float32 and float64")  # fmt: skip

    def _to_int(self, name, value):
        array = _to_array(self.program, name, value)
        if array.dtype.kind not in "iu":
            raise TypeError(f"{self.program.name}: input `{name}`: has elements of {array.dtype}, but takes ints")
        if array.dtype in (np.dtype("i4"), np.dtype("i8")):
            return array
        return array.astype(jax.dtypes.canonicalize_dtype(np.dtype("i8")))

    def _values(self, results, prefix=""):
        values = [results[prefix + name] for name in self._outputs]
        return values[0] if len(values) == 1 else named(self.program.name, self._outputs, values)

    def _by_wrt(self, prefix, wrt, names, results):
        values = [results[f"{prefix}.{name}"] for name in names]
        return values[0] if isinstance(wrt, str) else named(prefix, names, values)


def _dtype(name):
    return np.dtype("f4") if name == "f32" else np.dtype("f8")


def _to_array(program, name, value):
    # A tracer may stand for a plain number.
    if isinstance(value, jax.Array) and not isinstance(value, jax.core.Tracer):
        return value
    try:
        return jnp.asarray(value)
    except (TypeError, ValueError) as reason:
        raise TypeError(f"{program.name}: input `{python_name(name)}` must be an array, "
                        f"not {type(value).__name__}: {reason}") from None  # fmt: skip


jax.tree_util.register_pytree_node(
    Argmax,
    lambda made: ((made.value, made.rows, made.length), made._description),
    lambda description, leaves: Argmax(description, *leaves),
)
