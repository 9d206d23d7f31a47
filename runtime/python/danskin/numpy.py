"""NumPy as a host: `Program.numpy`.

Arrays are taken where they are, with any strides, also negative ones or 0, read
only or without elements; what has `__dlpack__` is read through it. Copied are
arrays whose elements lie at odd addresses, have another byte order or another
type than the kernel.
"""

import collections

import numpy as np

from .arguments import Signature, by_name
from .errors import python_name
from .paths import Argmax
from .plans import Array, Plan, get_num_threads

_NAMES = {"f4": "f32", "f8": "f64", "i4": "i32", "i8": "i64"}
_DTYPES = {"f32": np.dtype("f4"), "f64": np.dtype("f8"), "i64": np.dtype("i8")}


def named(title, names, values):
    """Several results: a tuple whose members have names too."""
    return collections.namedtuple(title, [python_name(each) for each in names], rename=True)(*values)


class NumpyHost:
    """Calls of one program with NumPy arrays.

    All calls take the inputs in the order of the program or by name, and

    - `gamma`: the strength of the regularizer, > 0; a number or one an instance
    - `lengths`: {size: how much of the padded size an instance uses}; an int or
      one an instance. What lies beyond is not read, and 0 in results.
    - sizes that no shape determines, by name

    An input of one more axis than declared, in front, is a batch; results have
    that axis then. Arrays of float64 (and ints and lists) are computed in float64,
    arrays of float32 in float32; plain numbers follow the arrays.

    Raises:
        TypeError: an argument is missing or of a type that is not taken.
        ValueError: shapes contradict each other, or a value is out of its range;
            the message names the array, the axis and both sizes.
    """

    def __init__(self, program):
        self.program = program
        self._signature = Signature(program.description)
        self._outputs = tuple(each.name for each in program.description.outputs)

    def __call__(self, *inputs, gamma=1.0, lengths=None, **named_inputs):
        """The outputs: an array (0-d without batch or indices), or a tuple of such."""
        bound = self._signature.bind(inputs, named_inputs, gamma, lengths)
        return self._values(self._run("value", bound))

    def grad(self, *inputs, wrt=None, cotangent=None, gamma=1.0, lengths=None, **named_inputs):
        """The gradient of <cotangent, outputs>.

        Args:
            wrt: a float input, a let or "gamma": then an array of its shape comes
                back; or several, or None for all float inputs: a tuple. The gradient
                by a let says how much each of its elements is used.
            cotangent: like the outputs (a tuple or dict of several); default 1.

        Where an input stands once for a batch its gradient is summed over it.
        """
        return self.value_and_grad(*inputs, wrt=wrt, cotangent=cotangent, gamma=gamma, lengths=lengths,
                                   **named_inputs)[1]  # fmt: skip

    def value_and_grad(self, *inputs, wrt=None, cotangent=None, gamma=1.0, lengths=None, **named_inputs):
        """(what a call gives, what `grad` gives), computed together."""
        bound = self._signature.bind(inputs, named_inputs, gamma, lengths)
        names = self.program.check_wrt(wrt)
        results = self._run("grad", bound, names, {"ct.": self._cotangents(cotangent)})
        return self._values(results), self._by_wrt("grad", wrt, names, results)

    def hvp(self, *inputs, direction, wrt=None, cotangent=None, gamma=1.0, lengths=None, **named_inputs):
        """The Hessian of <cotangent, outputs> times a direction.

        Args:
            direction: arrays like what `wrt` names, a tuple in that order or a dict;
                what a dict leaves out is 0.
            wrt: as of `grad`.
        """
        return self.jvp_and_hvp(*inputs, direction=direction, wrt=wrt, cotangent=cotangent, gamma=gamma,
                                lengths=lengths, **named_inputs)[1]  # fmt: skip

    def jvp_and_hvp(self, *inputs, direction, wrt=None, cotangent=None, gamma=1.0, lengths=None, **named_inputs):
        """(the outputs' derivative along the direction, what `hvp` gives)."""
        bound = self._signature.bind(inputs, named_inputs, gamma, lengths)
        names = self.program.check_wrt(wrt)
        directions = by_name("direction", names, direction, names)
        results = self._run("hvp", bound, names, {"ct.": self._cotangents(cotangent), "dir.": directions})
        return self._values(results, "jvp."), self._by_wrt("hvp", wrt, names, results)

    def argmax(self, *inputs, lengths=None, **named_inputs):
        """The solution of the all-hard program, a `danskin.paths.Argmax`."""
        bound = self._signature.bind(inputs, named_inputs, 1.0, lengths)
        results = self._run("argmax", bound)
        return Argmax(self.program.description, self._values(results), results["argmax"], results["argmax.length"])

    def _cotangents(self, cotangent):
        return by_name("cotangent", self._outputs, cotangent, self._outputs)

    def _values(self, results, prefix=""):
        values = [results[prefix + name] for name in self._outputs]
        return values[0] if len(values) == 1 else named(self.program.name, self._outputs, values)

    def _by_wrt(self, prefix, wrt, names, results):
        values = [results[f"{prefix}.{name}"] for name in names]
        return values[0] if isinstance(wrt, str) else named(prefix, names, values)

    def _run(self, query, bound, wrt=None, further=()):
        """{output: array}; `further` has cotangents and directions by prefix."""
        given = dict(bound.inputs)
        for prefix, values in dict(further).items():
            given.update((prefix + name, value) for name, value in values.items())
        arrays = {name: _take(name, value) for name, value in given.items()}
        dtype = self._choose_type(arrays)
        arrays["gamma"] = _take("gamma", bound.gamma)
        entry = self.program.entry(query, dtype, wrt)
        inputs = [_convert(each, arrays.get(each["name"])) for each in entry.inputs]
        lengths = [_convert_length(name, bound.lengths.get(name)) for name in entry.size_names]
        sizes = [bound.sizes.get(name) for name in entry.size_names]
        key = tuple(None if each is None else (each.shape, each.strides, each.dtype.num)
                    for each in (*inputs, *lengths))  # fmt: skip
        key = (key, *sizes)
        plan = entry.plans.take(key)
        if plan is None:
            plan = Plan(entry, [_describe(each) for each in inputs], sizes, [_describe(each) for each in lengths],
                        get_num_threads())  # fmt: skip
        results = [np.empty(shape, _DTYPES[name]) for shape, name in zip(plan.shapes, plan.types)]
        pointers = [each.ctypes.data for each in (*inputs, *lengths, *results) if each is not None]
        try:
            plan.run(pointers, get_num_threads())
        finally:
            entry.plans.give(key, plan)
        return dict(zip(entry.output_names, results))

    def _choose_type(self, arrays):
        """f32 if every float array is of at most single precision; else f64."""
        floats = [each for name, each in arrays.items() if self._is_float(name) and not isinstance(each, _Weak)]
        singles = bool(floats) and all(each.dtype.kind == "f" and each.dtype.itemsize <= 4 for each in floats)
        return "f32" if singles else "f64"

    def _is_float(self, name):
        ints = {each for declared in self._signature.inputs.values() if declared.element != "float"
                for each in declared.abi_names}  # fmt: skip
        return name not in ints


