"""The table of rewritings that turn what a rule computes into what one writes: each line reads like a formula.

The two sides of a line are made by running it on letters, as derivative rules are. A line applies where its left side
matches and the shape stays what it was; if there is a third part, only where that holds for the numbers at hand.

The first letter of a parameter says what it stands for: a or b a number that is written out, n a negative one, t one
that only keeps something from being zero, s a scalar that is no number, v or w an array, x, y or z anything.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite.derivation.expression import (
    Call,
    Expression,
    Number,
    Symbol,
    UnknownValueError,
    evaluate,
    rebuilt,
    same,
)
from autograd_lite.derivation.moving import PROCEDURES
from autograd_lite.derivation.symbols import Symbolic

Line = Callable[..., tuple[Any, ...]]

LINES: list[Line] = [
    # Signs and numbers go to the front, and become one number there.
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
    # Scalars follow.
    lambda v, s: (v * s, s * v),
    lambda v, s, w: (v * (s * w), s * (v * w)),
    lambda v, s, w: ((s * v) * w, s * (v * w)),
    lambda v, s, w: ((s * v) @ w, s * (v @ w)),
    lambda v, s, w: (v @ (s * w), s * (v @ w)),
    # Sums and differences.
    lambda x, y: (x + -1 * y, x - y),
    lambda x, y: (-1 * x + y, y - x),
    lambda x, y: (x - -1 * y, x + y),
    lambda n, x, y: (n * (x - y), -n * (y - x)),
    lambda x: (x + x, 2 * x),
    lambda x: (x - x, 0 * x),
    lambda x, z: ((z + x) + x, z + 2 * x),
    lambda x, a: (a * x + x, (a + 1) * x),
    lambda x, a: (x + a * x, (1 + a) * x),
    lambda x, a, b: (a * x + b * x, (a + b) * x),
    lambda x, a, y: (a * x + a * y, a * (x + y)),
    lambda x, a, y: (a * x - a * y, a * (x - y)),
    # Products elementwise.
    lambda x: (x * x, x**2),
    lambda x: (x**1, x),
    lambda x: (x**0, np.ones_like(x)),
    lambda x, y: (x * (1 / y), x / y),
    lambda x, y: ((1 / y) * x, x / y),
    lambda x, y, z: (x * (y / x + z), y + x * z),
    lambda x, y, z: (x * (y / x - z), y - x * z),
    lambda x, y, z: (x * (z - y / x), x * z - y),
    lambda x, y, z, a: (x * (z - a * (y / x)), x * z - a * y),
    lambda x, y, z, a: (x * (a * (y / x) + z), a * y + x * z),
    lambda x, y, z, a: (x * (a * (y / x) - z), a * y - x * z),
    lambda x: (np.exp(np.log(x)), x),
    # Matrices.
    lambda v, w: ((v @ w).T, w.T @ v.T),
    # Where a rule keeps away from a pole that these numbers are not near.
    lambda x, t: (np.maximum(x, t), x, x >= t),
    lambda x: (np.clip(x, -28, 28), x, abs(x) <= 28),
    lambda x, a: (np.where(x == 0, a, x), x, x != 0),
    lambda x, y, z: (np.where(np.isnan(x), y, z), z, ~np.isnan(x)),
    lambda x, y, z: (np.where(np.isneginf(x), y, z), z, ~np.isinf(x)),
    lambda x, y, z: (np.where(np.isposinf(x), y, z), z, ~np.isinf(x)),
    lambda x, y, z, w: (np.where(np.logical_and(w, np.isinf(x)), y, z), z, ~np.isinf(x)),
    lambda x, y, z, a: (np.where(np.logical_and(x == 0, y == 0), a, z), z, x != 0),
]


def _is_guard(e: Expression) -> bool:
    return isinstance(e, Number) and (0 < e.value <= 1e-6 or e.value == -100)


_KINDS: dict[str, Callable[[Expression], bool]] = {
    **dict.fromkeys("ab", lambda e: isinstance(e, Number)),
    "n": lambda e: isinstance(e, Number) and e.value < 0,
    "t": _is_guard,
    "s": lambda e: not isinstance(e, Number) and e.shape == (),
    **dict.fromkeys("vw", lambda e: not isinstance(e, Number) and e.shape != ()),
    **dict.fromkeys("xyz", lambda e: True),
}


class Rewriting:
    """A line of the table."""

    def __init__(self, line: Line) -> None:
        self.line = line
        # Any shapes will do that let the line be written: those of a formula are compared when it applies.
        self.letters = {
            name: Symbol(name, () if name[0] in "abnst" else (7, 7), float)
            for name in inspect.signature(line).parameters
        }
        self.pattern: Any = line(*map(Symbolic, self.letters.values()))[0].expression

    def __call__(self, expression: Call) -> Expression | None:
        """The formula rewritten, or None where the line does not apply."""
        found: dict[str, Expression] = {}
        if not self._matches(self.pattern, expression, found):
            return None
        try:
            _, result, *condition = self.line(*[Symbolic(found[name]) for name in self.letters])
        except (TypeError, ValueError):  # these shapes do not allow the other way to write it
            return None
        if result.shape != expression.shape or not all(_holds(part.expression) for part in condition):
            return None
        return result.expression  # type: ignore[no-any-return]

    def _matches(self, pattern: Any, expression: Any, found: dict[str, Expression]) -> bool:
        if isinstance(pattern, Symbol):
            return (
                isinstance(expression, Expression)
                and _KINDS[pattern.name[0]](expression)
                and same(found.setdefault(pattern.name, expression), expression)
            )
        if isinstance(pattern, Call):
            return (
                isinstance(expression, Call)
                and pattern.function == expression.function
                and self._matches(pattern.operands, expression.operands, found)
                and self._matches(pattern.options, expression.options, found)
            )
        if isinstance(pattern, tuple) and isinstance(expression, tuple):
            return len(pattern) == len(expression) and all(
                self._matches(part, other, found) for part, other in zip(pattern, expression, strict=True)
            )
        return same(pattern, expression)


def _holds(condition: Expression) -> bool:
    try:
        return bool(np.all(evaluate(condition)))
    except UnknownValueError:
        return False


# -- all of it -------------------------------------------------------------------------------------------------------

_MOST_REWRITINGS = 100
_by_function: dict[Any, list[Rewriting]] = {}


def add_line(line: Line) -> Rewriting:
    """Take a line into the table."""
    rewriting = Rewriting(line)
    _by_function.setdefault(rewriting.pattern.function, []).append(rewriting)
    return rewriting


for _line in LINES:
    add_line(_line)


def simplify(expression: Any) -> Any:
    """The formula rewritten until no line of the table applies."""
    for _ in range(_MOST_REWRITINGS):
        expression = rebuilt(expression, simplify)
        rewritten = _rewritten(expression) if isinstance(expression, Call) else None
        if rewritten is None:
            return expression
        expression = rewritten
    raise RuntimeError("derive: the rewriting of a formula does not end; this is an error in autograd_lite.symbolic")


def _rewritten(expression: Call) -> Expression | None:
    for rewriting in (*PROCEDURES, *_by_function.get(expression.function, ())):
        result = rewriting(expression)
        # Truth values are added by "or": 0 + x is a number, x is none.
        if result is not None and _is_truth(result) == _is_truth(expression):
            return result  # type: ignore[no-any-return]
    return None


def _is_truth(e: Expression) -> bool:
    return e.dtype is not None and e.dtype.kind == "b"


def split(expression: Expression) -> tuple[Number, Expression]:
    """The number in front, and what it multiplies."""
    if isinstance(expression, Call) and expression.function is np.multiply:
        number, rest = expression.operands
        if isinstance(number, Number) and rest.shape == expression.shape:
            return number, rest
    return Number(1), expression
