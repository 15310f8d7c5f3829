"""Audits: a call is carried out by the program and by the function, and both must leave and return the same bits.

What a program depends on is compared in each call, as far as it can be known (`surroundings`). Because no list of such
things is ever complete, calls 3, 4, 8, 16, 32, ... are audited. So the cost of audits fades, and what has changed
unseen is found.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from autograd_lite.compiler.entry import Outcome
from autograd_lite.compiler.recording import leaves
from autograd_lite.compiler.slots import same
from autograd_lite.compiler.tape import exchange
from autograd_lite.core.graph import Leaf
from autograd_lite.core.tensor import Tensor, _wrap
from autograd_lite.core.writes import memory_owner, record_change
from autograd_lite.random import generator

if TYPE_CHECKING:
    from autograd_lite.compiler.program import Program

# How close numbers of so many bytes are that the same NumPy calls have made, if only their roundings differ.
_ROUNDING = {2: 1e-2, 4: 1e-4, 8: 1e-9}


class State:
    """All that a program writes: arrays, gradients, step counts, generators, and what its effects change."""

    def __init__(self, program: Program, inputs: list[Any]) -> None:
        written = [*program.written, *(memory_owner(inputs[i]) for i in program.written_inputs)]
        self.arrays = [array for array in written if isinstance(array, np.ndarray)]
        self.leaves = [owner for owner, name, _ in program.set_attributes if isinstance(owner, Leaf)]
        self.attributes = [(o, name) for o, name, _ in program.set_attributes if not isinstance(o, Leaf)]
        self.buckets = [bucket for update in program.updates for bucket, _ in update.counted]
        self.generators = [*program.draws, generator()]
        tables = [table for effect in program.effects for table in _tables(effect.owner)]
        self.tables = [table for table in tables if isinstance(table, dict)]

    def taken(self) -> list[Any]:
        """Copies of everything, for `put` and for comparison."""
        return [
            [array.copy("K") for array in self.arrays],
            [(leaf.grad, np.array(_plain(leaf.grad))) if leaf.grad is not None else None for leaf in self.leaves],
            [getattr(owner, name) for owner, name in self.attributes],
            [list(bucket.steps) for bucket in self.buckets],
            [generator.bit_generator.state for generator in self.generators],
            [{k: list(v) if isinstance(v, list) else v for k, v in table.items()} for table in self.tables],
        ]

    def put(self, taken: list[Any]) -> None:
        """Let everything be as it was."""
        arrays, gradients, attributes, steps, states, tables = taken
        for array, values in zip(self.arrays, arrays, strict=True):
            array[...] = values
            record_change(array)
        for leaf, known in zip(self.leaves, gradients, strict=True):
            if known is not None and isinstance(known[0], np.ndarray):
                known[0][...] = known[1]
            leaf.grad = None if known is None else known[0]
        for (owner, name), value in zip(self.attributes, attributes, strict=True):
            setattr(owner, name, value)
        for bucket, counts in zip(self.buckets, steps, strict=True):
            bucket.steps = list(counts)
        for source, state in zip(self.generators, states, strict=True):
            source.bit_generator.state = state
        for table, values in zip(self.tables, tables, strict=True):
            table.clear()
            table.update(values)


def _tables(owner: Any) -> list[Any]:
    """The dictionaries behind an object that an effect changes, such as a schedule and its optimizer's groups."""
    state = getattr(owner, "read_state", None)
    return [] if state is None else [vars(owner), *state()]


class Audit(NamedTuple):
    """What has come of an audit.

    Attributes
    ----------
    result : object
        What the function returns.
    difference : str
        How the program differs from it; empty if no bit does.
    is_rounding : bool
        Whether only last bits differ: libraries for matrices may round otherwise at other addresses. Whether it is
        that is not known before another recording has made the same NumPy calls.
    put_back : callable
        Undoes the call.
    """

    result: Any
    difference: str
    is_rounding: bool
    put_back: Callable[[], None]


