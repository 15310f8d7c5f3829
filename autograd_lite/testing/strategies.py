"""Hypothesis strategies for inputs of derivatives: small, well-conditioned arrays that shrink to simple ones."""

from __future__ import annotations

import functools
import itertools
import math
from typing import Any, Literal

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograd_lite.support.checks import check, is_integer
from autograd_lite.support.conversion import NumberArray
from autograd_lite.support.messages import show

Strategy = st.SearchStrategy[Any]
Size = int | st.SearchStrategy[int]
Targets = Literal["one_hot", "labels", "binary", "real"]
Layout = Literal["rows", "columns"]
Bias = Literal["stacked", "separate"] | None


def _size(size: Size | None, smallest: int = 1, largest: int = 4) -> st.SearchStrategy[int]:
    if size is None or isinstance(size, st.SearchStrategy):
        return st.integers(smallest, largest) if size is None else size
    check("strategies", "a positive integer or a strategy", lambda value: is_integer(value) and value > 0, size=size)
    return st.just(size)


@functools.cache
def _numbers(low: float, high: float) -> st.SearchStrategy[float]:
    """Readable numbers: at most three decimals, ordered from simple to complex: 0, 1, −1, 2."""
    thousandths = range(math.ceil(1000 * low), math.floor(1000 * high) + 1)

    def simplicity(n: int) -> tuple[int, int, bool]:
        return sum(n % unit != 0 for unit in (10, 100, 1000)), abs(n), n < 0

    return st.sampled_from([n / 1000 for n in sorted(thousandths, key=simplicity)])


def arrays(
    shape: tuple[int, ...] | st.SearchStrategy[tuple[int, ...]] | None = None, low: float = -3.0, high: float = 3.0
) -> Strategy:
    """Well-conditioned float64 arrays.

    Parameters
    ----------
    shape : tuple of int, or strategy, optional
        By default 0 to 3 axes of length 1 to 4.
    low, high : float
        Bounds of the elements, which have at most three decimals.

    Examples
    --------
    >>> from hypothesis import find
    >>> find(arrays((3,)), lambda x: (x > 0).all())
    array([1., 1., 1.])
    """
    check("arrays", "a finite number", math.isfinite, low=low, high=high)
    check("arrays", "at least low", lambda value: value >= low, high=high)
    shape = hnp.array_shapes(min_dims=0, max_dims=3, max_side=4) if shape is None else shape
    return hnp.arrays(np.float64, shape, elements=_numbers(low, high), fill=st.nothing())


def _matrix(rows: Size | None, columns: Size | None, fewest_columns: int = 2) -> st.SearchStrategy[tuple[int, int]]:
    return st.tuples(_size(rows), _size(columns, fewest_columns))


def logits(samples: Size | None = None, classes: Size | None = None) -> Strategy:
    """Unnormalized scores (N, K), between −3 and 3.

    Parameters
    ----------
    samples, classes : int or strategy, optional
        N and K; by default 1 to 4 and 2 to 4.

    Examples
    --------
    >>> from hypothesis import find
    >>> find(logits(), lambda z: z.argmax() == 1)
    array([[0., 1.]])
    """
    return _matrix(samples, classes).flatmap(arrays)


def probabilities(samples: Size | None = None, classes: Size | None = None) -> Strategy:
    """Rows (N, K) on the simplex: every entry at least 1/(9K), every row sum 1. The simplest row is uniform.

    Parameters
    ----------
    samples, classes : int or strategy, optional
        N and K; by default 1 to 4 and 2 to 4.

    Examples
    --------
    >>> from hypothesis import find
    >>> find(probabilities(), lambda p: True)
    array([[0.5, 0.5]])
    """

    def normalized(shape: tuple[int, int]) -> Strategy:
        weights = hnp.arrays(np.float64, shape, elements=st.integers(1, 9).map(float), fill=st.nothing())
        return weights.map(lambda w: w / w.sum(axis=1, keepdims=True))

    return _matrix(samples, classes).flatmap(normalized)


