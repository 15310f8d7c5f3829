"""Other inputs of the same shapes: a formula must be true there too, not only at the inputs at hand.

Each trial gives every input another value: some keep only what the kind of array says (integers within their range,
booleans, rows that sum to one), some also its sign and range, some are near the value at hand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from autograd_lite.derivation.constants import Formula
from autograd_lite.derivation.formula import Symbol, evaluate, symbols


class Trials:
    """The values of symbols at other inputs, one environment per trial.

    Attributes
    ----------
    running : list of int
        The trials that are still inside the domain of all functions of the graph.
    dtype : dtype
        The least precise dtype that the graph computes in.
    """

    def __init__(self, size: int) -> None:
        """Prepare trials for a graph of `size` numbers; with many numbers, fewer trials find the same."""
        self.running = list(range(len(_KINDS)))[:: 1 if size < 20_000 else 2 if size < 5_000_000 else len(_KINDS)]
        self.dtype = np.dtype(np.float64)
        self._rngs = [np.random.default_rng(trial) for trial in range(len(_KINDS))]
        self._environments: list[dict[Symbol, Any]] = [{} for _ in _KINDS]

    @property
    def living(self) -> list[int]:
        """The trials that formulas are compared in: those near the values at hand only if no other is left.

        Near extreme values a formula on paper may lose all digits, as ln(1 − P) does.
        """
        return [trial for trial in self.running if _KINDS[trial] is not _near] or self.running

    def draw(self, symbol: Symbol, is_variable: bool = False) -> None:
        """Give an input a value in every trial. A variable is not restricted to few numbers, such as zeros and ones."""
        for trial in self.running:
            self._environments[trial][symbol] = _drawn(symbol, _KINDS[trial], self._rngs[trial], is_variable)

    def define(self, symbol: Symbol, values: Mapping[int, Any]) -> None:
        """Set the values of a symbol that is not an input, by trial."""
        for trial, value in values.items():
            self._environments[trial][symbol] = value

    def end(self, trial: int) -> None:
        """Leave a trial out from now on: its inputs are outside the domain of a function."""
        if trial in self.running:
            self.running.remove(trial)

    def evaluate(self, formula: Any, trial: int) -> Any:
        """The value of a formula in a trial."""
        return evaluate(formula, self.values(formula, trial))

    def values(self, formula: Any, trial: int) -> dict[int, Any]:
        """The values of the symbols of a formula in a trial, by identity."""
        known = self._environments[trial]
        return {id(symbol): known[symbol] for symbol in symbols(formula) if symbol in known}

    def computed(self, formula: Formula) -> dict[int, Any]:
        """The value of a formula in every running trial in which it has one."""
        found: dict[int, Any] = {}
        for trial in self.running:
            try:
                found[trial] = self.evaluate(formula, trial)
            except Exception:  # an operation may reject these numbers in any way
                continue
        return found


def _drawn(symbol: Symbol, kind: Callable[[Any, Any], Any], rng: Any, is_variable: bool) -> Any:
    value, shape = symbol.value, symbol.shape
    if 0 in shape:
        return np.zeros(shape, symbol.dtype)
    if value is None:
        value = rng.uniform(0.5, 1.5, shape)
    if symbol.dtype.kind == "b":
        return rng.random(shape) < 0.5
    if symbol.dtype.kind in "iu":
        return _integers(value, rng)
    if symbol.in_simplex or (kind is not _wide and _sums_to_one(value)):
        return _row(value, rng, is_variable)
    value = np.asarray(value, np.float64)
    if kind is _constrained and not is_variable and value.size > 2 and len(choices := np.unique(value)) == 2:
        return rng.choice(choices, shape)
    drawn = kind(value, rng)
    if is_variable and kind is not _near and np.min(drawn) < 0 < np.max(drawn):
        drawn = drawn / np.sqrt(max(shape, default=1))  # so that products with it do not grow with its size
    return np.sort(drawn) if kind is not _wide and _ascends(value) else drawn


def _ascends(value: Any) -> bool:
    return np.ndim(value) == 1 and len(value) > 1 and bool(np.all(np.diff(value) > 0))


def _integers(value: Any, rng: Any) -> Any:
    """Of the same range; the same two numbers, or ascending, if the value is."""
    choices = np.unique(value)
    if len(choices) != 2:
        choices = np.arange(choices[0], choices[-1] + 1) if np.ptp(choices) < 1e6 else choices
    drawn = rng.choice(choices, np.shape(value))
    return np.sort(drawn) if np.ndim(value) == 1 and bool(np.all(np.diff(value) >= 0)) else drawn


def _sums_to_one(value: Any) -> bool:
    rows = np.asarray(value)
    return rows.ndim > 0 and rows.shape[-1] > 1 and bool((rows >= 0).all() and np.allclose(rows.sum(axis=-1), 1))


def _row(value: Any, rng: Any, is_variable: bool) -> Any:
    """Rows that sum to one, with a single 1 each if the value has such rows."""
    length = value.shape[-1]
    if not is_variable and set(np.unique(value)) <= {0.0, 1.0}:
        return np.eye(length)[rng.integers(0, length, value.shape[:-1])]
    rows = rng.uniform(0.1, 1, value.shape)
    return rows / rows.sum(axis=-1, keepdims=True)


def _wide(value: Any, rng: Any) -> Any:
    return rng.normal(size=value.shape)


def _constrained(value: Any, rng: Any) -> Any:
    """Of the same signs, and on the same side of 1, if the value is; never large."""
    finite = np.isfinite(value)
    if not finite.all():
        return np.where(finite, rng.normal(size=value.shape), value)
    if (value > 0).all():
        low, high = (0.1, 0.9) if (value < 1).all() else (1.1, 2) if (value > 1).all() else (0.5, 2)
        return rng.uniform(low, high, value.shape)
    return -_constrained(-value, rng) if (value < 0).all() else rng.normal(size=value.shape)


def _near(value: Any, rng: Any) -> Any:
    scale = np.max(np.abs(value), where=np.isfinite(value), initial=0)
    return value + 0.01 * max(scale, 1e-3) * rng.normal(size=value.shape)


_KINDS = (_constrained, _wide, _constrained, _near, _wide)
