"""The quick way of a first derivative: a Function of the old form, which costs a
third of one with `setup_context`, straight to the kernels. What goes beyond the
first derivative of plain tensors is `functions`' part."""

import torch
from torch._C._functorch import is_legacy_batchedtensor as is_batched
from torch.autograd import Function

from .ops import get_operator


def make_value(program, layout, functions):
    """A program's value as a differentiable function of plain tensors: no torch.func,
    no forward mode, no tracing."""
    value = get_operator(program, "value")
    base, count = layout.base, len(layout.outputs)

    class EagerValue(Function):
        @staticmethod
        def forward(ctx, spec, *head):
            ctx.spec = spec
            ctx.set_materialize_grads(False)
            ctx.save_for_backward(*head)
            return tuple(value.run(head, spec.sizes))

        @staticmethod
        def backward(ctx, *cotangents):
            head = ctx.saved_tensors
            names = layout.needed(ctx.needs_input_grad[1:])
            # Cotangents may be batched by `is_grads_batched`, where no transform is active.
            plain = not torch.is_grad_enabled() and all(each is not None and not is_batched(each) for each in cotangents)
            if not plain or not names:
                return functions.Value.backward(ctx, *cotangents)
            operator = get_operator(program, "grad", names)
            found = operator.run((*head[:base], *cotangents, *head[base:]), ctx.spec.sizes)[count:]
            found = layout.retype(ctx.spec.by(names), head, found)
            return (None, *layout.scatter(dict(zip(names, found))))

    # What Function.apply does before is about torch.func, which is not active here.
    return super(Function, EagerValue).apply
