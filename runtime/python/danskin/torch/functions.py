"""Derivatives: Value -> Grad -> Hvp -> a Function that raises.

With f the outputs, x the inputs and c the cotangents:

    Value  x              f(x)
    Grad   x, c           g = d<c, f>/dx             by the entry `grad`
    Jvp    x, v           df/dx v                    by the entry `hvp`
    Hvp    x, c, v        H v, and df/dx v           by the entry `hvp`
    Guard  x              x

Each is what differentiating another gives, in reverse and in forward mode. What
Hvp depends on other than through v passes through Guard, whose derivative raises:
a third derivative is an error, never a wrong number.

All take a `Spec`, then tensors: the inputs of the entry `value` (with gamma), a
length for each size, and by kind cotangents, one an output, and directions, one
for each name of `spec.wrt`. Each of these may be None.
"""

import dataclasses
import functools
import types

import torch
from torch.autograd import Function

from .ops import call_operator, make_register, set_vmap


@dataclasses.dataclass(frozen=True)
class Spec:
    """What a call is, besides its tensors.

    `sizes`: an int for each size, None where inputs decide. `wrt`: the names asked
    about.
    """

    sizes: tuple
    wrt: tuple = ()

    def by(self, names):
        """The same about other names."""
        return Spec(self.sizes, names)


class Layout:
    """Where what stands among the tensors of one program.

    Attributes:
        names: of the inputs of the entry `value`, gamma last.
        ranks: their declared ranks.
        outputs: their names.
        base, lengths, head: how many inputs and lengths there are, and both together.
        order: `Description.order`.
        register: of `ops.make_register`.
    """

    def __init__(self, program):
        description = program.description
        shapes = [(name, rank) for each in description.inputs for name, rank in _arrays(each)]
        self.names = (*(name for name, _ in shapes), "gamma")
        self.ranks = (*(rank for _, rank in shapes), 0)
        self.outputs = tuple(each.name for each in description.outputs)
        self.scalar = not any(each.indices for each in description.outputs)
        self.order, self.register = description.order, make_register(program)
        self.base, self.lengths = len(self.names), len(description.sizes)
        self.head = self.base + self.lengths

    def needed(self, flags):
        """The names of the inputs whose flag is set."""
        return tuple(name for name, flag in zip(self.names, flags) if flag)

    def scatter(self, found):
        """One value for each tensor of the head, from {name: value}."""
        return tuple(found.get(name) for name in self.names) + (None,) * self.lengths

    def retype(self, spec, head, results):
        """Derivatives in the types of what they are taken by (gamma is float64)."""
        known = dict(zip(self.names, head))
        return tuple(each.to(known[name].dtype) if name in known else each for name, each in zip(spec.wrt, results))


def _arrays(declared):
    """(name, rank) of the arrays of an input; of a dag those of its edges."""
    ranks = (1, 1) if declared.element == "dag" else (len(declared.shape),)
    return zip(declared.abi_names, ranks)


def call(program, layout, query, spec, head, *further):
    """The outputs of an operator, a tuple; `further`: cotangents and directions."""
    extra = [each for several in further for each in several]
    arguments = (*head[: layout.base], *extra, *head[layout.base :], *spec.sizes)
    return call_operator(program, layout.register, query, spec.wrt, arguments, layout.names)


