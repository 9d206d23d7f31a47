"""What a program takes and gives, as `dpc check --json` describes it."""

import dataclasses

from .errors import python_name


@dataclasses.dataclass(frozen=True)
class Size:
    """A whole number of the instance; `argument`: no input's shape determines it."""

    name: str
    constraint: str = ""
    argument: bool = False

    def __str__(self):
        return f"{self.name} {self.constraint}".strip()


@dataclasses.dataclass(frozen=True)
class Index:
    """A bound index with its range, as in the text."""

    name: str
    range: str = ""


@dataclasses.dataclass(frozen=True)
class Input:
    """An input as declared. `element` is float, int or dag; `values` the range
    that an int promises."""

    name: str
    element: str
    shape: tuple
    shared: bool = False
    values: str = ""

    @property
    def abi_names(self):
        """The names of its arrays: of a dag two, else one."""
        return (f"{self.name}.indptr", f"{self.name}.src") if self.element == "dag" else (self.name,)

    def __str__(self):
        shape = f"[{', '.join(self.shape)}]" if self.shape else ""
        values = f" in {self.values}" if self.values else ""
        return f"{'shared ' if self.shared else ''}{self.name} : {self.element}{shape}{values}"


@dataclasses.dataclass(frozen=True)
class Alternative:
    """One alternative of a max or min: its label, "" without one, and its binders."""

    label: str
    indices: tuple


@dataclasses.dataclass(frozen=True)
class Read:
    """What is read, and at which indices, as in the text."""

    name: str
    indices: tuple


@dataclasses.dataclass(frozen=True)
class Table:
    """A table: its indices; for each equation, its choices (max and min) in the
    order of the text; and what they read."""

    name: str
    indices: tuple
    equations: tuple
    reads: tuple


@dataclasses.dataclass(frozen=True)
class Let:
    """A named expression that derivatives can be asked for, and what it reads."""

    name: str
    indices: tuple
    reads: tuple


@dataclasses.dataclass(frozen=True)
class Output:
    """An output: its indices, none for a scalar, its choices and what it reads."""

    name: str
    indices: tuple
    choices: tuple
    reads: tuple


@dataclasses.dataclass(frozen=True)
class Description:
    """A program as its callers see it. `cost`, `memory` and `width` are formulas
    over the sizes; `entries` are the queries that its class has."""

    name: str
    regularizer: str
    program_class: str
    entries: tuple
    sizes: tuple
    inputs: tuple
    lets: tuple
    tables: tuple
    outputs: tuple
    schedule: tuple
    width: str
    cost: str
    memory: str

    @property
    def float_inputs(self):
        """The names of what gradients are taken by unless told otherwise."""
        return tuple(each.name for each in self.inputs if each.element == "float")

    @property
    def differentiable(self):
        """Everything that gradients can be taken by."""
        return (*self.float_inputs, *(each.name for each in self.lets), "gamma")

    def order(self, *names):
        """Names of what is differentiable, each once, in one order for all who ask."""
        asked = {name for several in names for name in several}
        return tuple(each for each in self.differentiable if each in asked)

    @property
    def signature(self):
        """How a call is written."""
        names = [python_name(each.name) for each in self.inputs]
        names += [f"{python_name(each.name)}=" for each in self.sizes if each.argument]
        return f"{self.name}({', '.join([*names, 'gamma=1.0', 'lengths={}'])})"

    @classmethod
    def parse(cls, made):
        """From one element of `programs`."""
        return cls(
            name=made["name"],
            regularizer=made["regularizer"],
            program_class=made["class"],
            entries=tuple(made["entries"]),
            sizes=tuple(Size(each["name"], each.get("constraint", ""), each["argument"]) for each in made["sizes"]),
            inputs=tuple(Input(each["name"], each["element"], tuple(each["shape"]), each["shared"],
                               each.get("values", "")) for each in made["inputs"]),
            lets=tuple(Let(each["name"], _indices(each), _reads(each)) for each in made["lets"]),
            tables=tuple(Table(each["name"], _indices(each), tuple(map(_choices, each["equations"])),
                               _reads(*each["equations"])) for each in made["tables"]),
            outputs=tuple(Output(each["name"], _indices(each), _choices(each), _reads(each))
                          for each in made["outputs"]),
            schedule=tuple(made["schedule"]),
            width=made["width"],
            cost=made["cost"],
            memory=made["memory"],
        )  # fmt: skip


def _indices(made):
    return tuple(Index(each["name"], each.get("range", "")) for each in made["indices"])


def _choices(made):
    return tuple(tuple(Alternative(each["label"], _indices(each)) for each in choice) for choice in made["choices"])


def _reads(*made):
    """Each once, in the order of the text."""
    reads = [Read(each["name"], tuple(each["indices"])) for several in made for each in several["reads"]]
    return tuple(dict.fromkeys(reads))
