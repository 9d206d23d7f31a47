"""Makes a failing program smaller while it still fails."""

from model import Arm, Choice, Leaf, Terms, Wrap
from random_programs import tidy


def expressions(program):
    """(holder, attribute) of every body."""
    for part in (program.lets, program.equations, program.outputs):
        for item in part:
            yield item, "body"


def simpler(expression):
    """Replacements for an expression, each with one thing less; whole copies."""
    if isinstance(expression, Terms):
        for n, item in enumerate(expression.items):
            rest = expression.items[:n] + expression.items[n + 1 :]
            if rest:
                yield Terms(rest)
            for other in simpler(item):
                yield Terms([*expression.items[:n], other, *expression.items[n + 1 :]])
        if len(expression.items) == 1:
            yield expression.items[0]
    elif isinstance(expression, Wrap):
        yield expression.inner
        yield from (Wrap(expression.form, other) for other in simpler(expression.inner))
    elif isinstance(expression, Choice):
        arms = expression.arms
        for n, arm in enumerate(arms):
            if len(arms) > 1:
                yield Choice(expression.op, arms[:n] + arms[n + 1 :], expression.reg)
            for other in simpler_arm(arm):
                yield Choice(expression.op, [*arms[:n], other, *arms[n + 1 :]], expression.reg)
        if expression.reg:
            yield Choice(expression.op, arms)
    elif isinstance(expression, Leaf) and expression.text != "0":
        yield Leaf("0")


def simpler_arm(arm):
    if arm.label:
        yield Arm(arm.body, "", arm.binders, arm.guard)
    if arm.guard:
        yield Arm(arm.body, arm.label, arm.binders)
    for n in range(len(arm.binders)):
        yield Arm(arm.body, arm.label, arm.binders[:n] + arm.binders[n + 1 :], arm.guard)
    for body in simpler(arm.body):
        yield Arm(body, arm.label, arm.binders, arm.guard)


def candidates(program):
    """Programs with one thing less."""
    for part in ("outputs", "equations"):
        for n in range(len(getattr(program, part))):
            if part == "outputs" and len(program.outputs) == 1:
                continue
            smaller = program.copy()
            del getattr(smaller, part)[n]
            yield smaller
    for number, (holder, attribute) in enumerate(expressions(program)):
        for body in simpler(getattr(holder, attribute)):
            smaller = program.copy()
            target, name = list(expressions(smaller))[number]
            setattr(target, name, body)
            yield smaller
    if program.reg:
        smaller = program.copy()
        smaller.reg = ""
        yield smaller


def shrink(program, fails, attempts=400):
    """The smallest program found for which `fails(text)` holds."""
    changed = True
    while changed and attempts > 0:
        changed = False
        for smaller in candidates(program):
            tidy(smaller)
            attempts -= 1
            if len(smaller.render()) < len(program.render()) and fails(smaller.render()):
                program, changed = smaller, True
                break
            if attempts <= 0:
                break
    return program