class _Weak(np.ndarray):
    """A plain number, whose type follows the arrays."""


def _take(name, value):
    """What was given, as an array."""
    if isinstance(value, np.ndarray):
        return value
    if isinstance(value, (bool, int, float)):
        return np.asarray(value).view(_Weak)
    if hasattr(value, "__dlpack__"):
        try:
            return np.from_dlpack(value)
        except (BufferError, RuntimeError, TypeError, ValueError) as reason:
            raise TypeError(f"input `{name}`: {type(value).__name__} cannot be read through DLPack: {reason}") from None
    try:
        return np.asarray(value)
    except ValueError as reason:
        raise ValueError(f"input `{name}`: {reason}") from None


def _convert(declared, array):
    """An array that the runtime takes for this input, itself where that can be."""
    if array is None:
        return None
    name, wanted = declared["name"], _DTYPES[declared["type"]]
    kinds = "iu" if wanted.kind == "i" else "fiub"
    if array.dtype.kind not in kinds:
        takes = "ints" if wanted.kind == "i" else "floats"
        raise TypeError(f"input `{name}`: has elements of {array.dtype}, but takes {takes}")
    if wanted.kind == "i" and array.dtype == np.dtype("i4"):
        wanted = array.dtype
    if wanted.kind == "i" and array.dtype == np.dtype("u8") and array.size and array.max() > np.iinfo("i8").max:
        raise ValueError(f"input `{name}`: {array.max()} exceeds 2^63 - 1")
    return _lay_out(array.astype(wanted, copy=False))


def _lay_out(array):
    """The array, copied if its elements lie at odd addresses."""
    aligned = array.flags.aligned and all(s % array.itemsize == 0 for s in array.strides)
    return array if aligned and array.dtype.isnative else np.array(array, array.dtype.newbyteorder("="), order="C")


def _convert_length(name, value):
    if value is None:
        return None
    array = _take(f"len:{name}", value)
    if array.dtype.kind not in "iu":
        raise TypeError(f"lengths of `{name}` must be ints, not {array.dtype}")
    return _lay_out(array if array.dtype == np.dtype("i4") else array.astype("i8", copy=False))


def _describe(array):
    if array is None:
        return None
    strides = tuple(s // array.itemsize for s in array.strides)
    return Array(array.ctypes.data, array.shape, strides, _NAMES[array.dtype.str[1:]])
