"""vmap: the new axis becomes part of the one batch axis that kernels have."""

import functools

from jax import numpy as jnp
from jax.interpreters import batching

from .primitives import grad_p, hvp_p, value_p


def _fold(primitive, operands, dims, *, call):
    size = next(each.shape[dim] for each, dim in zip(operands, dims) if dim is not None)
    operands = [jnp.asarray(each) if dim is None else jnp.moveaxis(each, dim, 0) for each, dim in zip(operands, dims)]
    own = tuple(each.shape[dim is not None :] for each, dim in zip(operands, dims))
    batch = call.find_batch(own)
    if batch is not None:
        operands = [_join(each, dim is not None, len(shape) > rank, size, batch)
                    for each, dim, shape, rank in zip(operands, dims, own, call.ranks)]  # fmt: skip
    # Each instance of the new axis has derivatives of its own, also by what it shares.
    alone = {name for name, each, rank in zip(call.names, operands, call.ranks) if each.ndim == rank}
    spread = tuple(name for name in call.names if name in alone and name in {*call.spread, *call.followed})
    results = primitive.bind(*operands, call=call.replace(spread=spread))
    if batch is not None:
        results = [_part(each, size, batch, name is None or call.is_batched(name, own))
                   for name, each in zip(call.followed, results)]  # fmt: skip
    return results, (0,) * len(results)


def _join(operand, is_mapped, is_batched, size, batch):
    """An operand with both axes in one, or with neither."""
    if not is_mapped and not is_batched:
        return operand
    if not is_batched:
        operand = operand[:, None]
    elif not is_mapped:
        operand = operand[None]
    rest = operand.shape[2:]
    return jnp.broadcast_to(operand, (size, batch, *rest)).reshape(size * batch, *rest)


def _part(result, size, batch, is_batched):
    result = result.reshape(size, batch, *result.shape[1:])
    return result if is_batched else result.sum(1)


for _primitive in (value_p, grad_p, hvp_p):
    batching.primitive_batchers[_primitive] = functools.partial(_fold, _primitive)
