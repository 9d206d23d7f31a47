"""Calling an entry on tensors: the quick way from tensors to a kernel."""

import functools

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
    is converted. If one lies on a GPU, the work is started there on the current
    stream; lengths and numbers may lie on the CPU.

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
            return _run_elsewhere(entry, tensors, sizes)
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


def _run_elsewhere(entry, tensors, sizes):
    """The same where a tensor is not plain memory of the CPU."""
    device = _find_gpu(tensors)
    tensors = [_plain(entry, k, each, device) for k, each in enumerate(tensors)]
    if device is None:
        return run(entry, tensors, sizes)
    tensors = [_convert(entry, k, each, is_long=True) for k, each in enumerate(tensors)]
    key = (sizes, device, *(None if each is None else (each.shape, each.stride(), each.dtype, each.device)
                       for each in tensors))  # fmt: skip
    plan = entry.plans.take(key) or _make_plan(entry, tensors, sizes, 0, device)
    try:
        with torch.cuda.device(device):
            results = [torch.empty(shape, dtype=DTYPES[name], device=device)
                       for shape, name in zip(plan.shapes, plan.types)]  # fmt: skip
            workspace = torch.empty(plan.workspace_bytes, dtype=torch.uint8, device=device)
            pointers = [each.data_ptr() for each in (*tensors, *results) if each is not None]
            plan.run_on(torch.cuda.current_stream().cuda_stream, pointers, workspace.data_ptr())
    finally:
        entry.plans.give(key, plan)
    return results


def check(entry, tensors):
    """Raises what `run` does of where tensors are and of what type, without their contents."""
    device = _find_gpu(tensors)
    for place, each in enumerate(tensors):
        _convert(entry, place, _plain(entry, place, each, device))


def _find_gpu(tensors):
    return next((each.device for each in tensors if each is not None and each.is_cuda), None)


@functools.lru_cache(maxsize=None)
def get_target(gpu):
    """What to compile for a GPU, by its number."""
    major, minor = torch.cuda.get_device_capability(gpu)
    return f"cuda:sm_{major}{minor}"


def _make_plan(entry, tensors, sizes, threads, device=None):
    def describe(tensor):
        gpu = tensor.get_device() if tensor.is_cuda else None
        return Array(tensor.data_ptr(), tensor.shape, tensor.stride(), TYPES[tensor.dtype], gpu)

    arrays = [None if each is None else describe(each) for each in tensors]
    count = len(entry.inputs)
    gpu = None if device is None else device.index
    plan = Plan(entry, arrays[:count], sizes, arrays[count:], threads, gpu)
    if device is None:
        # Copying a layout is the quickest way to a new tensor; models have one element.
        with torch.inference_mode(False):
            plan.models = [torch.empty((), dtype=DTYPES[name], device="cpu").expand(shape)
                           for shape, name in zip(plan.shapes, plan.types)]  # fmt: skip
    return plan


def _name(entry, place):
    count = len(entry.inputs)
    return f"input `{entry.input_names[place]}`" if place < count else f"lengths of `{entry.size_names[place - count]}`"


def _plain(entry, place, tensor, device):
    """A tensor without lazy operations that kernels of the device can read."""
    if tensor is None:
        return None
    tensor = tensor.resolve_neg()
    if tensor.is_cpu and (device is None or (tensor.dim() == 0 and place < len(entry.inputs))):
        return tensor
    if tensor.is_cpu and place >= len(entry.inputs):
        return tensor.to(device, non_blocking=True)
    if tensor.device != device:
        where = "the CPU and NVIDIA's GPUs" if device is None else str(device)
        raise ValueError(f"{entry.program}: {_name(entry, place)} is on {tensor.device}, but kernels run on {where}")
    return tensor


def _convert(entry, place, tensor, is_long=False):
    """The tensor in an element type that the entry takes. `is_long`: ints are int64."""
    if tensor is None:
        return None
    if tensor.layout != torch.strided:
        raise TypeError(f"{entry.program}: {_name(entry, place)} is {tensor.layout}, but must be dense")
    is_input = place < len(entry.inputs)
    wanted = entry.inputs[place]["type"] if is_input else "i64"
    dtype = DTYPES[wanted]
    if tensor.dtype == dtype or (wanted == "i64" and tensor.dtype == torch.int32 and not is_long):
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
