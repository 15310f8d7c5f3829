"""Inputs drawn from Hypothesis strategies: a few varied ones, and those that annotations describe."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

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

    The pair ("N", int) describes labels from 0 to K − 1, where K is the length of the axis K of another input.

    Raises
    ------
    TypeError
        If a description is none of these, or there are labels and no axis K.

    Examples
    --------
    >>> from hypothesis import find
    >>> X, w, z = find(annotated({"X": "N 3", "w": "3", "z": ""}), lambda inputs: len(inputs[0]) > 1)
    >>> X.shape, w.shape, z.shape
    ((2, 3), (3,), ())
    >>> W, y = find(annotated({"W": "D K", "y": ("N", int)}), lambda inputs: inputs[1].any())
    >>> W.shape, y
    ((1, 2), array([1]))
    """
    axes = {name: own for name, description in inputs.items() if (own := _axes(name, description)) is not None}
    labels = [name for name in axes if isinstance(inputs[name], tuple)]
    names = {axis for own in axes.values() for axis in own if not axis.isdigit()}
    for name in labels if "K" not in names else ():
        raise TypeError(f"closed_form: {name!r} holds labels from 0 to K − 1, but no annotation has an axis K")
    lengths = {axis: st.integers(2 if labels and axis == "K" else 1, 4) for axis in sorted(names)}

    def draw(known: dict[str, int]) -> st.SearchStrategy[tuple[Any, ...]]:
        def one(name: str) -> st.SearchStrategy[Any]:
            if name not in axes:
                return inputs[name]  # type: ignore[no-any-return]
            shape = tuple(known[axis] if axis in known else int(axis) for axis in axes[name])
            if name not in labels:
                return strategies.arrays(shape)
            return hnp.arrays(np.int64, shape, elements=st.integers(0, known["K"] - 1), fill=st.nothing())

        return st.tuples(*map(one, inputs))

    return st.fixed_dictionaries(lengths).flatmap(draw)


def _axes(name: str, description: Any) -> list[str] | None:
    """The axes of an input, None if a strategy draws it; TypeError if the description is neither."""
    if isinstance(description, st.SearchStrategy):
        return None
    text = description[0] if isinstance(description, tuple) and description[1:] == (int,) else description
    if not isinstance(text, str):
        raise TypeError(f"closed_form: the annotation of {name!r} must hold the names of its axes or a strategy, "
                        f"not {show(description)}; after the names, int draws labels from 0 to K − 1")  # fmt: skip
    axes = text.replace(",", " ").split()
    if not all(axis.isidentifier() or axis.isdigit() for axis in axes):
        raise TypeError(f"closed_form: {show(text)} are no names or lengths of axes, for {name!r}")
    return axes
