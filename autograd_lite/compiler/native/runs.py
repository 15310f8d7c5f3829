"""Runs: consecutive calls that become kernels, or one table of operations on single numbers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from autograd_lite.compiler.native.fusion import Body, join_loops, place
from autograd_lite.compiler.native.loops import Statement, statements_of
from autograd_lite.compiler.native.partition import cut
from autograd_lite.compiler.tape import Instruction, Storage

# Of one kernel, because compile time grows faster than the number. Longer runs of single numbers are interpreted.
MOST_STATEMENTS = 80
Dtypes = frozenset[np.dtype[Any]]


@dataclass(eq=False)
class Run:
    """Consecutive calls that become one kernel, or several (`parts`).

    Attributes
    ----------
    place : str
        The line of the user's code of the first call.
    body : list of Loop and Statement, optional
        The statements in common loops, of one of the parts of a run.
    is_divided : bool
        Whether it is one loop that threads share.
    made : set of Storage
        What the calls return.
    dtypes : set of dtype or None
        Those of the numbers besides bool, at most one, if the statements can be interpreted: they have no loops.
    """

    place: str
    statements: list[Statement] = field(default_factory=list)
    made: set[Storage] = field(default_factory=set)
    dtypes: Dtypes | None = frozenset()
    can_fail: bool = False
    is_effect: bool = False
    body: Body | None = None
    is_divided: bool = False

    def can_take(self, instruction: Instruction, statements: list[Statement]) -> bool:
        """Whether a call can follow."""
        is_long = len(self.statements) + len(statements) > MOST_STATEMENTS
        if is_long and self._joined(statements) is None:
            return False
        fails = any(statement.can_fail for statement in statements)
        return not (fails and self.is_effect) and not (instruction.is_effect and self.can_fail)

    def add(self, instruction: Instruction, statements: list[Statement]) -> None:
        """Add a call."""
        self.statements += statements
        self.made.update(value.storage for value in instruction.results)
        self.dtypes = self._joined(statements)
        self.can_fail |= any(statement.can_fail for statement in statements)
        self.is_effect |= instruction.is_effect

    @property
    def is_interpreted(self) -> bool:
        """Whether it becomes a table."""
        return len(self.statements) > MOST_STATEMENTS and self.dtypes is not None

    def parts(self) -> list[Run]:
        """The runs whose statements are in common loops; a long loop that threads share is a run of its own."""
        if self.is_interpreted:
            return [self]
        body: Body = []
        for statement in self.statements:
            place(statement, body)
        made = Run(self.place, is_effect=self.is_effect, dtypes=None)
        return [
            replace(made, statements=list(statements_of(part)), body=part, is_divided=is_divided)
            for part, is_divided in cut(join_loops(body))
        ]

    def _joined(self, statements: list[Statement]) -> Dtypes | None:
        dtypes = self.dtypes
        for statement in statements:
            other = statement.scalar_dtypes
            if dtypes is None or other is None or len(dtypes | other) > 1:
                return None
            dtypes |= other
        return dtypes
