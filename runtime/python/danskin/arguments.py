"""From the arguments of a Python call to the inputs of an entry, for any host."""

import operator
from collections.abc import Mapping

from .errors import python_name


class Bound:
    """The arguments of a call by name.

    `inputs`: {name in the manifest: value}, of a dag two. `sizes`: {name: int}.
    `lengths`: {name: value}. `gamma`: as given. `stream`: that of a GPU, for hosts that
    take one; None: not given.
    """

    __slots__ = ("inputs", "sizes", "lengths", "gamma", "stream")

    def __init__(self, inputs, sizes, lengths, gamma):
        self.inputs, self.sizes, self.lengths, self.gamma = inputs, sizes, lengths, gamma
        self.stream = None


class Signature:
    """How a program is called: its inputs in order, then sizes by name."""

    def __init__(self, description):
        self.description = description
        self.inputs = {python_name(each.name): each for each in description.inputs}
        self.sizes = {python_name(each.name): each for each in description.sizes}

    def bind(self, arguments, keywords, gamma=1.0, lengths=None):
        """A `Bound`.

        Raises:
            TypeError: an argument is missing, unknown, there twice, or `lengths` no dict.
            ValueError: `lengths` names no size.
        """
        name = self.description.name
        if len(arguments) > len(self.inputs):
            raise TypeError(f"{name}() takes {len(self.inputs)} inputs, {', '.join(self.inputs) or 'none'}; "
                            f"{len(arguments)} were given")  # fmt: skip
        given = dict(zip(self.inputs, arguments))
        sizes = {}
        for key, value in keywords.items():
            if key in given:
                raise TypeError(f"{name}() got `{key}` twice")
            if key in self.inputs:
                given[key] = value
            elif key in self.sizes:
                sizes[self.sizes[key].name] = self._to_size(key, value)
            else:
                known = ", ".join([*self.inputs, *self.sizes, "gamma", "lengths"])
                raise TypeError(f"{name}() got an unexpected `{key}`; it takes {known}")
        missing = [key for key in self.inputs if key not in given]
        missing += [key for key, each in self.sizes.items() if each.argument and each.name not in sizes]
        if missing:
            raise TypeError(f"{name}() misses {', '.join(f'`{key}`' for key in missing)}: {self.description.signature}")
        inputs = {}
        for key, each in self.inputs.items():
            values = _split_dag(each, given[key]) if each.element == "dag" else (given[key],)
            inputs.update(zip(each.abi_names, values))
        return Bound(inputs, sizes, self.check_lengths(lengths), 1.0 if gamma is None else gamma)

    def check_lengths(self, lengths):
        """{size: value} of the argument `lengths`.

        Raises:
            TypeError: it is no mapping.
            ValueError: it names no size.
        """
        if lengths is None:
            return {}
        if not isinstance(lengths, Mapping):
            raise TypeError(f"{self.description.name}: lengths must be a dict {{size: lengths}}, "
                            f"not {type(lengths).__name__}")  # fmt: skip
        names = [each.name for each in self.description.sizes]
        for key in lengths:
            if key not in names:
                raise ValueError(f"{self.description.name}: lengths has `{key}`, which is no size; "
                                 f"there are {', '.join(names) or 'none'}")  # fmt: skip
        return {key: value for key, value in lengths.items() if value is not None}

    def _to_size(self, key, value):
        try:
            return operator.index(value)
        except TypeError:
            raise TypeError(f"{self.description.name}: size `{key}` must be a whole number, "
                            f"not {type(value).__name__}") from None  # fmt: skip


def _split_dag(declared, value):
    """The two arrays of a graph: where each vertex' incoming edges begin, and
    where each comes from. A sparse matrix of rows of incoming edges has them too."""
    for first, second in (("indptr", "src"), ("indptr", "indices")):
        if hasattr(value, first) and hasattr(value, second):
            return getattr(value, first), getattr(value, second)
    if isinstance(value, (tuple, list)) and len(value) == 2:
        return tuple(value)
    raise TypeError(f"input `{declared.name}` is a dag: give it as (indptr, src), "
                    f"not {type(value).__name__}")  # fmt: skip


def by_name(what, names, value, known):
    """{name: value} of an argument that is one value (where there is one name), a
    sequence in the order of `names`, or a dict with names of `known`; None: empty."""
    if value is None:
        return {}
    if isinstance(value, dict):
        for key in value:
            if key not in known:
                raise ValueError(f"{what} has `{key}`; it may have {', '.join(known)}")
        return {key: each for key, each in value.items() if each is not None}
    if isinstance(value, (tuple, list)):
        if len(value) != len(names):
            raise ValueError(f"{what} has {len(value)} members, but must have {len(names)}: {', '.join(names)}")
        return {key: each for key, each in zip(names, value) if each is not None}
    if len(names) != 1:
        raise ValueError(f"{what} must be a tuple in the order {', '.join(names)}, or a dict")
    return {names[0]: value}
