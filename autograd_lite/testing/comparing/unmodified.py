"""Derivative rules that modify what they are given: the rules called after them, and the caller, get other numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from autograd_lite.core.graph import Node
from autograd_lite.support.conversion import NumberArray


def refuse_modifying_rules(node: Node, cotangent: NumberArray) -> None:
    """Raise AssertionError if a rule of the operation of `node` modifies `g` or a saved value in place.

    Every rule is called alone, because one that modifies its arguments spoils those of the next one.
    """
    operation, saved = node.operation, node.saved or ()
    for position, parent in enumerate(node.parents):
        if parent is None:
            continue
        alone = tuple(other if i == position else None for i, other in enumerate(node.parents))
        given = {"g": np.array(cotangent), **dict(zip(operation.saved_names, saved, strict=True))}
        before = {name: list(map(np.copy, _arrays(value))) for name, value in given.items()}
        try:
            with np.errstate(all="ignore"):
                operation.pull(given["g"], alone, saved)
        except Exception:  # the backward pass that follows raises it, and says where it comes from
            return
        for name, copies in before.items():
            for array, copy in zip(_arrays(given[name]), copies, strict=True):
                if not np.array_equal(array, copy, equal_nan=array.dtype.kind == "f"):
                    raise AssertionError(
                        f"{operation.describe_rule(position)} modifies {name} in place, which other rules and callers "
                        "use too; it must return a new array"
                    )


def _arrays(value: Any) -> Iterator[NumberArray]:
    """The arrays of a saved value, which may be a tuple of operands."""
    for each in value if isinstance(value, tuple) else (value,):
        if isinstance(each, np.ndarray):
            yield each
