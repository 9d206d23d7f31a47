"""A `.dp` program as data: what the generator builds and the shrinker cuts.

Index expressions and conditions are kept as text: `.dp` and Python agree on
them but for the division, which is floor in an index. So a proof obligation is
decided here by trying it on every small instance.
"""

import copy
import dataclasses
import functools
import itertools
import re
from typing import Optional


# What sizes are taken to be that bound no table.
ELSEWHERE = dict.fromkeys("ABCDEFGHIJKLMNOPQRSTUVW", 2)


@functools.lru_cache(maxsize=None)
def compiled(text):
    return compile(re.sub(r"(?<!/)/(?!/)", "//", text), text, "eval")


def value(text, env):
    """An index expression or a condition, over the names of `env`."""
    return eval(compiled(text), {"__builtins__": {"abs": abs}}, env)


# ---------------------------------------------------------------- expressions


@dataclasses.dataclass
class Leaf:
    """Any expression that needs no parentheses in a sum or a product."""

    text: str

    def render(self):
        return self.text


@dataclasses.dataclass
class Terms:
    """A sum of expressions."""

    items: list

    def render(self):
        return " + ".join(item.render() for item in self.items)


@dataclasses.dataclass
class Wrap:
    """`form` with {} replaced, for example tanh({})."""

    form: str
    inner: object

    def render(self):
        return self.form.replace("{}", self.inner.render())


@dataclasses.dataclass
class Arm:
    body: Terms
    label: str = ""
    binders: list = dataclasses.field(default_factory=list)
    guard: str = ""

    def render(self):
        text = (self.label + ": " if self.label else "") + self.body.render()
        if self.binders:
            text += " for " + ", ".join(map(str, self.binders))
        return text + (" if " + self.guard if self.guard else "")


@dataclasses.dataclass
class Choice:
    op: str
    arms: list
    reg: str = ""

    def render(self):
        head = self.op + (f"[{self.reg}]" if self.reg else "")
        return head + " { " + " | ".join(arm.render() for arm in self.arms) + " }"


# ------------------------------------------------------------------- programs


@dataclasses.dataclass
class Binder:
    name: str
    lower: str
    upper: str
    inclusive: bool = False
    size: str = ""  # the size that bounds it, for choosing extents

    def __str__(self):
        return f"{self.name} in {self.lower}..{'=' if self.inclusive else ''}{self.upper}"

    def values(self, env):
        return range(value(self.lower, env), value(self.upper, env) + self.inclusive)


@dataclasses.dataclass
class Edges:
    """The binder `e in g.in(v)`. Its edges are no small matter of arithmetic, so
    nothing but `w[e]` and `D[g.src(e)]` may use it."""

    name: str
    graph: str
    vertex: str

    def __str__(self):
        return f"{self.name} in {self.graph}.in({self.vertex})"

    def values(self, env):
        return range(1)


@dataclasses.dataclass
class Input:
    name: str
    element: str
    extents: list
    shared: bool = False
    values: str = ""  # `0..Q`

    def render(self):
        shape = f"[{', '.join(self.extents)}]" if self.extents else ""
        values = f" in {self.values}" if self.values else ""
        return f"{'shared ' if self.shared else ''}input {self.name} : {self.element}{shape}{values}"


@dataclasses.dataclass
class Let:
    name: str
    binders: list
    body: object

    def render(self):
        indices = f"[{', '.join(map(str, self.binders))}]" if self.binders else ""
        return f"let {self.name}{indices} = {self.body.render()}"


@dataclasses.dataclass
class Table:
    name: str
    binders: list
    where: str = ""

    def render(self):
        where = f" where {self.where}" if self.where else ""
        return f"table {self.name}[{', '.join(map(str, self.binders))}]{where}"

    def contains(self, index, env):
        env = dict(env)
        for binder, at in zip(self.binders, index):
            if at not in binder.values(env):
                return False
            env[binder.name] = at
        return not self.where or value(self.where, env)


