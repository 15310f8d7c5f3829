"""Rewrites of conditions and of what is chosen by them."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite.derivation.constants import Constant, Formula
from autograd_lite.derivation.formula import Call, alike, call


def _is(function: Any, x: Any) -> bool:
    return isinstance(x, Call) and x.function is function


def _positive(e: Formula) -> Formula:
    """The condition e > 0 in the form that the rewrites give it."""
    if not _is(np.subtract, e):
        return call(np.greater, (e, Constant(0)))
    x, y = e.operands  # type: ignore[attr-defined]
    return call(np.less, (y, x)) if isinstance(x, Constant) else call(np.greater, (x, y))


def needless_condition(e: Call) -> Formula | None:
    """Where x > 0, the product y · max(0, x) is itself; elsewhere it is 0 anyway."""
    if e.function is not np.where or not alike(e.operands[2], Constant(0)):
        return None
    condition, product, _ = e.operands
    if product.shape != e.shape:
        return None
    for factor in _factors(product):
        at_least_zero = _is(np.maximum, factor) and alike(factor.operands[0], Constant(0))
        if at_least_zero and alike(condition, _positive(factor.operands[1])):
            return product  # type: ignore[no-any-return]
    return None


def _factors(e: Any) -> list[Any]:
    if _is(np.multiply, e):
        return [f for x in e.operands for f in _factors(x)]
    return _factors(e.operands[0]) if _is(np.square, e) else [e]
