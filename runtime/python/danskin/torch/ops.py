"""Entries as operators of torch.library, so that tracing, vmap and autocast know
them. An operator takes the inputs of its entry, then a length and a size for each
size of the program.

    danskin::<program>_<hash>_<query>[_<wrt>...](Tensor? i0, ..., Tensor? l0, ..., SymInt? s0, ...) -> (Tensor, ...)
"""

import re
import threading

import torch

from .. import extents
from .kernels import DTYPES, check, get_target, run
from .traced import register
from .vmap import fold

if torch.__version__ >= (2, 7):
    from torch.compiler import assume_constant_result
    from torch.library import register_autocast, register_vmap

    def set_vmap(function):
        function.generate_vmap_rule = True
else:
    from .older import assume_constant_result, register_autocast, register_vmap, set_vmap

_NAMESPACE = "danskin"
_operators = {}
# Of those who register: torch.library knows a name once. Who holds it may ask for successors.
_lock = threading.RLock()


class Operator:
    """An operator and the entries, one an element type, that answer it.

    Attributes:
        inputs: the manifest's inputs as the operator takes them: the program's,
            then cotangents, one an output, then directions in the order of `wrt`.
        outputs: the manifest's outputs as it gives them: the program's, in `hvp` their
            derivatives instead, then those by the names of `wrt`.
        ignored: the places of inputs that the entry does not take.
    """

    def __init__(self, program, query, wrt, dtype):
        self.program, self.query, self.wrt = program, query, wrt
        # Of either type: only types differ. By type, on a GPU also by its number.
        entry = program.entry(query, dtype, wrt)
        self.entries = {DTYPES[dtype]: entry}
        words = [program.name, program.digest, query, *wrt]
        self.name = f"{_NAMESPACE}::{'_'.join(re.sub(r'[^A-Za-z0-9]', '_', word) for word in words)}"
        self.inputs, self.outputs = _arrange(program.description, entry, query, wrt, dtype)
        # Places in the operator of what the entry takes, in the entry of what the operator
        # gives. None where they are the same: that costs each call nothing.
        places = {each["name"]: k for k, each in enumerate(self.inputs)}
        self._back = _unless_same([places[name] for name in entry.input_names], len(self.inputs))
        self._given = [entry.output_names.index(each["name"]) for each in self.outputs]
        self._moves = _unless_same(self._given, len(entry.outputs)) is not None
        # Cotangents of outputs that nothing of `wrt` reaches.
        self.ignored = {k for k, each in enumerate(self.inputs) if each["name"] not in entry.position}
        self.position = {each["name"]: k for k, each in enumerate(self.inputs)}
        self.ranks = tuple(len(each["shape"]) for each in self.inputs)
        floats = [k for k, each in enumerate(self.inputs) if each["type"] == dtype and each["name"] != "gamma"]
        self.first_float = floats[0] if floats else None
        self.input_count, self.size_count = len(self.inputs), len(entry.sizes)
        self.tensor_count = self.input_count + self.size_count
        self.overload = self._define()
        register(self, get_operator, choose_type)

    def choose(self, tensors):
        """The entry for these tensors: of double precision if the first float one is,
        and for the GPU that it lies on."""
        first = None if self.first_float is None else tensors[self.first_float]
        dtype = torch.get_default_dtype() if first is None else first.dtype
        key = (dtype, first.get_device()) if first is not None and first.is_cuda else dtype
        found = self.entries.get(key)
        if found is None:
            name = "f64" if dtype == torch.float64 else "f32"
            target = get_target(first.get_device()) if key != dtype else ""
            found = self.entries[key] = self.program.entry(self.query, name, self.wrt, target)
        return found

    def run(self, tensors, sizes):
        """The outputs, a list."""
        entry = self.choose(tensors)
        if self._back:
            tensors = [*self._to_entry(tensors), *tensors[self.input_count :]]
        results = run(entry, tensors, sizes)
        return [results[k] for k in self._given] if self._moves else results

    def _to_entry(self, values):
        """What stands for the operator's inputs, in the order of the entry's."""
        return [values[k] for k in self._back] if self._back else values

    def _define(self):
        tensors = [f"Tensor? i{k}" for k in range(self.input_count)]
        tensors += [f"Tensor? l{k}" for k in range(self.size_count)]
        sizes = [f"SymInt? s{k}" for k in range(self.size_count)]
        results = ", ".join(["Tensor"] * len(self.outputs))
        torch.library.define(self.name, f"({', '.join(tensors + sizes)}) -> ({results})")
        single = len(self.outputs) == 1

        def call(*arguments):
            results = self.run(arguments[: self.tensor_count], arguments[self.tensor_count :])
            return results[0] if single else tuple(results)

        def fake(*arguments):
            results = self._make_fake(arguments[: self.tensor_count], arguments[self.tensor_count :])
            return results[0] if single else tuple(results)

        def vmap(info, dims, *arguments):
            return fold(self, info.batch_size, dims, arguments)

        torch.library.impl(self.name, ("cpu", "cuda"), call)
        torch.library.register_fake(self.name, fake)
        register_vmap(self.name, vmap)
        for device in ("cpu", "cuda"):
            register_autocast(self.name, device, torch.float32)
        namespace, _, name = self.name.partition("::")
        return getattr(getattr(torch.ops, namespace), name).default

    def _make_fake(self, tensors, sizes):
        """Tensors of the outputs' shapes, from shapes alone; raises what a call would."""
        entry = self.choose(tensors)
        inputs, lengths = self._to_entry(tensors[: self.input_count]), tensors[self.input_count :]
        check(entry, [*inputs, *lengths])
        shapes = [None if each is None else each.shape for each in inputs]
        limits = [None if each is None else each.shape for each in lengths]
        # How many rows a path may have is no sum of sizes, so that only the runtime knows it: what
        # is traced is so for these shapes.
        if self.query == "argmax" or _all_known(shapes, sizes, limits) or not _fit(entry, shapes):
            made = _ask_runtime(entry, shapes, sizes, limits)
        else:
            made = _infer(entry, shapes, sizes, limits)
        like = next(each for each in inputs if each is not None)
        return [like.new_empty(made[k], dtype=DTYPES[entry.outputs[k]["type"]]) for k in self._given]


