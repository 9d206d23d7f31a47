"""What a person calls: `Program.jax`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import jax
import numpy as np
from jax import numpy as jnp

from ..errors import python_name
from ..host import Host, refuse_mask
from ..paths import Argmax
from .calls import LENGTH, Call
from .primitives import bind, grad_p, hvp_p, value_p

if TYPE_CHECKING:
    from ..program import Program


_PRIMITIVES = {"value": value_p, "argmax": value_p, "grad": grad_p, "hvp": hvp_p}


class JaxHost(Host):
    """Calls with JAX arrays on the CPU or on NVIDIA GPUs.

    On a GPU a program is compiled for it when it is lowered, and kernels run on XLA's
    stream, in its memory. What is wrong with lengths or ints there is not raised: the
    instance's results are NaN; `gamma` is not looked at.

    Float inputs are float32, or float64 where one of them is (which wants
    jax_enable_x64). All of JAX's transformations go through: jit, vmap (which makes
    its axis a part of the batch), grad, jvp and what is made of them up to second
    derivatives, and shard_map. A gradient has the type of what it is taken by, a
    path that of JAX's widest ints.

    Shapes: an input as declared, [N, K] say, or [B, N, K] of a batch of B; its
    gradient, its direction and its Hessian-product are like it. An output without
    indices is [], or [B]. `gamma` and each of `lengths` are [] or [B].

    Units: `gamma` is in units of the scores: where all are twice as large, twice the
    gamma gives the same weights. `lengths` count what their size counts.

    Raises:
        TypeError: an argument is missing, or of a type that is not taken.
        ValueError: shapes contradict each other; seen while JAX traces.
        jax.errors.JaxRuntimeError: a value is out of its range; seen when the
            computation runs.
        NotImplementedError: third derivatives, however one asks for them. It is lowered for
            CUDA where there is no GPU, and the program's flags name none.
    """

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self._floats = set(program.description.float_inputs)

    def _compute(self, query, bound, wanted, wrt=(), cotangents={}, directions={}):  # noqa: B006  never changed
        call, operands = bound
        if query == "argmax":
            operands = [jax.lax.stop_gradient(each) for each in operands]
        types = {name: each.dtype for name, each in zip(call.names, operands)}
        further = {}
        for name, each in cotangents.items():
            further[f"ct.{name}"] = self._to_float(f"ct.{name}", each).astype(_dtype(call.dtype))
        for name, each in directions.items():
            dtype = types.get(name, _dtype(call.dtype))
            further[f"dir.{name}"] = self._to_float(f"dir.{name}", each).astype(dtype)
        call = call.replace(query=query, wrt=wrt, names=(*call.names, *further), results=tuple(wanted))
        return bind(_PRIMITIVES[query], call, [*operands, *further.values()])

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


def _dtype(name):
    return np.dtype("f4") if name == "f32" else np.dtype("f8")


def _to_array(program, name, value):
    # A tracer may stand for a plain number.
    if isinstance(value, jax.Array) and not isinstance(value, jax.core.Tracer):
        return value
    refuse_mask(program, name, value)
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
