"""Properties that are visible in the numbers of an array: symmetric, positive, one-hot, ...; recognised and imposed."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from autograd_lite.support.conversion import NumberArray

_ROUNDING = 1e-9
_LARGEST_INVERTED = 64


class Property(NamedTuple):
    """A property of an array.

    Attributes
    ----------
    name : str
        Its name, as in ``constraints=``.
    text : str
        The property as a statement, with "{}" for the name of the array.
    holds : callable
        Whether an array has it.
    impose : callable
        ``impose(drawn, given, rng)``: an array with the property, made of the numbers drawn; `given` has the property
        and shows the size of the numbers.
    """

    name: str
    text: str
    holds: Callable[[NumberArray], bool]
    impose: Callable[[NumberArray, NumberArray, np.random.Generator], NumberArray]


def _close(a: NumberArray, b: NumberArray | float) -> bool:
    return bool(np.all(np.abs(a - b) <= _ROUNDING * max(1.0, float(np.max(np.abs(a), initial=0.0)))))


def _is_square(a: NumberArray) -> bool:
    return a.ndim >= 2 and a.shape[-1] == a.shape[-2] > 1


def _transpose(a: NumberArray) -> NumberArray:
    return np.swapaxes(a, -1, -2)


# -- zeros in places -----------------------------------------------------------------------------------------------


def _is_triangular(a: NumberArray) -> bool:
    return _is_square(a) and bool((np.triu(a) == a).all() or (np.tril(a) == a).all())


def _keep_triangle(drawn: NumberArray, given: NumberArray, rng: np.random.Generator) -> NumberArray:
    return np.tril(drawn) if (np.tril(given) == given).all() else np.triu(drawn)


def _is_diagonal(a: NumberArray) -> bool:
    return _is_square(a) and not (a * (1 - np.eye(a.shape[-1]))).any()


def _keep_diagonal(drawn: NumberArray, given: NumberArray, rng: np.random.Generator) -> NumberArray:
    return drawn * np.eye(drawn.shape[-1])


def _has_zero_diagonal(a: NumberArray) -> bool:
    return _is_square(a) and not np.diagonal(a, axis1=-2, axis2=-1).any()


def _clear_diagonal(drawn: NumberArray, given: NumberArray, rng: np.random.Generator) -> NumberArray:
    return drawn * (1 - np.eye(drawn.shape[-1]))


def _has_unit_diagonal(a: NumberArray) -> bool:
    return _is_square(a) and _close(np.diagonal(a, axis1=-2, axis2=-1), 1.0)


def _fill_diagonal(drawn: NumberArray, given: NumberArray, rng: np.random.Generator) -> NumberArray:
    """Ones on the diagonal, by scaling rows and columns where that is possible (a matrix of correlations)."""
    diagonal = np.diagonal(drawn, axis1=-2, axis2=-1)
    if (diagonal > 0).all():
        drawn = drawn / np.sqrt(diagonal[..., None] * diagonal[..., None, :])
    return drawn * (1 - np.eye(drawn.shape[-1])) + np.eye(drawn.shape[-1])


# -- symmetry ------------------------------------------------------------------------------------------------------


def _is_symmetric(a: NumberArray) -> bool:
    return _is_square(a) and _close(a, _transpose(a))


def _mirror(drawn: NumberArray, given: NumberArray, rng: np.random.Generator) -> NumberArray:
    return np.triu(drawn) + _transpose(np.triu(drawn, 1))


def _is_antisymmetric(a: NumberArray) -> bool:
    return _is_square(a) and _close(a, -_transpose(a))


def _antimirror(drawn: NumberArray, given: NumberArray, rng: np.random.Generator) -> NumberArray:
    return np.triu(drawn, 1) - _transpose(np.triu(drawn, 1))


def _is_positive_definite(a: NumberArray) -> bool:
    if not _is_symmetric(a):
        return False
    try:
        np.linalg.cholesky(a - _ROUNDING * np.abs(a).max() * np.eye(a.shape[-1]))
    except np.linalg.LinAlgError:
        return False
    return True


def _make_definite(drawn: NumberArray, given: NumberArray, rng: np.random.Generator) -> NumberArray:
    """Random eigenvectors, and eigenvalues between the given ones, at most a thousand apart.

    Of a large matrix, rows and columns are scaled instead, for speed.
    """
    if given.shape[-1] > _LARGEST_INVERTED:
        scale = rng.uniform(0.7, 1.4, given.shape[:-1])
        return np.asarray(scale[..., None] * given * scale[..., None, :])
    eigenvalues = np.linalg.eigvalsh(given)
    high = eigenvalues.max(axis=-1, keepdims=True)
    low = np.maximum(eigenvalues.min(axis=-1, keepdims=True), 1e-3 * high)
    values = np.exp(rng.uniform(np.log(0.8 * low), np.log(1.25 * high), eigenvalues.shape))
    vectors = np.linalg.qr(drawn)[0]
    matrix = vectors * values[..., None, :] @ _transpose(vectors)
    return np.asarray((matrix + _transpose(matrix)) / 2)


def _is_orthonormal(a: NumberArray) -> bool:
    if a.ndim < 2 or a.shape[-1] > a.shape[-2] or a.shape[-2] < 2:
        return False
    return _close(_transpose(a) @ a, np.eye(a.shape[-1]))


def _orthonormalize(drawn: NumberArray, given: NumberArray, rng: np.random.Generator) -> NumberArray:
    return np.linalg.qr(drawn)[0]


def _is_regular(a: NumberArray) -> bool:
    """Whether it is square and far from singular. Large matrices are left alone, for speed."""
    return _is_square(a) and a.shape[-1] <= _LARGEST_INVERTED and bool((np.linalg.cond(a) < 100).all())


def _keep_determinant(drawn: NumberArray, given: NumberArray, rng: np.random.Generator) -> NumberArray:
    """The first row is negated if that gives the determinant the sign of the given one."""
    sign = np.linalg.slogdet(drawn)[0] * np.linalg.slogdet(given)[0]
    if _is_symmetric(drawn):
        return drawn
    drawn = drawn.copy()
    drawn[..., 0, :] *= np.where(sign < 0, -1.0, 1.0)[..., None]
    return drawn


# -- sums and norms ------------------------------------------------------------------------------------------------


def _distribution(axis: int | None) -> tuple[Callable[[NumberArray], bool], Callable[..., NumberArray]]:
    """Entries at least 0 that sum to one along an axis; None for all of them."""

    def holds(a: NumberArray) -> bool:
        length = a.size if axis is None else a.shape[axis] if a.ndim >= 2 else 0
        return length > 1 and bool((a >= 0).all()) and _close(a.sum(axis=axis), 1.0)

    def impose(drawn: NumberArray, given: NumberArray, rng: np.random.Generator) -> NumberArray:
        drawn = np.abs(drawn)
        return np.asarray(drawn / drawn.sum(axis=axis, keepdims=True))

    return holds, impose


def _unit(axis: int | None) -> tuple[Callable[[NumberArray], bool], Callable[..., NumberArray]]:
    """Norm one along an axis; None for the norm of all entries."""

    def holds(a: NumberArray) -> bool:
        length = a.size if axis is None else a.shape[axis] if a.ndim >= 2 else 0
        return length > 1 and _close((a * a).sum(axis=axis), 1.0)

    def impose(drawn: NumberArray, given: NumberArray, rng: np.random.Generator) -> NumberArray:
        return np.asarray(drawn / np.sqrt((drawn * drawn).sum(axis=axis, keepdims=True)))

    return holds, impose


def _centred(axis: int | None) -> tuple[Callable[[NumberArray], bool], Callable[..., NumberArray]]:
    """Sum zero along an axis; None for the sum of all entries."""

    def holds(a: NumberArray) -> bool:
        length = a.size if axis is None else a.shape[axis] if a.ndim >= 2 else 0
        return length > 1 and _close(a.sum(axis=axis), 0.0)

    def impose(drawn: NumberArray, given: NumberArray, rng: np.random.Generator) -> NumberArray:
        return np.asarray(drawn - drawn.mean(axis=axis, keepdims=True))

    return holds, impose


# -- sets of values ------------------------------------------------------------------------------------------------


def _has_values(*values: float) -> Callable[[NumberArray], bool]:
    return lambda a: bool(np.isin(a, values).all())


def _draw_values(*values: float) -> Callable[[NumberArray, NumberArray, np.random.Generator], NumberArray]:
    """These values, each of them at least once if there is room."""

    def impose(drawn: NumberArray, given: NumberArray, rng: np.random.Generator) -> NumberArray:
        numbers = rng.choice(values, given.size)
        numbers[rng.permutation(given.size)[: len(values)]] = values[: given.size]
        return np.asarray(numbers.reshape(given.shape))

    return impose


def _is_integer(a: NumberArray) -> bool:
    return bool((a == np.rint(a)).all())


def _draw_integers(drawn: NumberArray, given: NumberArray, rng: np.random.Generator) -> NumberArray:
    if given.size == 1:  # another number of the same sign, never 0 or ±1
        return np.asarray(np.sign(given) * (np.abs(given) + rng.integers(1, 3)) + 0 * drawn)
    return np.asarray(rng.integers(int(given.min()), int(given.max()) + 1, given.shape), dtype=np.float64)


def _one_hot(axis: int) -> Callable[[NumberArray], bool]:
    def holds(a: NumberArray) -> bool:
        return a.ndim >= 1 and a.shape[axis] > 1 and bool(np.isin(a, (0, 1)).all() and (a.sum(axis=axis) == 1).all())

    return holds


def _draw_ones(axis: int) -> Callable[[NumberArray, NumberArray, np.random.Generator], NumberArray]:
    def impose(drawn: NumberArray, given: NumberArray, rng: np.random.Generator) -> NumberArray:
        numbers = np.asarray(rng.random(given.shape))
        return np.asarray(numbers == numbers.max(axis=axis, keepdims=True), dtype=np.float64)

    return impose


# -- signs and order -----------------------------------------------------------------------------------------------


def _inside(drawn: NumberArray, given: NumberArray, rng: np.random.Generator) -> NumberArray:
    """Values between 0 and 1, not close to these."""
    return np.asarray(rng.uniform(max(0.05, 0.5 * given.min()), min(0.95, 0.5 + 0.5 * given.max()), given.shape))


def _is_sorted(a: NumberArray) -> bool:
    return a.ndim == 1 and a.size > 2 and bool((np.diff(a) > 0).all())


_rows, _columns, _all = _distribution(-1), _distribution(0), _distribution(None)

# In the order in which they are imposed: later ones keep earlier ones where that is possible.
PROPERTIES: tuple[Property, ...] = (
    Property("integer", "the values of {} are integers", _is_integer, _draw_integers),
    Property("binary", "the values of {} are 0 and 1", _has_values(0, 1), _draw_values(0.0, 1.0)),
    Property("signs", "the values of {} are −1 and 1", _has_values(-1, 1), _draw_values(-1.0, 1.0)),
    Property("one-hot", "each row of {} has a single one", _one_hot(-1), _draw_ones(-1)),
    Property("one-hot columns", "each column of {} has a single one", _one_hot(0), _draw_ones(0)),
    Property("between 0 and 1", "0 < {} < 1", lambda a: bool(((a > 0) & (a < 1)).all()), _inside),
    Property("positive", "{} > 0", lambda a: bool((a > 0).all()), lambda drawn, given, rng: np.abs(drawn)),
    Property("nonnegative", "{} ≥ 0", lambda a: bool((a >= 0).all()), lambda drawn, given, rng: np.abs(drawn)),
    Property("negative", "{} < 0", lambda a: bool((a < 0).all()), lambda drawn, given, rng: -np.abs(drawn)),
    Property("nonsingular", "{} is nonsingular", _is_regular, _keep_determinant),
    Property("zero diagonal", "the diagonal of {} is zero", _has_zero_diagonal, _clear_diagonal),
    Property("diagonal", "{} is diagonal", _is_diagonal, _keep_diagonal),
    Property("triangular", "{} is triangular", _is_triangular, _keep_triangle),
    Property("symmetric", "{0} = {0}ᵀ", _is_symmetric, _mirror),
    Property("antisymmetric", "{0} = −{0}ᵀ", _is_antisymmetric, _antimirror),
    Property("positive definite", "{} is symmetric and positive definite", _is_positive_definite, _make_definite),
    Property("unit diagonal", "the diagonal of {} is one", _has_unit_diagonal, _fill_diagonal),
    Property("orthonormal", "the columns of {} are orthonormal", _is_orthonormal, _orthonormalize),
    Property("probabilities", "{} ≥ 0 and its entries sum to one", *_all),
    Property("probability rows", "{} ≥ 0 and its rows sum to one", *_rows),
    Property("probability columns", "{} ≥ 0 and its columns sum to one", *_columns),
    Property("unit norm", "the norm of {} is one", *_unit(None)),
    Property("unit rows", "the rows of {} have norm one", *_unit(-1)),
    Property("unit columns", "the columns of {} have norm one", *_unit(0)),
    Property("centred", "the sum of {} is zero", *_centred(None)),
    Property("centred rows", "the rows of {} sum to zero", *_centred(-1)),
    Property("centred columns", "the columns of {} sum to zero", *_centred(0)),
    Property("increasing", "{} is increasing", _is_sorted, lambda drawn, given, rng: np.sort(drawn)),
)  # fmt: skip

# Those that only square matrices have.
OF_SQUARES = frozenset(
    {"nonsingular", "zero diagonal", "diagonal", "triangular", "symmetric", "antisymmetric", "positive definite",
     "unit diagonal"}
)  # fmt: skip
