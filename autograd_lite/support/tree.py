"""Nested tuples, lists and dicts of arrays: flattened into a list and rebuilt."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any


def leaves(tree: Any) -> list[Any]:
    """The leaves of a nested structure, from left to right; None has no leaves.

    Examples
    --------
    >>> leaves({"a": 1, "b": (2, [3, None])})
    [1, 2, 3]
    """
    return list(_walk(tree))


def _walk(tree: Any) -> Iterator[Any]:
    if isinstance(tree, dict):
        tree = tuple(tree.values())
    if isinstance(tree, tuple | list):
        for branch in tree:
            yield from _walk(branch)
    elif tree is not None:
        yield tree


def map_leaves(function: Callable[[Any], Any], tree: Any) -> Any:
    """The same structure with ``function(leaf)`` in place of each leaf.

    Examples
    --------
    >>> map_leaves(lambda leaf: leaf + 1, {"a": 1, "b": (2, [3, None])})
    {'a': 2, 'b': (3, [4, None])}
    """
    if isinstance(tree, dict):
        return type(tree)((name, map_leaves(function, branch)) for name, branch in tree.items())
    if isinstance(tree, tuple | list):
        branches = [map_leaves(function, branch) for branch in tree]
        return type(tree)(*branches) if hasattr(tree, "_fields") else type(tree)(branches)  # a named tuple, or not
    return None if tree is None else function(tree)


def rebuild(tree: Any, new_leaves: list[Any]) -> Any:
    """The same structure with other leaves, from left to right."""
    remaining = iter(new_leaves)
    return map_leaves(lambda _: next(remaining), tree)
