"""Inputs drawn from Hypothesis strategies, for checks that need a few varied ones instead of a search."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from autograd_lite.testing.case import Case
from autograd_lite.testing.counterexample import _as_tuple, _find, _shapes, _variety
from autograd_lite.testing.inputs import NotFiniteError, function_name, read_inputs

_DRAWN = 25


def varied_inputs(case: Case, strategies: tuple[Any, ...], count: int = 3, seed: int = 0) -> list[tuple[Any, ...]]:
    """A few inputs on which the function has finite derivatives: those whose axes have the most different lengths.

    Raises
    ------
    ValueError
        If there are none among those drawn.
    """
    drawn = strategies[0].map(_as_tuple) if len(strategies) == 1 else st.tuples(*strategies)
    found: dict[Any, tuple[Any, ...]] = {}

    def collect(inputs: tuple[Any, ...]) -> bool:
        try:
            case.references(read_inputs(case.fn, inputs))
        except NotFiniteError:
            return False
        found[_shapes(inputs)] = inputs
        return False

    _find(drawn, collect, _DRAWN, seed)
    if not found:
        raise ValueError(
            f"nothing can be compared: {function_name(case.fn)} was not finite on any of {_DRAWN} examples"
        )
    return [found[shapes] for shapes in sorted(found, key=_variety)[-count:]]
