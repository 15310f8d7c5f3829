"""Which properties of the inputs are left out, one after the other, to see whether a formula needs them."""

from __future__ import annotations

from typing import NamedTuple

from autograd_lite.testing.generic.properties import PROPERTIES, Property


class Relaxation(NamedTuple):
    """Properties that are left out together.

    Attributes
    ----------
    names : tuple of str
        What a formula needs if it is wrong without them: the first one that the input has.
    implied_by : tuple of str
        Properties that imply one of these, and have to be left out with them.
    """

    names: tuple[str, ...]
    implied_by: tuple[str, ...] = ()

    @property
    def dropped(self) -> set[str]:
        return {*self.names, *self.implied_by}


_SUMS = ("probabilities", "probability rows", "probability columns")
_NORMS = ("orthonormal", "unit norm", "unit rows", "unit columns")

# If a formula needs the first of two of which the second drops more, the second is not tried.
RELAXATIONS = (
    Relaxation(("one-hot", "one-hot columns", "binary", "integer"), _NORMS),
    Relaxation(("positive definite",)),
    Relaxation(("diagonal",)),
    Relaxation(("symmetric",), ("positive definite", "diagonal")),
    Relaxation(("antisymmetric",), ("zero diagonal", "centred")),
    Relaxation(_SUMS),
    Relaxation(("between 0 and 1",), _SUMS),
    Relaxation(("positive", "nonnegative", "negative"), ("between 0 and 1", *_SUMS)),
    Relaxation(("triangular", "zero diagonal", "unit diagonal"), ("diagonal",)),
    Relaxation(_NORMS),
    Relaxation(("centred rows", "centred columns", "centred")),
    Relaxation(("increasing",)),
)
_ALL = {name for relaxation in RELAXATIONS for name in relaxation.dropped}
_CODES = {"one-hot", "one-hot columns", "binary", "signs"}
_INSIDE = next(p for p in PROPERTIES if p.name == "between 0 and 1")


def without(kept: tuple[Property, ...], dropped: set[str], is_data: bool) -> tuple[Property, ...]:
    """The properties that remain if some are left out.

    Data in an encoding, an input that is not differentiated, is meant to be encoded: it keeps its zeros and ones, and
    rows that sum to one. If it is differentiated, zeros and ones become numbers between them.
    """
    names = {p.name for p in kept}
    encoded = _CODES | {*_SUMS} if is_data else {*_SUMS} if names & {"one-hot", "one-hot columns"} else set()
    remaining = tuple(p for p in kept if p.name not in dropped or p.name in encoded)
    inside = not is_data and "binary" in names & dropped and not names & encoded
    return (*remaining, _INSIDE) if inside else remaining


def without_all(kept: tuple[Property, ...], is_data: bool) -> tuple[Property, ...]:
    """The properties that are never left out."""
    return without(kept, _ALL, is_data)
