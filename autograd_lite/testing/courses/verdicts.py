"""verdict: a formula or a derivation, judged: right, with the largest error, or what is wrong with it."""

from __future__ import annotations

import html
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from autograd_lite.support.messages import show
from autograd_lite.testing.caveats import NotDifferentiableWarning, NotGeneralWarning
from autograd_lite.testing.closed_form import check_closed_form
from autograd_lite.testing.comparing.case import Function
from autograd_lite.testing.comparing.inputs import check_functions
from autograd_lite.testing.courses.derivation_steps import check_steps
from autograd_lite.testing.mismatch import GradientMismatch


@dataclass(frozen=True)
class Verdict:
    """What `verdict` returns: ``print`` and notebooks show it, and it is true if the formula is right.

    Attributes
    ----------
    largest_error : float or None
        The largest relative difference, as `check_closed_form` returns it; None if the formula is wrong.
    mismatch : GradientMismatch or None
        What is wrong, with the explanations.
    caveats : tuple of str
        What the checks warn of: that the formula is right here only, or that there are several derivatives.

    Examples
    --------
    >>> print(Verdict(3e-16))
    right, largest relative error 3.0e-16
    """

    largest_error: float | None
    mismatch: GradientMismatch | None = None
    caveats: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self.mismatch is None

    def __str__(self) -> str:
        if self.mismatch is not None:
            return str(self.mismatch)
        error = f"{self.largest_error:.1e}" if self.largest_error else "0.0"
        return "\n".join([f"right, largest relative error {error}", *self.caveats])

    def _repr_html_(self) -> str:
        if self.mismatch is not None:
            return self.mismatch._repr_html_()
        lines = [f"<p class='tex2jax_ignore mathjax_ignore'>{html.escape(line)}</p>" for line in str(self).split("\n")]
        return f"<div>{''.join(lines)}</div>"


def verdict(fn: Function, formula: Any, *inputs: Any, **options: Any) -> Verdict:
    """Judge a formula for a derivative, or the lines of a derivation, without raising an error if it is wrong.

    It is for notebooks and for work at the prompt: ``print(verdict(fn, formula, x))`` says "right", or what is wrong.
    In tests, `check_closed_form` and `check_steps` raise an error.

    Parameters
    ----------
    fn : callable
        The function, as for `check_closed_form`.
    formula : callable, dict of str to callable, or sequence of pairs
        The formula for `check_closed_form`, or the lines for `check_steps`.
    *inputs : array, number or anything else
        As for `check_closed_form`.
    **options
        Those of `check_closed_form` (``wrt``, ``constraints`` and so on) or of `check_steps`.

    Returns
    -------
    Verdict
        It is true if the formula is right. ``str()`` of it is the message. Warnings of the checks are lines of it.

    Raises
    ------
    TypeError, ValueError
        If there is nothing to judge, as for `check_closed_form` and `check_steps`.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([1.0, 2.0, 4.0])
    >>> print(verdict(lambda x: (x**2).mean(), lambda x: 2 * x / 3, x))  # doctest: +ELLIPSIS
    right, largest relative error ...
    >>> found = verdict(lambda x: (x**2).mean(), lambda x: 2 * x, x)
    >>> bool(found), found.mismatch.findings[0].text
    (False, 'it is 3 times too large')
    """
    check_functions("verdict", fn)
    try:
        with warnings.catch_warnings(record=True) as noticed:
            warnings.simplefilter("always")
            error = _largest_error(fn, formula, *inputs, **options)
    except GradientMismatch as mismatch:
        return Verdict(None, mismatch)
    own = [item for item in noticed if issubclass(item.category, (NotGeneralWarning, NotDifferentiableWarning))]
    for item in noticed:
        if item not in own:  # of the user's functions
            warnings.warn_explicit(item.message, item.category, item.filename, item.lineno)
    return Verdict(error, caveats=tuple(str(item.message) for item in own))


def _largest_error(fn: Function, formula: Any, *inputs: Any, **options: Any) -> float:
    if callable(formula):
        return check_closed_form(fn, formula, *inputs, **options)
    if not isinstance(formula, Mapping | Sequence) or isinstance(formula, str):
        raise TypeError(f"verdict: the formula must be a function, or the lines of a derivation, not {show(formula)}")
    return check_steps(fn, formula, *inputs, **options).largest_error
