"""What a function has read from outside, in single places: a variable, an attribute, the contents of a list or array.

A place is looked at in each call. Most often it holds the very object that it held, which the entry of a program sees
by one comparison; else numbers, texts and tuples of them are compared by type and value, to the last bit.
"""

from __future__ import annotations

import types
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np

MISSING = type("Missing", (), {"__repr__": lambda self: "nothing"})()
_SCALARS = (int, bool, str, bytes, type(None), type(Ellipsis))


def same(known: Any, found: Any) -> bool:
    """Whether two objects are one, or equal values that cannot change, of the same type and with the same bits."""
    if found is known:
        return True
    kind = type(known)
    if type(found) is not kind:
        return False
    if kind in _SCALARS:
        return bool(known == found)
    if kind in (float, complex) or isinstance(known, np.generic):
        return np.asarray(known).tobytes() == np.asarray(found).tobytes()
    if isinstance(known, tuple):
        return len(known) == len(found) and all(map(same, known, found))
    if kind is frozenset:
        return bool(known == found) and sorted(map(_typed, known)) == sorted(map(_typed, found))
    if kind is slice:
        return same((known.start, known.stop, known.step), (found.start, found.stop, found.step))
    return kind in (range, np.dtype) and bool(known == found)


def _typed(value: Any) -> str:
    return f"{type(value)} {value!r}"


class Slot:
    """A variable or an attribute.

    Attributes
    ----------
    expression : str
        How it is read, with ``{}`` in the place of its owner.
    owner : object
        A closure's cell, or the dictionary of a module, an object or a class.
    known : object
        What it held when the function was recorded.
    words : str
        What an error calls it.
    """

    def __init__(self, owner: Any, read: Callable[[], Any], expression: str, words: str) -> None:
        self.owner, self.read, self.expression, self.words = owner, read, expression, words
        self.known = read()

    def holds(self) -> bool:
        """Whether it is as it was. An equal value is the known one from now on, so that it is found at once."""
        found = self.read()
        if not same(self.known, found):
            return False
        self.known = found
        return True


def cell_slot(cell: Any, name: str) -> Slot:
    """A variable of a function around the function."""

    def read() -> Any:
        try:
            return cell.cell_contents
        except ValueError:
            return MISSING

    expression = "{}.cell_contents" if read() is not MISSING else "read_cell_({})"
    return Slot(cell, read, expression, f"the variable {name!r} around the function")


def table_slot(table: dict[str, Any], name: str, words: str) -> Slot:
    """A global variable, or an attribute of an object or of a class."""
    return Slot(table, lambda: table.get(name, MISSING), f"{{}}.get({name!r}, MISSING_)", words)


def attribute_slot(thing: Any, name: str, words: str) -> Slot:
    """An attribute of something without a dictionary: the defaults of a function, a slot of an object."""
    always = isinstance(thing, types.FunctionType)  # which has it in any case
    expression = f"{{}}.{name}" if always else f"getattr({{}}, {name!r}, MISSING_)"
    return Slot(thing, lambda: getattr(thing, name, MISSING), expression, words)


class Contents:
    """What is in a list, a dictionary, a set, or an array."""

    def __init__(self, owner: Any, words: str) -> None:
        self.owner, self.words = owner, words
        self.note()

    def note(self) -> None:
        """What it holds now is what is known."""
        self.known = contents(self.owner)

    def holds(self) -> bool:
        """Whether it is as it was."""
        return same_contents(self.owner, self.known)


def contents(owner: Any) -> Any:
    """What is in a container now, for `same_contents`."""
    if isinstance(owner, np.ndarray):
        return owner.shape, owner.dtype, owner.tobytes()
    if isinstance(owner, bytearray | memoryview):
        return bytes(owner)
    if isinstance(owner, dict):
        return tuple(owner.keys()), tuple(owner.values())
    return tuple(owner) if isinstance(owner, list | deque) else frozenset(owner)


def same_contents(owner: Any, known: Any) -> bool:
    """Whether a container holds what was `known`."""
    if isinstance(owner, np.ndarray):
        return (owner.shape, owner.dtype) == known[:2] and _same_bytes(owner, known[2])
    return same(known, contents(owner))


def _same_bytes(array: np.ndarray[Any, Any], known: bytes) -> bool:
    if array.nbytes > 4096 and array.flags.c_contiguous:  # without a copy
        return bool(np.array_equal(array.reshape(-1).view(np.uint8), np.frombuffer(known, np.uint8)))
    return array.tobytes() == known


def is_read_only(array: Any) -> bool:
    """Whether neither the array nor what it is a view of can be written to."""
    while isinstance(array, np.ndarray):
        if array.flags.writeable:
            return False
        array = array.base
    return array is None or isinstance(array, bytes)


def differing(part: Any, known: dict[str, Any]) -> str | None:
    """The name of an attribute that is not what was known."""
    _, found = next(part.versioned_parts())
    name: str
    for name in dict.fromkeys((*known, *found)):
        if not same(known.get(name, MISSING), found.get(name, MISSING)):
            return name
    return None
