"""The reverse sweep: from a result back to the leaves it depends on, one operation at a time.

The rules belong to the operations of the nodes; this file contains none.
"""

from __future__ import annotations

import threading
from _thread import _count as _count_of_other_threads
from heapq import heappop, heappush, heapreplace
from typing import Any

import numpy as np

from autograd_lite.batching.axes import active
from autograd_lite.batching.batch import Batch
from autograd_lite.batching.operations import axis_of, pull_by_elements, refuse_deposit, settled
from autograd_lite.core.graph import Leaf, Node, Operation
from autograd_lite.core.hooks import current_observers, hooked, registrations
from autograd_lite.core.writes import changed_since, log
from autograd_lite.support.broadcasting import unbroadcast
from autograd_lite.support.interrupts import undoing
from autograd_lite.support.recorder_interface import current_recorder
from autograd_lite.support.rule_errors import explain_rule


def sweep(
    gradients: dict[Any, Any],
    retain_graph: bool = False,
    create_graph: bool = False,
    since: int = 0,
    watched: dict[Any, Any] | None = None,
) -> dict[Any, Any]:
    """The gradients of the leaves, given those of results: `gradients`, without the nodes that were visited.

    Nodes are visited from the latest recorded to the earliest, so each has received all its contributions when it is
    visited. What it has saved is released right afterwards. Nothing is written to the leaves here.

    With `create_graph` the rules are called with tensors instead of arrays, so the same formulas are recorded. Nodes
    recorded before the time `since` count as leaves. Gradients of nodes that are keys of `watched` are stored there.
    """
    latest_change, observers = log.latest, current_observers() if registrations else ()
    hooks = hooked if len(hooked) else None
    totals: dict[Any, Any] = {}  # gradients that `add_to` may change, because nothing else holds them
    queue: list[tuple[int, Node]] = []
    following: Node | None = None  # a waiting node, kept out of the heap because it is usually the next
    for root in gradients:
        if root.__class__ is Node and root.order >= since:
            if following is not None:
                heappush(queue, (-following.order, following))
            following = root
    while queue or following is not None:
        if following is None:
            node = heappop(queue)[1]
        elif queue and -queue[0][0] > following.order:
            node = heapreplace(queue, (-following.order, following))[1]
        else:
            node = following
        following = None
        g = gradients.pop(node)
        if hooks is not None and node in hooks:
            g = node.hooks(g)
        operation, parents, saved = node.operation, node.parents, node.saved
        if saved is None:
            raise RuntimeError(
                f"backward: the graph at {operation.name!r} was already used and released; "
                "pass retain_graph=True to the first backward() if it is needed twice, or compute the result again"
            )
        if node.order < latest_change:
            _refuse_changed_values(node, saved)
        if watched is not None and node in watched:
            watched[node] = g
        if create_graph:
            saved = operation.lift(node)
        try:
            if operation.add_to and not observers and operation.add_to(g, parents[0], saved, gradients, totals):
                contributions: tuple[Any, ...] = ()
            else:
                contributions = operation.pull(g, parents, saved)
        except Exception as error:
            contributions = _pull_otherwise(error, operation, g, parents, saved)
        if observers:
            for observer in observers:
                observer.on_pull(node, g, saved, contributions)
        if not retain_graph:
            node.saved, node.parents = None, ()
            if observers:
                for observer in observers:
                    observer.on_release(node)
        for parent, gradient in zip(parents, contributions):  # noqa: B905 - `pull` returns one for each
            if parent is None:
                continue
            try:
                fits = gradient.shape == parent.shape and gradient.dtype is parent.dtype
            except AttributeError:
                fits = False
            if not fits:
                gradient = _fit(gradient, parent, operation, parents, contributions)
            if gradient.__class__ is Batch or (create_graph and getattr(gradient, "_data", 0).__class__ is Batch):
                gradient = settled(gradient, parent.shape)
            if parent in gradients:
                gradients[parent] = gradients[parent] + gradient
                continue
            if parent.__class__ is Node:
                if parent.order >= since:
                    if following is None:
                        following = parent
                    elif parent.order > following.order:
                        heappush(queue, (-following.order, following))
                        following = parent
                    else:
                        heappush(queue, (-parent.order, parent))
            elif gradient is g or operation.has_foreign_rules:  # a leaf must not share memory with anything else
                gradient = gradient.copy()
            else:
                for value in saved:
                    if gradient is value:
                        gradient = gradient.copy()
            gradients[parent] = gradient
    for leaf in gradients if hooks is not None else ():  # only leaves are left
        if leaf.__class__ is Leaf and leaf in hooked:
            gradients[leaf] = leaf.hooks(gradients[leaf])
    return gradients