@dataclasses.dataclass
class Equation:
    table: str
    patterns: list
    body: object
    when: str = ""
    otherwise: bool = False

    def render(self):
        tail = f" when {self.when}" if self.when else " otherwise" if self.otherwise else ""
        return f"{self.table}[{', '.join(self.patterns)}]{tail} = {self.body.render()}"


@dataclasses.dataclass
class Output:
    name: str
    body: object
    binders: list = dataclasses.field(default_factory=list)

    def render(self):
        indices = f"[{', '.join(map(str, self.binders))}]" if self.binders else ""
        return f"output {self.name}{indices} = {self.body.render()}"


@dataclasses.dataclass
class Program:
    name: str
    reg: str = ""
    sizes: dict = dataclasses.field(default_factory=dict)  # name -> constraint or ""
    inputs: list = dataclasses.field(default_factory=list)
    lets: list = dataclasses.field(default_factory=list)
    tables: list = dataclasses.field(default_factory=list)
    equations: list = dataclasses.field(default_factory=list)
    outputs: list = dataclasses.field(default_factory=list)
    note: str = ""
    beside: str = ""  # the text of another program in the file

    def render(self):
        lines = ["dp 1", ""] + [f"# {line}" for line in self.note.splitlines()] + [f"program {self.name} {{"]
        if self.reg:
            lines.append(f"  reg {self.reg}")
        if self.sizes:
            lines.append("  size " + ", ".join(f"{n} {c}".strip() for n, c in self.sizes.items()))
        for part in (self.inputs, self.lets, self.tables, self.equations, self.outputs):
            lines += ["  " + item.render() for item in part]
        return "\n".join(lines) + "\n}\n" + (f"\n{self.beside}" if self.beside else "")

    def table(self, name) -> Optional[Table]:
        return next((t for t in self.tables if t.name == name), None)

    def spanning(self):
        """The sizes that bound tables, and W, the width of bands and segments. The
        others take part in no proof."""
        text = " ".join(table.render() for table in self.tables)
        return [n for n in self.sizes if n == "W" or re.search(rf"\b{n}\b", text)]

    def instances(self, limit):
        """All sizes up to `limit` that keep the constraints."""
        names = self.spanning()
        # A band of width W has to be able to reach every corner of its box.
        ranges = [range(2 * limit + 2 if n == "W" else limit + 1) for n in names]
        for values in itertools.product(*ranges):
            env = {**ELSEWHERE, **dict(zip(names, values))}
            if all(not c or value(f"{n} {c}", env) for n, c in self.sizes.items()):
                yield env

    def cells(self, table, env):
        """Environments of the cells of a table, binders and sizes together."""
        yield from (e for e in bind(table.binders, env) if not table.where or value(table.where, e))

    def region(self, equation, env):
        """(cell, environment) where the equation applies: its variables named."""
        table = self.table(equation.table)
        for cell in self.cells(table, env):
            index = [cell[b.name] for b in table.binders]
            names = matches(equation, index, env)
            if names is None:
                continue
            if equation.otherwise and any(
                other is not equation and other.table == equation.table and matches(other, index, env) is not None
                for other in self.equations
            ):
                continue
            yield index, {**env, **names}

    def copy(self):
        return copy.deepcopy(self)


def bind(binders, env):
    """The environments that the binders make out of `env`."""
    if not binders:
        yield env
        return
    for at in binders[0].values(env):
        yield from bind(binders[1:], {**env, binders[0].name: at})


def matches(equation, index, env):
    """The pattern's variables at this cell, None where it does not match."""
    names = {}
    for pattern, at in zip(equation.patterns, index):
        if pattern.isidentifier() and pattern not in env:
            if names.setdefault(pattern, at) != at:
                return None
        elif value(pattern, env) != at:
            return None
    if equation.when and not value(equation.when, {**env, **names}):
        return None
    return names


# ----------------------------------------------------------------- constructs

