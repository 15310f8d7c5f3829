"""On which sides of their branches function and formula are at some inputs: the outcomes of their comparisons.

What a formula does on one side of a branch says nothing about the other. For every element of the values compared, the
outcomes together are its side: it is positive and above the threshold, for example.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from autograd_lite.support.conversion import NumberArray
from autograd_lite.testing.comparing.case import Case
from autograd_lite.testing.comparing.inputs import Inputs
from autograd_lite.testing.explaining.setting import Setting
from autograd_lite.testing.formulas.computation import Call, substituted
from autograd_lite.testing.formulas.traced_array import trace

Side = tuple[tuple[Any, ...], tuple[bool, ...]]  # comparisons of values of one shape, and their outcomes

_COMPARISONS = {"greater", "greater_equal", "less", "less_equal", "equal", "not_equal"}
_OF_SIGNS = {"abs", "absolute", "fabs", "sign", "relu", "leaky_relu", "elu", "heaviside"}
_OF_TWO = {"maximum", "minimum", "fmax", "fmin"}
_MOST = 8  # comparisons of one shape, whose outcomes are taken together


def sides(case: Case, inputs: Inputs) -> set[Side] | None:
    """The sides at some inputs; None if neither function nor formula can be recorded."""
    recorded = [trace(function, inputs, with_places=False) for function in (case.fn, case.closed_form)]
    if recorded == [None, None]:
        return None
    outcomes: dict[tuple[int, ...], list[tuple[Any, NumberArray]]] = {}
    for which, computation in enumerate(recorded):
        values = [call.value for call in computation.calls] if computation else []
        for number, call in enumerate(computation.calls if computation else ()):
            for key, outcome in enumerate(_outcomes(call, values)):
                outcomes.setdefault(outcome.shape, []).append(((which, number, call.name, key), outcome))
    found = set[Side]()
    for group in outcomes.values():
        keys = tuple(key for key, _ in group[:_MOST])
        elements = np.stack([outcome.ravel() for _, outcome in group[:_MOST]], axis=1)
        found |= {(keys, tuple(map(bool, element))) for element in np.unique(elements, axis=0)}
    return found


def _outcomes(call: Call, values: Sequence[Any]) -> Iterator[NumberArray]:
    """The outcomes of what a call compares, element by element."""
    if call.name not in _COMPARISONS | _OF_SIGNS | _OF_TWO | {"clip"} or call.function is None:
        return
    if call.name in _COMPARISONS:
        yield np.asarray(call.value)
        return
    operands = [np.asarray(operand) for operand in substituted(call.operands, values) if operand is not None]
    if call.name in _OF_SIGNS:
        yield np.asarray(operands[0] > 0)
    else:
        yield from (np.asarray(operands[0] > other) for other in operands[1:3])


def on_new_sides(drawn: Iterator[Setting], most: int) -> Iterator[Setting]:
    """Those of the drawn settings, at most so many, where some element is on a side on which none has been before.

    None where nothing is compared; the first ones if the sides are not known.
    """
    seen, count = set[Side](), 0
    for setting in drawn:
        found = sides(setting.case, setting.inputs)
        if found == set() or count == most:
            return
        if (found is None or found - seen) and setting.verdict is not None:
            seen |= found or set()
            count += 1
            yield setting
