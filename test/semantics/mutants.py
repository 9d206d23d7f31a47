"""Mistakes, each made on purpose in a valid program, with the error it must get.

A mutation returns (text, line numbers at which the error may stand), or None
where the program offers no place for it.
"""

import re

from model import Arm, Choice, Equation, Leaf, Terms


def lines_of(text, pattern):
    return [n for n, line in enumerate(text.splitlines(), 1) if re.search(pattern, line)]


def at(text, position):
    return text.count("\n", 0, position) + 1


def places(text, pattern, avoid):
    """Matches in lines that neither are a comment nor contain `avoid`."""
    lines = text.splitlines()
    return [m for m in re.finditer(pattern, text)
            if not lines[at(text, m.start()) - 1].startswith("#")
            and not (avoid and avoid in lines[at(text, m.start()) - 1])]  # fmt: skip


def replace(draw, text, pattern, new, avoid=""):
    """One match of the pattern replaced, and its line."""
    found = places(text, pattern, avoid)
    if not found:
        return None
    match = draw.choice(found)
    return text[: match.start()] + match.expand(new) + text[match.end() :], [at(text, match.start())]


def equations_of(text, table):
    return lines_of(text, rf"^  (table )?{table}\[")


def forgotten_question_mark(draw, program):
    """E0301: a read that can leave its table, without `?`."""
    return replace(draw, program.render(), r"\]\?(?! else)", "]")


def index_beyond_input(draw, program):
    """E0302: an index past the end of an input."""
    sizes = "|".join(program.spanning())
    inputs = [i.name for i in program.inputs if i.element == "float" and i.extents
              and re.fullmatch(rf"({sizes})( \+ 1)?", i.extents[0])]  # fmt: skip
    if not inputs or not sizes:
        return None
    # A branch may be dead; what it reads then does no harm.
    return replace(draw, program.render(), rf"(?m)(?<=[ (])({'|'.join(inputs)})\[([ijkpq])(?=[, \]])", r"\1[\2 + 7",
                   avoid=" then ")  # fmt: skip


def gap(draw, program):
    """E0303: cells that no equation defines."""
    table = draw.choice(program.tables)
    mutant = program.copy()
    for equation in mutant.equations:
        if equation.table == table.name and (equation.otherwise or not equation.when):
            if all(not p.isidentifier() or p in program.sizes for p in equation.patterns):
                continue
            equation.otherwise, equation.when = False, f"{table.binders[0].name} >= 3"
            if table.binders[0].name not in equation.patterns:
                return None
            text = mutant.render()
            return text, equations_of(text, table.name)
    return None


def overlap(draw, program):
    """E0304: two equations for one cell."""
    table = draw.choice(program.tables)
    mutant = program.copy()
    mutant.equations.append(Equation(table.name, [b.name for b in table.binders], Leaf("0")))
    if any(e.otherwise for e in mutant.equations if e.table == table.name):
        if not any(not e.otherwise for e in program.equations if e.table == table.name):
            return None
    text = mutant.render()
    return text, equations_of(text, table.name)


def needless_question_mark(draw, program):
    """E0306: `?` on a read that never leaves its table."""
    mutant = program.copy()
    reads = re.compile(r"\b[A-I]\[[^\[\]]*\](?!\?)")
    arms = []
    for equation in mutant.equations:
        for term in equation.body.items if isinstance(equation.body, Terms) else []:
            if isinstance(term, Choice):
                arms += [a for a in term.arms if "?" not in a.render() and len(reads.findall(a.render())) == 1]
    leaves = [leaf for arm in arms for leaf in arm.body.items if isinstance(leaf, Leaf) and reads.search(leaf.text)]
    if not leaves:
        return None
    leaf = draw.choice(leaves)
    leaf.text = reads.sub(lambda m: m[0] + "?", leaf.text)
    text = mutant.render()
    return text, lines_of(text, re.escape(leaf.text))


