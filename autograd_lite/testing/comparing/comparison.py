"""The comparison of a formula with a derivative, where rounding errors and kinks are no mistakes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from autograd_lite.support.conversion import NumberArray
from autograd_lite.testing.comparing.inputs import Inputs
from autograd_lite.testing.comparing.kinks import Derivative, OneSided, one_sided
from autograd_lite.testing.comparing.rounding import rounding_error


class Reference(NamedTuple):
    """What the formula must agree with: the derivative with respect to one input, or the value (position None)."""

    position: int | None
    output_shape: tuple[int, ...]
    input_shape: tuple[int, ...]
    values: NumberArray

    @property
    def may_be_diagonal(self) -> bool:
        return bool(self.output_shape) and self.output_shape == self.input_shape


class Comparison(NamedTuple):
    """The result of a comparison.

    Attributes
    ----------
    largest : float
        The largest difference, relative to what is allowed: 1 if it is just allowed.
    wrong : tuple of Reference and array, or None
        The first derivative that the formula does not agree with, and what the formula returned for it.
    caveats : tuple of str
        Where the function is not differentiable and the formula returned a one-sided derivative.
    undecided : str
        Why these inputs decide nothing; an empty string if they do.
    """

    largest: float = 0.0
    wrong: tuple[Reference, NumberArray] | None = None
    caveats: tuple[str, ...] = ()
    undecided: str = ""


_LOST = 1e-3  # the relative error that a formula may have near a pole
_EXPLAINS = 1e-3  # derivatives on both sides that differ by less, relative to a wrong claim's error, do not explain it
_ILL_CONDITIONED = "the derivative changes with the last digits of the inputs"
_LOST_DIGITS = "the formula loses its digits to rounding, and changes with the last digits of the inputs"


def compare(
    inputs: Inputs,
    reference: Reference,
    claim: NumberArray,
    allowed: float,
    derivative: Derivative,
    formula: Derivative,
) -> Comparison:
    """Compare a claim with a reference.

    Elements that differ by more than `allowed` are examined: the difference may be within the rounding errors of the
    two computations, or the function may have a kink there and the claim be a one-sided derivative.

    Parameters
    ----------
    derivative, formula : callable
        Return the reference and the claim, as arrays, at other inputs.
    """
    expected = reference.values
    if claim.shape != expected.shape:
        return Comparison(wrong=(reference, claim))
    difference = _difference(expected, claim)
    wrong = ~(difference <= allowed)
    if not wrong.any():
        return Comparison(float(np.max(difference, initial=0.0)) / allowed if difference.any() else 0.0)
    error, unstable, noisy = rounding_error(derivative, formula, inputs, expected, claim, allowed)
    within = difference <= allowed + error
    undecided = _LOST_DIGITS if (wrong & within & noisy).any() else ""
    wrong &= ~within
    largest = float(np.max((difference / (allowed + error))[~wrong], initial=0.0))
    caveats: list[str] = []
    for index in _elements(wrong, reference):
        at: Any = (..., *index)
        left_over = wrong[at]
        if reference.position is not None:
            explained = np.where(np.isfinite(difference[at]), _EXPLAINS * difference[at], 0.0)
            slopes = one_sided(derivative, inputs, reference.position, index, expected, np.maximum(allowed, explained))
            accepted = left_over & slopes.kink & slopes.includes(claim[at], allowed)
            nowhere = left_over & (slopes.singular & ~unstable[at] | slopes.kink & ~np.isfinite(claim[at]))
            caveats += _caveats(inputs, reference, index, slopes, claim[at], accepted)
            if nowhere.any():
                where, mine = _place(inputs, reference.position, index), f"{float(claim[at][nowhere][0]):.6g}"
                undecided = f"the function is not differentiable at {where}, and the formula's {mine} is no derivative"
            left_over = left_over & ~accepted & ~nowhere
            unstable[at] |= slopes.near_a_pole & (difference[at] <= _LOST * np.abs(expected[at]))
            unstable[at] &= ~slopes.kink
        if (left_over & ~unstable[at]).any():
            return Comparison(largest, (reference, claim))
        undecided = _ILL_CONDITIONED if left_over.any() else undecided
    return Comparison(largest, None, tuple(caveats), undecided)


def agree(reference: Reference, claim: NumberArray, allowed: float) -> bool:
    """Whether a claim has the shape of the reference and differs from it by no more than is allowed."""
    return claim.shape == reference.values.shape and bool((_difference(reference.values, claim) <= allowed).all())


def _difference(expected: NumberArray, claim: NumberArray) -> NumberArray:
    with np.errstate(all="ignore"):
        return np.asarray(np.abs(claim - expected))


def _elements(wrong: NumberArray, reference: Reference) -> list[tuple[int, ...]]:
    """The elements of the input with respect to which some derivative is wrong."""
    by_input = wrong.any(axis=tuple(range(len(reference.output_shape))))
    return [tuple(map(int, index)) for index in np.argwhere(by_input)]


def _caveats(
    inputs: Inputs, reference: Reference, index: tuple[int, ...], slopes: OneSided, claim: NumberArray,
    accepted: NumberArray,
) -> list[str]:  # fmt: skip
    """The sentence on a one-sided derivative that is accepted."""
    if not accepted.any():
        return []
    assert reference.position is not None
    first = tuple(np.argwhere(accepted)[0])
    left, right, mine = (f"{float(array[first]):.6g}" for array in (slopes.left, slopes.right, claim))
    where = _place(inputs, reference.position, index)
    if left == right:
        return [f"at {where}, where the engine uses a convention, and the derivative beside this point is {left}"]
    which = "is one of them" if mine in (left, right) else "is between them"
    return [f"at {where}, where its one-sided derivatives are {left} and {right}; the formula's {mine} {which}"]


def _place(inputs: Inputs, position: int, index: tuple[int, ...]) -> str:
    value = np.asarray(inputs.values[position])[index]
    return f"{inputs.names[position]}{list(index) if index else ''} = {value:.6g}"
