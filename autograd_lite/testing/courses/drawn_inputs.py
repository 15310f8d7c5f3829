"""Inputs drawn from Hypothesis strategies: a few varied ones, and those that annotations describe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from autograd_lite.support.messages import show
from autograd_lite.testing import strategies
from autograd_lite.testing.comparing.case import Case
from autograd_lite.testing.comparing.inputs import NotFiniteError, function_name, read_inputs
from autograd_lite.testing.counterexample import _as_tuple, _shapes, _variety
from autograd_lite.testing.simplest import simplest

_DRAWN = 25


def varied_inputs(case: Case, drawn_from: tuple[Any, ...], count: int = 3, seed: int = 0) -> list[tuple[Any, ...]]:
    """A few inputs on which the function has finite derivatives: those whose axes have the most different lengths.

    Raises
    ------
    ValueError
        If there are none among those drawn.
    """
    drawn = drawn_from[0].map(_as_tuple) if len(drawn_from) == 1 else st.tuples(*drawn_from)
    found: dict[Any, tuple[Any, ...]] = {}

    def collect(inputs: tuple[Any, ...]) -> bool:
        try:
            case.references(read_inputs(case.fn, inputs))
        except NotFiniteError:
            return False
        found[_shapes(inputs)] = inputs
        return False

    simplest(drawn, collect, _DRAWN, seed)
    if not found:
        raise ValueError(
            f"nothing can be compared: {function_name(case.fn)} was not finite on any of {_DRAWN} examples"
        )
    return [found[shapes] for shapes in sorted(found, key=_variety)[-count:]]


def annotated(inputs: Mapping[str, Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    """A strategy for the tuple of the inputs, each described by a strategy or by the names of its axes, such as "N D".

    Raises
    ------
    TypeError
        If a description is neither.

    Examples
    --------
    >>> from hypothesis import find
    >>> X, w, z = find(annotated({"X": "N 3", "w": "3", "z": ""}), lambda inputs: len(inputs[0]) > 1)
    >>> X.shape, w.shape, z.shape
    ((2, 3), (3,), ())
    """
    axes: dict[str, list[str]] = {}
    for name, description in inputs.items():
        if isinstance(description, str):
            axes[name] = description.replace(",", " ").split()
        elif not isinstance(description, st.SearchStrategy):
            raise TypeError(f"closed_form: the annotation of {name!r} must hold the names of its axes or a strategy, "
                            f"not {show(description)}")  # fmt: skip
        if not all(axis.isidentifier() or axis.isdigit() for axis in axes.get(name, ())):
            raise TypeError(f"closed_form: {show(description)} are no names or lengths of axes, for {name!r}")
    lengths = {axis: st.integers(1, 4) for own in axes.values() for axis in own if not axis.isdigit()}

    def draw(known: dict[str, int]) -> st.SearchStrategy[tuple[Any, ...]]:
        shapes = {
            name: tuple(known[axis] if axis in known else int(axis) for axis in own) for name, own in axes.items()
        }
        return st.tuples(*[strategies.arrays(shapes[name]) if name in shapes else inputs[name] for name in inputs])

    return st.fixed_dictionaries(lengths).flatmap(draw)
