"""Operations on batches: what the engine asks for where its arrays may be batches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from autograd_lite.batching.axes import Axis, BatchError, active, axes_of, refuse_in_mapping
from autograd_lite.batching.batch import Batch, dispatch, has, innermost
from autograd_lite.batching.elements import joined, pick
from autograd_lite.support.sums import sum_over

# Forward functions and rules that were called element by element, and how often, as `elements.loops`.
loops: Counter[str] = Counter()


def settled(gradient: Any, shape: Any) -> Any:
    """The gradient of what does not vary along hidden axes: the sum along those of them that are not being mapped."""
    for axis in axes_of(gradient.shape):
        if axis not in active.get() and axis not in axes_of(shape):
            gradient = dispatch["total"](gradient, axis) if hasattr(gradient, "_node") else total(gradient, axis)
    return gradient


def total(x: Any, axis: Axis) -> Any:
    """The sum over a hidden axis."""
    return sum_over(x.held, 0) if has(x, axis) else Batch(total(x.held, axis), x.axis)


def refuse_deposit(leaves: Iterable[Any]) -> None:
    """Refuse gradients for leaves outside of the mapped functions that run now."""
    axes = active.get()
    if not all(axes <= set(axes_of(leaf.shape)) for leaf in leaves):
        refuse_in_mapping(
            "backward() inside the mapped function would add the gradients of all elements to a leaf outside of "
            "it; use grad() inside, or call backward() on a result of vmap"
        )


def forward_by_elements(operation: Any, axis: Axis, values: tuple[Any, ...], otherwise: Callable[..., Any]) -> Any:
    """The result of a forward function that needs plain arrays; `otherwise` is called where it still fails."""
    if not axis.size:
        raise BatchError(f"vmap: {operation.name} works element by element, and the batch has none")
    loops[f"forward {operation.name}"] += 1

    def run(values: Any) -> Any:
        positional: list[Any] = []
        keywords = {}
        for parameter, value in zip(operation.parameters, values, strict=True):
            if parameter.kind is parameter.VAR_POSITIONAL:
                positional += value
            elif parameter.kind is parameter.KEYWORD_ONLY:
                keywords[parameter.name] = value
            else:
                positional.append(value)
        try:
            return operation.forward(*positional, **keywords)
        except Exception as error:  # an axis further out, or the recorder, may know another way
            return otherwise(operation, error, values)

    return joined([run(pick(values, axis, i)) for i in range(axis.size)], axis, operation.name)


def axis_of(*values: Any) -> Axis | None:
    """The innermost hidden axis among arrays and tensors, also in tuples."""
    return innermost([getattr(value, "_data", value) for value in _flat(values)])


def _flat(value: Any) -> Iterable[Any]:
    if isinstance(value, tuple | list):
        for item in value:
            yield from _flat(item)
    else:
        yield value


def pull_by_elements(
    operation: Any, axis: Axis, g: Any, parents: Any, saved: Any, otherwise: Callable[..., Any]
) -> tuple[Any, ...]:
    """The gradients by rules that need plain arrays; tensors where they are recorded."""
    if not axis.size:
        raise BatchError(f"vmap: the rules of {operation.name} work element by element, and the batch has none")
    loops[f"rules {operation.name}"] += 1
    rows = []
    for i in range(axis.size):
        one = _element(g, axis, i), parents, _element(saved, axis, i)
        try:
            rows.append(operation.pull(*one))
        except Exception as error:
            rows.append(otherwise(error, operation, *one))
    return tuple(_joined_gradient(list(parts), axis, operation.name) for parts in zip(*rows, strict=True))


def _joined_gradient(parts: list[Any], axis: Axis, name: str) -> Any:
    if parts[0] is None:
        return None
    if any(hasattr(part, "_node") for part in parts):
        return dispatch["enter_stack"](parts, axis)
    shape = np.broadcast_shapes(*map(np.shape, parts))
    return Batch(np.stack([np.broadcast_to(part, shape) for part in parts]), axis)


def call_by_elements(name: str, function: Callable[..., Any], axis: Axis, args: Any, kwargs: dict[str, Any]) -> Any:
    """The results of a function of arrays and tensors, which is called for each element."""
    if not axis.size:
        raise BatchError(f"vmap: {name} works element by element, and the batch has none")
    loops[f"function {name}"] += 1
    rows = []
    for i in range(axis.size):
        keywords = {key: _element(value, axis, i) for key, value in kwargs.items()}
        rows.append(function(*_element(args, axis, i), **keywords))
    return _joined_results(rows, axis, name)


def _joined_results(rows: list[Any], axis: Axis, name: str) -> Any:
    first = rows[0]
    if isinstance(first, tuple | list) and len({len(row) for row in rows}) == 1:
        parts = [_joined_results(list(column), axis, name) for column in zip(*rows, strict=True)]
        return type(first)(*parts) if hasattr(first, "_fields") else type(first)(parts)
    if any(hasattr(row, "_node") for row in rows) and len({tuple(np.shape(row)) for row in rows}) == 1:
        return dispatch["enter_stack"](rows, axis)
    return joined([getattr(row, "_data", row) for row in rows], axis, name)


def _element(value: Any, axis: Axis, i: int) -> Any:
    if hasattr(value, "_node"):
        return dispatch["leave"](value, axis, 0)[i] if axis in axes_of(value.shape) else value
    if isinstance(value, tuple | list):
        items = [_element(item, axis, i) for item in value]
        if hasattr(value, "with_gradients"):
            return value.with_gradients(items)
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    return pick(value, axis, i)