def _all_known(shapes, sizes, limits):
    """Whether no extent is symbolic."""
    extents_ = [extent for shape in (*shapes, *limits) if shape is not None for extent in shape]
    return all(isinstance(each, int) for each in (*extents_, *(size for size in sizes if size is not None)))


def _fit(entry, shapes):
    """Whether each input has as many axes as declared, or one more."""
    return all(shape is None or len(shape) - rank in (0, 1) for shape, rank in zip(shapes, entry.ranks()))


def _ask_runtime(entry, shapes, sizes, limits):
    """The shapes of the outputs, as the runtime says it of extents that are known, or made so."""

    def fix(shape):
        return None if shape is None else tuple(map(int, shape))

    given = [None if shape is None else (fix(shape), each["type"]) for shape, each in zip(shapes, entry.inputs)]
    sizes = [size if size is None else int(size) for size in sizes]
    return [shape for shape, _ in entry.infer_outputs(given, sizes, [fix(shape) for shape in limits])]


def _infer(entry, shapes, sizes, limits):
    """The same of symbolic extents. What they contradict is seen where it is two numbers; else
    when a call is made."""
    batched = [shape is not None and len(shape) > rank for shape, rank in zip(shapes, entry.ranks())]
    batch = [shape[0] for shape, has in zip(shapes, batched) if has]
    batch += [shape[0] for shape in limits if shape]
    own = [None if shape is None else shape[int(has) :] for shape, has in zip(shapes, batched)]
    known = entry.infer_sizes(own, dict(zip(entry.size_names, sizes)))
    pairs = [(extents.evaluate(text, known), extent) for each, shape in zip(entry.inputs, own) if shape is not None
             for text, extent in zip(each["shape"], shape)]  # fmt: skip
    pairs += [(batch[0], each) for each in batch[1:]]
    if any(isinstance(one, int) and isinstance(other, int) and one != other for one, other in pairs):
        return _ask_runtime(entry, shapes, sizes, limits)
    made = []
    for output in entry.outputs:
        follows = output.get("batched_like")
        has = bool(batch) if follows is None else batched[entry.position[follows]]
        shape = [extents.evaluate(text, known) for text in output["shape"]]
        made.append([*batch[:1], *shape] if has else shape)
    return made


def _arrange(description, entry, query, wrt, dtype):
    """What the manifest says of inputs and outputs, in the order of an operator."""
    if query not in ("grad", "hvp"):
        return entry.inputs, entry.outputs
    known = {each["name"]: each for each in entry.inputs}
    inputs = [each for each in entry.inputs if not each["name"].startswith(("ct.", "dir."))]
    for each in description.outputs:
        absent = {"name": f"ct.{each.name}", "type": dtype, "shape": [index.range for index in each.indices]}
        inputs.append(known.get(absent["name"], absent))
    values = [each.name for each in description.outputs]
    names = values if query == "grad" else [f"jvp.{name}" for name in values]
    if query == "hvp":
        inputs += [known[f"dir.{name}"] for name in wrt]
    made = {each["name"]: each for each in entry.outputs}
    return inputs, [made[name] for name in (*names, *(f"{query}.{name}" for name in wrt))]


def _unless_same(places, count):
    return None if places == list(range(count)) else places


def get_operator(program, query, wrt=(), dtype="f32"):
    """The operator of a query of a program, registered once a process. `dtype` says
    for which element type it is wanted first; the other is compiled when it is."""
    key = (program.name, program.digest, query, tuple(wrt))
    found = _operators.get(key)
    if found is None:
        # Compiled before anyone waits for the lock, which is held for a moment only.
        program.entry(query, dtype, tuple(wrt))
        with _lock:
            found = _operators.get(key)
            if found is None:
                found = _operators[key] = Operator(program, query, tuple(wrt), dtype)
    return found


def choose_type(inputs):
    """"f64" if one of the tensors is of float64."""
    return "f64" if any(each.dtype == torch.float64 for each in inputs) else "f32"


def make_register(program):
    """A function that torch.compile calls while it traces, of constants only."""

    @assume_constant_result
    def register(query, wrt, needed, dtype):
        """The name of an operator, which is all that may come back. What differentiates
        it by the inputs `needed` is registered too: a compiled graph that comes from
        PyTorch's cache on disk names it, and nobody else would."""
        if needed and query != "hvp":
            get_operator(program, "grad", needed, dtype)
            if query == "grad":
                get_operator(program, "hvp", program.description.order(needed, wrt), dtype)
        return get_operator(program, query, wrt, dtype).name.partition("::")[2]

    return register


def call_operator(program, register, query, wrt, arguments, names):
    """The outputs of an operator as a tuple, through the dispatcher. `names` are
    those of the first arguments, the program's inputs, gamma last; `register` is of
    `make_register`."""
    dtype = choose_type(arguments[: len(names) - 1])
    if torch.compiler.is_compiling():
        needed = tuple(name for name, each in zip(names, arguments) if each.requires_grad)
        results = getattr(torch.ops.danskin, register(query, wrt, needed, dtype))(*arguments)
    else:
        results = get_operator(program, query, wrt, dtype).overload(*arguments)
    return results if isinstance(results, (tuple, list)) else (results,)
