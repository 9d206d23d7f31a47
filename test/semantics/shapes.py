"""The shapes of random programs: each fills a Generator's program."""

import itertools

from model import Arm, Binder, Choice, Edges, Equation, Input, Leaf, Output, Table, Terms, Wrap, bind

NAMES = ("i", "j", "k")


def shifted(name, offset):
    return name if not offset else f"{name} {'+' if offset > 0 else '-'} {abs(offset)}"


def earlier(schedule, tables, reader, reach=2):
    """The reads (table, indices) of `reader` that the schedule puts earlier: a
    smaller time, or the same time and an earlier table."""
    options = []
    for offset in itertools.product(range(-reach, reach + 1), repeat=len(schedule)):
        gap = sum(s * d for s, d in zip(schedule, offset))
        indices = [shifted(n, d) for n, d in zip(NAMES, offset)]
        for rank, table in enumerate(tables):
            if gap < 0 or gap == 0 and rank < tables.index(reader):
                options.append((table, indices))
    # Short offsets are the usual ones.
    options.sort(key=lambda o: sum("2" in index for index in o[1]))
    return options[: max(6, len(options) // 2)]


def first_and_last(binder, forward):
    """The expression of the first cell along an axis, and of the last."""
    low = binder.lower
    high = binder.upper if binder.inclusive else f"{binder.upper} - 1"
    return (low, high) if forward else (high, low)


def box(g, rank, where=""):
    """The binders of a table over sizes N, M, L."""
    binders = []
    for name, size in zip(NAMES[:rank], ("N", "M", "L")):
        if where and name == "j" and g.chance(0.5):
            size = "N"
        low, inclusive = g.pick((("0", False), ("0", True), ("1", True)))
        if g.chance(0.08, "negative lower bound"):
            low, inclusive = "-1", False
        g.size(size, ">= 1")
        binders.append(Binder(name, low, size, inclusive, size))
    return binders


def base_equations(g, table, schedule):
    """Equations that start the recursion, and whether a `begin` arm is needed."""
    names = [b.name for b in table.binders]
    corner = [first_and_last(b, s >= 0)[0] for b, s in zip(table.binders, schedule)]
    kind = g.pick(("none", "corner", "edge", "split"))
    if g.want in ("none", "when") and len(names) > 1:
        kind = "split"
    elif g.chance(0.08):
        kind = "cut"
    if kind == "none" or table.where and kind != "cut":
        return [], True
    if kind == "cut":
        return [Equation(table.name, names, None, when=f"{names[0]} <= 1")], True
    if kind == "corner" or len(names) == 1:
        return [Equation(table.name, corner, Leaf(g.pick(("0", "0.3"))))], False
    edge = [corner[0], *names[1:]]
    if kind == "edge":
        equation = Equation(table.name, edge, None)
        g.program.equations.append(equation)
        scopes = [e for sizes in g.program.instances(g.limit()) for _, e in g.program.region(equation, sizes)]
        g.program.equations.pop()
        equation.body = g.weight(table.binders[1:], scopes)
        return [equation], False
    first = Equation(table.name, corner, Leaf("0"))
    others = " or ".join(f"{n} != {c}" for n, c in zip(names[1:], corner[1:]))
    return [first, Equation(table.name, edge, Leaf("none"), when=others)], False


def affine(g, rank=0, count=0, where=""):
    """Boxes with constant offsets: chains, grids, affine gaps, three
    dimensions, bands, time that runs backwards or skewed."""
    rank = rank or (3 if g.want == "three dimensions" else g.pick((1, 1, 2, 2, 2, 3)))
    count = count or (g.pick((2, 3)) if g.want == "several tables" else g.pick((1, 1, 1, 2, 3)))
    schedule = [0] * rank
    while not any(schedule):
        schedule = [g.pick((1, 1, 1, 2, -1, 0)) for _ in range(rank)]
    if g.want == "backwards":
        schedule[0] = -1
    same = box(g, rank, where)
    tables = []
    for name in "ABC"[:count]:
        binders = same if where or g.chance(0.6) else box(g, rank)
        tables.append(Table(name, binders, where))
    g.program.tables += tables
    for table in tables:
        names = [b.name for b in table.binders]
        base, begin = base_equations(g, table, schedule)
        options = earlier(schedule, tables, table)
        if not base:
            g.body(Equation(table.name, names, None), options, table.binders, begin=start(g, table, schedule))
            continue
        main = Equation(table.name, names, None, otherwise=True)
        for equation in base:
            if equation.body is None:
                continue
            g.program.equations.append(equation)
        if begin:
            # Two halves of the table, each a recursion of its own.
            g.body(base[0], options, table.binders, begin=start(g, table, schedule))
        if rank == 1 and schedule[0] > 0 and not begin and table.binders[0].lower == "0":
            options = options + [(table, ["i / 2"])]
        g.body(main, options, table.binders)
    outputs(g, tables[-1] if g.chance(0.7) else g.pick(tables), schedule)
    if g.chance(0.25, "several outputs"):
        outputs(g, g.pick(tables), schedule)


def start(g, table, schedule):
    """A guard that picks where a path may begin; empty: anywhere."""
    if g.chance(0.4):
        return ""
    parts = [f"{b.name} == {first_and_last(b, s >= 0)[0]}" for b, s in zip(table.binders, schedule)]
    return " and ".join(parts[: g.random.randint(1, len(parts))])


def outputs(g, table, schedule):
    """An output: the last cell, a vector of cells, or a choice over them."""
    name = g.fresh("out")
    last = [first_and_last(b, s >= 0)[1] for b, s in zip(table.binders, schedule)]
    if not table.where and len(last) > 1 and g.chance(0.25, "vector output"):
        axis = g.random.randrange(len(last))
        binder = table.binders[axis]
        index = [*last[:axis], binder.name, *last[axis + 1 :]]
        # An output is a vector from 0, so its binder starts there.
        text = f"{table.name}[{', '.join(index)}]"
        if binder.lower == "0":
            g.program.outputs.append(Output(name, Leaf(text), [binder]))
            return
    if not table.where and g.chance(0.6):
        g.program.outputs.append(Output(name, Leaf(f"{table.name}[{', '.join(last)}]")))
        return
    read = f"{table.name}[{', '.join(b.name for b in table.binders)}]"
    if "/" in table.where or table.where and g.chance(0.3):
        # In a guard `/` is exact, so this domain cannot be said again there.
        arm = Arm(Terms([Leaf(read + "?")]), binders=list(table.binders))
    else:
        arm = Arm(Terms([Leaf(read)]), binders=list(table.binders), guard=table.where)
    if g.chance(0.3):
        scopes = [e for sizes in g.program.instances(g.limit()) for e in g.program.cells(table, sizes)]
        arm.body.items.append(g.weight(table.binders, scopes))
    g.program.outputs.append(Output(name, Choice(g.pick(("max", "max", "min")), [arm], g.node_reg())))


def banded(g):
    """A grid cut to `abs(i - j) <= W`, or a half plane."""
    if g.want != "band" and g.chance(0.25):
        where = g.pick(("i <= j", "i + 1 >= j", "i <= 2 * j and j <= 2 * i", "i / 2 <= j"))
    else:
        g.size("W")
        where = g.pick(("abs(i - j) <= W", "abs(i - j) <= 2", "abs(2 * i - j) <= W"))
        if "W" not in where:
            del g.program.sizes["W"]
    affine(g, 2, g.pick((1, 1, 2)), where)


def states(g):
    """Time and a state: every state of the step before is a candidate."""
    g.size("N", ">= 1")
    g.size("S", ">= 1")
    time = Binder("i", "0", "N", g.chance(0.5), "N")
    state = Binder("j", "0", "S", False, "S")
    table = Table("A", [time, state])
    g.program.tables.append(table)
    forward = not g.chance(0.25, "backwards")
    first, last = first_and_last(time, forward)
    before = shifted("i", -1 if forward else 1)
    base = Equation("A", [first, "j"], None)
    g.program.equations.append(base)
    scopes = [e for sizes in g.program.instances(g.limit()) for _, e in g.program.region(base, sizes)]
    base.body = g.weight([state], scopes)
    other = Binder("r", "0", "S", False, "S")
    main = Equation("A", ["i", "j"], None, otherwise=True)
    if g.kind == "general" and g.chance(0.6, "sum in candidate"):
        g.program.equations.append(main)
        scopes = [e for sizes in g.program.instances(g.limit()) for _, e in g.program.region(main, sizes)]
        action = Binder("b", "0", "T", False, "T")
        g.size("T", ">= 1")
        wide = [e for env in scopes for e in bind([action, other], env)]
        coefficient = g.read_input([g.axis(b, wide) for b in (state, action, other)], 0.5, "prob")
        discount = g.read_input([], 0.3, "a")
        total = f"tanh({discount}) * sum {{ 0.3 * {coefficient} * A[{before}, r] for r in 0..S }}"
        reward = g.weight([state, action], [e for env in scopes for e in bind([action], env)])
        main.body = g.choice([Arm(Terms([reward, Leaf(total)]), binders=[action])])
    else:
        g.body(main, [(table, [before, "r"])], table.binders, extras=((other,),), count=g.pick((1, 1, 2)))
        if g.chance(0.4):
            same = g.arm([(table, [before, "j"])], table.binders,
                         [e for z in g.program.instances(g.limit()) for _, e in g.program.region(main, z)])  # fmt: skip
            if same:
                main.body.items[-1].arms.append(same)
    if g.chance(0.5, "vector output"):
        g.program.outputs.append(Output("out", Leaf(f"A[{last}, j]"), [state]))
    else:
        arm = Arm(Terms([Leaf(f"A[{last}, j]")]), binders=[state])
        g.program.outputs.append(Output("out", Choice("max", [arm], g.node_reg())))


def spans(g):
    """Intervals: shorter ones, and points that split one in two."""
    g.size("N", ">= 1")
    strict = g.chance(0.5)
    binders = ([Binder("i", "0", "N", False, "N"), Binder("j", "i + 1", "N", True, "N")] if strict
               else [Binder("i", "0", "N", True, "N"), Binder("j", "i", "N", True, "N")])  # fmt: skip
    labelled = g.chance(0.3, "three dimensions")
    extra, read, other = [], [], []
    if labelled:
        g.size("S", ">= 1")
        binders.append(Binder("k", "0", "S", False, "S"))
        extra, read = [Binder("r", "0", "S", False, "S")], ["k"]
        other = ["r"]
    tables = [Table(n, binders) for n in ("I", "C")[: 2 if g.chance(0.3, "several tables") else 1]]
    g.program.tables += tables
    names = [b.name for b in binders]
    for rank, table in enumerate(tables):
        base = Equation(table.name, names, None, when="j == i + 1" if strict else "j == i")
        g.program.equations.append(base)
        scopes = [e for sizes in g.program.instances(g.limit()) for _, e in g.program.region(base, sizes)]
        base.body = g.weight(binders, scopes)
        short = [(t, [*at, *read]) for t in tables for at in (("i + 1", "j"), ("i", "j - 1"), ("i + 1", "j - 1"))]
        short += [(t, names) for t in tables[:rank]]
        split = Binder("m", "i + 1", "j", False, "N")
        main = Equation(table.name, names, None, otherwise=True)
        g.body(main, short, binders, count=g.pick((1, 2)))
        scopes = [e for sizes in g.program.instances(g.limit()) for _, e in g.program.region(main, sizes)]
        halves = [(t, [*at, *s]) for t in tables for at in (("i", "m"), ("m", "j")) for s in (read, other) if s or not labelled]
        arm = g.arm(halves, binders, scopes, [split, *extra])
        if arm:
            main.body.items[-1].arms.append(arm)
    table = tables[-1]
    if labelled and g.chance(0.4, "vector output"):
        g.program.outputs.append(Output("out", Leaf(f"{table.name}[0, N, k]"), [binders[2]]))
    elif labelled:
        arm = Arm(Terms([Leaf(f"{table.name}[0, N, k]")]), binders=[binders[2]])
        g.program.outputs.append(Output("out", Choice("max", [arm], g.node_reg())))
    else:
        g.program.outputs.append(Output("out", Leaf(f"{table.name}[0, N]")))


def hops(g):
    """Segments of 1 to W steps: the semi-Markov shape."""
    g.size("N", ">= 1")
    g.size("W")
    binders = [Binder("i", "1", "N", True, "N")]
    read = []
    extra = [Binder("d", "1", "W", True, "W")]
    if g.chance(0.5):
        g.size("S", ">= 1")
        binders.append(Binder("j", "0", "S", False, "S"))
        extra.append(Binder("r", "0", "S", False, "S"))
        read = ["r"]
    table = Table("A", binders)
    g.program.tables.append(table)
    main = Equation("A", [b.name for b in binders], None)
    g.body(main, [(table, ["i - d", *read])], binders, extras=(extra,), begin="i <= W", count=1)
    segment = Input(g.fresh("seg"), "float", ["N", "W"])
    g.program.inputs.append(segment)
    for arm in main.body.items[-1].arms:
        # Inside the extents because of a `?` or a guard of this very candidate.
        own = any(isinstance(term, Leaf) and "A[i - d" in term.text for term in arm.body.items)
        if arm.binders and own and "]? else" not in arm.render() and g.chance(0.7):
            arm.body.items.append(Leaf(f"{segment.name}[i - d, d - 1]"))
    if read:
        if g.chance(0.4, "vector output"):
            g.program.outputs.append(Output("out", Leaf("A[N, j]"), [binders[1]]))
        else:
            arm = Arm(Terms([Leaf("A[N, j]")]), binders=[binders[1]])
            g.program.outputs.append(Output("out", Choice(g.pick(("max", "min")), [arm], g.node_reg())))
    else:
        g.program.outputs.append(Output("out", Leaf("A[N]")))


def by_class(g, reads):
    """One or two reads as terms, as the class wants them."""
    if g.kind == "tree" and g.chance(0.7):
        # Of two equal reads neither would need its `?`.
        return [Leaf(g.pick(reads)), Leaf(reads[-1])]
    form = g.pick(("0.5 * {}", "tanh({})", "0.3 * {}")) if g.kind == "general" else "{}"
    return [Wrap(form, Leaf(g.pick(reads)))]


def offsets(g):
    """Offsets that are data: knapsacks."""
    g.size("N")
    g.size("M")
    binders = [Binder("i", "0", "N", True, "N"), Binder("j", "0", "M", True, "M")]
    table = Table("A", binders)
    g.program.tables.append(table)
    cost = Input("s", "int", ["N"], g.chance(0.3), g.pick(("0..=3", "1..=M", "1..4")))
    g.program.inputs.append(cost)
    base = Equation("A", ["0", "j"], Leaf(g.pick(("0", "0.2 * j"))))
    main = Equation("A", ["i", "j"], None, otherwise=True)
    g.program.equations += [base, main]
    scopes = [e for sizes in g.program.instances(g.limit()) for _, e in g.program.region(main, sizes)]
    arms = []
    for _ in range(g.pick((1, 2))):
        terms = by_class(g, [*["A[i - 1, j - s[i - 1]]?"] * 3, "A[i - 1, j]"])
        arms.append(Arm(Terms([*terms, g.weight(binders, scopes)])))
    arms += [arm for arm in [g.arm([(table, ["i - 1", "j"]), (table, ["i - 1", "j - 1"])], binders, scopes)] if arm]
    main.body = Terms([g.choice(arms)])
    g.program.outputs.append(Output("out", Leaf("A[N, M]")))
    if g.chance(0.3, "vector output"):
        g.program.outputs.append(Output("each", Leaf("A[N, j]"), [binders[1]]))


def parents(g):
    """Cells that read a cell named by data, always an earlier one."""
    g.size("N", ">= 1")
    binders = [Binder("i", "0", "N", True, "N")]
    table = Table("A", binders)
    g.program.tables.append(table)
    g.program.inputs.append(Input("s", "int", ["t in N"], g.chance(0.3), "0..=t"))
    main = Equation("A", ["i"], None, otherwise=True)
    g.program.equations += [Equation("A", ["0"], Leaf("0")), main]
    scopes = [e for sizes in g.program.instances(g.limit()) for _, e in g.program.region(main, sizes)]
    arms = [Arm(Terms([*by_class(g, ["A[s[i - 1]]", "A[i - 1]"]), g.weight(binders, scopes)])) for _ in range(2)]
    arm = g.arm([(table, ["i - 1"]), (table, ["i - 2"])], binders, scopes)
    main.body = Terms([g.choice(arms + ([arm] if arm else []))])
    g.program.outputs.append(Output("out", Leaf("A[N]")))


def graph(g):
    """A graph known at run time, with a state or a hop count beside the vertex."""
    g.size("V", ">= 1")
    g.size("E")
    g.program.inputs += [Input("g", "dag", ["V", "E"]), Input("w", "float", ["E"], g.chance(0.3))]
    vertex = Binder("v", "0", "V", False, "V")
    edge = Edges("e", "g", "v")
    kind = g.pick(("plain", "state", "hop"))
    if kind == "state":
        g.size("S", ">= 1")
        second = Binder("j", "0", "S", False, "S")
        table = Table("D", [vertex, second])
        reads = ["D[g.src(e), r]", "D[g.src(e), j]"]
        extra, base, last = [Binder("r", "0", "S", False, "S")], ["0", "j"], None
    elif kind == "hop":
        g.size("H", ">= 1")
        second = Binder("j", "0", "H", True, "H")
        table = Table("D", [second, vertex])
        reads, extra, base, last = ["D[j - 1, g.src(e)]"], [], ["0", "v"], "D[H, V - 1]"
    else:
        table = Table("D", [vertex])
        reads, extra, base, last = ["D[g.src(e)]"], [], ["0"], "D[V - 1]"
    g.program.tables.append(table)
    first = Equation("D", base, Leaf(g.pick(("0", "0.3"))))
    if kind == "hop":
        first.body = Leaf("(if v < 1 then 0 else none)") if g.chance(0.3) else first.body
    main = Equation("D", [b.name for b in table.binders], None, otherwise=True)
    g.program.equations += [first, main]
    scopes = [e for sizes in g.program.instances(g.limit()) for _, e in g.program.region(main, sizes)]
    arms = []
    for _ in range(g.pick((1, 1, 2))):
        terms = by_class(g, reads)
        binders = [edge, *(extra if any("r]" in t.render() for t in terms) else [])]
        wide = [e for env in scopes for e in bind([b for b in binders if b is not edge], env)]
        terms.append(Leaf("w[e]"))
        if g.chance(0.5):
            terms.append(g.weight([*table.binders, *binders[1:]], wide))
        arms.append(Arm(Terms(terms), binders=binders))
    if kind == "hop" and g.chance(0.5):
        arms.append(Arm(Terms([Leaf("D[j - 1, v]")])))
    if g.chance(0.3):
        arms.append(Arm(Terms([g.weight(table.binders, scopes)])))
    main.body = Terms([g.choice(arms)])
    if last and not g.chance(0.3):
        g.program.outputs.append(Output("out", Leaf(last)))
    elif kind == "state":
        if g.chance(0.5, "vector output"):
            g.program.outputs.append(Output("out", Leaf("D[V - 1, j]"), [table.binders[1]]))
        else:
            arm = Arm(Terms([Leaf("D[V - 1, j]")]), binders=[table.binders[1]])
            g.program.outputs.append(Output("out", Choice("max", [arm], g.node_reg())))
    else:
        index = "H, v" if kind == "hop" else "v"
        g.program.outputs.append(Output("out", Leaf(f"D[{index}]"), [vertex]))


SHAPES = {"affine": affine, "banded": banded, "states": states, "spans": spans, "hops": hops, "offsets": offsets,
          "parents": parents, "graph": graph}  # fmt: skip

# Which shapes can hold a construct that not every shape can.
WANTED = {
    "band": ["banded"], "where": ["banded"], "dag": ["graph"], "triangular": ["spans"], "division": ["affine", "states", "spans", "offsets"],
    "several tables": ["affine", "spans"], "three dimensions": ["affine", "spans"], "int per element": ["parents"],
    "backwards": ["affine", "states", "spans"], "none": ["affine"], "vector output": ["states", "spans", "graph"],
    "read?": ["affine", "hops", "banded"], "read? else": ["affine", "banded"], "when": ["affine", "spans"],
    "negative lower bound": ["affine"], "size ==": ["affine", "states"], "size <=": ["affine", "states"],
    "several outputs": ["affine", "banded"], "binder": ["states", "hops", "graph", "spans"],
    "sum in candidate": ["states", "affine"], "otherwise": ["affine", "states"], "pattern": ["affine", "states"],
}  # fmt: skip