def self_dependence(draw, program):
    """E0401: a cell that is its own candidate."""
    mutant = program.copy()
    for equation in draw.sample(mutant.equations, len(mutant.equations)):
        variables = all(p.isidentifier() and p not in program.sizes for p in equation.patterns)
        choices = [t for t in getattr(equation.body, "items", ()) if isinstance(t, Choice)]
        if variables and choices:
            cell = f"{equation.table}[{', '.join(equation.patterns)}]"
            choices[0].arms.append(Arm(Terms([Leaf(cell)])))
            text = mutant.render()
            return text, lines_of(text, rf"^  {equation.table}\[")
    return None


def recursive_let(draw, program):
    """E0403: a let defined by itself."""
    mutant = program.copy()
    if not mutant.lets:
        return None
    let = draw.choice(mutant.lets)
    let.body = Terms([let.body, Leaf(f"{let.name}[{', '.join(b.name for b in let.binders)}]")])
    text = mutant.render()
    return text, lines_of(text, rf"^  let {let.name}\b")


def undeclared_name(draw, program):
    """E0201: a name that nothing declares."""
    return replace(draw, program.render(), r"(?<== )\b[wa]\d*\b(?=[\[ ])", "undeclared")


def declared_twice(draw, program):
    """E0202: an input declared a second time."""
    if not program.inputs:
        return None
    mutant = program.copy()
    mutant.inputs.append(draw.choice(mutant.inputs))
    text = mutant.render()
    return text, lines_of(text, rf"input {mutant.inputs[-1].name} ")


def wrong_rank(draw, program):
    """E0203: one index too many."""
    return replace(draw, program.render(), r"(?m)(?<== )([A-D])\[([^\[\]]*)\]", r"\1[\2, 0]")


def hidden_name(draw, program):
    """E0204: a binder called like a size."""
    name = draw.choice(list(program.sizes))
    return replace(draw, program.render(), r" for \w+ in 0", f" for {name} in 0")


def float_index(draw, program):
    """E0205: a float as an index."""
    return replace(draw, program.render(), r"(?m)^(  output \w+ = [A-D])\[[^,\]]*", r"\1[0.5")


def bent_index(draw, program):
    """E0206: an index that is not affine."""
    return replace(draw, program.render(), r"(?m)(?<=[ (])([A-D])\[([ij]) - 1(?=[,\]])", r"\1[\2 * \2")


def no_equation(draw, program):
    """E0211: a table without equations."""
    mutant = program.copy()
    table = draw.choice(mutant.tables)
    mutant.equations = [e for e in mutant.equations if e.table != table.name]
    text = mutant.render()
    return text, lines_of(text, rf"^  table {table.name}\[")


def no_output(draw, program):
    """E0212: a program without outputs."""
    mutant = program.copy()
    mutant.outputs = []
    text = mutant.render()
    return text, lines_of(text, r"^(program|\})")


def no_operand(draw, program):
    """E0101: an operator without an operand."""
    return replace(draw, program.render(), r"(?m)^(  \w+\[[^=]*) = ", r"\1 = + * ")


def foreign_character(draw, program):
    """E0102: a character outside the language."""
    return replace(draw, program.render(), r"(?m)^  (table [^\n]*)", r"  \1;")


def missing_regularizer(draw, program):
    """E0501: a regularizer that is for later."""
    text = program.copy()
    text.reg = "tsallis(1.5)"
    return text.render(), lines_of(text.render(), r"^  reg ")


def unknown_regularizer(draw, program):
    """E0504: a regularizer that does not exist."""
    text = program.copy()
    text.reg = "entropi"
    return text.render(), lines_of(text.render(), r"^  reg ")


MUTATIONS = [forgotten_question_mark, index_beyond_input, gap, overlap, needless_question_mark, self_dependence,
             recursive_let, undeclared_name, declared_twice, wrong_rank, hidden_name, float_index, bent_index,
             no_equation, no_output, no_operand, foreign_character, missing_regularizer, unknown_regularizer]  # fmt: skip


def code_of(mutation):
    return mutation.__doc__[:5]