def labels(samples: Size | None = None, classes: Size | None = None) -> Strategy:
    """Integers (N,) from 0 to K − 1.

    Parameters
    ----------
    samples, classes : int or strategy, optional
        N and K; by default 1 to 4 and 2 to 4.

    Examples
    --------
    >>> from hypothesis import find
    >>> find(labels(samples=3), lambda y: y.any())
    array([0, 0, 1])
    """

    def numbered(shape: tuple[int, int]) -> Strategy:
        return hnp.arrays(np.int64, shape[:1], elements=st.integers(0, shape[1] - 1), fill=st.nothing())

    return _matrix(samples, classes).flatmap(numbered)


def one_hot(samples: Size | None = None, classes: Size | None = None) -> Strategy:
    """One-hot rows (N, K).

    Parameters
    ----------
    samples, classes : int or strategy, optional
        N and K; by default 1 to 4 and 2 to 4.

    Examples
    --------
    >>> from hypothesis import find
    >>> find(one_hot(), lambda y: True)
    array([[1., 0.]])
    """

    def rows(shape: tuple[int, int]) -> Strategy:
        return labels(*shape).map(lambda y: np.eye(shape[1])[y])

    return _matrix(samples, classes).flatmap(rows)


def datasets(
    targets: Targets = "one_hot",
    layout: Layout = "rows",
    *,
    samples: Size | None = None,
    features: Size | None = None,
    outputs: Size | None = None,
) -> st.SearchStrategy[tuple[NumberArray, NumberArray]]:
    """Features X with matching targets.

    Parameters
    ----------
    targets : "one_hot", "labels", "binary" or "real", default "one_hot"
        One-hot rows (N, K), labels (N,), zeros and ones (N,) as floats, or numbers (N, K).
    layout : "rows" or "columns", default "rows"
        One sample per row, X (N, d) and Y (N, K); or one sample per column, X (d, N) and Y (K, N).
    samples, features, outputs : int or strategy, optional
        N, d and K; by default 1 to 4, 1 to 3 and, for classes, 2 to 4.

    Returns
    -------
    strategy
        Draws the pair (X, Y).

    Raises
    ------
    ValueError
        If `targets` or `layout` is none of these.

    Examples
    --------
    >>> from hypothesis import find
    >>> x, y = find(datasets("labels", samples=2), lambda data: True)
    >>> x.shape, y
    ((2, 1), array([0, 0]))
    """
    if targets not in ("one_hot", "labels", "binary", "real") or layout not in ("rows", "columns"):
        raise ValueError(f"datasets: there are no datasets with targets={show(targets)} and layout={show(layout)}")

    return _pairs(targets, layout, _size(samples), _size(features, 1, 3), _size(outputs, 1 if targets == "real" else 2))


@st.composite
def _pairs(
    draw: st.DrawFn, targets: Targets, layout: Layout, samples: Strategy, features: Strategy, outputs: Strategy
) -> tuple[NumberArray, NumberArray]:
    n, d = draw(samples), draw(features)
    x = draw(arrays((n, d)))
    if targets == "binary":
        y = draw(hnp.arrays(np.float64, n, elements=st.sampled_from([0.0, 1.0]), fill=st.nothing()))
    else:
        k = draw(outputs)
        y = draw(arrays((n, k)) if targets == "real" else one_hot(n, k) if targets == "one_hot" else labels(n, k))
    return (x.T.copy(), y.T.copy()) if layout == "columns" else (x, y)


