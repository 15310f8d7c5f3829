"""GradientMismatch, the error of all checks: where two derivatives differ, by how much, and the findings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lite.derivation.lines import Derivation
from autograd_lite.support.conversion import NumberArray
from autograd_lite.testing.mismatch_html import mismatch_html

_SHOWN = 6


@dataclass(frozen=True)
class Finding:
    """One explanation of a mismatch, tested on the numbers.

    Attributes
    ----------
    kind : str
        The kind of mistake: "sign", "factor", "transpose", "unsummed", "label", "diagonal" ...; for a combination of
        two, both, joined by " + ".
    text : str
        The explanation as a sentence.
    reasons : tuple of str
        If the explanation contains a number: all known quantities with this value, for example
        "the length of axis 0 of 'X'".
    cost : int
        Findings are sorted by it: the simplest explanations have the lowest.
    hint : str
        The likely cause if all reasons are counts, such as the number of samples.
    limit : str
        What it is limited to, if it does not hold in general: "this holds for the given integers only".

    Examples
    --------
    >>> print(Finding("factor", "it is 3 times too large", ("the length of axis 0 of 'x'",)))
    it is 3 times too large, which is the length of axis 0 of 'x'
    """

    kind: str
    text: str
    reasons: tuple[str, ...] = ()
    cost: int = 1
    hint: str = ""
    limit: str = ""

    def __str__(self) -> str:
        counts = all(reason.startswith(("the length", "the number")) for reason in self.reasons)
        which = f", which is {' or '.join(self.reasons)}" if self.reasons else ""
        hint = f": {self.hint}" if self.reasons and self.hint and counts else ""
        return self.text + which + hint + (f"; {self.limit}" if self.limit else "")


class GradientMismatch(AssertionError):  # noqa: N818 - a failed assertion, not an error of the program
    """Two derivatives that should be equal are not.

    Attributes
    ----------
    argument : str or None
        The input that was differentiated; None if values were compared.
    subject, reference : str
        Descriptions of the checked derivative and of the reference.
    actual, expected : array
        The checked derivative and the reference.
    actual_shape, expected_shape : tuple of int
        Their shapes. If these differ, the five attributes below are None.
    index : tuple of int or None
        The element where they differ most.
    actual_value, expected_value, absolute_error, relative_error : float or None
        The two values there, |actual − expected|, and that divided by the larger magnitude of the two.
    tolerance : float
        The largest allowed |actual − expected|.
    findings : tuple of Finding
        Explanations of the difference, simplest first; empty if no known mistake explains it.
    derivation : Derivation or None
        The derivation of the right gradient as `derive` prints it, in the names of the inputs, if the result of the
        function is one number and a derivation can be made. It is made when it is first asked for.
    inputs : tuple or None
        The inputs where they differ: those given, or others if the given ones hide the mistake.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_lite.testing import check_closed_form
    >>> try:
    ...     check_closed_form(lambda x: (x**2).sum(), lambda x: -2 * x, np.array([1.0, 3.0]))
    ... except GradientMismatch as mismatch:
    ...     print(mismatch.index, mismatch.actual_value, mismatch.expected_value, mismatch.findings[0])
    (1,) -6.0 6.0 the sign is flipped
    """

    inputs: tuple[Any, ...] | None = None
    derivation_source: Callable[[], Derivation | None] | None = None  # what makes the derivation

    def __init__(
        self,
        subject: str,
        reference: str,
        argument: str | None,
        actual: NumberArray,
        expected: NumberArray,
        tolerance: float,
        findings: Sequence[Finding] = (),
    ) -> None:
        super().__init__(subject, reference, argument, actual, expected, tolerance, findings)
        self._derivation: Derivation | None = None
        self.subject = subject
        self.reference = reference
        self.argument = argument
        self.actual, self.expected, self.tolerance = actual, expected, tolerance
        self.actual_shape, self.expected_shape = actual.shape, expected.shape
        self.findings = tuple(findings)
        self.index: tuple[int, ...] | None = None
        self.actual_value: float | None = None
        self.expected_value: float | None = None
        self.absolute_error: float | None = None
        self.relative_error: float | None = None
        if actual.shape == expected.shape:
            self._measure(actual, expected)

    def _measure(self, actual: NumberArray, expected: NumberArray) -> None:
        difference = np.abs(actual - expected)
        index = tuple(int(i) for i in np.unravel_index(np.argmax(difference), difference.shape))
        mine, true, error = float(actual[index]), float(expected[index]), float(difference[index])
        self.index, self.actual_value, self.expected_value = index, mine, true
        self.absolute_error, self.relative_error = error, error / max(abs(mine), abs(true))

    @property
    def derivation(self) -> Derivation | None:
        """The derivation of the right gradient, or None."""
        if self.derivation_source is not None:
            self._derivation, self.derivation_source = self.derivation_source(), None
        return self._derivation

    def __reduce__(self) -> tuple[Any, ...]:
        """What makes the derivation holds the user's function, which may not be picklable; it is left out."""
        state = {name: value for name, value in self.__dict__.items() if "derivation" not in name}
        return type(self), self.args, state

    def _repr_html_(self) -> str:
        """The mismatch in a notebook: ``display(mismatch)``."""
        return mismatch_html(self)

    @property
    def remarks(self) -> tuple[str, ...]:
        """Further lines at the end of the message."""
        return ()

    @property
    def is_shape_error(self) -> bool:
        """Whether the shapes differ."""
        return bool(self.actual_shape != self.expected_shape)

    def __str__(self) -> str:
        lines = [f"{self.subject} disagrees with {self.reference}", ""]
        shapes = [f"  wrong shape: {self.actual_shape}, expected {self.expected_shape}"]
        lines += shapes if self.is_shape_error else self._numbers()
        if self.findings:
            lines += ["", "Possible explanations, each tested on these numbers:"]
            lines += [f"  {i}. {finding}" for i, finding in enumerate(self.findings[:_SHOWN], start=1)]
            if len(self.findings) > _SHOWN:
                lines.append(f"  ... and {len(self.findings) - _SHOWN} less simple ones in .findings")
        else:
            lines += ["", "No known mistake explains it."]
            lines += [] if self.is_shape_error else self._ratio_and_difference()
        lines += ["", *self.remarks] if self.remarks else []
        return "\n".join(lines)

    def _numbers(self) -> list[str]:
        wrong = int((np.abs(self.actual - self.expected) > self.tolerance).sum())
        at = f" at {list(self.index)}" if self.index else ""
        return [
            f"  largest difference{at}: {self.actual_value!r}, expected {self.expected_value!r}",
            f"  absolute error {self.absolute_error:.3g}, relative error {self.relative_error:.3g}",
            f"  {wrong} of {self.actual.size} elements differ, shape {self.actual_shape}",
        ]

    def _ratio_and_difference(self) -> list[str]:
        with np.errstate(all="ignore"):
            ratio = self.actual / self.expected
        return [
            "  actual/expected = " + _abbreviated(ratio, "  actual/expected = "),
            "  actual−expected = " + _abbreviated(self.actual - self.expected, "  actual−expected = "),
        ]


def _abbreviated(values: NumberArray, prefix: str) -> str:
    return np.array2string(values, precision=4, threshold=24, edgeitems=2, prefix=prefix, suppress_small=True)