def _pull_otherwise(error: Exception, operation: Operation, g: Any, parents: Any, saved: Any) -> tuple[Any, ...]:
    """The gradients by rules that raised `error`, because of batches or of a recorder; else the error."""
    axis = axis_of(g, saved)
    if axis is not None:
        return pull_by_elements(operation, axis, g, parents, saved, _pull_otherwise)
    recorder = current_recorder()
    try:
        if recorder is not None and recorder.is_traced(g, saved):
            return recorder.pull(operation, g, parents, saved)
    except Exception as second_error:
        error = second_error
    explain_rule(error, operation, g)
    raise error


# Threads that share a leaf add to its gradient one after the other.
_deposits = threading.RLock()


def deposit(gradients: dict[Leaf, Any]) -> None:
    """Add gradients to the `.grad` of their leaves; each gets an array of its own."""
    if active.get():
        refuse_deposit(gradients)
    if not _count_of_other_threads():  # the lock and its safety from interrupts are 3 % of a small training step
        _add(gradients)
        return
    with undoing(_release_deposits):
        _deposits.acquire()
        _add(gradients)


def _release_deposits() -> None:
    while _deposits._is_owned():  # type: ignore[attr-defined]
        _deposits.release()


def _add(gradients: dict[Leaf, Any]) -> None:
    taken = set()
    for leaf, gradient in gradients.items():
        if leaf.grad is not None:
            gradients[leaf] = gradient = leaf.grad + gradient
        elif gradient.base is not None or id(gradient) in taken:
            gradients[leaf] = gradient = gradient.copy()  # a view, or an array that another leaf received too
        if not gradient.shape and not isinstance(gradient, np.ndarray):
            gradients[leaf] = gradient.reshape(1).reshape(())  # NumPy's scalar as an array
        taken.add(id(gradient))
    # Written after everything that may fail, and in one call, so that neither an error nor an interrupt can leave only
    # some of the gradients written.
    kind: Any = Leaf
    any(map(kind.grad.__set__, gradients, gradients.values()))


def _refuse_changed_values(node: Node, saved: tuple[Any, ...]) -> None:
    for name, value in zip(node.operation.saved_names, saved, strict=True):
        if changed_since(node.order, value):
            shape = [np.shape(v) for v in value] if type(value) is tuple else np.shape(value)
            raise RuntimeError(
                f"backward: {node.operation.name!r} needs its {name!r} of shape {shape}, but it was changed in place "
                "after its use (by an optimizer, x += 1, load_state_dict); call backward() first, or compute it again"
            )


def _fit(returned: Any, parent: Node | Leaf, operation: Operation, parents: Any, contributions: Any) -> Any:
    """The gradient that a rule has returned in the shape and dtype of its parent: undo broadcasting and promotion."""

    def rule() -> str:
        pairs = enumerate(zip(contributions, parents, strict=True))
        return operation.describe_rule(next(i for i, (g, p) in pairs if g is returned and p is parent))

    gradient = returned
    if not hasattr(gradient, "shape"):
        if not isinstance(gradient, int | float):
            raise TypeError(f"{rule()} returned {type(gradient).__name__}, not an array")
        gradient = np.asarray(gradient, parent.dtype)
    if gradient.shape != parent.shape:
        fitted = unbroadcast(gradient, parent.shape)
        if fitted is None:
            raise ValueError(
                f"{rule()} returned a gradient of shape {gradient.shape} for an argument of shape {parent.shape}"
            )
        gradient = fitted
    if gradient.dtype != parent.dtype:
        if gradient.dtype.kind != "f":
            raise TypeError(
                f"{rule()} returned a gradient of dtype {gradient.dtype} for an argument of dtype {parent.dtype}"
            )
        gradient = gradient.astype(parent.dtype)
    return gradient
