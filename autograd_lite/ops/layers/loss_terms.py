"""Shared by all losses: reductions, shapes, and checks of their arguments.

Every loss has `reduction`: "mean" over its terms, "sum", or "none" for the single terms. Shapes must agree; losses do
not broadcast, because (N, 1) against (N,) would silently become (N, N). Probabilities and their logarithms are checked,
because a loss of other numbers can be unbounded below.
"""

from __future__ import annotations

import numpy as np

from autograd_lite.core.hooks import check_in_each_call
from autograd_lite.core.tensor import Array
from autograd_lite.support.conversion import number_as_array, to_array
from autograd_lite.support.half_precision import single
from autograd_lite.support.messages import show
from autograd_lite.support.sums import sum_all

__all__: list[str] = []  # for the losses, not for users


def reduce_terms(losses: Array, reduction: str) -> Array:
    """The single terms as they are, their sum or their mean."""
    if reduction == "mean":
        return sum_all(losses) / losses.size
    if reduction == "sum":
        return sum_all(losses)
    if reduction == "none":
        return losses
    raise ValueError(f'reduction must be "mean", "sum" or "none", not {show(reduction)}')


def reduced(terms: Array, reduction: str) -> Array:
    """`reduce_terms` of tensors as well, for losses that are made of operations; the mean of no terms is NaN."""
    if reduction == "mean":
        return np.sum(terms) / (np.size(terms) or np.nan)
    return np.sum(terms) if reduction == "sum" else reduce_terms(terms, reduction)


def per_term(g: Array, reduction: str, terms: int) -> Array:
    """The gradient with respect to every single term, given the gradient of their reduction."""
    return single(g) / (terms or 1) if reduction == "mean" else g


def same_shape(target: Array, prediction: Array, name: str) -> Array:
    """The target in a floating-point dtype, or an error if its shape is not that of the prediction."""
    target = number_as_array(target, prediction.dtype) if type(target) is float else to_array(target)
    if target.shape != np.shape(prediction):
        raise ValueError(
            f"target of shape {target.shape}, but {name} of shape {np.shape(prediction)}; losses do not broadcast"
        )
    if target.dtype.kind not in "fiub":
        raise TypeError(f"target must hold real numbers, not dtype {target.dtype}")
    # Booleans cannot be subtracted, and unsigned integers wrap around below zero.
    return target if target.dtype.kind == "f" else target.astype(prediction.dtype)


# Tolerances for the rounding of probabilities, and for ln(p + ε) with an ε that avoids ln 0.
_ROUNDING, _LOG_ROUNDING = 1e-6, 1e-4


def largest(x: Array) -> float:
    """The largest element, NaN if there is one, 0 without elements. It takes a third of the time of `max`."""
    return x.item(x.argmax()) if x.size else 0.0


def check_probabilities(
    name: str, x: Array, most: float = 1.0, otherwise: str = "", called: str = "probabilities"
) -> None:
    """Raise ValueError unless all elements are in [0, `most`], up to rounding."""

    def check(x: Array) -> None:
        top, bottom = largest(x), x.item(x.argmin()) if x.size else 0.0
        if not (bottom >= -_ROUNDING and top <= most + _ROUNDING):
            wrong = top if bottom >= -_ROUNDING else bottom
            expected = "at least 0" if most == np.inf else f"in [0, {most:g}]"
            raise ValueError(f"{name} holds {wrong:g}; {called} are {expected}{otherwise}")

    check_in_each_call(check, x)


def check_logarithms(name: str, x: Array, allow_nan: bool = True) -> None:
    """Raise ValueError if an element is positive, up to rounding: logarithms of probabilities are not.

    A NaN prediction makes the loss NaN; a NaN target is an error.
    """

    def check(x: Array) -> None:
        top = largest(x)
        if top > _LOG_ROUNDING or (top != top and not allow_nan):
            expected = "logarithms of probabilities are at most 0, as log_softmax makes them"
            raise ValueError(f"{name} holds {top:g}; {expected}")

    check_in_each_call(check, x)
