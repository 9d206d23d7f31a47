"""Solutions: the path, or the tree, that a hard program takes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


class Step(NamedTuple):
    """One choice of a solution.

    Attributes:
        table: the table, or the output, whose cell it is.
        index: the cell.
        label: of the alternative taken; "" where it has none.
        alternative: its place among those of all choices of the equation, in the
            order of the text; None for an equation without a choice.
        binders: {name: value} of what the alternative ranges over.
        equation: its place among those of the table; 0 for an output.
    """

    table: str
    index: tuple[int, ...]
    label: str
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
        or those of one instance.

        Args:
            instance: its place in the batch; None for all.

        Raises:
            ValueError: there is no batch, so no instance.
            IndexError: the batch has no such instance.
        """
        rows, length = _fetch(self.rows), _fetch(self.length)
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
            label, names = "", ()
            if alternative >= 0:
                taken = [each for choice in equations[equation] for each in choice][alternative]
                label, names = taken.label, [each.name for each in taken.indices]
            steps.append(Step(name, tuple(row[1 : rank + 1]), label, None if alternative < 0 else alternative,
                              dict(zip(names, binders)), equation))  # fmt: skip
        return steps


def _fetch(array):
    """An array of NumPy, from wherever it lies."""
    # NumPy does not fetch those of PyTorch, nor those of CuPy and the like, from a GPU.
    for name in ("cpu", "get"):
        array = getattr(array, name)() if hasattr(array, name) else array
    return np.asarray(array)
