"""The table of mistakes in the local derivatives of products and of functions of matrices: matmul, inv, det, ..."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from autograd_lite.testing.chain_rule.recorded import Change, Step
from autograd_lite.testing.chain_rule.wrong_derivatives import Wrong


def _convolve(step: Step) -> Iterator[Wrong]:
    """The derivative of a convolution by one operand is a correlation with the other."""
    name = "y" if step.argument == "x" else "x"
    text = "{other} is not reversed as it should be, in the derivative of {step}: a convolution for a correlation"
    yield Wrong("flip", text, 3, lambda g, c: step.pull(g, **{name: step.saved[name][::-1]}))


def _det(step: Step) -> Iterator[Wrong]:
    out = np.asarray(step.out)[..., None, None]
    yield Wrong("missing factor", "the factor det is left out, in the derivative of {step}", 4, lambda g, c: c / out)
    yield Wrong("inverted factor", "the derivative of {step} divides by det instead of multiplying", 5,
                lambda g, c: c / out / out)  # fmt: skip


def _inv(step: Step) -> Iterator[Wrong]:
    given = step.arguments["a"]
    a = np.swapaxes(given, -1, -2)
    text = "one of the two inverses is left out, in the derivative of {step}: the exponent is too small by one"
    yield Wrong("exponent", f"{text} (the left one)", 4, lambda g, c: a @ c)
    yield Wrong("exponent", f"{text} (the right one)", 4, lambda g, c: c @ a)
    yield Wrong("missing factor", "both inverses are left out, in the derivative of {step}", 5, lambda g, c: a @ c @ a)
    yield Wrong("elementwise", "the matrix is inverted element by element, in the derivative of {step}", 4,
                lambda g, c: -g / given**2)  # fmt: skip


def _solve(step: Step) -> Iterator[Wrong]:
    b = step.arguments["b"]
    if step.argument == "a" and np.shape(b) == np.shape(step.out):
        text = "the right-hand side stands where the solution belongs, in the derivative of {step}"
        yield Wrong("wrong value", text, 4, lambda g, c: step.pull(g, out=b))
    a = np.swapaxes(step.arguments["a"], -1, -2)
    yield Wrong("exponent", "the inverse is left out, in the derivative of {step}", 4, lambda g, c: a @ c)
    yield Wrong("inverted factor", "the matrix stands where its inverse belongs, in the derivative of {step}", 4,
                lambda g, c: a @ a @ c)  # fmt: skip


def _slogdet(step: Step) -> Iterator[Wrong]:
    """The derivative of log |det A| is A⁻ᵀ; its gradient follows from the contribution, g = tr(cᵀA)/n."""
    a = step.arguments["a"]
    if np.ndim(a) != 2:
        return
    inverse = np.linalg.inv(a)
    for kind, what, derivative in (
        ("elementwise", "the matrix is inverted element by element", 1 / a),
        ("inverted factor", "the matrix stands where its inverse belongs", a),
        ("transpose", "the inverse is not transposed as it should be", inverse),
        ("extra factor", "there is one factor det too many", inverse.T * np.linalg.det(a)),
    ):
        yield Wrong(kind, f"{what}, in the derivative of {{step}}", 4, _of_trace(a, derivative))


def _of_trace(a: Any, derivative: Any) -> Change:
    return lambda g, c: np.sum(c * a) / len(a) * derivative


def _trace(step: Step) -> Iterator[Wrong]:
    shape = step.parent.shape
    if len(shape) == 2:
        text = "the derivative of {step} is that of the sum of all elements, not only of the diagonal"
        yield Wrong("diagonal", text, 4, lambda g, c: g * np.ones(shape))


def _matmul(step: Step) -> Iterator[Wrong]:
    """The order of the factors, or the other factor left out, for two matrices."""
    x, y = np.asarray(step.arguments["x"]), np.asarray(step.arguments["y"])
    if x.ndim != 2 or y.ndim != 2:
        return
    other = (y if step.argument == "x" else x).T
    is_left = step.argument == "x"
    if other.shape[0] == other.shape[1]:
        text = "the factors are in the wrong order, in the derivative of {step}"
        yield Wrong("order", text, 4, (lambda g, c: other @ g) if is_left else (lambda g, c: g @ other))
    if x.shape == y.shape:
        text = "an elementwise product stands where a matrix product belongs, in the derivative of {step}"
        yield Wrong("elementwise", text, 4, lambda g, c: g * (y if is_left else x))
    ones = np.ones(other.shape)
    text = "the other factor is left out, and only the sum over it is left, in the derivative of {step}"
    yield Wrong("missing factor", text, 5, (lambda g, c: g @ ones) if is_left else (lambda g, c: ones @ g))


def _multiply(step: Step) -> Iterator[Wrong]:
    """The elementwise product taken as a matrix product."""
    shape, other = step.parent.shape, np.asarray(step.arguments["y" if step.argument == "x" else "x"])
    if len(shape) == 2 and shape[0] == shape[1] > 1 and other.shape == shape:
        text = "a matrix product stands where an elementwise product belongs, in the derivative of {step}"
        for factor in (other, other.T):
            yield Wrong("elementwise", text, 5, _matrix_product(factor, from_left=False))
            yield Wrong("elementwise", text, 5, _matrix_product(factor, from_left=True))


def _matrix_product(factor: Any, from_left: bool) -> Change:
    return lambda g, c: factor @ g if from_left else g @ factor


MATRICES: dict[str, Callable[[Step], Iterator[Wrong]]] = {
    "convolve": _convolve,
    "det": _det,
    "inv": _inv,
    "matmul": _matmul,
    "multiply": _multiply,
    "slogdet": _slogdet,
    "solve": _solve,
    "trace": _trace,
}
