"""Guards: single values outside of a function that are compared before each replay.

Most often a guarded place still holds the same object, which one comparison of identities shows. Otherwise numbers,
strings and tuples of them are compared by type and value, to the last bit.
"""

from __future__ import annotations

import functools
import types
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np

MISSING = type("Missing", (), {"__repr__": lambda self: "nothing"})()
_COMPARABLE = (int, bool, str, bytes, type(None), type(Ellipsis), range)


def same_value(known: Any, found: Any) -> bool:
    """Whether two objects are identical, or immutable and equal in type, value and bits."""
    if found is known:
        return True
    kind = type(known)
    if type(found) is not kind:
        return False
    if kind in (float, complex) or isinstance(known, np.generic):
        return np.asarray(known).tobytes() == np.asarray(found).tobytes()
    if isinstance(known, tuple):
        return len(known) == len(found) and all(map(same_value, known, found))
    if kind is frozenset:
        return bool(known == found) and sorted(map(_typed, known)) == sorted(map(_typed, found))
    if kind is slice:
        return same_value((known.start, known.stop, known.step), (found.start, found.stop, found.step))
    return kind in _COMPARABLE and bool(known == found)


def _typed(value: Any) -> str:
    return f"{type(value)} {value!r}"


class ValueGuard:
    """A guard on a variable or an attribute.

    Attributes
    ----------
    expression : str
        How it is read, with ``{}`` for its owner.
    owner : object
        A closure's cell, or the dictionary of a module, an object or a class.
    known : object
        The value when the function was recorded.
    label : str
        The name in error messages.
    """

    def __init__(self, owner: Any, read: Callable[[], Any], expression: str, label: str) -> None:
        self.owner, self.read, self.expression, self.label = owner, read, expression, label
        self.known = read()

    def holds(self) -> bool:
        """Whether the value is the same. An equal object becomes the known one, so that identity shows it next time."""
        found = self.read()
        if not same_value(self.known, found):
            return False
        self.known = found
        return True


def cell_guard(cell: Any, name: str) -> ValueGuard:
    """A guard on a closure variable."""
    read = functools.partial(read_cell, cell)
    expression = "{}.cell_contents" if read() is not MISSING else "read_cell_({})"
    return ValueGuard(cell, read, expression, f"the variable {name!r} around the function")


def read_cell(cell: Any) -> Any:
    """The contents of a closure's cell, or MISSING."""
    try:
        return cell.cell_contents
    except ValueError:
        return MISSING


def table_guard(table: dict[str, Any], name: str, label: str) -> ValueGuard:
    """A guard on a global variable, or on an attribute of an object or a class."""
    return ValueGuard(table, lambda: table.get(name, MISSING), f"{{}}.get({name!r}, MISSING_)", label)


def attribute_guard(owner: Any, name: str, label: str) -> ValueGuard:
    """A guard on an attribute that is not in a dictionary: the defaults of a function, a slot of an object."""
    always = isinstance(owner, types.FunctionType)  # which has the attribute in any case
    expression = f"{{}}.{name}" if always else f"getattr({{}}, {name!r}, MISSING_)"
    return ValueGuard(owner, lambda: getattr(owner, name, MISSING), expression, label)


class ContentsGuard:
    """A guard on the contents of a list, a dictionary, a set, or an array."""

    def __init__(self, owner: Any, label: str) -> None:
        self.owner, self.label = owner, label
        self.note()

    def note(self) -> None:
        """Make the current contents the known ones."""
        self.known = _contents(self.owner)

    def holds(self) -> bool:
        """Whether the contents are the same."""
        return same_contents(self.owner, self.known)


def _contents(owner: Any) -> Any:
    """What `same_contents` compares."""
    if isinstance(owner, np.ndarray):
        return owner.shape, owner.dtype, owner.tobytes()
    if isinstance(owner, bytearray | memoryview):
        return bytes(owner)
    if isinstance(owner, dict):
        return tuple(owner.keys()), tuple(owner.values())
    return tuple(owner) if isinstance(owner, list | deque) else frozenset(owner)


def same_contents(owner: Any, known: Any) -> bool:
    """Whether a container holds what `_contents` has returned before."""
    if not isinstance(owner, np.ndarray):
        return same_value(known, _contents(owner))
    if (owner.shape, owner.dtype) != known[:2]:
        return False
    if owner.nbytes > 4096 and owner.flags.c_contiguous:  # without a copy
        return bool(np.array_equal(owner.reshape(-1).view(np.uint8), np.frombuffer(known[2], np.uint8)))
    return bool(owner.tobytes() == known[2])


def is_frozen(array: Any) -> bool:
    """Whether neither the array nor what it is a view of is writable."""
    while isinstance(array, np.ndarray):
        if array.flags.writeable:
            return False
        array = array.base
    return array is None or isinstance(array, bytes)


def changed_attribute(part: Any, known: dict[str, Any]) -> str | None:
    """The name of an attribute of a versioned object that differs from the known ones."""
    _, found = next(part.versioned_parts())
    name: str
    for name in dict.fromkeys((*known, *found)):
        if not same_value(known.get(name, MISSING), found.get(name, MISSING)):
            return name
    return None
