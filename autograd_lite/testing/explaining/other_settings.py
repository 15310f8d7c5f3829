"""Other inputs for a case, at which an explanation must hold too: generic numbers, other lengths, other integers."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import Any

import numpy as np

from autograd_lite.support.conversion import NumberArray
from autograd_lite.testing.comparing.inputs import Inputs
from autograd_lite.testing.explaining.branches import on_new_sides
from autograd_lite.testing.explaining.setting import Setting
from autograd_lite.testing.generic.generic_inputs import generic_array, generic_inputs, like, visible
from autograd_lite.testing.generic.other_lengths import OtherLengths
from autograd_lite.testing.generic.properties import PROPERTIES, Property

_CONFIRMATIONS = 6
_EXAMPLES = 6  # of a search that are used
_DRAWS, _WANTED = 8, 2  # generic inputs that are drawn, until the wanted number of them is usable
_OTHERS = 4  # arrays of other integers
_WIDE = 24  # draws that reach the branches of a function on both sides
_SIDES, _SIDE_DRAWS = 10, 60  # the most inputs that are used to reach all sides, and that are drawn
_LARGE = 2000  # elements, above which fewer are drawn
_SIGNS = {"between 0 and 1", "positive", "nonnegative", "negative", "increasing"}
_VALUES = {"integer", "binary", "signs", "one-hot", "one-hot columns", *_SIGNS}


class OtherSettings:
    """Draws of other settings of a case than a given one.

    Parameters
    ----------
    given : Setting
    examples : sequence of Inputs
        Further inputs at which the formula is wrong, the most varied first. The shapes and the magnitudes are those of
        the first of them, and drawn inputs have the properties that all have in common.
    keep_special : bool
        Whether inputs that are zero stay as they are: a penalty or a bias that is meant to be left out.
    """

    def __init__(self, given: Setting, examples: Sequence[Inputs] = (), keep_special: bool = False) -> None:
        self.given, self.examples, self.keep_special = given, examples, keep_special
        self.case = given.case
        self.base = examples[0] if examples else given.inputs
        self.kept = {i: _common([x.values[i] for x in (given.inputs, *examples)]) for i in self.base.floats()}
        self.has_special = any(map(_is_special, self.base.values))

    @cached_property
    def generic(self) -> list[Setting]:
        """A few generic inputs at which the formula is wrong too."""
        wrong, self._is_right = list[Setting](), False
        for setting in itertools.islice(self._drawn(0), _DRAWS):
            self._is_right |= setting.verdict is True
            if setting.verdict is False:
                wrong.append(setting)
            if len(wrong) == _WANTED:
                break
        # It may be right on one side of a branch only, or for zeros and ones.
        return wrong or _wrong(itertools.chain(self.wide(), self._without(_VALUES, _DRAWS)))

    @property
    def are_right(self) -> bool:
        """Whether the formula is right at generic inputs, so that the given ones are special."""
        return not self.generic and self._is_right

    def wide(self) -> Iterator[Setting]:
        """Generic inputs of order one that vary more than the given ones."""
        rng = np.random.default_rng(2)
        for _ in range(_WIDE):
            yield self._with(lambda value, kept: generic_array(np.asarray(value), rng, kept, of_order_one=True))

    def confirming(self) -> list[Setting]:
        """Further generic inputs, other integers and other sides of branches, where the formula is right or wrong."""
        drawn = itertools.islice(self._drawn(1), _CONFIRMATIONS)
        wide = self.wide() if self.on_all_sides else ()  # a changed comparison may decide alike at most inputs
        generic = (setting for setting in itertools.chain(drawn, wide) if setting.verdict is not None)
        integers = itertools.chain.from_iterable(self._of_other_integers())
        return [setting.loosely() for setting in (*generic, *integers, *self.on_all_sides)]

    @cached_property
    def on_all_sides(self) -> list[Setting]:
        """Inputs on as many sides of the branches of function and formula as are found, right or wrong ones."""
        elements = sum(array.size for array in self.base.numbers().values())
        draws = max(_SIDES, _SIDE_DRAWS * _LARGE // max(elements, _LARGE))
        return list(on_new_sides(itertools.islice(self._varied(), draws), _SIDES))

    def of_both_signs(self) -> list[Setting]:
        """Generic inputs of both signs, if the function takes such inputs: it may not need the given signs."""
        return _wrong(self._without(_SIGNS, 1))

    def of_other_lengths(self, together: bool = False) -> list[Setting]:
        """Inputs with other lengths of the axes, as far as function and formula take them.

        With `together`, axes of one length have one length again.
        """
        rng = np.random.default_rng(3)
        draws = OtherLengths(self.base, self._accepts, self.kept, rng)
        found = _wrong(map(self._setting, draws.draw(_WANTED, together)))
        examples = (generic_inputs(example, rng, self.kept) for example in self.examples[1:])
        return [*found, *_wrong(map(self._setting, filter(self._accepts, examples)))]

    def of_other_integers(self) -> list[Setting]:
        """Inputs with other integers: labels, exponents, axes. A single class number is no evidence for a label."""
        wrong = (
            [setting for setting in settings if setting.verdict is False] for settings in self._of_other_integers()
        )
        return [setting for settings in wrong for setting in settings[:_OTHERS]]

    def _of_other_integers(self) -> Iterator[list[Setting]]:
        """For each input the settings with other integers in its place; beside the given numbers if need be."""
        bases = [*(setting.inputs for setting in self.generic[:1]), self.base]
        for i, value in enumerate(self.base.values):
            found = list[Setting]()
            for other in _integers(value):
                settings = (Setting(self.case, _with_value(base, i, other)) for base in bases)
                found += itertools.islice((setting for setting in settings if setting.verdict is not None), 1)
            yield found

    # -- draws -----------------------------------------------------------------------------------------------------

    def _accepts(self, inputs: Inputs) -> bool:
        """Whether the function has derivatives at these inputs, and the formula has right shapes where it has them."""
        setting = Setting(self.case, inputs)
        try:
            return setting.is_informative and setting.right_shapes() == self._right_shapes
        except Exception:  # function or formula may fail at other inputs in any way
            return False

    @cached_property
    def _right_shapes(self) -> list[bool]:
        return Setting(self.case, self.base).right_shapes()

    def _drawn(self, seed: int) -> Iterator[Setting]:
        rng = np.random.default_rng(seed)
        while True:
            yield self._setting(generic_inputs(self.base, rng, self.kept))

    def _varied(self) -> Iterator[Setting]:
        """Draws of numbers of the given size, and of ones that vary more."""
        rng = np.random.default_rng(6)
        for draw in itertools.count():
            yield self._with(partial(self._one, rng, varies=draw % 4 != 3))

    @staticmethod
    def _one(rng: np.random.Generator, value: Any, kept: tuple[Property, ...], varies: bool) -> NumberArray:
        return generic_array(np.asarray(value), rng, kept, of_order_one=varies)

    def _without(self, names: set[str], count: int) -> Iterator[Setting]:
        """Draws without some of the properties."""
        rng = np.random.default_rng(1)
        for _ in range(count):
            yield self._with(
                lambda value, kept: generic_array(np.asarray(value), rng, tuple(p for p in kept if p.name not in names))
            )

    def _with(self, array: Callable[[Any, tuple[Property, ...]], Any]) -> Setting:
        values = list(self.base.values)
        for i in self.base.floats():
            values[i] = like(values[i], array(values[i], self.kept[i]))
        return self._setting(replace(self.base, values=tuple(values)))

    def _setting(self, drawn: Inputs) -> Setting:
        if self.keep_special:
            pairs = zip(self.base.values, drawn.values, strict=True)
            drawn = replace(drawn, values=tuple(new * 0 if _is_special(old) else new for old, new in pairs))
        return Setting(self.case, drawn)


def usable_examples(given: Setting, examples: Sequence[Inputs]) -> tuple[Inputs, ...]:
    """The first examples at which the formula is wrong: with the given words, and right shapes as there."""
    found = list[Inputs]()
    for example in examples:
        if example.names != given.inputs.names:  # ``*arguments`` of another number
            continue
        pairs = zip(example.values, given.inputs.values, strict=True)
        values = [own if isinstance(own, np.ndarray | float | int) else word for own, word in pairs]
        setting = Setting(given.case, replace(example, values=tuple(values)))
        if setting.verdict is False and setting.right_shapes() == given.right_shapes():
            found.append(setting.inputs)
        if len(found) == _EXAMPLES:
            break
    return tuple(found)


def _wrong(settings: Iterator[Setting]) -> list[Setting]:
    """The first of the settings at which the formula is wrong."""
    return list(itertools.islice((setting for setting in settings if setting.verdict is False), _WANTED))


def _with_value(inputs: Inputs, position: int, value: Any) -> Inputs:
    return replace(inputs, values=(*inputs.values[:position], value, *inputs.values[position + 1 :]))


def _common(values: Sequence[Any]) -> tuple[Property, ...]:
    """The properties that values of an input visibly have, and all of them."""
    if len(values) == 1:
        return visible(np.asarray(values[0]))
    arrays = [np.asarray(value) for value in values if np.size(value)]
    seen = {p.name for array in arrays for p in visible(array)}
    return tuple(p for p in PROPERTIES if p.name in seen and all(p.holds(array) for array in arrays))


def _is_special(value: Any) -> bool:
    """Whether an input is zero."""
    return isinstance(value, np.ndarray | float) and bool(np.size(value)) and not np.any(value)


def _integers(value: Any) -> Iterator[Any]:
    """Other integers than a given one, or in another order than given ones; nothing for what is no integer."""
    if isinstance(value, int) and not isinstance(value, bool):
        yield from (other for other in (value + 1, value + 2, value - 1, 0) if other != value)
    elif isinstance(value, np.ndarray) and value.dtype.kind in "iu" and value.size:
        # Every integer is in one of the arrays: a branch of the function may belong to it.
        rng, low, high = np.random.default_rng(4), min(int(value.min()), 0), int(value.max())
        for most in (high, high + 1, high + 2):
            numbers = rng.permutation(np.arange(low, most + 1))
            for start in range(0, min(len(numbers), _OTHERS * value.size), value.size):
                other = np.resize(np.roll(numbers, -start), value.size)
                yield rng.permutation(other).reshape(value.shape).astype(value.dtype)
