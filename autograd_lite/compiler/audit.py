"""Audits: a call is executed by the program and by the function, and both must leave and return the same bits.

Guards cover what a function is known to depend on, and no list of such things is ever complete. Therefore calls 3, 4,
8, 16, 32, ... are audited. Audits become rarer, and a change that no guard covers is found.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from autograd_lite.compiler.guard_source import Outcome
from autograd_lite.compiler.guards import same_value
from autograd_lite.compiler.program import Program
from autograd_lite.compiler.tape import map_parts, parts
from autograd_lite.core.tensor import Tensor, _wrap
from autograd_lite.core.writes import record_change
from autograd_lite.random import generator
from autograd_lite.support.addresses import memory_owner

# Relative differences, by item size, up to which results of the same NumPy calls are taken for rounding, and results of
# kernels, where late in a training the loss amplifies the rounding of large logits.
_ROUNDING = {2: 1e-2, 4: 1e-4, 8: 1e-9}
_ROUNDING_OF_KERNELS = {4: 1e-2, 8: 1e-6}


class State:
    """Everything that a program writes: arrays, gradients, step counts, generators, and what its effects change."""

    def __init__(self, program: Program, inputs: list[Any]) -> None:
        written = [*program.written, *(memory_owner(inputs[i]) for i in program.written_inputs)]
        self.arrays = [array for array in written if isinstance(array, np.ndarray)]
        self.leaves = program.leaves
        self.buckets = [bucket for update in program.updates for bucket, _ in update.counted]
        self.generators = [*program.draws, generator()]
        tables = [table for effect in program.effects for table in _tables(effect.owner)]
        self.tables = [table for table in tables if isinstance(table, dict)]

    def snapshot(self) -> dict[str, list[Any]]:
        """Copies of everything, under the names that messages use."""
        return {
            "an array that is overwritten": [array.copy("K") for array in self.arrays],
            "a gradient": [_with_copy(leaf.grad) for leaf in self.leaves],
            "a count of steps": [list(bucket.steps) for bucket in self.buckets],
            "a random generator": [generator.bit_generator.state for generator in self.generators],
            "a schedule": [
                {k: list(v) if isinstance(v, list) else v for k, v in table.items()} for table in self.tables
            ],
        }

    def restore(self, snapshot: dict[str, list[Any]]) -> None:
        """Restore everything."""
        arrays, gradients, steps, states, tables = snapshot.values()
        for array, values in zip(self.arrays, arrays, strict=True):
            array[...] = values
            record_change(array)
        for leaf, (gradient, values) in zip(self.leaves, gradients, strict=True):
            if isinstance(gradient, np.ndarray):
                gradient[...] = values
            leaf.grad = gradient
        for bucket, counts in zip(self.buckets, steps, strict=True):
            bucket.steps = list(counts)
        for source, state in zip(self.generators, states, strict=True):
            source.bit_generator.state = state
        for table, values in zip(self.tables, tables, strict=True):
            table.clear()
            table.update(values)


def _with_copy(gradient: Any) -> tuple[Any, Any]:
    return gradient, None if gradient is None else np.array(_plain(gradient))


def _tables(owner: Any) -> list[Any]:
    """The dictionaries behind an object that an effect changes, such as a schedule and the groups of its optimizer."""
    state = getattr(owner, "read_state", None)
    return [] if state is None else [vars(owner), *state()]


class Audit(NamedTuple):
    """The outcome of an audit.

    Attributes
    ----------
    result : object
        What the function returns.
    difference : str
        How the program differs from the function; empty if all bits are equal.
    is_rounding : bool
        Whether the difference may be rounding: linear algebra libraries may round differently at other addresses. It
        is, if another recording has made the same NumPy calls.
    undo : callable
        Restores what was there before the call.
    """

    result: Any
    difference: str
    is_rounding: bool
    undo: Callable[[], None]


def audited(function: Callable[[], Any], program: Program, inputs: list[Any], numbers: list[float]) -> Audit:
    """Execute a call by the program, restore what it has changed, and execute it by the function."""
    state = State(program, inputs)
    before = state.snapshot()
    undo = functools.partial(state.restore, before)
    try:
        result: Any = program.replay_without_audit(inputs, numbers)
    except Exception as error:
        result = error
    if isinstance(result, Outcome):  # it has not run: a guard has just failed
        return Audit(plain_result(function()), "", False, undo)
    after = state.snapshot()
    undo()
    expected = function()
    if isinstance(result, Exception):  # the function has not raised
        difference = f"the program raises {type(result).__name__}, the function does not"
        return Audit(plain_result(expected), difference * program.has_changed(result), False, undo)
    found = state.snapshot()
    difference = _difference(result, expected, after, found, _same_bits)
    if program.backend == "native" and not difference:
        _check_native(program, inputs, numbers, state, before, expected)
        state.restore(found)
    is_rounding = bool(difference) and not _difference(result, expected, after, found, _almost_equal)
    return Audit(plain_result(expected), difference, is_rounding, undo)


def _check_native(
    program: Program, inputs: list[Any], numbers: list[float], state: State, before: dict[str, list[Any]], expected: Any
) -> None:
    """Execute a call by the kernels; where they differ by more than rounding, NumPy calls run from now on."""
    found = state.snapshot()
    state.restore(before)
    try:
        result = program.replay_without_audit(inputs, numbers, "native")
    except Exception:  # the function runs instead, as after any error of a program
        return
    floats = [np.asarray(part) for part in parts((expected, list(found.values()))) if _is_float(part)]
    largest = max((float(np.max(np.abs(a), initial=0, where=np.isfinite(a))) for a in floats), default=0.0)
    # A float64 result may be made of float32 numbers, and has their rounding errors.
    sizes = [array.dtype.itemsize for array in (*floats, *inputs) if _is_float(array)]
    rounding = max((_ROUNDING_OF_KERNELS.get(size, 1e-6) for size in sizes), default=1e-6)
    compare = functools.partial(_mostly_almost_equal, rounding=rounding, largest=largest)
    difference = _difference(result, expected, state.snapshot(), found, compare)
    if difference:
        program.steps.refuse_native(f"in an audit, {difference}")
        warnings.warn(f"compile: the native program is not used any more: {difference}", stacklevel=4)


def error_of_function(error: Exception, function: Callable[[], Any], program: Program, inputs: list[Any]) -> Exception:
    """The exception that the function raises where the program has raised `error`. Nothing is changed."""
    state = State(program, inputs)
    before = state.snapshot()
    try:
        function()
    except Exception as found:
        error = found
    state.restore(before)
    return error


def plain_result(tree: Any) -> Any:
    """A result whose tensors have no graph, like that of a program."""
    return map_parts(
        tree, lambda leaf: _wrap(leaf._data) if isinstance(leaf, Tensor) and leaf._node is not None else leaf
    )


# -- comparison ----------------------------------------------------------------------------------------------------

Compare = Callable[[Any, Any], bool]


def _difference(
    result: Any, expected: Any, after: dict[str, list[Any]], found: dict[str, list[Any]], compare: Compare
) -> str:
    """How results, or the states afterwards, differ; empty if they do not."""
    if map_parts(result, _no_leaf) != map_parts(expected, _no_leaf):
        return "the program returns another structure"
    ours = list(parts(result))
    for number, (one, other) in enumerate(zip(ours, parts(expected), strict=True)):
        if not _equal(_plain(one), _plain(other), compare):
            return f"result {number} differs" if len(ours) > 1 else "the result differs"
    for label, values in after.items():
        for one, other in zip(values, found[label], strict=True):
            if label == "a gradient":
                one, other = one[1], other[1]
            if not _equal(one, other, compare):
                return f"{label} differs afterwards"
    return ""


def _no_leaf(leaf: Any) -> None:
    """In the place of each leaf, to compare structures alone."""


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
        return same_value(one, other)
    return type(one) is type(other)


def _same_bits(one: Any, other: Any) -> bool:
    """Whether arrays are equal to the last bit; all NaNs count as equal."""
    return one.tobytes() == other.tobytes() or (
        one.dtype.kind == "f"
        and bool(np.array_equal(one, other, equal_nan=True))
        and bool(np.array_equal(np.signbit(one[one == 0]), np.signbit(other[other == 0])))
    )


def _almost_equal(one: Any, other: Any) -> bool:
    return bool(np.all(_near(one, other, _ROUNDING.get(one.dtype.itemsize, 1e-9))))


def _mostly_almost_equal(one: Any, other: Any, rounding: float, largest: float) -> bool:
    """Rounding may decide an element where numbers tie, and all of an array that is 0 but for rounding."""
    near = _near(one, other, rounding)
    with np.errstate(all="ignore"):
        near |= np.abs(one - other) <= 1e-3 * rounding * largest if one.dtype.kind == "f" else False
    return bool(near.sum() >= 0.95 * near.size)


def _is_float(array: Any) -> bool:
    return isinstance(array, np.ndarray | np.generic) and array.dtype.kind == "f"


def _near(one: Any, other: Any, rounding: float) -> Any:
    if one.dtype.kind != "f":
        return np.asarray(one == other)
    scale = np.max(np.abs(np.where(np.isfinite(other), other, 0)), initial=0)
    with np.errstate(all="ignore"):
        near = np.abs(one - other) <= rounding * scale
    return np.asarray(near | (one == other) | (np.isnan(one) & np.isnan(other)))
