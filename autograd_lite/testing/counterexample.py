"""find_counterexample: the smallest and simplest inputs that refute a formula, searched with Hypothesis."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
from hypothesis import strategies as st

from autograd_lite.support.checks import check_positive_integer
from autograd_lite.testing.comparing.case import Case, Function, Intermediates, formula_name
from autograd_lite.testing.comparing.inputs import (
    Inputs,
    NotFiniteError,
    Which,
    check_functions,
    check_takes,
    read_inputs,
)
from autograd_lite.testing.counterexample_error import counterexample_error, failure
from autograd_lite.testing.mismatch import Finding, GradientMismatch
from autograd_lite.testing.script import as_code
from autograd_lite.testing.simplest import simplest

_FAILED = object()
_WITNESS_SEARCH = 60  # examples that are drawn to find them


@dataclass(frozen=True)
class Counterexample:
    """Inputs that refute a formula. ``str()`` of it is NumPy code: the inputs, and the call that checks them.

    The printed inputs reproduce the mismatch. Functions that can be imported are imported, and others are defined if
    their source is self-contained. For any other function a comment names its file and line. Inputs other than numbers,
    strings, arrays and containers of these are left open.

    Attributes
    ----------
    case : Case
        The function, the formula and how they were compared.
    inputs : tuple
        The smallest inputs that were found.
    error : GradientMismatch or another exception
        The error of the check for these inputs; another exception if the formula itself fails.
    mismatch : GradientMismatch or None
        The error, if the formula returns a wrong array. Its findings were also tested on larger examples.
    examples : int
        The number of examples that were tried, those for the reduction included.
    """

    case: Case
    inputs: tuple[Any, ...]
    error: Exception
    examples: int

    @property
    def mismatch(self) -> GradientMismatch | None:
        return self.error if isinstance(self.error, GradientMismatch) else None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings of the mismatch; empty if the formula failed."""
        return self.mismatch.findings if self.mismatch else ()

    def __str__(self) -> str:
        return as_code(self.case, self.inputs, self.error)


@dataclass
class Search:
    """The state and the result of a search, passed to `report` when it ends.

    Attributes
    ----------
    case : Case
        The function, the formula and how they are compared.
    examples : int
        The number of examples that were compared.
    skipped : int
        The number of examples that decide nothing: outside the domain of the function, or with a singular matrix, or
        where it is not differentiable and the formula not finite, or where rounding errors are too large.
    shapes : set of tuple
        The different shapes of inputs that were compared.
    largest_error : float
        The largest relative difference where the formula was right.
    counterexample : Counterexample or None
    reason : str
        Why the last of the skipped examples decides nothing.
    """

    case: Case
    examples: int = 0
    skipped: int = 0
    shapes: set[tuple[tuple[int, ...], ...]] = field(default_factory=set)
    largest_error: float = 0.0
    counterexample: Counterexample | None = None
    reason: str = ""

    def __str__(self) -> str:
        tried = f"{self.examples} examples of {len(self.shapes)} different shapes"
        if self.counterexample is None:
            return f"no counterexample in {tried}; largest relative error {self.largest_error:.1e}"
        return f"refuted, after {tried}: {type(self.counterexample.error).__name__}"

    def refutes(self, inputs: tuple[Any, ...], by_numbers: bool = False) -> bool:
        """Whether these inputs are a counterexample; `by_numbers`: to finite numbers, as many as there should be."""
        case = self.case
        read = read_inputs(case.fn, inputs)
        if not self.examples:
            check_takes(case.closed_form, formula_name(case.closed_form), read)
        try:
            references = case.references(read)
            returned = self._returned(read)
        except (NotFiniteError, np.linalg.LinAlgError) as error:
            return self._skip(str(error))
        comparison = case.compare(read, references, returned) if returned is not _FAILED else None
        if comparison and comparison.undecided and comparison.wrong is None:
            return self._skip(comparison.undecided)
        self.examples += 1
        self.shapes.add(_shapes(read.values))
        if comparison and comparison.wrong is None:
            self.largest_error = max(self.largest_error, comparison.largest)
        if comparison is None or comparison.wrong is None:
            return comparison is None and not by_numbers
        reference, claim = comparison.wrong
        return not by_numbers or (claim.shape == reference.values.shape and bool(np.isfinite(claim).all()))

    def _skip(self, reason: str) -> bool:
        self.skipped, self.reason = self.skipped + 1, reason
        return False

    def _returned(self, inputs: Inputs) -> Any:
        """What the formula returned; `_FAILED` after an exception, unless it met a singular matrix."""
        try:
            return self.case.evaluate_formula(inputs)
        except np.linalg.LinAlgError:
            raise
        except Exception:
            return _FAILED


