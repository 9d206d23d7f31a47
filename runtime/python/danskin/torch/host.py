"""What a person calls: `Program.torch`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from ..arguments import Signature
from ..host import Host, make_class
from .eager import make_value, run
from .functions import Layout, Spec, call, make_functions
from .ops import assume_constant_result

if TYPE_CHECKING:
    from ..program import Program

_HALF = (torch.float16, torch.bfloat16)
_GAMMAS = 256
# A class is not made while torch.compile traces.
assume_constant_result(make_class)


class _Signature(Signature):
    def _to_size(self, key, value):
        # One that is symbolic stays so; `operator.index` would fix it.
        return value if isinstance(value, (int, torch.SymInt)) else super()._to_size(key, value)


class TorchHost(Host):
    """Calls with PyTorch tensors on the CPU, or all on one NVIDIA GPU.

    On a GPU a program is compiled for it at the first call; kernels run on the
    current stream, and nothing waits for them. What is wrong with lengths or ints
    there is not raised: the instance's results are NaN. `gamma` and lengths may lie on the
    CPU.

    Float inputs of float32 and float64 together are computed in float64; float16
    and bfloat16 are taken under autocast only, as float32. `gamma` may be a tensor
    that requires a gradient.

    Results, gradients and Hessian-products are differentiable: twice in all, in
    reverse and forward mode, under torch.func and under torch.compile (once there:
    call `hvp` for second order), where forward mode raises. A gradient has the type of
    what it is taken by, a path is of int64.

    Shapes: an input as declared, [N, K] say, or [B, N, K] of a batch of B; its
    gradient, its direction and its Hessian-product are like it. An output without
    indices is [], or [B]. `gamma` and each of `lengths` are [] or [B].

    Units: `gamma` is in units of the scores: where all are twice as large, twice the
    gamma gives the same weights. `lengths` count what their size counts.

    Raises:
        TypeError: an argument is missing, or of a type that is not taken.
        ValueError: shapes contradict each other, or a value is out of its range;
            the message names the array, the axis and both sizes. Tensors lie on
            several devices.
        RuntimeError: a third derivative, however one asks for it; forward mode under
            torch.compile; there is no memory for the workspace.
    """

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self._signature = _Signature(program.description)
        self._layout = Layout(program)
        self._functions = make_functions(program, self._layout)
        self._eager = make_value(program, self._layout, self._functions)
        inputs, sizes = program.description.inputs, program.description.sizes
        self._is_plain = not any(each.element == "dag" for each in inputs) and not any(each.argument for each in sizes)
        self._count = len(inputs)
        self._sizes = tuple(each.name for each in sizes)
        self._no_lengths = (None,) * len(sizes)
        self._no_sizes = Spec((None,) * len(sizes))
        floats = set(program.description.float_inputs)
        self._floats = [k for k, name in enumerate(self._layout.names) if name in floats]
        # Not looked up in `_floats`: torch.compile may take ints for symbolic.
        self._is_float = tuple(name in floats for name in self._layout.names)
        self._gammas = {}

    def _compute(self, query, bound, wanted, wrt=(), cotangents={}, directions={}):  # noqa: B006  never changed
        spec, head = bound
        names, count = self._outputs, len(self._outputs)
        if query == "value":
            return dict(zip(names, self._evaluate(spec, head)))
        if query == "argmax":
            head = [each if each is None else each.detach() for each in head]
            return dict(zip(wanted, call(self.program, self._layout, query, spec, head)))
        spec = spec.by(wrt)
        further = [tuple(map(cotangents.get, names)), tuple(map(directions.get, wrt)) if query == "hvp" else ()]
        everything = (*head, *further[0], *further[1])
        kind = _kind(everything)
        if kind == "traced" or (kind == "eager" and not _wants_graph(everything)):
            results = (call if kind == "traced" else run)(self.program, self._layout, query, spec, head, *further)
            values, derivatives = results[:count], self._layout.retype(spec, head, results[count:])
        elif query == "grad":
            # A derivative of its own, and where values are wanted too, a value of its own.
            values = self._evaluate(spec, head) if len(wanted) > len(wrt) else [None] * count
            derivatives = self._functions.Grad.apply(spec, *head, *further[0])
        else:
            guard = self._functions.guard
            results = self._functions.Hvp.apply(spec, *guard(head), *guard(further[0]), *further[1])
            values, derivatives = results[:count], results[count:]
        return dict(zip(wanted if len(wanted) > len(wrt) else [*names, *wanted], [*values, *derivatives]))

    def _evaluate(self, spec, head):
        """The outputs, a sequence."""
        kind = _kind(head)
        if kind == "traced":
            return call(self.program, self._layout, "value", spec, head)
        if kind == "full":
            return self._functions.Value.apply(spec, *head)
        value, differentiable = self._eager
        return differentiable(spec, *head) if _wants_graph(head) else value(head).run(head, spec.sizes)

    def _bind(self, inputs, named_inputs, gamma, lengths):
        """(Spec, tensors of the head)."""
        if self._is_plain and not named_inputs and len(inputs) == self._count:
            head, spec, lengths = inputs, self._no_sizes, self._signature.check_lengths(lengths)
        else:
            bound = self._signature.bind(inputs, named_inputs, gamma, lengths)
            names = self._layout.names
            head, lengths = [bound.inputs[name] for name in names if name != "gamma"], bound.lengths
            spec = Spec(tuple(map(bound.sizes.get, self._sizes)))
        limits = [_to_length(name, lengths.get(name)) for name in self._sizes] if lengths else self._no_lengths
        return spec, (*self._settle(head), self._to_gamma(gamma), *limits)

    def _settle(self, inputs):
        """The inputs as tensors, their float ones of one type."""
        first = None
        for k in self._floats:
            each = inputs[k]
            if not isinstance(each, torch.Tensor) or each.dtype in _HALF or (first or each.dtype) != each.dtype:
                return self._unify(inputs)
            first = each.dtype
        if len(self._floats) < len(inputs):
            return [self._to_ints(k, each) for k, each in enumerate(inputs)]
        return inputs

    def _unify(self, inputs):
        """The same, where numbers, half precision or both precisions are among them."""
        floats = [inputs[k] for k in self._floats if isinstance(inputs[k], torch.Tensor)]
        dtype = torch.get_default_dtype() if not floats else torch.float32
        if any(each.dtype == torch.float64 for each in floats):
            dtype = torch.float64
        return [self._to_floats(k, each, dtype) if self._is_float[k] else self._to_ints(k, each)
                for k, each in enumerate(inputs)]  # fmt: skip

    def _to_floats(self, place, value, dtype):
        if isinstance(value, torch.Tensor):
            casts = value.dtype in _HALF and torch.is_autocast_enabled(value.device.type)
            return value.to(dtype) if casts or value.dtype in (torch.float32, torch.float64) else value
        if isinstance(value, (int, float)):
            return torch.tensor(float(value), dtype=dtype)
        raise TypeError(f"{self.program.name}: input `{self._layout.names[place]}` must be a tensor, "
                        f"not {type(value).__name__}")  # fmt: skip

    def _to_ints(self, place, value):
        if isinstance(value, torch.Tensor) or self._is_float[place]:
            return value
        if isinstance(value, int):
            return torch.tensor(value)
        raise TypeError(f"{self.program.name}: input `{self._layout.names[place]}` must be a tensor, "
                        f"not {type(value).__name__}")  # fmt: skip

    def _to_gamma(self, gamma):
        if isinstance(gamma, torch.Tensor):
            return gamma if gamma.dtype == torch.float64 else gamma.to(torch.float64)
        if not isinstance(gamma, (int, float)):
            raise TypeError(f"{self.program.name}: gamma must be a number or a tensor, not {type(gamma).__name__}")
        # What is made while something traces or transforms belongs to it.
        if (
            torch.compiler.is_compiling()
            or torch._C._are_functorch_transforms_active()
            or torch._C._len_torch_dispatch_stack()
        ):
            return torch.full((), gamma, dtype=torch.float64)
        found = self._gammas.get(gamma)
        if found is None:
            with torch.inference_mode(False):
                found = torch.full((), gamma, dtype=torch.float64, device="cpu")
            if len(self._gammas) >= _GAMMAS:
                self._gammas.clear()
            self._gammas[gamma] = found
        return found


_PLAIN = frozenset({torch.Tensor, torch.nn.Parameter, type(None)})


def _kind(tensors):
    """Which way a call goes: "traced", "eager", or "full" for everything that
    torch.func, forward mode, tracing and subclasses of Tensor want."""
    if torch.compiler.is_compiling():
        return "traced"
    if (
        torch._C._are_functorch_transforms_active()
        or torch._C._len_torch_dispatch_stack()
        or torch.autograd.forward_ad._current_level >= 0
    ):
        return "full"
    return "eager" if _PLAIN.issuperset(map(type, tensors)) else "full"


def _wants_graph(tensors):
    """Whether derivatives may be asked of what is made of these."""
    if torch.is_grad_enabled():
        # A loop: what `any` makes of a generator costs each call as much again.
        for each in tensors:
            if each is not None and each.requires_grad:
                return True
    return False


def _to_length(name, value):
    if value is None or isinstance(value, torch.Tensor):
        return value
    try:
        return torch.tensor(value, dtype=torch.int64)
    except (TypeError, ValueError, RuntimeError):
        raise TypeError(f"lengths of `{name}` must be ints, not {value!r}") from None
