"""closed_form: a decorator that says which derivative a formula is, so that pytest checks it."""

from __future__ import annotations

import inspect
import sys
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import FunctionType
from typing import Any, TypeVar

import numpy as np

from autograd_lite.support.messages import show
from autograd_lite.testing.closed_form import check_closed_form
from autograd_lite.testing.comparing.argument_order import in_order_of
from autograd_lite.testing.comparing.case import Function
from autograd_lite.testing.comparing.inputs import Which, check_functions
from autograd_lite.testing.script import assignment

F = TypeVar("F", bound=Callable[..., Any])
_MOST_SHOWN = 60  # elements
_ATTRIBUTE = "_autograd_lite_closed_form"


def closed_form(
    *,
    of: Function,
    wrt: Which = 0,
    inputs: Any = None,
    max_examples: int = 100,
    seed: int = 0,
    **options: Any,
) -> Callable[[F], F]:
    """Declare that a function is the formula for the derivative of another one.

    The function itself stays as it is. In a test module pytest collects it as a test, whatever its name is, and checks
    it: with inputs as `check_closed_form`, with strategies as `find_counterexample`. If it has the parameters of `of`
    in another order, it is called by their names.

    Parameters
    ----------
    of : callable
        The function that is differentiated.
    wrt : int, str, tuple of those or None, default 0
        As for `check_closed_form`.
    inputs : sequence, or dict by the names of parameters, optional
        Arrays and numbers, or Hypothesis strategies; or a single strategy that draws the tuple of all inputs. By
        default the annotations of the parameters tell: ``Annotated[np.ndarray, "N D"]`` is an array of these axes, as
        ``strategies.arrays`` draws it, where one name means one length for all parameters;
        ``Annotated[np.ndarray, "N", int]`` holds labels from 0 to K − 1, where K is the length of the axis called K of
        another parameter; in ``Annotated[np.ndarray, strategy]`` the strategy draws the input; ``float`` is a number.
    max_examples, seed
        As for `find_counterexample`.
    **options
        Further options of `check_closed_form`, such as `rtol` and `atol`.

    Returns
    -------
    callable
        The decorator.

    Raises
    ------
    TypeError
        If `of` is not callable, or what is decorated is not a Python function.

    Examples
    --------
    >>> import numpy as np
    >>> from typing import Annotated
    >>> def loss(w, X, y):
    ...     return ((X @ w - y) ** 2).sum()
    >>> @closed_form(of=loss, wrt="w")
    ... def gradient(w: Annotated[np.ndarray, "D"], X: Annotated[np.ndarray, "N D"], y: Annotated[np.ndarray, "N"]):
    ...     return 2 * X.T @ (X @ w - y)
    >>> gradient(np.ones(1), np.ones((2, 1)), np.zeros(2))
    array([4.])
    """
    check_functions("closed_form", of)

    def decorate(function: F) -> F:
        if not isinstance(function, FunctionType):
            raise TypeError(f"closed_form: what is decorated must be a function, not {show(function)}")
        setattr(function, _ATTRIBUTE, Declaration(of, wrt, inputs, max_examples, seed, options))
        return function

    return decorate


