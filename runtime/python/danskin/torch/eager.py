"""The quick way of plain tensors: without a derivative, or with the first as a
Function of the old form, which costs a third of one with `setup_context`, straight
to the kernels. What goes beyond is `functions`' part."""

import torch
from torch._C._functorch import is_legacy_batchedtensor as is_batched
from torch.autograd import Function

from .ops import choose_type, get_operator


def run(program, layout, query, spec, head, cotangents, directions):
    """The outputs of an operator for plain tensors, without a derivative."""
    operator = get_operator(program, query, spec.wrt, choose_type(head[: layout.base - 1]))
    return operator.run((*head[: layout.base], *cotangents, *directions, *head[layout.base :]), spec.sizes)


def make_value(program, layout, functions):
    """(the operator of a program's value for given tensors, the value as a
    differentiable function) of plain tensors: no torch.func, no forward mode, no
    tracing."""
    base, count = layout.base, len(layout.outputs)

    operators = []

    def value(head):
        """The operator; which type it is compiled for first, the first call says."""
        if not operators:
            operators.append(get_operator(program, "value", (), choose_type(head[: base - 1])))
        return operators[0]

    class EagerValue(Function):
        @staticmethod
        def forward(ctx, spec, *head):
            ctx.spec = spec
            ctx.set_materialize_grads(False)
            ctx.save_for_backward(*head)
            return tuple(value(head).run(head, spec.sizes))

        @staticmethod
        def backward(ctx, *cotangents):
            head = ctx.saved_tensors
            names = layout.needed(ctx.needs_input_grad[1:])
            # Cotangents may be batched by `is_grads_batched`, where no transform is active.
            plain = all(each is not None and not is_batched(each) for each in cotangents)
            if torch.is_grad_enabled() or not plain or not names:
                return functions.Value.backward(ctx, *cotangents)
            operator = get_operator(program, "grad", names, choose_type(head[: base - 1]))
            found = operator.run((*head[:base], *cotangents, *head[base:]), ctx.spec.sizes)[count:]
            found = layout.retype(ctx.spec.by(names), head, found)
            return (None, *layout.scatter(dict(zip(names, found))))

    # What Function.apply does before is about torch.func, which is not active here.
    return value, super(Function, EagerValue).apply
