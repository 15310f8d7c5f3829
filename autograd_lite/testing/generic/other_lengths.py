"""Inputs whose axes have other lengths: what is said of a formula at one length may be false at others.

Axes of equal length may be tied by the function, or have the same length by chance. Which ones are tied is found out by
trying: an axis is lengthened together with as few others as the function and the formula accept.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from autograd_lite.testing.comparing.inputs import Inputs
from autograd_lite.testing.generic.generic_inputs import generic_inputs
from autograd_lite.testing.generic.properties import OF_SQUARES, Property

Axis = tuple[int, int]  # the position of an input, and one of its axes; -1 for an integer, which may be a length
Tied = tuple[Axis, ...]  # axes that have one length
Accepts = Callable[[Inputs], bool]

_SHORT = 8  # longer axes are tried shorter first, for speed
_TRIALS, _WORK = 150, 20_000_000  # the most trials, fewer for large inputs: their elements together
_REPETITIONS = 4  # of the same lengths, where function and formula may not take the first numbers
_MOST_AXES = 8  # of one length, among which the tied ones are searched


@dataclass
class OtherLengths:
    """Draws of inputs with other lengths of the axes than some inputs have.

    Parameters
    ----------
    inputs : Inputs
    accepts : callable
        Whether function and formula take some inputs.
    kept : mapping of int to tuple of Property
        The properties that drawn inputs have, by position.
    """

    inputs: Inputs
    accepts: Accepts
    kept: Mapping[int, tuple[Property, ...]]
    rng: np.random.Generator

    def __post_init__(self) -> None:
        arrays = {i: value for i, value in enumerate(self.inputs.values) if isinstance(value, np.ndarray)}
        self._lengths: dict[Axis, int] = {(i, k): n for i, a in arrays.items() for k, n in enumerate(a.shape)}
        elements = sum(array.size for array in arrays.values())
        self._trials = min(_TRIALS, _WORK // max(elements, 1))

    def draw(self, count: int, together: bool = False) -> Iterator[Inputs]:
        """Inputs with `count` other lengths of as many axes as possible, and the same lengths again with other numbers.

        Only axes that are tied have equal lengths; with `together` all axes of one length stay equal.
        """
        tied, taken = self._groups() if together else self._tied(), set(self._lengths.values())
        others = [self._others(tied, taken) for _ in range(count if tied else 0)]
        for lengths in others * _REPETITIONS:
            yield self._with(lengths)

    def _others(self, tied: Mapping[Tied, int], taken: set[int]) -> dict[Axis, int]:
        """Other lengths. No two of them have the ratio or the difference of the given ones."""
        lengths: dict[Axis, int] = {}
        chosen: list[tuple[int, int]] = []
        for axes, least in tied.items():
            given = self._lengths[axes[0]]
            while True:
                other = least = _next(least, taken)
                if all(other * g != n * given and other - n != given - g for g, n in chosen):
                    break
            chosen.append((given, other))
            lengths.update(dict.fromkeys(axes, other))
        return lengths

    def _groups(self) -> dict[Tied, int]:
        """All axes of each length, with another length that they can have together; nothing if those of one cannot."""
        found: dict[Tied, int] = {}
        for length in sorted(set(self._lengths.values()) - {0}):
            axes = tuple(axis for axis, n in self._lengths.items() if n == length)
            other = next((n for n in self._candidates(length) if self._accepted(dict.fromkeys(axes, n))), 0)
            if not other:
                return {}
            found[axes] = other
        return found

    def _tied(self) -> dict[Tied, int]:
        """The sets of tied axes that can have another length, with a length that they can have."""
        found: dict[Tied, int] = {}
        for length in sorted(set(self._lengths.values()) - {0}):
            remaining = [axis for axis, n in self._lengths.items() if n == length][:_MOST_AXES]
            while remaining:
                axes, other = self._smallest(remaining, length)
                if other:
                    found[axes] = other
                remaining = [axis for axis in remaining if axis not in axes]
        return found

    def _smallest(self, axes: Sequence[Axis], length: int) -> tuple[Tied, int]:
        """The fewest axes, the first among them, that can have another length; and this length, 0 if there is none."""
        first, *rest = axes
        for size in range(len(rest) + 1):
            for others in itertools.combinations(rest, size):
                chosen = first, *others
                for other in self._candidates(length):
                    if self._accepted(dict.fromkeys(chosen, other)):
                        tied = self._broadcast(chosen, axes, other) if length == 1 else chosen
                        return self._with_integers(tied, length, other), other
        return (first,), 0

    def _broadcast(self, chosen: Tied, axes: Sequence[Axis], other: int) -> Tied:
        """The chosen axes, and those of length 1 that can be longer only together with them.

        An axis of length 1 is accepted beside any length, where it is broadcast.
        """
        for axis in axes:
            if axis not in chosen:
                longer = dict.fromkeys(chosen, other)
                if self._accepted({**longer, axis: other}) and not self._accepted({**longer, axis: other + 1}):
                    chosen = *chosen, axis
        return chosen

    def _with_integers(self, chosen: Tied, length: int, other: int) -> Tied:
        """The chosen axes, and the integers of their length: the number of samples, for example."""
        for i, value in enumerate(self.inputs.values):
            if type(value) is int and value == length and self._accepted(dict.fromkeys((*chosen, (i, -1)), other)):
                chosen = *chosen, (i, -1)
        return chosen

    def _candidates(self, length: int) -> list[int]:
        taken = set(self._lengths.values())
        return [*([_next(1, taken)] if length > _SHORT else []), _next(length, taken)]

    def _accepted(self, lengths: Mapping[Axis, int]) -> bool:
        """Whether generic inputs or the given numbers, repeated, are accepted: others may be outside of a domain."""
        self._trials -= 1
        return self._trials >= 0 and (self.accepts(self._with(lengths)) or self.accepts(repeated(self.inputs, lengths)))

    def _with(self, lengths: Mapping[Axis, int]) -> Inputs:
        """Generic inputs with these lengths. A matrix that is no longer square loses what only square ones have."""
        longer, kept = repeated(self.inputs, lengths), dict(self.kept)
        values = longer.values
        for i in {i for i, axis in lengths if axis >= 0} & kept.keys():
            if len({*values[i].shape[-2:]}) > 1:
                kept[i] = tuple(p for p in kept[i] if p.name not in OF_SQUARES)
        return generic_inputs(longer, self.rng, kept)


def repeated(inputs: Inputs, lengths: Mapping[Axis, int]) -> Inputs:
    """The inputs with other lengths: elements are repeated along longer axes."""
    values = list(inputs.values)
    for (i, axis), length in lengths.items():
        if axis < 0:
            values[i] = length
            continue
        values[i] = np.take(values[i], np.arange(length) % values[i].shape[axis], axis)
    return replace(inputs, values=tuple(values))


def _next(length: int, taken: set[int]) -> int:
    """A length above 2 and above a given one that is not taken yet. It is taken then."""
    found = next(n for n in itertools.count(max(3, length + 1)) if n not in taken)
    taken.add(found)
    return found
