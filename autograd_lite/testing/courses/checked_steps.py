"""The verdicts on the lines of a derivation, and StepMismatch, the error for the first false one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from autograd_lite.testing.mismatch import GradientMismatch


@dataclass(frozen=True)
class CheckedLine:
    """The verdict on one line.

    Attributes
    ----------
    name : str
        As it was given.
    verdict : str
        "right"; "wrong"; "not checked", if a line after the false one cannot be judged. A line is judged with right
        values of the lines that it uses. A value that `fn` does not name, and that does not lead to a line for the
        loss, can only be taken as it is defined: "occurs" if `fn` computes it somewhere, "defined" if not.
    shape : tuple of int or None
    """

    name: str
    verdict: str
    shape: tuple[int, ...] | None


class CheckedSteps(tuple[CheckedLine, ...]):
    """The verdicts on all lines of a right derivation, in their order; ``str()`` of it is a table.

    Attributes
    ----------
    largest_error : float
        The largest relative difference, as `check_closed_form` returns it.
    """

    largest_error: float

    def __new__(cls, lines: Sequence[CheckedLine], largest_error: float) -> CheckedSteps:
        self = super().__new__(cls, lines)
        self.largest_error = largest_error
        return self

    def __str__(self) -> str:
        return _table(self)


class StepMismatch(GradientMismatch):
    """The first false line of a derivation, with everything that `GradientMismatch` has for it.

    Attributes
    ----------
    line : str
        The name of the false line.
    lines : tuple of CheckedLine
        The verdicts on all lines. Those after the false one are judged with the right values of the lines before them.
    """

    line: str = ""
    lines: tuple[CheckedLine, ...] = ()

    @classmethod
    def of(cls, mismatch: GradientMismatch, line: str, lines: Sequence[CheckedLine]) -> StepMismatch:
        """A mismatch of a line as the mismatch of a derivation."""
        self = cls(*mismatch.args)
        self.__dict__.update(mismatch.__dict__, line=line, lines=tuple(lines))
        return self

    @property
    def remarks(self) -> tuple[str, ...]:
        """The verdicts on the other lines."""
        place = [line.name for line in self.lines].index(self.line)
        before, after = self.lines[:place], self.lines[place + 1 :]
        taken = "Taken as defined, because the function names no such tensor, so that a mistake there appears here"
        remarks = []
        for words, lines, verdicts in (
            ("Right before it", before, ("right",)),
            (taken, before, ("defined", "occurs")),
            ("Right after it, given the right line", after, ("right",)),
            ("Also wrong after it", after, ("wrong",)),
        ):
            names = [line.name for line in lines if line.verdict in verdicts]
            remarks += [f"{words}: {', '.join(names)}"] if names else []
        return tuple(remarks)


def _table(lines: Sequence[CheckedLine]) -> str:
    rows = [(line.name, line.verdict, "" if line.shape is None else str(line.shape)) for line in lines]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    return "\n".join(f"{name:{widths[0]}}  {verdict:{widths[1]}}  {shape}".rstrip() for name, verdict, shape in rows)
