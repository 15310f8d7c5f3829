"""The table of rewrites, from the formula that a rule computes to the usual form on paper; and `simplify`.

Each row of the table is a function that returns the left and the right side. Both are made by running it on symbols, as
derivative rules are. A rewrite applies where its left side matches and the shape stays the same. A third item is a
condition that must hold for the current values.

The first letter of a parameter is its kind: a or b a constant, c a positive and n a negative constant, t a tiny
constant that guards against zero, s a scalar that is not a constant, v or w an array that is not a scalar, p or q any
formula but a constant, u such a one that is no sum or difference, x, y or z any formula.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite.derivation.condition_rewrites import needless_condition
from autograd_lite.derivation.constants import Constant, Formula
from autograd_lite.derivation.formula import Call, Symbol, UnknownValueError, alike, evaluate, rebuilt, split_constant
from autograd_lite.derivation.formula_array import FormulaArray
from autograd_lite.derivation.fraction_rewrites import logistic_product, merged_powers, softmax_quotient
from autograd_lite.derivation.index_rewrites import INDEX_REWRITES
from autograd_lite.derivation.matrix_rewrites import MATRIX_REWRITES
from autograd_lite.derivation.rules import sigma
from autograd_lite.derivation.shape_rewrites import SHAPE_REWRITES
from autograd_lite.derivation.term_rewrites import TERM_REWRITES

__all__ = ["REWRITES", "Rewrite", "simplify", "split_constant"]

Row = Callable[..., tuple[Any, ...]]

REWRITES: list[Row] = [
    # Signs and constants move to the front and merge into one constant.
    lambda v: (-v, -1 * v),
    lambda s: (-s, -1 * s),
    lambda x: (1 * x, x),
    lambda v, a: (v * a, a * v),
    lambda s, a: (s * a, a * s),
    lambda a, b, x: (a * (b * x), (a * b) * x),
    lambda x, a, y: (x * (a * y), a * (x * y)),
    lambda x, a, y: ((a * x) * y, a * (x * y)),
    lambda x, a: (x / a, (1 / a) * x),
    lambda x, a, y: ((a * x) / y, a * (x / y)),
    lambda x, a, y: (x / (a * y), (1 / a) * (x / y)),
    lambda x, a, y: ((a * x) @ y, a * (x @ y)),
    lambda x, a, y: (x @ (a * y), a * (x @ y)),
    # Scalars come next.
    lambda v, s: (v * s, s * v),
    lambda v, s, w: (v * (s * w), s * (v * w)),
    lambda v, s, w: ((s * v) * w, s * (v * w)),
    lambda v, s, w: ((s * v) @ w, s * (v @ w)),
    lambda v, s, w: (v @ (s * w), s * (v @ w)),
    # Quotients by scalars come last.
    lambda v, s, w: ((v / s) @ w, (v @ w) / s),
    lambda v, s, w: (v @ (w / s), (v @ w) / s),
    lambda n, p: (n / p, -1 * (-n / p)),
    lambda a, p, q: ((a / p) * q, a * (q / p)),
    lambda p, s, q: ((p / s) * q, (p * q) / s),
    lambda p, s, q: (p * (q / s), (p * q) / s),
    lambda x, y, z: ((x / y) / z, x / (y * z)),
    lambda u, q, v: ((u / q) * v, (u * v) / q),
    lambda u, q, v: (v * (u / q), (v * u) / q),
    lambda x, s, z: (x / s + z / s, (x + z) / s),
    lambda x, s, z: (x / s - z / s, (x - z) / s),
    lambda x, s, z, a: (x / s - a * (z / s), (x - a * z) / s),
    lambda x, s, z, a: (x / s + a * (z / s), (x + a * z) / s),
    lambda x, s, z, a: (a * (x / s) + z / s, (a * x + z) / s),
    lambda x, s, z, a: (a * (x / s) - z / s, (a * x - z) / s),
    # Sums and differences.
    lambda x, y: (x + -1 * y, x - y),
    lambda x, y: (-1 * x + y, y - x),
    lambda n, x, y: (n * x + y, y - -n * x),
    lambda n, x, y: (x + n * y, x - -n * y),
    lambda n, x, y: (x - n * y, x + -n * y),
    lambda x, p: (-1 * x - p, -1 * (x + p)),
    lambda x, a: (-1 * (x + a), -1 * x - a),
    lambda x, a: (-1 * (a + x), -1 * x - a),
    lambda n, p: (n - p, -1 * p - -n),
    lambda x: (x.T + x, x + x.T),
    lambda n, x, y: (n * (x - y), -n * (y - x)),
    lambda x: (x + x, 2 * x),
    lambda x: (x - x, 0 * x),
    lambda x, z: ((z + x) + x, z + 2 * x),
    lambda x, a: (a * x + x, (a + 1) * x),
    lambda x, a: (x + a * x, (1 + a) * x),
    lambda x, a, b: (a * x + b * x, (a + b) * x),
    lambda x, a, y: (a * x + a * y, a * (x + y)),
    lambda x, a, y: (a * x - a * y, a * (x - y)),
    # Elementwise products.
    lambda x: (x * x, x**2),
    lambda x: (x**1, x),
    lambda x: (x**0, np.ones_like(x)),
    lambda p, y: (p * (1 / y), p / y),
    lambda p, y: ((1 / y) * p, p / y),
    lambda c, y: (c * (1 / y), c / y),
    lambda n, y: (n * (1 / y), -1 * (-n / y), n != -1),
    lambda x, y, z: (x * (y / x + z), y + x * z),
    lambda x, y, z: (x * (y / x - z), y - x * z),
    lambda x, y, z: (x * (z - y / x), x * z - y),
    lambda x, y, z, a: (x * (z - a * (y / x)), x * z - a * y),
    lambda x, y, z, a: (x * (a * (y / x) + z), a * y + x * z),
    lambda x, y, z, a: (x * (a * (y / x) - z), a * y - x * z),
    lambda x: (np.exp(np.log(x)), x),
    lambda x: (np.log1p(x), np.log(1 + x)),
    lambda x: (np.expm1(x), np.exp(x) - 1),
    lambda x: (np.sqrt(x) ** 2, x),
    lambda x: (np.absolute(x) ** 2, x**2),
    lambda x, a: ((x**a) ** 2, x ** (2 * a)),
    lambda x, a, b: ((x**a) ** b, x ** (a * b), b % 1 == 0),
    lambda x, n: (x**n, 1 / x**-n),
    lambda x: (x**0.5, np.sqrt(x)),
    # Conditions, and what is chosen by them.
    lambda p: (np.maximum(p, 0), np.maximum(0, p)),
    lambda p: (np.minimum(p, 0), np.minimum(0, p)),
    lambda x, y: (x - y > 0, x > y),
    lambda x, y: (x - y < 0, x < y),
    lambda a, x: (a > x, x < a),
    lambda a, x: (a < x, x > a),
    lambda w, a, x: (np.where(w, a * x, 0), a * np.where(w, x, 0)),
    lambda w, x, p: (np.where(w, x, 0) * p, np.where(w, x * p, 0)),
    lambda w, x, p: (p * np.where(w, x, 0), np.where(w, p * x, 0)),
    lambda x: (np.exp(x) / (1 + np.exp(x)), sigma(x)),
    lambda x: (np.exp(x) / (np.exp(x) + 1), sigma(x)),
    lambda x: (1 / (1 + np.exp(-1 * x)), sigma(x)),
    # Matrices.
    lambda v, w: ((v @ w).T, w.T @ v.T),
    # Guards against poles, where the current values are not near one.
    lambda x, t: (np.maximum(x, t), x, x >= t),
    lambda x: (np.clip(x, -28, 28), x, abs(x) <= 28),
    lambda x, a: (np.where(x == 0, a, x), x, x != 0),
    lambda x, y, z: (np.where(np.isnan(x), y, z), z, ~np.isnan(x)),
    lambda x, y, z: (np.where(np.isneginf(x), y, z), z, ~np.isinf(x)),
    lambda x, y, z: (np.where(np.isposinf(x), y, z), z, ~np.isinf(x)),
    lambda x, y, z, w: (np.where(np.logical_and(w, np.isinf(x)), y, z), z, ~np.isinf(x)),
    lambda x, y, z, a: (np.where(np.logical_and(x == 0, y == 0), a, z), z, x != 0),
]


def _is_guard(e: Formula) -> bool:
    return isinstance(e, Constant) and (0 < e.value <= 1e-6 or e.value == -100)


_KINDS: dict[str, Callable[[Formula], bool]] = {
    **dict.fromkeys("ab", lambda e: isinstance(e, Constant)),
    "c": lambda e: isinstance(e, Constant) and e.value > 0,
    "n": lambda e: isinstance(e, Constant) and e.value < 0,
    "t": _is_guard,
    "s": lambda e: not isinstance(e, Constant) and e.shape == (),
    **dict.fromkeys("vw", lambda e: not isinstance(e, Constant) and e.shape != ()),
    **dict.fromkeys("pq", lambda e: not isinstance(e, Constant)),
    "u": lambda e: not isinstance(e, Constant) and getattr(e, "function", None) not in (np.add, np.subtract),
    **dict.fromkeys("xyz", lambda e: True),
}


class Rewrite:
    """A row of the table, compiled to a pattern."""

    def __init__(self, row: Row) -> None:
        self.row = row
        # The shapes are arbitrary: shapes are compared when the rewrite is applied.
        self.symbols = {
            name: Symbol(name, () if name[0] in "abcnst" else (7, 7), float)
            for name in inspect.signature(row).parameters
        }
        self.pattern: Any = row(*map(FormulaArray, self.symbols.values()))[0].formula

    def __call__(self, formula: Call, conditions: bool = True) -> Formula | None:
        """The rewritten formula, or None where the rewrite does not apply; without `conditions` if it has one."""
        found: dict[str, Formula] = {}
        if not self._matches(self.pattern, formula, found):
            return None
        try:
            _, result, *condition = self.row(*[FormulaArray(found[name]) for name in self.symbols])
        except (TypeError, ValueError):  # the right side cannot be built with these shapes
            return None
        if result.shape != formula.shape or not all(conditions and _holds(part.formula) for part in condition):
            return None
        return result.formula  # type: ignore[no-any-return]

    def _matches(self, pattern: Any, formula: Any, found: dict[str, Formula]) -> bool:
        if isinstance(pattern, Symbol):
            return (
                isinstance(formula, Formula)
                and _KINDS[pattern.name[0]](formula)
                and alike(found.setdefault(pattern.name, formula), formula)
            )
        if isinstance(pattern, Call):
            return (
                isinstance(formula, Call)
                and pattern.function == formula.function
                and self._matches(pattern.operands, formula.operands, found)
                and self._matches(pattern.options, formula.options, found)
            )
        if isinstance(pattern, tuple) and isinstance(formula, tuple):
            return len(pattern) == len(formula) and all(
                self._matches(part, other, found) for part, other in zip(pattern, formula, strict=True)
            )
        return alike(pattern, formula)


def _holds(condition: Formula) -> bool:
    try:
        return bool(np.all(evaluate(condition)))
    except UnknownValueError:
        return False


_MOST_REWRITES = 100
# Rewrites that a row of the table cannot say, because they depend on shapes or take any number of factors.
_FUNCTIONS = (
    *SHAPE_REWRITES, *MATRIX_REWRITES, *TERM_REWRITES, *INDEX_REWRITES,
    merged_powers, logistic_product, softmax_quotient, needless_condition,
)  # fmt: skip
_by_function: dict[Any, list[Rewrite]] = {}


for _row in REWRITES:
    _rewrite = Rewrite(_row)
    _by_function.setdefault(_rewrite.pattern.function, []).append(_rewrite)


def simplify(formula: Any, conditions: bool = True) -> Any:
    """The formula rewritten until no rewrite applies; without `conditions` only by rewrites that always hold."""
    for _ in range(_MOST_REWRITES):
        formula = rebuilt(formula, lambda part: simplify(part, conditions))
        rewritten = _rewritten(formula, conditions) if isinstance(formula, Call) else None
        if rewritten is None:
            return formula
        formula = rewritten
    raise RuntimeError("derive: rewriting a formula does not end; this is an error in autograd_lite, please report it")


def _rewritten(formula: Call, conditions: bool) -> Formula | None:
    table = [functools.partial(rewrite, conditions=conditions) for rewrite in _by_function.get(formula.function, ())]
    rewrites: tuple[Callable[[Call], Formula | None], ...] = (*_FUNCTIONS, *table)
    for rewrite in rewrites:
        result = rewrite(formula)
        # NumPy adds booleans with "or": 0 + x is a number, x is a boolean.
        if result is not None and _is_boolean(result) == _is_boolean(formula):
            return result
    return None


def _is_boolean(e: Formula) -> bool:
    return e.dtype is not None and e.dtype.kind == "b"
