"""Extents of arrays: sums of sizes, as manifests write them."""

import functools
import re

_TERM = re.compile(r"\s*([+-]?)\s*(?:(\d+)\s*\*\s*)?([A-Za-z_]\w*|\d+)")


@functools.lru_cache(maxsize=None)
def parse(text):
    """`2*N - M + 1` as ({"N": 2, "M": -1}, 1).

    Raises:
        ValueError: it is no such sum.
    """
    coefficients, constant, position = {}, 0, 0
    while position < len(text):
        found = _TERM.match(text, position)
        if not found or (position and not found[1]):
            raise ValueError(f"`{text}` is not a sum of sizes")
        sign, factor, atom = found.groups()
        value = (-1 if sign == "-" else 1) * int(factor or 1)
        if atom.isdigit():
            constant += value * int(atom)
        else:
            coefficients[atom] = coefficients.get(atom, 0) + value
        position = found.end()
    return coefficients, constant


def evaluate(text, sizes):
    """The extent where sizes are known; they may be symbolic."""
    coefficients, total = parse(text)
    for name, coefficient in coefficients.items():
        total = total + (sizes[name] if coefficient == 1 else coefficient * sizes[name])
    return total


def _decide(coefficients, value, sizes):
    """Of sum(coefficients * sizes) == value: sets the size of coefficient 1 or -1
    that alone is unknown. False: there are several."""
    unknown = [name for name in coefficients if name not in sizes]
    if len(unknown) == 1 and coefficients[unknown[0]] in (1, -1):
        for name, coefficient in coefficients.items():
            if name != unknown[0]:
                value = value - coefficient * sizes[name]
        sizes[unknown[0]] = value if coefficients[unknown[0]] == 1 else -value
        return True
    return not unknown


def solve(axes, sizes, equal=()):
    """Adds to `sizes` what axes, pairs (text, extent), and equalities, pairs of
    texts, decide. The rule is the runtime's: each decides the one size of
    coefficient 1 or -1 that is unknown."""
    left = []
    for text, extent in axes:
        coefficients, constant = parse(text)
        left.append((coefficients, extent - constant if constant else extent))
    for one, other in equal:
        (coefficients, constant), (others, further) = parse(one), parse(other)
        names = {*coefficients, *others}
        left.append(({name: coefficients.get(name, 0) - others.get(name, 0) for name in names}, further - constant))
    while True:
        waiting = [(coefficients, value) for coefficients, value in left if not _decide(coefficients, value, sizes)]
        if len(waiting) == len(left):
            return sizes
        left = waiting
