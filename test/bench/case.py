"""What is measured: cases, and who stands side by side in one.

A family (families/*.py) yields cases. A case builds its contenders late, so
that only one case's arrays are in memory at a time. To add a peer, append one
more `Contender` to the list that a case builds: a name, and a function that
prepares inputs and returns what is called over and over.
"""

from __future__ import annotations

import dataclasses
import typing

Results = typing.Dict[str, typing.Any]
Call = typing.Callable[[], Results]


@dataclasses.dataclass
class Contender:
    """One implementation.

    `prepare()` returns a call; the call returns named arrays, of which those that
    the truth has too are compared with it. `cells` is how many this one computes
    where it gets a smaller instance than ours (a peer may need too long or too much
    memory for the whole). `role` is one of
      ours   the generated kernel
      own    another entry of ours that a goal speaks of
      peer   somebody else's
      limit  written by hand, test/bench/limits
      truth  compared with, never timed
    """

    name: str
    prepare: typing.Callable[[], Call]
    role: str = "peer"
    cells: float | None = None
    note: str = ""


@dataclasses.dataclass
class Case:
    """One row of the table.

    `goals` maps a contender's name, or "fastest peer" or "limit", to the least
    ratio of its time to ours; a name of role `own` to the largest ratio of our
    time to it. `tolerance` bounds the largest error relative to the largest
    element of each result.
    """

    kernel: str
    shape: str
    cells: float
    build: typing.Callable[[], typing.List[Contender]]
    unit: str = "cell"
    goals: typing.Dict[str, float] = dataclasses.field(default_factory=dict)
    tolerance: float = 1e-4
    wall: bool = False  # of several threads: wall time, and no pinning
    slow: bool = False  # left out by --quick

    @property
    def name(self):
        return f"{self.kernel} {self.shape}"


@dataclasses.dataclass
class Report:
    """A row that is no race: a table of its own, such as errors or compile times.

    `run()` returns a list of lines, each a dict of columns; `judge` turns it into
    {goal: (got, met)}.
    """

    kernel: str
    run: typing.Callable[[], typing.List[dict]]
    judge: typing.Callable[[typing.List[dict]], typing.Dict[str, tuple]] = lambda lines: {}
    slow: bool = False

    @property
    def name(self):
        return self.kernel