@dataclass(frozen=True)
class Declaration:
    """What a decorated function is declared to be."""

    of: Function
    wrt: Which
    inputs: Any
    max_examples: int
    seed: int
    options: Mapping[str, Any]

    def check(self, formula: Function) -> None:
        """Raise the error of the check, if the formula is not what it is declared to be.

        Raises
        ------
        GradientMismatch
            If it is wrong. The inputs that were found are a note of the error.
        TypeError, ValueError
            If the inputs are not known, or there is nothing to check.
        ModuleNotFoundError
            If the inputs are drawn, and Hypothesis is not installed.
        """
        inputs = self._inputs(formula)
        formula = in_order_of(self.of, formula)
        if not _are_drawn(inputs):
            check_closed_form(self.of, formula, *inputs, wrt=self.wrt, **self.options)
            return
        from autograd_lite.testing.counterexample import find_counterexample

        options = {"wrt": self.wrt, "max_examples": self.max_examples, "seed": self.seed, **self.options}
        options.pop("constraints", None)  # the strategies draw what is meant
        found = find_counterexample(self.of, formula, *inputs, **options)
        if found is not None:
            pairs = zip(inspect.signature(formula).parameters, found.inputs, strict=False)
            found.error.add_note("\n".join(["for the inputs", *(f"  {_shown(*pair)}" for pair in pairs)]))
            raise found.error

    def _inputs(self, formula: Function) -> Sequence[Any]:
        if self.inputs is None:
            return annotated_inputs(self.of, formula)
        if isinstance(self.inputs, Mapping):
            names = list(inspect.signature(in_order_of(self.of, formula)).parameters)
            if set(names) != set(self.inputs):
                raise ValueError(
                    f"closed_form: inputs must be for {', '.join(names)}, not for {show(list(self.inputs))}"
                )
            return [self.inputs[name] for name in names]
        return self.inputs if isinstance(self.inputs, tuple | list) else (self.inputs,)


def _shown(name: str, value: Any) -> str:
    """An input: small arrays with all their numbers."""
    return assignment(name, value, 2) if np.size(value) <= _MOST_SHOWN else f"{name} = {show(value, 300)}"


def declaration_of(value: Any) -> Declaration | None:
    """The declaration of a decorated function, also of one in a class; None for anything else."""
    function = value.__func__ if isinstance(value, staticmethod) else value
    return function.__dict__.get(_ATTRIBUTE) if isinstance(function, FunctionType) else None


def _are_drawn(inputs: Sequence[Any]) -> bool:
    strategies = sys.modules.get("hypothesis.strategies")
    return strategies is not None and any(isinstance(item, strategies.SearchStrategy) for item in inputs)


def _is_of_integers(kind: Any) -> bool:
    """Whether a type is that of integers, or of arrays of them."""
    if isinstance(kind, type) and issubclass(kind, int | np.integer):
        return True
    return any(_is_of_integers(one) for one in typing.get_args(kind)[-1:])  # the last one of an array is its dtype


def annotated_inputs(of: Function, formula: Function) -> Sequence[Any]:
    """The strategies that the annotations of a formula give, in the order of the function's parameters.

    Raises
    ------
    TypeError
        If a parameter is not annotated so.
    """
    try:
        hints = typing.get_type_hints(formula, include_extras=True)
    except Exception as error:
        raise TypeError(f"closed_form: an annotation of {formula.__name__} cannot be evaluated: {error}") from error
    names = list(inspect.signature(in_order_of(of, formula)).parameters)
    found = {}
    for name in names:
        hint = hints.get(name)
        described = ("",) if hint is float else getattr(hint, "__metadata__", ())
        found[name] = described if len(described) > 1 else next(iter(described), None)
        if isinstance(found[name], str) and _is_of_integers(getattr(hint, "__origin__", float)):
            raise TypeError(f"closed_form: axes alone describe floats, but {name!r} is annotated as integers; write "
                            f'Annotated[np.ndarray, "{found[name]}", int] for labels, or a strategy')  # fmt: skip
        if found[name] is None:
            raise TypeError(
                f"closed_form: the inputs of {formula.__name__} are not known; pass inputs=, or annotate {name!r} with "
                'Annotated[np.ndarray, "N D"] or Annotated[np.ndarray, strategy]'
            )
    try:
        from autograd_lite.testing.courses.drawn_inputs import annotated
    except ModuleNotFoundError as error:
        if error.name != "hypothesis":
            raise
        message = "closed_form: to draw inputs needs Hypothesis: pip install hypothesis; or pass inputs= as arrays"
        raise ModuleNotFoundError(message, name="hypothesis") from None
    return [annotated(found)]
