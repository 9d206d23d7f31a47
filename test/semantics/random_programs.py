#!/usr/bin/env python3
"""Random `.dp` programs, valid by construction.

A schedule vector is drawn first and then only reads that it puts earlier, so
there is no cycle; where a read can leave its table's domain, it gets a `?`, a
guard or an `else`; extents of inputs are chosen so that every other index
stays inside. Whether an index can leave is decided on all small instances.

    random_programs.py SEED     prints one program
"""

import random
import re
import sys

from model import (CONSTRUCTS, Arm, Binder, Choice, Equation, Input, Leaf, Let, Program, Table, Terms, Wrap, bind,
                   constructs, value)  # fmt: skip

CLASSES = ("chain", "tree", "general")

# What a weight may be inside of, by the construct that it is; {} is the weight.
FUNCTIONS = {
    "exp": ("exp(-abs({}))", "0.3 * exp({})"),
    "log": ("log(1 + exp({}))", "log(1.5 + ({})^2)"),
    "sqrt": ("sqrt(1 + ({})^2)",),
    "abs": ("abs({})",),
    "tanh": ("tanh({})",),
    "fmax": ("fmax({}, 0.1)",),
    "fmin": ("fmin({}, 0.4)",),
    "clamp": ("clamp({}, -0.7, 0.7)",),
    "fractional power": ("(0.5 + ({})^2)^1.5", "abs({})^2.5", "(1 + exp({}))^-0.5"),
    "float division": ("{} / 1.7", "{} / (1.5 + ({})^2)"),
}

BESIDE = """program beside {
  size N
  input w : float[N]
  output total = max { w[i] for i in 0..N }
}
"""


