"""check_closed_form: a formula for a derivative, worked out on paper, against the engine."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from autograd_lite.testing.caveats import NotDifferentiableWarning, NotGeneralWarning
from autograd_lite.testing.comparing.case import Case, Function, Intermediates, formula_name
from autograd_lite.testing.comparing.inputs import Which, check_functions, check_takes, function_name, read_inputs
from autograd_lite.testing.generality import look_again
from autograd_lite.testing.generic.constraints import Constraint, read_constraints
from autograd_lite.testing.refutation import refutation


def check_closed_form(
    fn: Function,
    closed_form: Function,
    *inputs: Any,
    wrt: Which = 0,
    rtol: float = 1e-10,
    atol: float = 1e-12,
    intermediates: Intermediates = None,
    constraints: Mapping[str, Constraint] | None = None,
) -> float:
    """Check a formula for the derivative of a function against the engine, and explain a mismatch.

    With y = fn(x): if y is a scalar, the formula returns the gradient ∂y/∂x, with the shape of x. Otherwise it returns
    the Jacobian ∂y_i/∂x_j, with the shape of y followed by that of x. If x and y have the same shape, an array of this
    shape is the diagonal of the Jacobian of an elementwise function.

    Special inputs hide mistakes: a bias of zeros, a symmetric matrix, one sample, units that are all active. A formula
    that is right at the given inputs is therefore tested at others. If it is wrong as soon as accidental values are
    replaced (inputs that are zero, constant, an identity matrix, or with magnitudes far apart), that is a mismatch,
    with the numbers at the other inputs. If it is wrong without a property that may be meant, a warning names it;
    `constraints` states that it is meant.

    Where elements differ, rounding errors are taken into account, estimated from how the difference changes with the
    last digits of the inputs. Where `fn` has no derivative, every one-sided derivative is right, with a warning.

    Parameters
    ----------
    fn : callable
        A function of tensors. It must return the same result each time.
    closed_form : callable
        The formula: a function of the same inputs as plain arrays that returns an array. It gets them by position; if
        its parameters are those of `fn` in another order, and something is wrong, the error says so.
    *inputs : array, number or anything else
        Floating-point arrays are converted to float64, and to tensors for `fn`. Everything else is passed unchanged.
    wrt : int, str, tuple of those or None, default 0
        The inputs to differentiate, by position or by the name of the parameter of `fn`; the name of ``*arguments``
        means all of them. For a tuple, and for ``*arguments``, the closed form returns a tuple. With None the formula
        is compared with the value of `fn`.
    rtol, atol : float
        An element may differ by ``atol + rtol * m``, where m is the largest magnitude in the engine's derivative:
        smaller elements may be the result of cancellation, with the rounding errors of larger terms.
    intermediates : callable, optional
        Called like the formula, it returns a dict of further arrays, such as pre-activations. The diagnosis tries each
        of them, and h' of each, as a missing or extra factor.
    constraints : mapping, optional
        What is meant to hold for the inputs, by their names: one or several of "fixed" (the input never changes),
        "symmetric", "positive", "nonnegative", "positive definite", "probabilities", "integer", "orthonormal" and so
        on (all names of `autograd_lite.testing.generic.properties.PROPERTIES`), or a callable that maps an array to one
        that satisfies the constraint. Inputs that belong together, such as a matrix and its inverse, are all "fixed".

    Returns
    -------
    float
        The largest difference, relative to ``m + atol/rtol`` and the rounding errors: a number from 0 to `rtol`.

    Raises
    ------
    GradientMismatch
        If the two differ, in shape or in numbers.
    TypeError, ValueError
        If there is nothing to check: an input that `wrt` names does not exist or is not floating-point; `fn` does not
        return a tensor that depends on the inputs; a result is NaN or infinite; `fn` or the formula is random; the
        formula does not return an array, or loses all its digits to rounding. If `constraints` are none, or do not hold
        for the inputs.
    Exception
        Errors of `fn` and of the formula, such as a LinAlgError for a singular matrix, with a note.

    Warns
    -----
    NotGeneralWarning
        If the formula is right at the given inputs, but wrong without one of their properties.
    NotDifferentiableWarning
        If `fn` has no derivative at the given inputs, and the formula returns a one-sided one.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_lite import sigmoid
    >>> x = np.array([-1.0, 0.5, 2.0])
    >>> check_closed_form(sigmoid, lambda x: sigmoid(x) * (1 - sigmoid(x)), x) < 1e-10
    True
    >>> check_closed_form(lambda x: (x**2).mean(), lambda x: 2 * x, x)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    autograd_lite.testing.mismatch.GradientMismatch: closed_form disagrees with the derivative of fn with respect to 'x'
    <BLANKLINE>
      largest difference at [2]: 4.0, expected 1.3333333333333333
      absolute error 2.67, relative error 0.667
      3 of 3 elements differ, shape (3,)
    <BLANKLINE>
    Possible explanations, each tested on these numbers:
      1. it is 3 times too large, which is the length of axis 0 of 'x': a sum where the function has a mean
      ...

    The gradient of xᵀAx is (A + Aᵀ)x, which is 2Ax only for a symmetric matrix:

    >>> A = np.array([[2.0, 0.5, 0.0], [0.5, 1.0, 0.3], [0.0, 0.3, 1.0]])
    >>> error = check_closed_form(lambda x, A: x @ A @ x, lambda x, A: 2 * A @ x, x, A, constraints={"A": "symmetric"})
    >>> import warnings
    >>> with warnings.catch_warnings(record=True, action="always") as caught:
    ...     error = check_closed_form(lambda x, A: x @ A @ x, lambda x, A: 2 * A @ x, x, A)
    >>> print(caught[0].message)
    closed_form is right here, but not in general: it needs that A = Aᵀ. If that is meant, state it: \
constraints={'A': 'symmetric'}
    """
    check_functions("check_closed_form", fn, closed_form)
    case = Case(fn, closed_form, wrt, rtol, atol, intermediates)
    read = read_inputs(fn, inputs)
    check_takes(closed_form, formula_name(closed_form), read)
    stated = read_constraints("check_closed_form", constraints, read)
    references = case.references(read)
    comparison = case.compare(read, references, case.evaluate_formula(read))
    if comparison.wrong is not None:
        raise refutation(case, read, references, comparison)
    if comparison.undecided:
        raise ValueError(f"there is nothing to compare: {comparison.undecided}")
    if comparison.caveats:
        more = f" (and at {len(comparison.caveats) - 1} more elements)" if len(comparison.caveats) > 1 else ""
        message = f"{function_name(fn)} is not differentiable {comparison.caveats[0]}{more}"
        warnings.warn(message, NotDifferentiableWarning, stacklevel=2)
    condition = look_again(case, read, references, stated)
    if condition:
        message = f"{formula_name(closed_form)} is right here, but not in general: {condition}"
        warnings.warn(message, NotGeneralWarning, stacklevel=2)
    return comparison.largest
