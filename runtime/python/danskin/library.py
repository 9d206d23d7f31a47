"""A loaded library: its entries with what their manifest says of them."""

import ctypes
import functools
import os

import numpy as np

from . import abi, extents
from .plans import Array, Plan, PlanCache


class Entry:
    """One function of a library for one element type.

    Attributes:
        manifest: its object in the manifest (compiler/target/manifest.schema.json).
        symbol: the name of the C function.
        inputs, outputs, sizes: the lists of the manifest.
        input_names, output_names, size_names: their names, in order.
        function, workspace, output_shape: the C functions.
        plans: prepared calls, to be used again.
    """

    def __init__(self, path, library, manifest):
        self.path, self.library, self.manifest = path, library, manifest
        self.program, self.dtype, self.symbol = manifest["program"], manifest["dtype"], manifest["symbol"]
        self.inputs, self.outputs, self.sizes = manifest["inputs"], manifest["outputs"], manifest["sizes"]
        self.input_names = tuple(each["name"] for each in self.inputs)
        self.output_names = tuple(each["name"] for each in self.outputs)
        self.size_names = tuple(each["name"] for each in self.sizes)
        self.position = {name: k for k, name in enumerate(self.input_names)}
        call = ctypes.POINTER(abi.Call)
        self.function = getattr(library, self.symbol)
        self.workspace = getattr(library, self.symbol + "_workspace")
        self.workspace.restype = ctypes.c_int64
        self.output_shape = getattr(library, self.symbol + "_output_shape")
        self.output_shape.argtypes = [call, ctypes.c_int32, ctypes.POINTER(ctypes.c_int32),
                                      ctypes.POINTER(ctypes.c_int64)]  # fmt: skip
        self.plans = PlanCache(self)

    def __repr__(self):
        return f"<danskin entry {self.symbol} of {os.path.basename(os.path.dirname(self.path))}>"

    def ranks(self):
        """The declared rank of each input."""
        return tuple(len(each["shape"]) for each in self.inputs)

    def infer_sizes(self, shapes, given):
        """{name: size} from the shapes of the inputs, batch axis left out, None
        for one that is not given, and from the sizes that the call gives. Extents
        may be symbolic; nothing is checked, which is the runtime's part."""
        sizes = {each["name"]: each["fixed"] for each in self.sizes if "fixed" in each}
        sizes.update((name, size) for name, size in given.items() if size is not None)
        axes = [pair for each, shape in zip(self.inputs, shapes) if shape is not None
                for pair in zip(each["shape"], shape)]  # fmt: skip
        equal = [text.split("==") for text in self.manifest["constraints"] if "==" in text]
        return extents.solve(axes, sizes, [tuple(map(str.strip, sides)) for sides in equal])

    def infer_outputs(self, inputs, sizes, lengths):
        """((shape, type), ...) of the outputs, as the runtime says it.

        Args:
            inputs: (shape, type) each, a batch axis included, or None.
            sizes: an int each, or None.
            lengths: a shape each, or None.

        Raises:
            ValueError, TypeError: shapes or types contradict each other.
        """
        nowhere = ctypes.create_string_buffer(8)
        arrays = [each and Array(ctypes.addressof(nowhere), each[0], None, each[1]) for each in inputs]
        own = [each and each[0][len(each[0]) - rank :] for each, rank in zip(inputs, self.ranks())]
        full = self.infer_sizes(own, dict(zip(self.size_names, sizes)))
        # Lengths are data: here, each instance uses everything.
        limits = [None if shape is None else np.full(shape, full.get(name, 0), "i8")
                  for name, shape in zip(self.size_names, lengths)]  # fmt: skip
        plan = Plan(self, arrays, sizes, [None if each is None else Array(each.ctypes.data, each.shape, None, "i64")
                                          for each in limits], 0)  # fmt: skip
        return tuple(zip(plan.shapes, plan.types))


@functools.lru_cache(maxsize=None)
def _load(path):
    return ctypes.CDLL(path)


def open_library(path, manifest):
    """The entries of a shared object that dpc made: {(program, entry, dtype): Entry}."""
    library = _load(str(path))
    return {(each["program"], each["entry"], each["dtype"]): Entry(str(path), library, each)
            for each in manifest["entries"]}  # fmt: skip