class Generator:
    """The program under construction and what its parts may refer to."""

    def __init__(self, seed, kind, want):
        self.random = random.Random(seed)
        self.kind = kind
        self.want = want
        self.program = Program(f"random{seed}")

    # ------------------------------------------------------------ small draws

    def chance(self, probability, construct=""):
        """True with this probability, and mostly so for the wanted construct."""
        if construct and construct == self.want:
            probability = max(probability, 0.85)
        return self.random.random() < probability

    def pick(self, items):
        return self.random.choice(list(items))

    def fresh(self, stem):
        used = {x.name for part in ("inputs", "lets", "tables", "outputs") for x in getattr(self.program, part)}
        return next(n for n in (f"{stem}{k}" if k else stem for k in range(99)) if n not in used)

    def size(self, name, constraint=""):
        if constraint or name not in self.program.sizes:
            self.program.sizes[name] = constraint
        return name

    def small_size(self, name):
        """A size that bounds no table, perhaps with a constraint."""
        if name not in self.program.sizes:
            self.size(name, "== 2" if self.chance(0.2, "size ==") else "<= 3" if self.chance(0.25, "size <=") else "")
        return name

    def limit(self):
        """Up to which size instances are enumerated."""
        if any(table.where for table in self.program.tables):
            return 5
        return {0: 1, 1: 6, 2: 4}.get(len(self.program.spanning()), 3)

    # ---------------------------------------------------------------- weights

    def stays(self, index, extent, scopes):
        """Whether 0 <= index < extent holds in all environments of `scopes`."""
        return all(0 <= value(index, env) < value(extent, env) for env in scopes)

    def axis(self, binder, scopes):
        """(index, extent) over one binder, inside in all of `scopes`; or None."""
        if not binder.size:
            return None
        tries = [(index.format(binder.name), extent.format(binder.size))
                 for index in ("{}", "{} - 1", "{} + 1") for extent in ("{}", "{} + 1")]  # fmt: skip
        self.random.shuffle(tries)
        tries.sort(key=lambda t: "+" in t[1])
        if self.chance(0.06, "division"):
            tries.insert(0, (f"{binder.name} / 2", binder.size))
        return next((t for t in tries if self.stays(*t, scopes)), None)

    def axes(self, binders, scopes, most=2):
        chosen = self.random.sample(binders, min(len(binders), self.random.randint(1, most)))
        return [a for a in (self.axis(b, scopes) for b in chosen) if a]

    def read_input(self, axes, shared=0.3, stem="w"):
        """A read of a float input with these axes: of an earlier one or a new."""
        extents = [extent for _, extent in axes]
        same = [i for i in self.program.inputs if i.element == "float" and i.extents == extents]
        if same and self.chance(0.3):
            found = self.pick(same)
        else:
            found = Input(self.fresh(stem), "float", extents, self.chance(shared, "shared input"))
            self.program.inputs.append(found)
        return f"{found.name}[{', '.join(index for index, _ in axes)}]" if axes else found.name

    def gathered(self, axes):
        """`w[s[i], j]`: an input indexed by an int input."""
        (index, extent), rest = axes[0], axes[1:]
        self.size("Q", ">= 1")
        if self.chance(0.25, "int per element") and index.isidentifier():
            symbols = Input(self.fresh("s"), "int", [f"t in {extent}"], values="0..=t")
            inner = extent
        else:
            symbols = Input(self.fresh("s"), "int", [extent], values="0..Q")
            inner = "Q"
        self.program.inputs.append(symbols)
        return self.read_input([(f"{symbols.name}[{index}]", inner), *rest], 0.6, "c")

    def read_let(self, binders, scopes):
        """A read of a new let over one or two binders."""
        chosen = [b for b in self.random.sample(binders, min(2, len(binders))) if self.axis(b, scopes)]
        if not chosen:
            return None
        if self.chance(0.45, "let of offset") and self.stays(f"{chosen[0].name} - 1", chosen[0].size, scopes):
            chosen = chosen[:1]
            domain = [Binder("p", "1", chosen[0].size, True, chosen[0].size)]
            indices = [chosen[0].name]
        else:
            axes = [self.axis(b, scopes) for b in chosen]
            domain = [Binder(n, "0", e, False, b.size) for n, (_, e), b in zip("pq", axes, chosen)]
            indices = [i for i, _ in axes]
        inside = [e for sizes in self.program.instances(self.limit()) for e in bind(domain, sizes)]
        if self.chance(0.45, "sum let"):
            self.small_size("K")
            term = " - ".join(self.read_input([self.axis(b, inside), ("f", "K")], 0.2, "x") for b in domain)
            body = Leaf(f"sum {{ ({term})^2 for f in 0..K }}")
        else:
            body = Terms([self.atom(domain, inside), self.atom(domain, inside)])
        let = Let(self.fresh("cost"), domain, body)
        self.program.lets.append(let)
        return f"{let.name}[{', '.join(indices)}]"

    def atom(self, binders, scopes):
        """A weight without a let: a read, perhaps inside a function."""
        axes = self.axes(binders, scopes) if binders else []
        if axes and self.chance(0.22, "gathered weight") or axes and self.want in ("ranged int", "int per element"):
            return Leaf(self.gathered(axes))
        if not axes or self.chance(0.12, "scalar input"):
            leaf = Leaf(self.read_input([], 0.5, "a"))
        else:
            leaf = Leaf(self.read_input(axes))
        if self.chance(0.35, self.want if self.want in FUNCTIONS else ""):
            kind = self.want if self.want in FUNCTIONS and self.chance(0.85) else self.pick(FUNCTIONS)
            return Wrap(self.pick(FUNCTIONS[kind]), leaf)
        if self.chance(0.1, "power"):
            return Wrap("0.5 * ({})^2", leaf)
        if self.chance(0.05, "sum of alternatives"):
            return Wrap(f"sum {{ {{}} | {self.pick(('0.3', self.read_input([], 0.5, 'a')))} }}", leaf)
        return leaf

    def one_cell(self):
        """A read of a table of one cell, a new one or the one there is."""
        name = "Z"
        if not self.program.table(name):
            body = Terms([self.atom([], []), Leaf("0.2")])
            if self.kind != "chain":
                body = Choice(self.pick(("max", "min")), [Arm(Terms([self.atom([], [])])), Arm(Terms([Leaf("0.2")]))])
            self.program.tables.append(Table(name, []))
            self.program.equations.append(Equation(name, [], body))
        return Leaf(f"{name}[]")

    def condition(self, names):
        """A condition on one of these binders."""
        name = self.pick(names).name
        plain = (f"{name} < 1", f"{name} == 2", f"{name} >= 2", f"{name} != 2", f"{name} >= 1")
        if self.chance(0.15, "chained comparison"):
            return self.pick((f"0 <= {name} <= 2", f"1 <= {name} < 3", f"-1 < {name} <= 1"))
        if self.chance(0.15, "not"):
            return self.pick((f"not {plain[0]}", f"not {plain[1]}", f"not ({plain[0]} or {plain[1]})"))
        return self.pick(plain[2:])

    def weight(self, binders, scopes):
        """A float expression over the binders, valid in all of `scopes`."""
        binders = [b for b in binders if isinstance(b, Binder) and b.size]
        if binders and self.chance(0.25, "let") or binders and self.want in ("sum let", "let of offset"):
            read = self.read_let(binders, scopes)
            if read:
                return Leaf(read)
        if binders and self.chance(0.15, "if then else"):
            then, other = self.atom(binders, scopes), self.atom(binders, scopes)
            return Wrap(f"(if {self.condition(binders)} then {{}} else {other.render()})", then)
        if binders and self.chance(0.1):
            return Leaf(f"0.1 * {self.pick(binders).name}")
        if self.chance(0.04, "one-cell table"):
            return self.one_cell()
        return self.atom(binders, scopes)

    # ------------------------------------------------------------- candidates

    def read_table(self, table, indices, scopes):
        """How a read may be written: (text, guard, where it is inside), or None
        where it always leaves the domain."""
        text = f"{table.name}[{', '.join(indices)}]"
        good = [env for env in scopes if table.contains([value(i, env) for i in indices], env)]
        if len(good) == len(scopes):
            return text, "", good
        if not good:
            return None
        if self.chance(0.15, "read? else"):
            other = "none" if self.chance(0.4) else f"{self.random.randint(-9, 9) / 10}"
            return f"({text}? else {other})", "", good
        guard = self.guard_for(table, indices, good, scopes) if self.chance(0.25, "guard") else ""
        return (text if guard else text + "?"), guard, good

    def guard_for(self, table, indices, good, scopes):
        """A condition that holds exactly in `good`; empty where it takes more
        than the ranges of the table."""
        if table.where:
            return ""
        parts = []
        for binder, index in zip(table.binders, indices):
            upper = f"{index} {'<=' if binder.inclusive else '<'} {binder.upper}"
            for part in (f"{index} >= {binder.lower}", upper):
                if not all(value(part, env) for env in scopes):
                    parts.append(part)
        guard = " and ".join(parts)
        exact = guard and all(value(guard, env) == (env in good) for env in scopes)
        return guard if exact else ""

    def reads(self, options, scopes):
        """The table part of one candidate: ([terms], guard, scopes); or None.

        `options` are (table, indices) that the schedule allows."""
        general = self.kind == "general" and self.chance(0.7)
        two = self.kind == "tree" and self.chance(0.75) or general and self.chance(0.3)
        found = [r for r in (self.read_table(*self.pick(options), scopes) for _ in range(1 + two)) if r]
        if not found:
            return None
        if not self.needed(found, scopes):
            found = found[:1]
        terms = []
        for text, _, _ in found:
            form = "{}"
            if general:
                form = self.pick(("0.5 * {}", "tanh({})", "0.3 * {}", "fmax({}, -0.5)", "a * {}", "sqrt(1 + ({})^2)"))
            if form.startswith("a "):
                form = f"tanh({self.read_input([], 0.5, 'a')}) * {{}}"
            terms.append(Leaf(form.replace("{}", text)))
        guard = " and ".join(dict.fromkeys(guard for _, guard, _ in found if guard))
        return terms, guard, self.remaining(found, scopes)

    @staticmethod
    def remaining(found, scopes):
        """Where a candidate with these reads exists."""
        sets = [{id(e) for e in good} for text, guard, good in found if guard or text.endswith("?")]
        return [env for env in scopes if all(id(env) in s for s in sets)]

    def needed(self, found, scopes):
        """Whether no `?` of the reads is made needless by another's condition."""
        for read in found:
            others = self.remaining([r for r in found if r is not read], scopes)
            inside = {id(e) for e in read[2]}
            if len(inside) < len(scopes) and all(id(e) in inside for e in others):
                return False
        return True

    def arm(self, options, binders, scopes, extra=(), depth=0):
        """A candidate with reads, weights, maybe a nested choice; or None."""
        scopes = [e for env in scopes for e in bind(list(extra), env)]
        names = [*binders, *extra]
        first = ""
        if self.chance(0.15, self.want if self.want in ("guard", "not", "chained comparison") else ""):
            first = self.condition(names)
            scopes = [env for env in scopes if value(first, env)]
        data = self.float_guard(names, scopes)
        found = self.nested(options, names, scopes, depth) or self.reads(options, scopes)
        if not found or not found[2]:
            return None
        terms, guard, scopes = found
        if self.chance(0.75):
            terms.append(self.weight(names, scopes))
        if self.chance(0.2, "sum in candidate"):
            self.small_size("R")
            inner = Binder("z", "0", "R", False, "R")
            wide = [e for env in scopes for e in bind([inner], env)]
            terms.append(Leaf("sum { " + self.atom([inner, *names], wide).render() + " for z in 0..R }"))
        self.random.shuffle(terms)
        return Arm(Terms(terms), "", [*extra], " and ".join(filter(None, (first, data, guard))))

    def float_guard(self, names, scopes):
        """A condition on a weight, often empty."""
        axes = []
        if scopes and self.chance(0.05, "float guard"):
            axes = self.axes([n for n in names if isinstance(n, Binder)], scopes)
        return f"{self.read_input(axes)} {self.pick(('<', '>='))} 0.3" if axes else ""

    def nested(self, options, names, scopes, depth):
        """A choice inside a candidate, in the place of a read; or None."""
        if depth or not scopes or not self.chance(0.12, "nested choice"):
            return None
        arms = [self.arm(options, names, scopes, (), 1) for _ in range(self.random.randint(1, 2))]
        arms = [arm for arm in arms if arm]
        if self.chance(0.5):
            arms.append(Arm(Terms([self.weight(names, scopes)])))
        if not arms:
            return None
        return [Choice(self.pick(("max", "min")), arms, self.node_reg())], "", scopes

    def node_reg(self):
        if self.chance(0.12, "node regularizer"):
            return "hard"
        if self.chance(0.12, "node gamma"):
            gamma = self.pick(("0.5", f"1 + exp({self.read_input([], 0.5, 'tau')})"))
            return f"{self.pick(('entropy', 'l2'))}({gamma})"
        return ""

    def choice(self, arms):
        """The arms as one choice, some of them labelled."""
        labels = self.chance(0.3, "label")
        for number, arm in enumerate(arms):
            arm.label = f"arm{number}" if labels and self.chance(0.8) else ""
        probability = 0.85 if self.want == "min" else 0.1 if self.want == "max" else 0.4
        return Choice("min" if self.random.random() < probability else "max", arms, self.node_reg())

    def body(self, equation, options, binders, extras=((),), begin=None, count=0):
        """Fills `equation`: weights outside, a choice of candidates inside."""
        program = self.program
        program.equations.append(equation)
        scopes = [env for sizes in program.instances(self.limit()) for _, env in program.region(equation, sizes)]
        arms = []
        for _ in range(count or self.random.randint(1, 4)):
            arm = self.arm(options, binders, scopes, self.pick(extras))
            if arm:
                arms.append(arm)
        if begin is not None:
            inside = [e for e in scopes if not begin or value(begin, e)]
            if inside:
                terms = [self.weight(binders, inside)] if self.chance(0.5) else [Leaf("0")]
                arms.insert(self.random.randint(0, len(arms)), Arm(Terms(terms), guard=begin))
        if not arms:
            arms = [Arm(Terms([Leaf("0")]))]
        choice = self.choice(arms)
        outer = [self.weight(binders, scopes)] if scopes and self.chance(0.3) else []
        equation.body = Terms([*outer, choice])


