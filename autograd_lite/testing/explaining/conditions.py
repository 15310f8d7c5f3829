"""Conditions: what a formula takes for granted. It is right where an input is zero, symmetric, the identity, ...

At inputs that have the property, the formula is compared with the engine's derivative. A formula that is wrong in
general and right there has been derived for that case.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from autograd_lite.support.conversion import NumberArray
from autograd_lite.testing.comparing.inputs import Inputs
from autograd_lite.testing.mismatch import Finding

# Whether a formula is right at some inputs; None if that says nothing, because the derivative is zero there.
IsRight = Callable[[Inputs], bool | None]
# More inputs, at which a condition must not fail; few of them are needed where it is false.
Further = Callable[[], Iterator[Inputs]]


class Condition(NamedTuple):
    """A property: the kind of mistake, its sentence, its cost, and an array with it, made from a given one."""

    kind: str
    phrase: str  # "{x}" is the name of the input
    cost: int
    imposed: Callable[[NumberArray], NumberArray | None]


def _is_square(x: NumberArray) -> bool:
    return x.ndim == 2 and x.shape[0] == x.shape[1] > 1


def _orthonormal(x: NumberArray) -> NumberArray | None:
    if x.ndim != 2 or min(x.shape) < 2:
        return None
    u, _, v = np.linalg.svd(x, full_matrices=False)
    return np.asarray(u @ v)


LEFT_OUT: tuple[Condition, ...] = (
    Condition("left out", "{x} is left out{where}: it is right where {x} = 0", 4, np.zeros_like),
    Condition("left out", "{x} is left out{where}: it is right where {x} = 1", 4, np.ones_like),
    Condition(
        "left out",
        "{x} is left out{where}: it is right where {x} = I",
        4,
        lambda x: np.eye(len(x)) if _is_square(x) else None,
    ),
)
STRUCTURE: tuple[Condition, ...] = (
    Condition("symmetry", "it is right where {x} is symmetric, {x} = {x}ᵀ, and not in general", 3,
              lambda x: (x + x.T) / 2 if _is_square(x) else None),
)  # fmt: skip
WEAK: tuple[Condition, ...] = (
    Condition("commutation", "it is right where {x} is a multiple of I: the order of the factors matters", 5,
              lambda x: (np.trace(x) / len(x) + 1) * np.eye(len(x)) if _is_square(x) else None),
    Condition("diagonal", "it is right where {x} is diagonal, and not in general", 5,
              lambda x: np.diag(np.diag(x)) if _is_square(x) else None),
    Condition("orthonormality", "it is right where the columns of {x} are orthonormal, {x}ᵀ{x} = I", 5, _orthonormal),
    Condition("special", "it is right where {x} = 1: {x} is missing or misplaced", 6, np.ones_like),
)  # fmt: skip


def conditions(
    settings: Sequence[Inputs], further: Further, used: set[int], is_right: IsRight,
    where: Callable[[int], str] = lambda position: "",
) -> list[Finding]:  # fmt: skip
    """The conditions under which a formula is right at all of the given generic inputs, and wrong at no further ones.

    `used` are the positions of the inputs that the formula depends on; ``where(position)`` is the place in the function
    where an input is used, in words.
    """
    absent = [i for i in settings[0].floats() if i not in used]
    everywhere = settings[0].floats()
    findings = [
        *_holding(LEFT_OUT, settings, further, absent, is_right, where),
        *_holding(STRUCTURE, settings, further, everywhere, is_right),
    ]
    return findings or list(_left_out_together(settings, further, absent, is_right))


def weak_conditions(settings: Sequence[Inputs], further: Further, is_right: IsRight) -> list[Finding]:
    """Conditions that say less about the mistake."""
    return list(_holding(WEAK, settings, further, settings[0].floats(), is_right))


def _holding(
    table: tuple[Condition, ...], settings: Sequence[Inputs], further: Further, positions: list[int],
    is_right: IsRight, where: Callable[[int], str] = lambda position: "",
) -> Iterator[Finding]:  # fmt: skip
    """The first condition of the table that holds, for each input."""
    for i in positions:
        for condition in table:
            if _holds(settings, further, [i], condition, is_right):
                text = condition.phrase.format(x=settings[0].names[i], where=where(i))
                yield Finding(condition.kind, text, (), condition.cost)
                break


def _left_out_together(
    settings: Sequence[Inputs], further: Further, absent: list[int], is_right: IsRight
) -> Iterator[Finding]:
    """Two inputs that the formula does not use, and that must both be zero."""
    for pair in itertools.combinations(absent, 2):
        if _holds(settings, further, list(pair), LEFT_OUT[0], is_right):
            x, y = (settings[0].names[i] for i in pair)
            yield Finding("left out", f"{x} and {y} are left out: it is right where {x} = 0 and {y} = 0", (), 5)


def _holds(
    settings: Sequence[Inputs], further: Further, positions: list[int], condition: Condition, is_right: IsRight
) -> bool:
    """Whether the formula is right at all settings with the property imposed, and wrong at no further ones."""
    verdicts = (_verdict(inputs, positions, condition, is_right) for inputs in settings)
    return all(verdicts) and all(_verdict(inputs, positions, condition, is_right) is not False for inputs in further())


def _verdict(inputs: Inputs, positions: list[int], condition: Condition, is_right: IsRight) -> bool | None:
    """Whether the formula is right with the property imposed; None if that says nothing, or it is there already."""
    values = list(inputs.values)
    for i in positions:
        given = np.asarray(values[i], np.float64)
        imposed = condition.imposed(given)
        if imposed is None or np.array_equal(imposed, given):
            return None
        values[i] = imposed if isinstance(values[i], np.ndarray) else float(imposed)
    try:
        return is_right(replace(inputs, values=tuple(values)))
    except Exception:  # function or formula may fail in any way where an input is special
        return None
