"""Which labels a formula needs: labels, or a mask, that are all the same hide what others would show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from autograd_lite.support.conversion import NumberArray
from autograd_lite.support.messages import show
from autograd_lite.testing.comparing.inputs import Inputs
from autograd_lite.testing.generic.elsewhere import Elsewhere

_DRAWS = 3
_LARGEST = 2  # of the labels that are tried, besides the given one


def needed_label(again: Elsewhere) -> str | None:
    """The condition that labels are all the same, or are all the given one, if the formula is wrong for others.

    A condition is given if the formula is right at all inputs that have it, and wrong at all others that are tried.
    """
    positions = [i for i, value in enumerate(again.inputs.values) if _is_one_label(value)]
    positions = [i for i in positions if i not in again.constraints.fixed]
    found = [text for i in positions if (text := _needed(again, i)) is not None]
    if found or len(positions) < 2:
        return found[0] if found else None
    values = list(again.inputs.values)
    for i in positions:
        values[i] = next(_mixed(again, again.array(i), [0, 1]))
    return _wrong_at(again, replace(again.inputs, values=tuple(values)), positions)


def _needed(again: Elsewhere, i: int) -> str | None:
    """The condition for one input."""
    given, name = again.array(i), again.inputs.names[i]
    others = [n for n in range(_LARGEST + 1 if given.dtype.kind != "b" else 2) if n != given.flat[0]]
    mixed = [array for n in others for array in _mixed(again, given, [int(given.flat[0]), n])]
    wrong = next((array for array in mixed if _verdict(again, i, array) is False), None)
    if wrong is None:
        return None
    stated = f"If that is meant, state it: constraints={{{name!r}: 'fixed'}}"
    constant = [np.full_like(given, n) for n in others]
    by_constant, by_mixed = _verdicts(again, i, constant), _verdicts(again, i, mixed)
    if True not in by_mixed and False not in _verdicts(again, i, [given]):
        if by_constant == {True}:
            return f"it needs that all elements of {name!r} are the same. {stated}"
        if True not in by_constant:
            return f"it needs that all elements of {name!r} are {given.flat[0]}. {stated}"
    return _wrong_at(again, _with(again.inputs, i, wrong), [i])


def _wrong_at(again: Elsewhere, inputs: Inputs, positions: list[int]) -> str | None:
    """That the formula is wrong for other labels, if it is wrong for these."""
    if again.verdict(inputs).wrong is None:
        return None
    names = [inputs.names[i] for i in positions]
    shown = " and ".join(f"{inputs.names[i]} = {show(inputs.values[i])}" for i in positions)
    stated = repr(dict.fromkeys(names, "fixed"))
    return f"it is wrong, for example, for {shown}. If the given ones are meant, state it: constraints={stated}"


def _mixed(again: Elsewhere, given: NumberArray, labels: list[int]) -> Iterator[NumberArray]:
    """Labels that are not all the same, in a random order."""
    for order in (labels, labels[::-1]):
        yield again.rng.permutation(np.resize(order, given.size)).astype(given.dtype).reshape(given.shape)


def _verdicts(again: Elsewhere, i: int, arrays: list[NumberArray]) -> set[bool]:
    """Whether the formula is right for each of the labels, with the given numbers and with others."""
    numbers = [again.inputs, *(again.draw(again.kept) for _ in range(_DRAWS))]
    found = {_verdict(again, i, array, base) for array in arrays for base in numbers}
    return {holds for holds in found if holds is not None}


def _verdict(again: Elsewhere, i: int, labels: NumberArray, base: Inputs | None = None) -> bool | None:
    """Whether the formula is right for some labels; None if function or formula do not take them."""
    holds, wrong = again.verdict(_with(base or again.inputs, i, labels))
    return holds if holds or wrong is not None else None


def _with(inputs: Inputs, i: int, value: NumberArray) -> Inputs:
    return replace(inputs, values=(*inputs.values[:i], value, *inputs.values[i + 1 :]))


def _is_one_label(value: Any) -> bool:
    """Whether an input is an array of nonnegative integers, or of booleans, that are all the same."""
    is_label = isinstance(value, np.ndarray) and value.dtype.kind in "iub" and value.size > 1
    return is_label and bool((value == value.flat[0]).all()) and bool(value.flat[0] >= 0)
