"""Which axes a formula needs to have length one: a batch of one sample hides the number of samples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from autograd_lite.support.messages import show
from autograd_lite.testing.comparing.inputs import Inputs
from autograd_lite.testing.generic.elsewhere import Elsewhere
from autograd_lite.testing.generic.generic_inputs import generic_array, generic_inputs, like
from autograd_lite.testing.generic.longer_axes import with_longer_axes
from autograd_lite.testing.generic.other_lengths import OtherLengths, repeated
from autograd_lite.testing.generic.properties import OF_SQUARES

Axes = tuple[tuple[int, int], ...]  # axes that have one length: the positions of inputs, and axes of them
_LENGTHS = (2, 3)  # at one of them, two axes may happen to have one length
_DRAWS, _CONFIRMATIONS = 3, 20


def needed_length(again: Elsewhere) -> str | None:
    """The condition that axes have length one, or shapes at which the formula is wrong; None if it is right there.

    A condition is given if the formula is wrong whenever these axes are longer, and right whenever only others are.
    """
    wrong = _wrong_with_longer_axes(again)
    if wrong is None:
        return None
    groups = _groups(again)
    needed = [axes for axes in groups if all(holds is False for holds in _verdicts(again, [axes], _DRAWS).values())]
    others = [axes for axes in groups if axes not in needed]
    if needed and False not in _verdicts(again, others, _CONFIRMATIONS).values():
        conditions = " and ".join(_in_words(again.inputs, axes) for axes in needed)
        names = dict.fromkeys(again.inputs.names[i] for axes in needed for i, _ in axes)
        stated = dict.fromkeys(names, "fixed")
        return f"it needs that {conditions}. If that is meant, state it: constraints={stated}"
    return f"it is wrong, for example, {_example(again, wrong)}"


def _example(again: Elsewhere, wrong: Inputs) -> str:
    """The shapes at which the formula is wrong, if it is so for other numbers too; else the inputs."""
    pairs = list(zip(wrong.names, wrong.values, again.inputs.values, strict=True))
    drawn = (generic_inputs(wrong, again.rng) for _ in range(_DRAWS))
    if all(_verdict(again, inputs) is False for inputs in drawn):
        changed = [
            (name, value.shape)
            for name, value, given in pairs
            if getattr(value, "shape", ()) != getattr(given, "shape", ())
        ]
        return "where " + " and ".join(f"{name!r} has shape {shape}" for name, shape in changed)
    return "at " + ", ".join(f"{name} = {show(value)}" for name, value, _ in pairs)


def _wrong_with_longer_axes(again: Elsewhere) -> Inputs | None:
    """Inputs with longer axes at which the formula is wrong: all leading ones, or all that have length one."""
    unchanged = {*again.constraints.fixed, *again.constraints.maps}
    for axes in (slice(0, 1), slice(None)):
        is_right = False
        for length in _LENGTHS:
            longer = with_longer_axes(again.inputs, axes, unchanged, again.rng, length)
            if longer is None:
                return None
            holds, wrong = again.verdict(longer, same_shapes=False)
            if wrong is not None:
                return longer
            is_right |= bool(holds)
        if is_right:
            return None
    return None


def _groups(again: Elsewhere) -> list[Axes]:
    """The axes that can have another length: those that must have equal ones together."""
    draws = OtherLengths(again.inputs, lambda inputs: _verdict(again, inputs) is not None, again.kept, again.rng)
    drawn = next(draws.draw(1), again.inputs)
    found: dict[tuple[int, int], list[tuple[int, int]]] = {}
    for i, (given, other) in enumerate(zip(again.inputs.values, drawn.values, strict=True)):
        if isinstance(given, np.ndarray):
            for axis, lengths in enumerate(zip(given.shape, other.shape, strict=True)):
                if lengths[0] != lengths[1]:
                    found.setdefault(lengths, []).append((i, axis))
    # A length that is no longer one is what is asked for; the others show that a condition holds in general.
    return sorted(map(tuple, found.values()), key=lambda axes: again.array(axes[0][0]).shape[axes[0][1]] != 1)


def _verdicts(again: Elsewhere, groups: list[Axes], draws: int) -> dict[int, bool]:
    """Whether the formula is right where the axes of each group are longer, by different and new lengths.

    From the second draw on, every other one has numbers that vary more.
    """
    taken = {n for value in again.inputs.values for n in getattr(value, "shape", ())}
    new = [n for n in range(2, 2 + len(taken) + _DRAWS + len(groups)) if n not in taken]
    found = dict[int, bool]()
    for draw in range(draws):
        lengths = {axes: new[(draw + k) % len(new)] for k, axes in enumerate(groups)}
        holds = _verdict(again, _with_lengths(again, lengths, of_order_one=draw % 2 == 1))
        found |= {} if holds is None else {draw: holds}
    return found


def _verdict(again: Elsewhere, inputs: Inputs) -> bool | None:
    """Whether the formula is right; None if it, or the function, does not take these inputs."""
    holds, wrong = again.verdict(inputs, same_shapes=False)
    return holds if holds or wrong is not None else None


def _with_lengths(again: Elsewhere, lengths: Mapping[Axes, int], of_order_one: bool) -> Inputs:
    """Generic inputs with these lengths of the axes."""
    values = list(repeated(again.inputs, {axis: n for axes, n in lengths.items() for axis in axes}).values)
    for i in again.redrawn:
        array = np.asarray(values[i])
        is_square = len({*array.shape[-2:]}) == 1
        kept = tuple(p for p in again.kept[i] if is_square or p.name not in OF_SQUARES)
        values[i] = like(values[i], generic_array(array, again.rng, kept, of_order_one=of_order_one))
    return replace(again.inputs, values=tuple(values))


def _in_words(inputs: Inputs, axes: Axes) -> str:
    """``the leading axis of 'X' and 'y' has length 1``."""
    numbers = {axis for _, axis in axes}
    if len(numbers) == 1:
        name = f"axis {axes[0][1]}" if numbers != {0} else "the leading axis"
        return f"{name} of {' and '.join(repr(inputs.names[i]) for i, _ in axes)} has length 1"
    return f"{' and '.join(f'axis {axis} of {inputs.names[i]!r}' for i, axis in axes)} have length 1"