def audited(function: Callable[[], Any], program: Program, inputs: list[Any], numbers: list[float]) -> Audit:
    """Carry out a call by the program and by the function."""
    state = State(program, inputs)
    before = state.taken()
    put_back = functools.partial(state.put, before)
    try:
        result: Any = program.run_unaudited(inputs, numbers)
    except Exception as error:
        result = error
    if isinstance(result, Outcome):  # it has not run: what it depends on has just changed
        return Audit(plain_result(function()), "", False, put_back)
    after = state.taken()
    state.put(before)
    if isinstance(result, Exception):  # the function says what is wrong, in its own words; or has another way
        expected = function()
        raises = f"the program raises {type(result).__name__}, the function does not" * program.has_changed(result)
        return Audit(plain_result(expected), raises, False, put_back)
    expected = function()
    found = state.taken()
    difference = _difference(result, expected, after, found, _same_bits)
    is_rounding = bool(difference) and not _difference(result, expected, after, found, _almost)
    return Audit(plain_result(expected), difference, is_rounding, put_back)


def better_words(error: Exception, function: Callable[[], Any], program: Program, inputs: list[Any]) -> Exception:
    """The exception that the function raises where the program has raised `error`; nothing is changed by asking."""
    state = State(program, inputs)
    before = state.taken()
    try:
        function()
    except Exception as found:
        error = found
    state.put(before)
    return error


Compare = Callable[[Any, Any], bool]


def _difference(result: Any, expected: Any, after: list[Any], found: list[Any], compare: Compare) -> str:
    ours, theirs = leaves(result), leaves(expected)
    if len(ours) != len(theirs):
        return f"the program returns {len(ours)} values, the function {len(theirs)}"
    for number, (one, other) in enumerate(zip(ours, theirs, strict=True)):
        if not _equal(_plain(one), _plain(other), compare):
            return f"result {number} differs" if len(ours) > 1 else "the result differs"
    words = [
        "an array that is overwritten",
        "a gradient",
        "an attribute",
        "a count of steps",
        "a random generator",
        "a schedule",
    ]
    for what, one, other in zip(words, after, found, strict=True):
        for a, b in zip(one, other, strict=True):
            if what == "a gradient":
                a, b = (known and known[1] for known in (a, b))
            if not _equal(a, b, compare):
                return f"{what} differs afterwards"
    return ""


def _plain(leaf: Any) -> Any:
    return getattr(leaf, "_data", leaf)


def _equal(one: Any, other: Any, compare: Compare) -> bool:
    if isinstance(one, np.ndarray | np.generic) and isinstance(other, np.ndarray | np.generic):
        return one.dtype == other.dtype and one.shape == other.shape and compare(np.asarray(one), np.asarray(other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_equal(one[key], other[key], compare) for key in one)
    if isinstance(one, list | tuple) and type(one) is type(other):
        return len(one) == len(other) and all(_equal(a, b, compare) for a, b in zip(one, other, strict=True))
    if isinstance(one, int | float | str | None):
        return same(one, other)
    return type(one) is type(other)


def _same_bits(one: Any, other: Any) -> bool:
    """The same numbers to the last bit; one NaN is as good as another."""
    return one.tobytes() == other.tobytes() or (
        one.dtype.kind == "f"
        and bool(np.array_equal(one, other, equal_nan=True))
        and bool(np.array_equal(np.signbit(one[one == 0]), np.signbit(other[other == 0])))
    )


def _almost(one: Any, other: Any) -> bool:
    if one.dtype.kind != "f" or not np.array_equal(np.isfinite(one), np.isfinite(other)):
        return _same_bits(one, other)
    scale = np.max(np.abs(np.where(np.isfinite(other), other, 0)), initial=0)
    with np.errstate(all="ignore"):
        near = np.abs(one - other) <= _ROUNDING.get(one.dtype.itemsize, 1e-9) * scale
    return bool(np.all(near | (one == other) | (np.isnan(one) & np.isnan(other))))


def plain_result(tree: Any) -> Any:
    """A result whose tensors have no graph, as those of programs."""
    return exchange(
        tree, lambda leaf: _wrap(leaf._data) if isinstance(leaf, Tensor) and leaf._node is not None else leaf
    )
