"""Arrays on the CPU, as kernels take them: from what a person gives to NumPy's arrays
of the elements that an entry declares."""

import numpy as np

from .plans import Array

NAMES = {"f4": "f32", "f8": "f64", "i4": "i32", "i8": "i64"}
DTYPES = {"f32": np.dtype("f4"), "f64": np.dtype("f8"), "i64": np.dtype("i8")}


class Weak(np.ndarray):
    """A plain number, whose type follows the arrays."""


def take(name, value, what="input"):
    """What was given, as an array.

    Raises:
        TypeError: DLPack cannot say it, or who gives it refuses.
        ValueError: a list of lists is no array.
    """
    if isinstance(value, np.ndarray):
        return value
    if isinstance(value, (bool, int, float)):
        return np.asarray(value).view(Weak)
    if hasattr(value, "__dlpack__"):
        try:
            return np.from_dlpack(value)
        except Exception as reason:
            # Each library refuses with exceptions of its own.
            raise TypeError(f"{what} `{name}`: {type(value).__name__} cannot be read through DLPack: "
                            f"{reason}") from None  # fmt: skip
    try:
        return np.asarray(value)
    except ValueError as reason:
        raise ValueError(f"{what} `{name}`: {reason}") from None


def convert(declared, array):
    """An array that the runtime takes for this input, itself where that can be."""
    if array is None:
        return None
    name, wanted = declared["name"], DTYPES[declared["type"]]
    kinds = "iu" if wanted.kind == "i" else "fiub"
    if array.dtype.kind not in kinds:
        takes = "ints" if wanted.kind == "i" else "floats"
        raise TypeError(f"input `{name}`: has elements of {array.dtype}, but takes {takes}")
    if wanted.kind == "i" and array.dtype == np.dtype("i4"):
        wanted = array.dtype
    if wanted.kind == "i" and array.dtype == np.dtype("u8") and array.size and array.max() > np.iinfo("i8").max:
        raise ValueError(f"input `{name}`: {array.max()} exceeds 2^63 - 1")
    return _lay_out(array.astype(wanted, copy=False))


def convert_length(name, value):
    """The same of what instances use of a size."""
    if value is None:
        return None
    array = take(name, value, "lengths of")
    if array.dtype.kind not in "iu":
        raise TypeError(f"lengths of `{name}` must be ints, not {array.dtype}")
    return _lay_out(array if array.dtype == np.dtype("i4") else array.astype("i8", copy=False))


def _lay_out(array):
    """The array, copied if its elements lie at odd addresses."""
    aligned = array.flags.aligned and all(s % array.itemsize == 0 for s in array.strides)
    return array if aligned and array.dtype.isnative else np.array(array, array.dtype.newbyteorder("="), order="C")


def describe(array):
    """An array as `Plan` wants it."""
    if array is None:
        return None
    strides = tuple(s // array.itemsize for s in array.strides)
    return Array(array.ctypes.data, array.shape, strides, NAMES[array.dtype.str[1:]])
