"""What a call is, besides its arrays, and what comes of their shapes."""

import dataclasses
import functools

from ..library import Entry
from ..plans import get_num_threads
from ..program import Program

LENGTH = "len:"


@dataclasses.dataclass(frozen=True, repr=False)
class Call:
    """One query of a program about arrays of one number type.

    Attributes:
        query: as of `Program.entry`.
        names: of the operands: inputs of the entry, and `len:<size>`. An input that
            is not there has its default.
        results: the names of the outputs that are wanted.
        wrt: what derivatives are taken by; empty for value and argmax.
        sizes: pairs (name, value) of the sizes that the call gives.
        spread: inputs without a batch that are seen as the same in each instance, so
            that what follows them is not summed over the batch.
        partitionable: all operands have the batch, and XLA may split the call.
        threads: what set_num_threads said when the call was traced.
    """

    program: Program
    query: str
    dtype: str
    names: tuple
    results: tuple
    wrt: tuple = ()
    sizes: tuple = ()
    spread: tuple = ()
    partitionable: bool = False
    threads: int = dataclasses.field(default_factory=get_num_threads)

    def __repr__(self):
        return f"{self.program.name}.{self.query}({', '.join(self.names)}) -> {', '.join(self.results)}"

    replace = dataclasses.replace

    @property
    def entry(self) -> Entry:
        return self.program.entry(self.query, self.dtype, self.wrt or None)

    @functools.cached_property
    def ranks(self):
        """The declared rank of each operand."""
        ranks = dict(zip(self.entry.input_names, self.entry.ranks()))
        return tuple(ranks.get(name, 0) for name in self.names)

    @functools.cached_property
    def followed(self):
        """For each result the input whose batch it has, or None: always the call's."""
        follows = {each["name"]: each.get("batched_like") for each in self.entry.outputs}
        return tuple(follows[name] for name in self.results)

    @functools.cached_property
    def base(self):
        """The names of the operands of the entry `value`."""
        return tuple(name for name in self.names if not name.startswith(("ct.", "dir.")))

    def order(self, names):
        """Names to take derivatives by, each once, in one order for all who ask."""
        return tuple(name for name in self.program.description.differentiable if name in set(names))

    def find_batch(self, shapes):
        """The number of instances; None where there is no batch."""
        for shape, rank in zip(shapes, self.ranks):
            if len(shape) > rank:
                return shape[0]
        return None

    def is_batched(self, name, shapes):
        """Whether each instance has this operand of its own, or is seen to."""
        place = self.names.index(name)
        return name in self.spread or len(shapes[place]) > self.ranks[place]


@functools.lru_cache(maxsize=4096)
def infer_results(call, shapes, types):
    """((shape, type), ...) of `call.results`, for operands of these shapes and types
    (as manifests call those).

    Raises:
        ValueError, TypeError: the runtime's word on shapes and types.
    """
    entry, batch = call.entry, call.find_batch(shapes)
    given = dict(zip(call.names, zip(shapes, types)))

    def describe(name):
        if name not in given:
            return None
        shape, kind = given[name]
        return (batch, *shape) if name in call.spread and batch is not None else shape, kind

    sizes = dict(call.sizes)
    lengths = [given.get(LENGTH + name, (None,))[0] for name in entry.size_names]
    outputs = entry.infer_outputs([describe(name) for name in entry.input_names],
                                  [sizes.get(name) for name in entry.size_names], lengths)  # fmt: skip
    found = dict(zip(entry.output_names, outputs))
    return tuple(found[name] for name in call.results)