def make_functions(program, layout):
    """The Functions of a program, as attributes, and `guard` for several tensors."""
    name = program.name
    run = functools.partial(call, program, layout)

    class Base(Function):
        @staticmethod
        def setup_context(ctx, inputs, output):
            spec, *tensors = inputs
            ctx.spec = spec
            ctx.set_materialize_grads(False)
            ctx.save_for_backward(*tensors)
            ctx.save_for_forward(*tensors)

    class Guard(Function):
        @staticmethod
        def forward(x):
            return x.view_as(x)

        @staticmethod
        def setup_context(ctx, inputs, output):
            pass

        @staticmethod
        def backward(ctx, *_):
            raise RuntimeError(f"{name}: third derivatives are not defined")

        @staticmethod
        def jvp(ctx, *_):
            raise RuntimeError(f"{name}: third derivatives are not defined")

    def guard(tensors):
        return [Guard.apply(each) if each is not None and each.is_floating_point() else each for each in tensors]

    class Value(Base):
        @staticmethod
        def forward(spec, *head):
            return run("value", spec.by(()), head)

        @staticmethod
        def backward(ctx, *cotangents):
            head = ctx.saved_tensors
            names = layout.needed(ctx.needs_input_grad[1:])
            if not names or all(each is None for each in cotangents):
                return (None,) * (1 + layout.head)
            cotangents = fill(ctx, cotangents)
            found = Grad.apply(ctx.spec.by(names), *head, *cotangents)
            return (None, *layout.scatter(dict(zip(names, found))))

        @staticmethod
        def jvp(ctx, _, *tangents):
            names = tuple(name for name, each in zip(layout.names, tangents) if each is not None)
            if not names:
                return (None,) * len(layout.outputs)
            given = [each for each in tangents[: layout.base] if each is not None]
            return Jvp.apply(ctx.spec.by(names), *ctx.saved_tensors, *given)

    def fill(ctx, cotangents):
        """Where only some outputs have cotangents, those of the others are 0, not
        the default of kernels, which is 1."""
        if all(each is not None for each in cotangents):
            return cotangents
        outputs = Value.apply(ctx.spec, *ctx.saved_tensors[: layout.head])
        return [torch.zeros_like(output) if each is None else each for each, output in zip(cotangents, outputs)]

    class Grad(Base):
        @staticmethod
        def forward(spec, *tensors):
            head, cotangents = tensors[: layout.head], tensors[layout.head :]
            results = run("grad", spec, head, cotangents)
            return layout.retype(spec, head, results[len(layout.outputs) :])

        @staticmethod
        def backward(ctx, *directions):
            head, cotangents = ctx.saved_tensors[: layout.head], ctx.saved_tensors[layout.head :]
            flags = ctx.needs_input_grad[1:]
            names = layout.needed(flags)
            if all(each is None for each in directions):
                return (None,) * (1 + len(flags))
            jvps, hvps = second(ctx.spec, names, head, cotangents, directions)
            found = dict(zip(layout.order(names, ctx.spec.wrt), hvps))
            found = {key: found[key] for key in names}
            return (None, *layout.scatter(found), *(j if flag else None for j, flag in zip(jvps, flags[layout.head :])))

        @staticmethod
        def jvp(ctx, _, *tangents):
            head, cotangents = ctx.saved_tensors[: layout.head], ctx.saved_tensors[layout.head :]
            names = tuple(name for name, each in zip(layout.names, tangents) if each is not None)
            moved = tangents[layout.head :]
            total = [None] * len(ctx.spec.wrt)
            if names:
                given = [each for each in tangents[: layout.base] if each is not None]
                _, hvps = second(ctx.spec.by(names), ctx.spec.wrt, head, cotangents, given)
                found = dict(zip(layout.order(names, ctx.spec.wrt), hvps))
                total = [found[key] for key in ctx.spec.wrt]
            if any(each is not None for each in moved):
                zeros = [torch.zeros_like(c) if each is None else each for each, c in zip(moved, cotangents)]
                more = Grad.apply(ctx.spec, *head, *zeros)
                total = [b if a is None else a + b for a, b in zip(total, more)]
            return tuple(total)

    def second(spec, outputs, head, cotangents, directions):
        """Hvp along directions by `spec.wrt` for `outputs` and these names, guarded."""
        given = dict(zip(spec.wrt, directions))
        names = layout.order(outputs, spec.wrt)
        results = Hvp.apply(spec.by(names), *guard(head), *guard(cotangents), *map(given.get, names))
        return results[: len(layout.outputs)], results[len(layout.outputs) :]

    class Hvp(Base):
        @staticmethod
        def forward(spec, *tensors):
            head, further = tensors[: layout.head], tensors[layout.head :]
            results = run("hvp", spec, head, further)
            count = len(layout.outputs)
            return results[:count] + layout.retype(spec, head, results[count:])

        @staticmethod
        def backward(ctx, *weights):
            spec, tensors = ctx.spec, ctx.saved_tensors
            head, count = tensors[: layout.head], len(layout.outputs)
            cotangents = tensors[layout.head : layout.head + count]
            flags = ctx.needs_input_grad[1:]
            # What has gone through Guard gets something to raise at.
            results = [torch.zeros_like(each) if flag else None for each, flag in zip(tensors, flags)]
            total = [None] * len(spec.wrt)
            if any(flags[layout.head + count :]):
                # H is symmetric, and the derivative along v is linear in it.
                if any(each is not None for each in weights[count:]):
                    total = Hvp.apply(spec, *head, *cotangents, *weights[count:])[count:]
                if any(each is not None for each in weights[:count]):
                    ones = [torch.zeros_like(o) if w is None else w
                            for w, o in zip(weights, Value.apply(spec, *head))]  # fmt: skip
                    more = Grad.apply(spec, *head, *ones)
                    total = [b if a is None else a + b for a, b in zip(total, more)]
                total = [each if flag else None for each, flag in zip(total, flags[layout.head + count :])]
            return (None, *results[: layout.head + count], *total)

        @staticmethod
        def jvp(ctx, _, *tangents):
            tensors, count = ctx.saved_tensors, len(layout.outputs)
            if any(each is not None for each in tangents[: layout.head + count]):
                raise RuntimeError(f"{name}: third derivatives are not defined")
            return Hvp.apply(ctx.spec, *tensors[: layout.head + count], *tangents[layout.head + count :])

    class Jvp(Base):
        @staticmethod
        def forward(spec, *tensors):
            head, directions = tensors[: layout.head], tensors[layout.head :]
            count = len(layout.outputs)
            results = run("hvp", spec, head, [None] * count, directions)
            return results[:count]

        @staticmethod
        def backward(ctx, *weights):
            head, directions = ctx.saved_tensors[: layout.head], ctx.saved_tensors[layout.head :]
            flags = ctx.needs_input_grad[1:]
            names = layout.needed(flags)
            if all(each is None for each in weights):
                return (None,) * (1 + len(flags))
            weights = fill(ctx, weights)
            found, along = {}, (None,) * len(directions)
            if names:
                _, hvps = second(ctx.spec, names, head, weights, directions)
                found = dict(zip(layout.order(names, ctx.spec.wrt), hvps))
                found = {key: found[key] for key in names}
            if any(flags[layout.head :]):
                along = Grad.apply(ctx.spec, *head, *weights)
            return (None, *layout.scatter(found), *along)

        @staticmethod
        def jvp(ctx, _, *tangents):
            head, directions = ctx.saved_tensors[: layout.head], ctx.saved_tensors[layout.head :]
            names = tuple(name for name, each in zip(layout.names, tangents) if each is not None)
            total = None
            if names:
                given = [each for each in tangents[: layout.base] if each is not None]
                total = twice(ctx.spec, head, directions, names, given)
            if any(each is not None for each in tangents[layout.head :]):
                more = Jvp.apply(ctx.spec, *head, *tangents[layout.head :])
                total = more if total is None else [a + b for a, b in zip(total, more)]
            return tuple(total or [None] * len(layout.outputs))

    def twice(spec, head, directions, names, others):
        """The second derivative of scalar outputs along two directions, an instance
        at a time: <v, H u>, with what a batch shares repeated for each instance."""
        if not layout.scalar:
            raise RuntimeError(f"{name}: forward over forward mode wants outputs that are scalars")
        values = Value.apply(spec, *head)
        batch, own = values[0].shape, dict(zip(layout.names, layout.ranks))
        alone = [each if each is None or not batch or each.dim() > rank else each.expand(*batch, *each.shape)
                 for each, rank in zip(head, layout.ranks)]  # fmt: skip
        head = (*alone, *head[layout.base :])

        def spread(key, each):
            return each.expand(*batch, *each.shape) if batch and each.dim() == own[key] else each

        first = {key: spread(key, each) for key, each in zip(spec.wrt, directions)}
        second_ = [spread(key, each) for key, each in zip(names, others)]
        found = []
        for k in range(len(values)):
            weights = [torch.ones_like(each) if j == k else torch.zeros_like(each) for j, each in enumerate(values)]
            _, hvps = second(spec.by(names), spec.wrt, head, weights, second_)
            along = dict(zip(layout.order(names, spec.wrt), hvps))
            terms = [(first[key] * along[key]).flatten(len(batch)).sum(-1).to(values[k].dtype) for key in spec.wrt]
            found.append(sum(terms))
        return found

    for each in (Guard, Value, Grad, Jvp, Hvp):
        set_vmap(each)
    return types.SimpleNamespace(Value=Value, Grad=Grad, Jvp=Jvp, Hvp=Hvp, guard=guard)
