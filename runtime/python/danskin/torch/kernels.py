"""Calling an entry on tensors: the quick way from tensors to a kernel."""

import torch

from ..plans import Array, Plan

TYPES = {torch.float32: "f32", torch.float64: "f64", torch.int32: "i32", torch.int64: "i64"}
DTYPES = {"f32": torch.float32, "f64": torch.float64, "i64": torch.int64}


def run(entry, tensors, sizes):
    """The outputs of an entry, a list of new tensors.

    Args:
        entry: a `danskin.library.Entry`.
        tensors: its inputs, then a length for each size; None where not given.
        sizes: an int for each size, None where inputs determine it.

    Tensors are read where they lie, with any strides. One of another element type
    is converted.

    Raises:
        TypeError, ValueError: what is wrong with a tensor, by name.
    """
    key = [sizes]
    append = key.append
    for each in tensors:
        if each is None:
            append(None)
        elif each.is_cpu and not each.is_neg():
            append(each.shape)
            append(each.stride())
            append(each.dtype)
        else:
            return run(entry, [_plain(entry, k, each) for k, each in enumerate(tensors)], sizes)
    key = tuple(key)
    threads = torch.get_num_threads()
    plan = entry.plans.take(key)
    if plan is None:
        converted = [_convert(entry, k, each) for k, each in enumerate(tensors)]
        if any(new is not old for new, old in zip(converted, tensors)):
            return run(entry, converted, sizes)
        plan = _make_plan(entry, tensors, sizes, threads)
    results = [torch.empty_like(each) for each in plan.models]
    pointers = [each.data_ptr() for each in (*tensors, *results) if each is not None]
    try:
        plan.run(pointers, threads)
    finally:
        entry.plans.give(key, plan)
    return results


def _make_plan(entry, tensors, sizes, threads):
    arrays = [None if each is None else Array(each.data_ptr(), each.shape, each.stride(), TYPES[each.dtype])
              for each in tensors]  # fmt: skip
    count = len(entry.inputs)
    plan = Plan(entry, arrays[:count], sizes, arrays[count:], threads)
    # Copying a layout is the quickest way to a new tensor; models have one element.
    with torch.inference_mode(False):
        plan.models = [torch.empty((), dtype=DTYPES[name], device="cpu").expand(shape)
                       for shape, name in zip(plan.shapes, plan.types)]  # fmt: skip
    return plan


def _name(entry, place):
    count = len(entry.inputs)
    return f"input `{entry.input_names[place]}`" if place < count else f"lengths of `{entry.size_names[place - count]}`"


def _plain(entry, place, tensor):
    """A tensor in the CPU's memory without lazy operations."""
    if tensor is None:
        return None
    if not tensor.is_cpu:
        raise ValueError(f"{entry.program}: {_name(entry, place)} is on {tensor.device}, but kernels run on the CPU")
    return tensor.resolve_neg()


def _convert(entry, place, tensor):
    """The tensor in an element type that the entry takes."""
    if tensor is None:
        return None
    if tensor.layout != torch.strided:
        raise TypeError(f"{entry.program}: {_name(entry, place)} is {tensor.layout}, but must be dense")
    is_input = place < len(entry.inputs)
    wanted = entry.inputs[place]["type"] if is_input else "i64"
    dtype = DTYPES[wanted]
    if tensor.dtype == dtype or (wanted == "i64" and tensor.dtype == torch.int32):
        return tensor
    if wanted == "i64":
        fits = not tensor.dtype.is_floating_point and not tensor.dtype.is_complex and tensor.dtype != torch.bool
    else:
        # Cotangents and directions follow; what a program declares has a type of its own.
        fits = tensor.dtype in (torch.float32, torch.float64)
    if not fits:
        takes = "ints" if wanted == "i64" else "float32 or float64"
        raise TypeError(f"{entry.program}: {_name(entry, place)} has elements of {tensor.dtype}, but takes {takes}")
    return tensor.to(dtype)
