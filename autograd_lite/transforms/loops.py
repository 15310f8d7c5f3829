"""Loop: what `scan` was given, checked, and the steps that it runs one after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite.batching.batch import Batch
from autograd_lite.core.grad_mode import is_grad_enabled
from autograd_lite.core.tensor import Tensor, _wrap
from autograd_lite.core.writes import tick
from autograd_lite.support.checks import check_integer, check_switch
from autograd_lite.support.conversion import as_numbers
from autograd_lite.support.messages import show
from autograd_lite.support.tree import leaves, map_leaves, rebuild
from autograd_lite.transforms.differentiated_call import connected_variable
from autograd_lite.transforms.hidden_axes import promoted
from autograd_lite.transforms.loop_steps import Step, canonical, contiguous, read_only, step_variable

_UNKNOWN = object()


class Loop:
    """A function and the trees of its arguments.

    Attributes
    ----------
    carry, inputs : list of arrays and tensors
        The leaves of `init` and of `xs`.
    length : int
        The number of steps.
    forms : list of int
        For each leaf whether the function receives an array (0), a tensor (1), or a variable of which a gradient is
        required (2), as far as that is known.
    is_recorded : bool
        Whether a gradient is required of anything that the results depend on.
    has_tensors : bool
        Whether the results are tensors.
    results : list of arrays
        The last carry, then what is stacked.
    """

    def __init__(self, function: Callable[..., Any], init: Any, xs: Any, length: Any, reverse: Any) -> None:
        check_switch("scan: reverse", reverse)
        self.function, self.init, self.xs, self.reverse = function, init, xs, bool(reverse)
        self.carry = [_read(leaf, place) for leaf, place in zip(leaves(init), places(init, "init"), strict=True)]
        self.inputs = [_read(leaf, place) for leaf, place in zip(leaves(xs), places(xs, "xs"), strict=True)]
        self.length = self._length(length)
        self.forms = [_form_of(value, getattr(value, "_node", None)) for value in (*self.carry, *self.inputs)]
        self.has_tensors, self.is_recorded = any(self.forms), 2 in self.forms
        self.start = tick()
        self.y: Any = _UNKNOWN  # the structure of what is stacked
        self._y_forms: list[Any] = []
        self.results: list[Any] = []

    def _length(self, length: Any) -> int:
        if length is not None:
            check_integer("scan: length", length, 0)
        found: dict[str, int] = {}
        for value, place in zip(self.inputs, places(self.xs, "xs"), strict=True):
            if not value.shape:
                raise ValueError(f"scan: {place} is a number; each array in xs has one element for each step")
            found[place] = int(value.shape[0])
        if length is not None:
            found["length"] = int(length)
        if not found:
            raise ValueError("scan: without arrays in xs the number of steps must be given as length")
        if len(set(found.values())) > 1:
            lengths = ", ".join(f"{place}: {count}" for place, count in found.items())
            raise ValueError(f"scan: the arrays in xs must have the same length ({lengths})")
        return next(iter(found.values()))

    def call(self, given: list[Any]) -> list[Any]:
        """The leaves of the new carry and of y, given those of the carry and of x."""
        count = len(self.carry)
        try:
            out = self.function(rebuild(self.init, given[:count]), rebuild(self.xs, given[count:]))
        except ValueError as error:
            if "read-only" not in str(error):
                raise
            raise ValueError(
                "scan: the function writes to one of its arguments, which are read-only: they belong to the caller, or "
                f"to another step; write into a copy, or make a new array ({error})"
            ) from error
        if not isinstance(out, tuple | list) or len(out) != 2:
            what = f"{type(out).__name__} of {len(out)}" if isinstance(out, tuple | list) else type(out).__name__
            raise TypeError(f"scan: the function must return a pair (carry, y), not {what}")
        carry, y = aligned(self.init, out[0], "carry"), leaves(out[1])
        if self.y is _UNKNOWN:
            self.y = map_leaves(lambda _: 0, out[1])
        results = carry + aligned(self.y, out[1], "y") if y else carry
        return [v if hasattr(v, "dtype") else _read(v, "a result of the function") for v in results]

    def step(self, carry: list[Any], x: list[Any]) -> Step:
        """Run one step on arrays."""
        given = [_argument(value, form) for value, form in zip((*carry, *x), self.forms, strict=True)]
        step = Step(self.call, given, self.start)
        count = len(self.carry)
        for before, after, place in zip(carry, step.arrays, places(self.init, "carry"), strict=False):
            _check_same(place, before, after, "the carry has the same shapes and dtypes in all steps")
        ys = step.arrays[count:]
        self._y_forms = self._y_forms or ys
        for before, after, place in zip(self._y_forms, ys, places(self.y, "y"), strict=True):
            _check_same(place, before, after, "y has the same shapes and dtypes in all steps")
        self.is_recorded |= any(node is not None for node in step.nodes)
        self.has_tensors |= any(step.is_tensor)
        after = [2 if node is not None else int(t) for node, t in zip(step.nodes, step.is_tensor, strict=True)]
        self.forms = [*map(max, self.forms[:count], after[:count]), *self.forms[count:]]
        return step

    def argument(self, value: Any, i: int) -> Any:
        """What the function receives as its i-th argument, connected with the graph that the value is part of."""
        if self.forms[i] == 2:
            return connected_variable(value)
        return _wrap(_data(value)) if self.forms[i] else read_only(_data(value))


class Unrolled:
    """The steps of a loop, one after the other.

    Attributes
    ----------
    carry, ys : list of arrays
        The last carry, and what is stacked.
    closures : dict of (Node or Leaf) to None
        What the results depend on besides the arguments.
    """

    def __init__(self, loop: Loop) -> None:
        count, length = len(loop.carry), loop.length
        order = list(range(length))[:: -1 if loop.reverse else 1]
        carry = [canonical(_data(value)) for value in loop.carry]
        inputs = [contiguous(_data(value)) for value in loop.inputs]
        self.steps: list[tuple[int, Step]] = []
        self.closures: dict[Any, None] = {}
        columns: list[list[Any]] = []
        for i in order:
            x = [canonical(x[i]) for x in inputs]
            step = loop.step(carry, x)
            while (more := _promoted(carry, step.arrays)) is not None:
                carry = more
                step = loop.step(carry, x)
            carry, ys = step.arrays[:count], step.arrays[count:]
            columns = columns or [[None] * length for _ in ys]
            for column, y in zip(columns, ys, strict=True):
                column[i] = y
            if loop.is_recorded:
                self.steps.append((i, step))
                self.closures.update(step.closures)
        self.carry, self.ys = [_own(value) for value in carry], [np.stack(column) for column in columns]
        if not length:
            self.ys = _empty(loop, carry, inputs)

    def pull(self, g_carry: list[Any], g_ys: list[Any]) -> tuple[list[Any], list[Any], dict[Any, Any]]:
        """The gradients of the arguments and of the closures, given those of the results."""
        count = len(g_carry)
        g_carry, g_ys = [canonical(g) for g in g_carry], [contiguous(g) for g in g_ys]
        totals: dict[Any, Any] = {}
        rows: dict[int, list[Any]] = {}
        for i, step in reversed(self.steps):
            g = [canonical(g[i]) for g in g_ys]
            found, closures = step.pull([*g_carry, *g])
            while (more := _promoted(g_carry, found)) is not None:
                g_carry = more
                found, closures = step.pull([*g_carry, *g])
            g_carry = [g if new is None else canonical(new) for g, new in zip(g_carry, found, strict=False)]
            rows[i] = found[count:]
            for node, gradient in closures.items():
                totals[node] = totals[node] + gradient if node in totals else gradient
        columns = zip(*(rows[i] for i in sorted(rows)), strict=True)
        return g_carry, [None if any(g is None for g in column) else np.stack(column) for column in columns], totals


def _promoted(carry: list[Any], after: list[Any]) -> list[Any] | None:
    """The carry with the hidden axes that it has after a step; None if it has them all.

    So each step computes the same for the whole batch, and rounds in the same way.
    """
    found = [value if new is None else promoted(value, new) for value, new in zip(carry, after, strict=False)]
    return None if all(a is b for a, b in zip(carry, found, strict=True)) else found


def _empty(loop: Loop, carry: list[Any], inputs: list[Any]) -> list[Any]:
    """What is stacked of no steps. A step with zeros shows its form."""
    with np.errstate(all="ignore"):
        step = loop.step(carry, [canonical(np.zeros(x.shape[1:], x.dtype)) for x in inputs])
    return [np.zeros((0, *y.shape), y.dtype) for y in step.arrays[len(carry) :]]


def _read(leaf: Any, place: str) -> Any:
    if isinstance(leaf, Tensor | Batch) or hasattr(leaf, "_value"):
        return leaf
    try:
        return as_numbers(leaf)
    except TypeError as error:
        raise TypeError(f"scan: {place}: {error}") from error


def _form_of(value: Any, node: Any) -> int:
    if node is not None and is_grad_enabled():
        return 2
    return int(isinstance(value, Tensor))


def _argument(array: Any, form: int) -> Any:
    return step_variable(array) if form == 2 else _wrap(array) if form else read_only(array)


def _data(value: Any) -> Any:
    return value._data if isinstance(value, Tensor) else value


def _own(array: Any) -> Any:
    """An array that shares no memory with the arguments."""
    return array if array.base is None else array.copy()


def _check_same(place: str, before: Any, after: Any, rule: str) -> None:
    for what in ("shape", "dtype"):
        first, second = getattr(before, what), getattr(after, what)
        if first != second:
            first, second = (tuple(first), tuple(second)) if what == "shape" else (first, second)
            raise TypeError(f"scan: {place} has the {what} {first} before a step and {second} after it; {rule}")


def aligned(tree: Any, found: Any, place: str) -> list[Any]:
    """The leaves of `found` in the order of those of `tree`; TypeError if it has another structure."""
    kind = type(tree)
    if isinstance(tree, dict):
        if type(found) is kind and found.keys() == tree.keys():
            return [leaf for name in tree for leaf in aligned(tree[name], found[name], f"{place}[{name!r}]")]
    elif isinstance(tree, tuple | list):
        if type(found) is kind and len(found) == len(tree):
            pairs = enumerate(zip(tree, found, strict=True))
            return [leaf for i, (a, b) in pairs for leaf in aligned(a, b, f"{place}[{i}]")]
    elif tree is None:
        if found is None:
            return []
    elif found is not None and not isinstance(found, dict | tuple | list):
        return [found]
    raise TypeError(
        f"scan: {place} is {_form(found)}, but was {_form(tree)} before; its structure is the same in all steps"
    )


def places(tree: Any, place: str) -> list[str]:
    """The place of each leaf of a tree, as an expression."""
    if isinstance(tree, dict):
        return [found for name, branch in tree.items() for found in places(branch, f"{place}[{name!r}]")]
    if isinstance(tree, tuple | list):
        return [found for i, branch in enumerate(tree) for found in places(branch, f"{place}[{i}]")]
    return [] if tree is None else [place]


def _form(tree: Any) -> str:
    if isinstance(tree, dict):
        return f"a {type(tree).__name__} with the keys {show(list(tree))}"
    if isinstance(tree, tuple | list):
        return f"a {type(tree).__name__} of {len(tree)}"
    return "None" if tree is None else "an array"
