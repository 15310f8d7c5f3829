"""The names that users give to tensors. They are stored outside the tensors, so tensors without a name cost nothing.

A graph holds no references to tensors. The name of a tensor is therefore stored for its node or leaf, and for the array
of its values, which is what the graph holds of a constant.
"""

from __future__ import annotations

import weakref
from typing import Any

# The keys are identities. A weak reference removes the entry when the object is freed.
_names: dict[int, tuple[weakref.ref[Any], str]] = {}


def set_name(thing: Any, name: str | None) -> None:
    """Name a node, a leaf or an array; None removes the name."""
    key = id(thing)
    if name is None:
        _names.pop(key, None)
    else:
        _names[key] = (weakref.ref(thing, lambda _: _names.pop(key, None)), name)


def name_of(thing: Any) -> str | None:
    """The name of a node, a leaf or an array; None if it has none."""
    known = _names.get(id(thing))
    return known[1] if known else None
