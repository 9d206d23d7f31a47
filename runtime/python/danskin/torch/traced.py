"""Derivatives of operators for torch.compile, which sees operators, not the
Functions of `functions`: a Function with forward mode has no compiled backward
pass (pytorch#180284), and operators with derivatives do not work under torch.func
(pytorch#168393), so that both are needed.

value is differentiated by grad, grad by hvp, and hvp raises. In forward mode all raise:
torch.library has no rule for it, and would drop tangents.
"""

import torch
from torch.autograd import forward_ad


def register(operator, get_operator, choose_type):
    """Registers the derivative of an operator; the two functions of `ops` find its
    successors."""
    program, query = operator.program, operator.query
    if query == "argmax":
        return
    makers = {"value": _backward_of_value, "grad": _backward_of_grad, "hvp": _backward_of_hvp}

    def setup(ctx, inputs, output):
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(*inputs[: operator.tensor_count])
        ctx.sizes = inputs[operator.tensor_count :]

    def successor(query, wrt, tensors):
        dtype = choose_type(tensors)
        return get_operator(program, query, wrt, dtype)

    library = _Library("danskin", "FRAGMENT")
    library.title = program.name
    _kept.append(library)
    torch.library.register_autograd(operator.name, makers[query](operator, successor), setup_context=setup, lib=library)


# With a library goes what it has registered.
_kept = []


class _Library(torch.library.Library):
    """Its kernels refuse tensors that have tangents.

    Attributes:
        title: of the program.
    """

    def impl(self, name, kernel, *arguments, **options):
        """As of torch.library.Library."""
        title = self.title

        def checked(keys, *values):
            if forward_ad._current_level >= 0 and torch._C._is_fwd_grad_enabled():
                _refuse_tangents(title, values)
            return kernel(keys, *values)

        super().impl(name, checked, *arguments, **options)


def _refuse_tangents(title, values):
    for each in values:
        if isinstance(each, torch.Tensor) and each.is_floating_point() and forward_ad.unpack_dual(each).tangent is not None:
            raise RuntimeError(f"{title}: a compiled function has no forward mode: call torch.func.jvp, jacfwd or "
                               "forward_ad outside of torch.compile, or jvp_and_hvp inside")  # fmt: skip


class _Places:
    """Where what stands among the tensors of an operator: the program's inputs,
    then cotangents and directions, then lengths."""

    def __init__(self, operator):
        names = tuple(operator.position)
        self.base = sum(not name.startswith(("ct.", "dir.")) for name in names)
        self.names = names[: self.base]
        self.inputs = operator.input_count
        self.nothing = (None,) * (operator.size_count * 2)
        self.count = len(operator.program.description.outputs)
        self.order = operator.program.description.order

    def split(self, tensors):
        """(inputs, cotangents and directions, lengths)."""
        return tensors[: self.base], tensors[self.base : self.inputs], tensors[self.inputs :]

    def needed(self, flags):
        return tuple(name for name, flag in zip(self.names, flags) if flag)

    def scatter(self, inputs, found):
        """A gradient for each input, in its type."""
        return [found[name].to(each.dtype) if name in found else None for name, each in zip(self.names, inputs)]


def _call(operator, *arguments):
    results = operator.overload(*arguments)
    return results if isinstance(results, tuple) else (results,)


def _fill(cotangents, values):
    """Those that are missing are 0; the default of kernels is 1."""
    return [torch.zeros_like(value) if each is None else each for each, value in zip(cotangents, values)]


def _backward_of_value(operator, successor):
    places = _Places(operator)

    def backward(ctx, *cotangents):
        inputs, _, lengths = places.split(ctx.saved_tensors)
        names = places.needed(ctx.needs_input_grad)
        if any(each is None for each in cotangents):
            cotangents = _fill(cotangents, _call(operator, *ctx.saved_tensors, *ctx.sizes))
        found = _call(successor("grad", names, inputs[:-1]), *inputs, *cotangents, *lengths, *ctx.sizes)[places.count :]
        return (*places.scatter(inputs, dict(zip(names, found))), *places.nothing)

    return backward


def _backward_of_grad(operator, successor):
    places, wrt = _Places(operator), operator.wrt

    def backward(ctx, *weights):
        inputs, cotangents, lengths = places.split(ctx.saved_tensors)
        names = places.needed(ctx.needs_input_grad)
        total, along = [None] * places.base, [None] * places.count
        if any(each is not None for each in weights[places.count :]):
            both = places.order(names, wrt)
            given = dict(zip(wrt, weights[places.count :]))
            further = (*cotangents, *map(given.get, both))
            results = _call(successor("hvp", both, inputs[:-1]), *inputs, *further, *lengths, *ctx.sizes)
            along = results[: places.count]
            found = dict(zip(both, results[places.count :]))
            total = places.scatter(inputs, {name: found[name] for name in names})
        if names and any(each is not None for each in weights[: places.count]):
            value = successor("value", (), inputs[:-1])
            weights = _fill(weights[: places.count], _call(value, *inputs, *lengths, *ctx.sizes))
            again = successor("grad", names, inputs[:-1])
            found = _call(again, *inputs, *weights, *lengths, *ctx.sizes)[places.count :]
            more = places.scatter(inputs, dict(zip(names, found)))
            total = [b if a is None else a if b is None else a + b for a, b in zip(total, more)]
        flags = ctx.needs_input_grad[places.base :]
        return (*total, *(each if flag else None for each, flag in zip(along, flags)), *places.nothing)

    return backward


def _backward_of_hvp(operator, successor):
    def backward(ctx, *_):
        raise RuntimeError(f"{operator.program.name}: a Hessian-product has no derivative under torch.compile")

    return backward