def find_counterexample(
    fn: Function,
    closed_form: Function,
    *strategies: st.SearchStrategy[Any],
    wrt: Which = 0,
    max_examples: int = 100,
    seed: int = 0,
    rtol: float = 1e-10,
    atol: float = 1e-12,
    intermediates: Intermediates = None,
    report: Callable[[Search], object] | None = None,
) -> Counterexample | None:
    """Search for inputs on which `check_closed_form` fails, and reduce them to the smallest and simplest.

    Examples where `fn` is not finite or meets a singular matrix are outside its domain and are skipped. Where it is not
    differentiable, every one-sided derivative is right, and a formula need not be finite. Elsewhere a formula is also
    refuted if it raises an exception or returns NaN or a wrong shape; if it is also wrong where it does not, the
    counterexample is one of those. Several explanations often fit the smallest counterexample; only those are reported
    that also fit larger ones.

    ``print(counterexample)`` shows the inputs as NumPy code with the call of `check_closed_form`. The printed inputs
    reproduce the mismatch; functions that are neither importable nor self-contained have to be added.

    Parameters
    ----------
    fn, closed_form, wrt, rtol, atol, intermediates
        As for `check_closed_form`.
    *strategies : Hypothesis strategy
        One for each input, or a single one that draws the tuple of all inputs.
    max_examples : int, default 100
        The number of examples to try.
    seed : int, default 0
        The same seed gives the same search.
    report : callable, optional
        Called with the `Search` at its end, with or without success: ``report=print`` shows how much was tried.

    Returns
    -------
    Counterexample or None

    Raises
    ------
    TypeError, ValueError
        As `check_closed_form`, if there is nothing to check; or if no example could be compared.

    Examples
    --------
    >>> from autograd_lite import softplus, sigmoid
    >>> from autograd_lite.testing import strategies
    >>> find_counterexample(softplus, lambda x: sigmoid(x), strategies.arrays(), report=print)  # doctest: +ELLIPSIS
    no counterexample in ... examples of ... different shapes; largest relative error ...
    >>> found = find_counterexample(softplus, lambda x: sigmoid(-x), strategies.arrays())
    >>> found.inputs
    (array(1.),)
    """
    check_functions("find_counterexample", fn, closed_form)
    check_positive_integer("find_counterexample", max_examples=max_examples)
    if not strategies or not all(isinstance(strategy, st.SearchStrategy) for strategy in strategies):
        given = ", ".join(type(strategy).__name__ for strategy in strategies) or "none"
        raise TypeError(f"find_counterexample: the strategies must be those of Hypothesis, not {given}")
    search = Search(Case(fn, closed_form, wrt, rtol, atol, intermediates))
    drawn = strategies[0].map(_as_tuple) if len(strategies) == 1 else st.tuples(*strategies)
    inputs = simplest(drawn, search.refutes, max_examples, seed)
    if inputs is not None:
        inputs, error = _explained(search.case, inputs, drawn, max_examples, seed)
        search.counterexample = Counterexample(search.case, inputs, error, search.examples)
    elif not search.examples:
        raise ValueError(f"nothing was compared in {search.skipped} examples; the last one: {search.reason}")
    if report is not None:
        report(search)
    return search.counterexample


def _explained(
    case: Case, inputs: tuple[Any, ...], drawn: st.SearchStrategy[Any], max_examples: int, seed: int
) -> tuple[tuple[Any, ...], Exception]:
    """The counterexample and its error. If the formula fails there, a mismatch is searched, which says more."""
    witnesses = _witnesses(case, drawn, seed)
    error = counterexample_error(case, inputs, witnesses)
    if isinstance(error, GradientMismatch):
        return inputs, error
    others = simplest(drawn, partial(Search(case).refutes, by_numbers=True), max_examples, seed)
    if others is None:
        return inputs, error
    mismatch = counterexample_error(case, others, witnesses)
    if isinstance(mismatch, GradientMismatch):
        mismatch.findings += (failure(case, inputs, error),)
    return others, mismatch


def _witnesses(case: Case, drawn: st.SearchStrategy[Any], seed: int) -> list[tuple[Any, ...]]:
    """Further counterexamples that were drawn, first those without axes of length one and with different lengths."""
    search = Search(case)
    witnesses: dict[tuple[tuple[int, ...], ...], tuple[Any, ...]] = {}

    def collect(inputs: tuple[Any, ...]) -> bool:
        if search.refutes(inputs):
            witnesses[_shapes(inputs)] = inputs
        return False

    simplest(drawn, collect, _WITNESS_SEARCH, seed + 1)
    return [witnesses[shapes] for shapes in sorted(witnesses, key=_variety, reverse=True)]


def _shapes(inputs: tuple[Any, ...]) -> tuple[tuple[int, ...], ...]:
    return tuple(np.shape(value) for value in inputs if isinstance(value, np.ndarray))


def _variety(shapes: tuple[tuple[int, ...], ...]) -> tuple[int, int, int]:
    lengths = [length for shape in shapes for length in shape]
    return -lengths.count(1), len({*lengths}), sum(lengths)


def _as_tuple(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)
