"""Solutions: the path, or the tree, that a hard program takes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


class Step(NamedTuple):
    """One choice of a solution.

    Attributes:
        table: the table, or the output, whose cell it is.
        index: the cell.
        label: of the alternative taken; "" where it has none. None where the equation
            has several choices that differ in what that alternative would be.
        alternative: its place among those of the choice; None for an equation
            without a choice.
        binders: {name: value} of what the alternative ranges over.
        equation: its place among those of the table; 0 for an output.
    """

    table: str
    index: tuple[int, ...]
    label: str | None
    alternative: int | None
    binders: dict[str, int]
    equation: int


class Argmax:
    """What `argmax` gives.

    Attributes:
        value: the outputs of the all-hard program.
        rows: int64 [rows, columns], in front of it the batch: table, index,
            equation, alternative, binders; -1 where a row does not use a column,
            0 beyond `length`.
        length: how many rows there are, one an instance.
    """

    def __init__(self, description: Any, value: Any, rows: Any, length: Any) -> None:
        self.value, self.rows, self.length = value, rows, length
        self._description = description

    def __repr__(self):
        shape = "x".join(map(str, self.rows.shape))
        return f"<danskin argmax of {self._description.name}: {shape} rows>"

    def path(self, instance: int | None = None) -> Any:
        """The steps in preorder, a list of `Step`; of a batch a list of such lists,
        or those of one instance."""
        rows, length = np.asarray(self.rows), np.asarray(self.length)
        if rows.ndim == 2:
            if instance is not None:
                raise ValueError("there is no batch, so no instance to name")
            return self._decode(rows[: int(length)])
        if instance is not None:
            return self._decode(rows[instance][: int(length[instance])])
        return [self._decode(each[: int(count)]) for each, count in zip(rows, length)]

    def _decode(self, rows):
        about = self._description
        places = [(table.name, len(table.indices), table.equations) for table in about.tables]
        places += [(output.name, len(output.indices), (output.choices,)) for output in about.outputs]
        widest = max((rank for _, rank, _ in places), default=0)
        steps = []
        for row in rows.tolist():
            name, rank, equations = places[row[0]]
            equation, alternative, binders = row[widest + 1], row[widest + 2], row[widest + 3 :]
            label, names = _resolve(equations[equation], alternative)
            steps.append(Step(name, tuple(row[1 : rank + 1]), label, None if alternative < 0 else alternative,
                              dict(zip(names, binders)), equation))  # fmt: skip
        return steps


def _resolve(choices, alternative):
    """(label, names of the binders) of an alternative of one of the choices."""
    if alternative < 0:
        return "", ()
    able = {(choice[alternative].label, tuple(each.name for each in choice[alternative].indices))
            for choice in choices if alternative < len(choice)}  # fmt: skip
    if len(able) == 1:
        return next(iter(able))
    labels, names = {label for label, _ in able}, {names for _, names in able}
    return (labels.pop() if len(labels) == 1 else None), (names.pop() if len(names) == 1 else ())
