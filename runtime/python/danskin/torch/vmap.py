"""vmap over an operator: its axis becomes the batch, or part of it."""


def fold(operator, count, dims, arguments):
    """What torch.library.register_vmap wants: (outputs, their vmapped axes).

    Kernels know one batch. Where instances are vmapped over already have a batch
    within, the two are one of count * inner instances. An input that gradients are
    taken by, and that stands once, is repeated without a copy, so that each
    instance gets a gradient of its own; what the inner batch shares is summed.
    """
    tensors, sizes = arguments[: operator.tensor_count], arguments[operator.tensor_count :]
    outputs, position = operator.outputs, operator.position
    ranks = (*operator.ranks, *[0] * operator.size_count)
    # What the entry does not take must not be what makes a batch.
    tensors = [None if k in operator.ignored else each for k, each in enumerate(tensors)]
    dims = [None if each is None else dim for each, dim in zip(tensors, dims)]
    tensors = [each if dim is None else each.movedim(dim, 0) for each, dim in zip(tensors, dims)]
    vmapped = [dim is not None for dim in dims]
    if not any(vmapped):
        results = operator.overload(*tensors, *sizes)
        return (results, None) if len(outputs) == 1 else (tuple(results), (None,) * len(outputs))
    inner = [each is not None and each.dim() - outer > rank for each, outer, rank in zip(tensors, vmapped, ranks)]
    batch = next((each.shape[int(outer)] for each, outer, has in zip(tensors, vmapped, inner) if has), None)
    followed = {position[each["batched_like"]] for each in outputs if "batched_like" in each}
    total = count if batch is None else count * batch

    def merge(place, tensor):
        if tensor is None:
            return None
        own, rest = (vmapped[place], inner[place]), tensor.shape[vmapped[place] + inner[place] :]
        if own == (False, False):
            return tensor.expand(total, *rest) if place in followed else tensor
        if batch is None:
            return tensor
        if own == (True, False):
            tensor = tensor.unsqueeze(1)
        elif own == (False, True):
            tensor = tensor.unsqueeze(0)
        return tensor.expand(count, batch, *rest).reshape(total, *rest)

    merged = [merge(place, each) for place, each in enumerate(tensors)]
    results = operator.overload(*merged, *sizes)
    single = len(outputs) == 1
    results = (results,) if single else results
    if batch is not None:
        results = [each.reshape(count, batch, *each.shape[1:]) for each in results]
        results = [each.sum(1) if "batched_like" in output and not inner[position[output["batched_like"]]]
                   else each for each, output in zip(results, outputs)]  # fmt: skip
    return (results[0], 0) if single else (tuple(results), (0,) * len(results))