def generate(seed, kind=None, shape=None, want=""):
    """A Program. `kind` is the class aimed at, `want` a construct to favour."""
    from shapes import SHAPES, WANTED

    draw = random.Random(seed * 7919 + 1)
    kind = kind or draw.choice(CLASSES)
    shape = shape or draw.choice(WANTED.get(want, list(SHAPES)))
    for attempt in range(50):
        g = Generator(seed * 1000 + attempt, kind, want)
        g.program.name = f"random{seed}"
        SHAPES[shape](g)
        program = g.program
        if draw.random() < 0.6:
            program.reg = draw.choice(("hard", "entropy", "l2"))
        if g.chance(0.07, "several programs"):
            program.beside = BESIDE
        tidy(program)
        if (not want or want in constructs(program)) and (kind != "tree" or branches(program)):
            break
    program.note = f"{shape}, {kind}, seed {seed}: {', '.join(sorted(constructs(program)))}"
    return program


def branches(program):
    """Whether some candidate reads two cells, as in trees."""
    names = "|".join(table.name for table in program.tables if table.binders) or "-"
    choices = [t for e in program.equations for t in getattr(e.body, "items", ()) if isinstance(t, Choice)]
    return any(len(re.findall(rf"\b(?:{names})\[", arm.render())) > 1 for c in choices for arm in c.arms)


