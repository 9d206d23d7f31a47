"""What PyTorch before 2.7 lacks, or does otherwise. Only `ops` imports it, only there:
once none of these is taken any more, this file goes."""

import torch
from torch._C import DispatchKey, DispatchKeySet, _ExcludeDispatchKeyGuard
from torch._functorch.autograd_function import VmapInfo, vmapify_autograd_function
from torch._functorch.pyfunctorch import retrieve_current_functorch_interpreter
from torch._functorch.vmap import unwrap_batched, wrap_batched
from torch._library.utils import lookup_op
from torch.amp.autocast_mode import _cast

_library = torch.library.Library("danskin", "FRAGMENT")


def register_vmap(name, rule):
    """As of torch.library."""
    overload = lookup_op(name)

    def batched(_, *arguments):
        interpreter = retrieve_current_functorch_interpreter()
        plain, dims = unwrap_batched(arguments, interpreter.level())
        with _ExcludeDispatchKeyGuard(DispatchKeySet(DispatchKey.FuncTorchBatched)):
            if all(each is None for each in dims):
                return overload(*arguments)
            info = VmapInfo(batch_size=interpreter.batch_size(), randomness=interpreter.randomness())
            results, places = rule(info, dims, *plain)
        return wrap_batched(results, places, interpreter.level())

    _library.impl(name.partition("::")[2], batched, "FuncTorchBatched", with_keyset=True)


def register_autocast(name, device, dtype):
    """As of torch.library."""
    overload = lookup_op(name)
    key = getattr(DispatchKey, "Autocast" + torch._C._dispatch_key_for_device(device))

    def cast(_, *arguments):
        with _ExcludeDispatchKeyGuard(DispatchKeySet(key)):
            return overload(*_cast(arguments, device, dtype))

    _library.impl(name.partition("::")[2], cast, key.name, with_keyset=True)


def assume_constant_result(function):
    """As of torch.compiler. While torch.compile traces, it makes the result a global of the
    module of what it compiles, by the function's name, which must not be another's there."""
    function.__code__ = function.__code__.replace(co_name=f"danskin_{function.__name__}")
    return torch.compiler.assume_constant_result(function)


def set_vmap(function):
    """Gives a Function the rule that `generate_vmap_rule` stands for; that one's backward
    pass fails where an output has no cotangent."""

    def vmap(info, dims, *arguments):
        made, get_dims = vmapify_autograd_function(function, dims, info.batch_size, info.randomness)
        shapes = []

        class Vmapped(made):
            @staticmethod
            def setup_context(ctx, inputs, outputs):
                made.setup_context(ctx, inputs, outputs)
                outputs = outputs if isinstance(outputs, tuple) else (outputs,)
                shapes[:] = [(each.shape, each.dtype, each.device) for each in outputs]

            @staticmethod
            def backward(ctx, *cotangents):
                return made.backward(ctx, *(torch.zeros(shape, dtype=dtype, device=device) if each is None else each
                                            for each, (shape, dtype, device) in zip(cotangents, shapes)))  # fmt: skip

        set_vmap(Vmapped)
        return Vmapped.apply(*arguments), get_dims()

    function.generate_vmap_rule, function.vmap = False, staticmethod(vmap)