def mlp_parameters(
    sizes: tuple[int, ...] | st.SearchStrategy[tuple[int, ...]] | None = None,
    bias: Bias = "stacked",
    depth: Size | None = None,
) -> st.SearchStrategy[tuple[NumberArray, ...]]:
    """The parameters of a multi-layer perceptron, each weight (out, in), with entries between −1 and 1.

    Parameters
    ----------
    sizes : tuple of int, or strategy, optional
        The widths of the input, of the hidden layers and of the output; by default 1 to 3 each.
    bias : "stacked", "separate" or None, default "stacked"
        Weights (out, in + 1) with the bias in column 0; weights and biases (out,) in turn; or no biases.
    depth : int or strategy, optional
        The number of layers, if `sizes` is not given; by default 1 to 5.

    Returns
    -------
    strategy
        Draws the tuple of all parameters, first layer first.

    Examples
    --------
    >>> from hypothesis import find
    >>> [weight.shape for weight in find(mlp_parameters((3, 4, 2)), lambda parameters: True)]
    [(4, 4), (2, 5)]
    """

    if bias not in ("stacked", "separate", None):
        raise ValueError(f'mlp_parameters: bias must be "stacked", "separate" or None, not {show(bias)}')
    if sizes is not None and not isinstance(sizes, st.SearchStrategy):
        check("mlp_parameters", "at least two positive integers", _are_widths, sizes=sizes)
    widths = sizes if isinstance(sizes, st.SearchStrategy) else _widths(depth) if sizes is None else st.just(sizes)
    return _parameters(widths, bias)


def _are_widths(sizes: Any) -> bool:
    return len(sizes) > 1 and all(is_integer(size) and size > 0 for size in sizes)


def _widths(depth: Size | None) -> st.SearchStrategy[tuple[int, ...]]:
    return _size(depth, 1, 5).flatmap(lambda layers: st.tuples(*[st.integers(1, 3)] * (layers + 1)))


@st.composite
def _parameters(draw: st.DrawFn, sizes: Strategy, bias: Bias) -> tuple[NumberArray, ...]:
    drawn: list[NumberArray] = []
    for inputs, outputs in itertools.pairwise(draw(sizes)):
        drawn.append(draw(arrays((outputs, inputs + (bias == "stacked")), -1.0, 1.0)))
        if bias == "separate":
            drawn.append(draw(arrays((outputs,), -1.0, 1.0)))
    return tuple(drawn)


@st.composite
def _separable(
    draw: st.DrawFn, samples: Strategy, features: Strategy
) -> tuple[NumberArray, NumberArray, float, NumberArray]:
    n, d = draw(samples), draw(features)
    vector = draw(hnp.arrays(np.int64, d + 1, elements=st.integers(-3, 3)).filter(lambda v: bool(v.any())))
    point = st.lists(st.integers(-5, 5), min_size=d, max_size=d).filter(lambda x: bool(vector[0] + vector[1:] @ x))
    x = np.array(draw(st.lists(point, min_size=n, max_size=n)), dtype=np.float64)
    separator = vector / np.linalg.norm(vector)
    distances = separator[0] + x @ separator[1:]
    return x, (distances > 0).astype(np.float64), float(np.abs(distances).min()), separator


def separable(
    samples: Size | None = None, features: Size | None = None
) -> st.SearchStrategy[tuple[NumberArray, NumberArray, float, NumberArray]]:
    """Linearly separable data, with a separating hyperplane and its margin.

    Parameters
    ----------
    samples, features : int or strategy, optional
        N and d; by default 1 to 8 and 1 to 3.

    Returns
    -------
    strategy
        Draws (X, y, margin, separator): X (N, d), y (N,) of zeros and ones, and a unit vector (d + 1,) with the bias in
        entry 0, such that ⟨separator, x̃⟩ ≥ margin where y = 1 and ≤ −margin where y = 0, with x̃ = (1, x).

    Examples
    --------
    >>> from hypothesis import find
    >>> X, y, margin, separator = find(separable(features=2), lambda data: True)
    >>> X.shape, y.shape, separator.shape
    ((1, 2), (1,), (3,))
    """
    return _separable(_size(samples, 1, 8), _size(features, 1, 3))