def sequence(count, seed, least=14):
    """`count` programs, classes in turn; each favours the construct that was the
    rarest so far in its class, until every one occurred `least` times."""
    seen = {kind: dict.fromkeys(CONSTRUCTS, 0) for kind in CLASSES}
    for number in range(count):
        kind = CLASSES[number % len(CLASSES)]
        rarest = min(seen[kind], key=seen[kind].get)
        want = rarest if seen[kind][rarest] < least else ""
        program = generate(seed + number, kind, want=want)
        for construct in constructs(program):
            seen[kind][construct] += 1
        yield program


def tidy(program):
    """Drops lets, inputs and sizes that nothing uses."""
    def used(name, parts):
        return any(re.search(rf"\b{name}\b", part.render()) for part in parts)

    changed = True
    while changed:
        changed = False
        for part in ("lets", "inputs", "tables"):
            for item in list(getattr(program, part)):
                others = [x for p in ("inputs", "lets", "tables", "equations", "outputs")
                          for x in getattr(program, p)
                          if x is not item and getattr(x, "table", None) != item.name]  # fmt: skip
                if not used(item.name, others):
                    getattr(program, part).remove(item)
                    program.equations = [e for e in program.equations if e.table != item.name]
                    changed = True
    everything = [*program.inputs, *program.lets, *program.tables, *program.equations, *program.outputs]
    for name in list(program.sizes):
        if not used(name, everything):
            del program.sizes[name]


if __name__ == "__main__":
    print(generate(int(sys.argv[1]), *sys.argv[2:]).render(), end="")
