"""What a person calls: `Program.torch`."""


import torch

from ..arguments import Signature, by_name
from ..numpy import named
from ..paths import Argmax
from .eager import make_value
from .functions import Layout, Spec, call, make_functions

_HALF = (torch.float16, torch.bfloat16)
_GAMMAS = 256


class TorchHost:
    """Calls of one program with PyTorch tensors on the CPU.

    All calls take the inputs in the order of the program or by name, and

    - `gamma`: the strength of the regularizer, > 0; a number, or a tensor of rank 0
      or with one an instance, which may require a gradient
    - `lengths`: {size: how much of the padded size an instance uses}; an int, or a
      tensor of ints with one an instance. What lies beyond is not read, and 0 in
      results.
    - sizes that no shape determines, by name

    An input of one more axis than declared, in front, is a batch; results have
    that axis then. Float inputs of float32 and float64 together are computed in
    float64; float16 and bfloat16 are taken under autocast only, as float32.

    Results are differentiable twice, in reverse and forward mode, under torch.func
    and under torch.compile (once there: call `hvp` for second order). Third
    derivatives raise RuntimeError.

    Raises:
        TypeError: an argument is missing or of a type that is not taken.
        ValueError: shapes contradict each other, or a value is out of its range;
            the message names the tensor, the axis and both sizes.
    """

    def __init__(self, program):
        self.program = program
        self._signature = Signature(program.description)
        self._layout = Layout(program.description)
        self._functions = make_functions(program, self._layout)
        self._eager = make_value(program, self._layout, self._functions)
        inputs, sizes = program.description.inputs, program.description.sizes
        self._is_plain = not any(each.element == "dag" for each in inputs) and not any(each.argument for each in sizes)
        self._count = len(inputs)
        self._no_lengths = (None,) * len(sizes)
        self._no_sizes = Spec((None,) * len(sizes))
        floats = set(program.description.float_inputs)
        self._floats = [k for k, name in enumerate(self._layout.names) if name in floats]
        self._gammas = {}

    def __call__(self, *inputs, gamma=1.0, lengths=None, **named_inputs):
        """The outputs: a tensor (0-d without batch or indices), or a tuple of such."""
        spec, head = self._bind(inputs, named_inputs, gamma, lengths)
        kind = _kind(head)
        if kind == "eager":
            value, differentiable = self._eager
            if torch.is_grad_enabled() and any(each is not None and each.requires_grad for each in head):
                results = differentiable(spec, *head)
            else:
                results = value(head).run(head, spec.sizes)
        elif kind == "traced":
            results = self._call("value", spec, head)
        else:
            results = self._functions.Value.apply(spec, *head)
        return self._values(results)

    def grad(self, *inputs, wrt=None, cotangent=None, gamma=1.0, lengths=None, **named_inputs):
        """The gradient of <cotangent, outputs>, itself differentiable once more.

        Args:
            wrt: a float input, a let or "gamma": then a tensor of its shape comes
                back; or several, or None for all float inputs: a tuple. The gradient
                by a let says how much each of its elements is used.
            cotangent: like the outputs (a tuple or dict of several); default 1.

        Where an input stands once for a batch its gradient is summed over it.
        """
        spec, head = self._bind(inputs, named_inputs, gamma, lengths)
        names = self.program.check_wrt(wrt)
        cotangents = self._cotangents(cotangent)
        if torch.compiler.is_compiling():
            results = self._call("grad", spec.by(names), head, cotangents)[len(self._layout.outputs) :]
            results = self._layout.retype(spec.by(names), head, results)
        else:
            results = self._functions.Grad.apply(spec.by(names), *head, *cotangents)
        return _by_wrt("grad", wrt, names, results)

    def hvp(self, *inputs, direction, wrt=None, cotangent=None, gamma=1.0, lengths=None, **named_inputs):
        """The Hessian of <cotangent, outputs> times a direction, and differentiable
        in the direction.

        Args:
            direction: tensors like what `wrt` names, a tuple in that order or a dict;
                what a dict leaves out is 0.
            wrt: as of `grad`.
        """
        return self.jvp_and_hvp(*inputs, direction=direction, wrt=wrt, cotangent=cotangent, gamma=gamma,
                                lengths=lengths, **named_inputs)[1]  # fmt: skip

    def jvp_and_hvp(self, *inputs, direction, wrt=None, cotangent=None, gamma=1.0, lengths=None, **named_inputs):
        """(the outputs' derivative along the direction, what `hvp` gives)."""
        spec, head = self._bind(inputs, named_inputs, gamma, lengths)
        names = self.program.check_wrt(wrt)
        given = by_name("direction", names, direction, names)
        cotangents, directions = self._cotangents(cotangent), tuple(map(given.get, names))
        spec, count, guard = spec.by(names), len(self._layout.outputs), self._functions.guard
        if torch.compiler.is_compiling():
            results = self._call("hvp", spec, head, cotangents, directions)[count:]
            results = results[:count] + self._layout.retype(spec, head, results[count:])
        else:
            results = self._functions.Hvp.apply(spec, *guard(head), *guard(cotangents), *directions)
        return self._values(results[:count]), _by_wrt("hvp", wrt, names, results[count:])

    def argmax(self, *inputs, lengths=None, **named_inputs):
        """The solution of the all-hard program, a `danskin.paths.Argmax`. No derivative
        passes through it."""
        spec, head = self._bind(inputs, named_inputs, 1.0, lengths)
        head = [each if each is None else each.detach() for each in head]
        results = self._call("argmax", spec, head)
        count = len(self._layout.outputs)
        return Argmax(self.program.description, self._values(results[:count]), *results[count:])

    def _call(self, query, spec, head, *further):
        return call(self.program, self._layout, query, spec, head, *further)

    def _cotangents(self, cotangent):
        given = by_name("cotangent", self._layout.outputs, cotangent, self._layout.outputs)
        if not given:
            return (None,) * len(self._layout.outputs)
        missing = [name for name in self._layout.outputs if name not in given]
        if missing:
            raise ValueError(f"{self.program.name}: the cotangent misses {', '.join(missing)}")
        return tuple(given[name] for name in self._layout.outputs)

    def _values(self, results):
        if len(results) == 1:
            return results[0]
        return named(self.program.name, self._layout.outputs, results)

    def _bind(self, inputs, named_inputs, gamma, lengths):
        """(Spec, tensors of the head)."""
        if self._is_plain and not named_inputs and not lengths and len(inputs) == self._count:
            head, spec, limits = inputs, self._no_sizes, self._no_lengths
        else:
            bound = self._signature.bind(inputs, named_inputs, gamma, lengths)
            names = self._layout.names
            head = [bound.inputs[name] for name in names if name != "gamma"]
            sizes = [each.name for each in self.program.description.sizes]
            spec = Spec(tuple(map(bound.sizes.get, sizes)))
            limits = tuple(_to_length(name, bound.lengths.get(name)) for name in sizes)
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
        inputs = [self._to_ints(k, each) for k, each in enumerate(inputs)]
        for k in self._floats:
            each = inputs[k]
            if isinstance(each, torch.Tensor):
                casts = each.dtype in _HALF and torch.is_autocast_enabled("cpu")
                if casts or each.dtype in (torch.float32, torch.float64):
                    inputs[k] = each.to(dtype)
            elif isinstance(each, (int, float)):
                inputs[k] = torch.tensor(float(each), dtype=dtype)
            else:
                raise TypeError(f"{self.program.name}: input `{self._layout.names[k]}` must be a tensor, "
                                f"not {type(each).__name__}")  # fmt: skip
        return inputs

    def _to_ints(self, place, value):
        if isinstance(value, torch.Tensor) or place in self._floats:
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


def _to_length(name, value):
    if value is None or isinstance(value, torch.Tensor):
        return value
    try:
        return torch.tensor(value, dtype=torch.int64)
    except (TypeError, ValueError, RuntimeError):
        raise TypeError(f"lengths of `{name}` must be ints, not {value!r}") from None


def _by_wrt(prefix, wrt, names, results):
    return results[0] if isinstance(wrt, str) else named(prefix, names, results)
