"""Entries as operators of torch.library, so that tracing, vmap and autocast know
them. An operator takes the inputs of its entry, then a length and a size for each
size of the program.

    danskin::<program>_<hash>_<query>[_<wrt>...](Tensor? i0, ..., Tensor? l0, ..., SymInt? s0, ...) -> (Tensor, ...)
"""

import re

import torch

from .. import extents
from .kernels import DTYPES, run
from .traced import register
from .vmap import fold

_NAMESPACE = "danskin"
_operators = {}


class Operator:
    """An operator and the entries, one an element type, that answer it."""

    def __init__(self, program, query, wrt):
        self.program, self.query, self.wrt = program, query, wrt
        entry = self.entry = program.entry(query, "f32", wrt)
        self.by_dtype = {torch.float32: entry}
        words = [program.name, program.digest, query, *wrt]
        self.name = f"{_NAMESPACE}::{'_'.join(re.sub(r'[^A-Za-z0-9]', '_', word) for word in words)}"
        floats = [k for k, each in enumerate(entry.inputs) if each["type"] == "f32"]
        self.first_float = floats[0] if floats else None
        self.input_count, self.size_count = len(entry.inputs), len(entry.sizes)
        self.tensor_count = self.input_count + self.size_count
        self.overload = self._define()
        register(self, get_operator)

    def choose(self, tensors):
        """The entry for these tensors: of double precision if the first float one is."""
        first = None if self.first_float is None else tensors[self.first_float]
        dtype = torch.get_default_dtype() if first is None else first.dtype
        found = self.by_dtype.get(dtype)
        if found is None:
            name = "f64" if dtype == torch.float64 else "f32"
            found = self.by_dtype[dtype] = self.program.entry(self.query, name, self.wrt)
        return found

    def run(self, tensors, sizes):
        """The outputs, a list."""
        return run(self.choose(tensors), tensors, sizes)

    def _define(self):
        tensors = [f"Tensor? i{k}" for k in range(self.input_count)]
        tensors += [f"Tensor? l{k}" for k in range(self.size_count)]
        sizes = [f"SymInt? s{k}" for k in range(self.size_count)]
        results = ", ".join(["Tensor"] * len(self.entry.outputs))
        torch.library.define(self.name, f"({', '.join(tensors + sizes)}) -> ({results})")
        single = len(self.entry.outputs) == 1

        def call(*arguments):
            results = self.run(arguments[: self.tensor_count], arguments[self.tensor_count :])
            return results[0] if single else tuple(results)

        def fake(*arguments):
            results = self._make_fake(arguments[: self.tensor_count], arguments[self.tensor_count :])
            return results[0] if single else tuple(results)

        def vmap(info, dims, *arguments):
            return fold(self, info.batch_size, dims, arguments)

        torch.library.impl(self.name, "CPU", call)
        torch.library.register_fake(self.name, fake)
        torch.library.register_vmap(self.name, vmap)
        torch.library.register_autocast(self.name, "cpu", torch.float32)
        namespace, _, name = self.name.partition("::")
        return getattr(getattr(torch.ops, namespace), name).default

    def _make_fake(self, tensors, sizes):
        """Tensors of the outputs' shapes, from shapes alone."""
        entry = self.choose(tensors)
        inputs, lengths = tensors[: self.input_count], tensors[self.input_count :]
        batched = [each is not None and each.dim() > rank for each, rank in zip(inputs, entry.ranks())]
        batch = [each.shape[0] for each, has in zip(inputs, batched) if has]
        batch += [each.shape[0] for each in lengths if each is not None and each.dim()]
        shapes = [None if each is None else each.shape[int(has):] for each, has in zip(inputs, batched)]
        known = entry.infer_sizes(shapes, dict(zip(entry.size_names, sizes)))
        like = next(each for each in tensors if each is not None)
        results = []
        for output in entry.outputs:
            follows = output.get("batched_like")
            own = bool(batch) if follows is None else batched[entry.position[follows]]
            shape = [extents.evaluate(text, known) for text in output["shape"]]
            results.append(like.new_empty([*batch[:1], *shape] if own else shape, dtype=DTYPES[output["type"]]))
        return results


def get_operator(program, query, wrt=()):
    """The operator of a query of a program, registered once a process."""
    key = (program.name, program.digest, query, tuple(wrt))
    found = _operators.get(key)
    if found is None:
        found = _operators.setdefault(key, Operator(program, query, tuple(wrt)))
    return found


@torch._dynamo.assume_constant_result
def _register(program, query, wrt):
    """Its name; while torch.compile traces, a name is all that may come back."""
    return get_operator(program, query, wrt).name.partition("::")[2]


def call_operator(program, query, wrt, *arguments):
    """The outputs of an operator as a tuple, through the dispatcher."""
    if torch.compiler.is_compiling():
        results = getattr(torch.ops.danskin, _register(program, query, wrt))(*arguments)
    else:
        results = get_operator(program, query, wrt).overload(*arguments)
    return results if isinstance(results, (tuple, list)) else (results,)
