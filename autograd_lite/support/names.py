"""The names that users give to tensors. They are kept beside what they name: what has no name pays nothing for it.

A graph does not know the tensors it was recorded from, so the name of a tensor is given to what remains of it there:
its node or leaf, and the array of its values, which is all that is left of a constant.
"""

from __future__ import annotations

import weakref
from typing import Any

# Keys are identities; a weak reference removes the entry when its thing dies.
_names: dict[int, tuple[weakref.ref[Any], str]] = {}


def set_name(thing: Any, name: str | None) -> None:
    """Call a node, a leaf or an array `name`; None takes its name away."""
    key = id(thing)
    if name is None:
        _names.pop(key, None)
    else:
        _names[key] = (weakref.ref(thing, lambda _: _names.pop(key, None)), name)


def named_things() -> list[tuple[Any, str]]:
    """Everything alive that has a name."""
    pairs = [(reference(), name) for reference, name in list(_names.values())]
    return [(thing, name) for thing, name in pairs if thing is not None]


def name_of(thing: Any) -> str | None:
    """The name of a node, a leaf or an array, if it was given one."""
    known = _names.get(id(thing))
    return known[1] if known else None