CONSTRUCTS = {
    "read?": r"\]\?(?! else)",
    "read? else": r"\]\? else",
    "none": r"\bnone\b",
    "max": r"\bmax\b",
    "min": r"\bmin\b",
    "nested choice": r"(max|min)[^{}]*\{[^{}]*(max|min)(\[[^{}]*\])? \{",
    "node regularizer": r"(max|min)\[hard\]",
    "node gamma": r"(max|min)\[(entropy|l2)\(",
    "sum in candidate": r"(max|min)[^{}]*\{[^{}]*sum \{",
    "label": r"[{|] \w+: ",
    "binder": r" for \w+ in ",
    "guard": r"(?<!\n) if [^{}|]*(?= [}|])",
    "pattern": r"(?m)^  \w+\[(?:[^\]=]*, )?(?:\d|[A-Z])",
    "when": r" when ",
    "otherwise": r" otherwise ",
    "where": r"(?m)^  table .* where ",
    "band": r" where abs\(",
    "let": r"(?m)^  let ",
    "sum let": r"(?m)^  let .* = sum \{",
    "let of offset": r"(?m)^  let \w+\[\w+ in 1\.\.",
    "if then else": r"\bif [^{}|]* then ",
    **{name: rf"\b{name}\(" for name in ("exp", "log", "sqrt", "tanh", "fmax", "fmin", "clamp")},
    "abs": r"\babs\((?!i|2 \* i)",  # not that of a band
    "power": r"\^",
    "fractional power": r"\^-?\d*\.\d",
    "division": r"[a-z)] ?/ ?2",
    "float division": r" / (\d\.|\()",
    "sum of alternatives": r"sum \{[^{}]*\|",
    "not": r"\bnot ",
    "chained comparison": r"(if|and) (not )?-?\d+ <=? \w+ <=? ",
    "float guard": r" (if|and) [a-z]\w*\[[^{}|]*\] (<|>=) 0\.",
    "shared input": r"(?m)^  shared input ",
    "scalar input": r"(?m)^  (shared )?input \w+ : float$",
    "ranged int": r"(?m)^  (shared )?input \w+ : int",
    "int per element": r": int\[\w+ in ",
    "gathered weight": r"\w\[[^\[\]]*\b[a-z]\w*\[[^\]]+\]",
    "dag": r": dag\[",
    "several tables": r"(?m)(^  table \w+\[\w.*\n)(^  table \w+\[\w.*\n)",
    "one-cell table": r"(?m)^  table \w+\[\]",
    "negative lower bound": r"(?m)^  table .* in -1\.\.",
    "three dimensions": r"(?m)^  table \w+\[\w+ in [^,\]]*, \w+ in [^,\]]*, ",
    "triangular": r"(?m)^  table \w+\[(\w+) in [^,]*, \w+ in \1",
    "backwards": r"\b[A-H]\[[^\]]*\b[ijv] ?\+ ?\d",
    "vector output": r"(?m)^  output \w+\[",
    "several outputs": r"(?m)(^  output .*\n)(^  output .*)",
    "size ==": r"(?m)^  size .*==",
    "size <=": r"(?m)^  size .*<=",
    "free size": None,  # no input's shape determines it: see free_sizes
    "several programs": None,  # see Program.beside
}
_PATTERNS = {name: re.compile(pattern) for name, pattern in CONSTRUCTS.items() if pattern}


def free_sizes(program):
    """Sizes that no input's shape determines."""
    shapes = " ".join(extent for i in program.inputs for extent in i.extents)
    return [n for n in program.sizes if not re.search(rf"\b{n}\b", shapes)]


def constructs(program):
    """The names of CONSTRUCTS that occur in the program."""
    text = dataclasses.replace(program, note="", beside="").render()
    found = {name for name, pattern in _PATTERNS.items() if pattern.search(text)}
    found |= {"free size"} if free_sizes(program) else set()
    return found | ({"several programs"} if program.beside else set())
