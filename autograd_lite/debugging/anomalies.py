"""`anomaly`: inside it, the first operation that produces a NaN or an infinity is named, and saved values are locked.

It is an observer of the engine (see `core.hooks`), so it costs nothing while it is off.
"""

from __future__ import annotations

import os.path
import sys
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import numpy as np

from autograd_lite.core.graph import Node, Operation
from autograd_lite.core.hooks import Observer, observing
from autograd_lite.core.primitive import Primitive
from autograd_lite.support.addresses import memory_owner
from autograd_lite.support.arguments import describe
from autograd_lite.support.interrupts import undoing

# Paths as strings: pathlib would be 4 % of the import of the package.
_HOMES = ("<operation", os.path.dirname(os.path.dirname(__file__)), os.path.dirname(np.__file__))


class AnomalyError(FloatingPointError):
    """An operation, or a derivative rule, has produced a NaN or an infinity."""


@contextmanager
def anomaly(infinity: bool = True) -> Iterator[None]:
    """Inside, the first operation that produces a NaN or an infinity, forward or backward, raises an error.

    The error names the operation (or derivative rule), what it was given, and the line of your code that called it.
    The arrays that a recorded operation needs for its gradient are read-only until the gradient has been computed:
    writing into one of them raises NumPy's own error, at the place of the write. Use it to find a mistake: everything
    is slower inside, and compiled functions run as plain functions. It holds for the current thread only.

    Parameters
    ----------
    infinity : bool, default True
        Whether infinities are anomalies too; pass False where they are intended, as −∞ in a mask.

    Raises
    ------
    AnomalyError
        A FloatingPointError, raised by the operation.

    Examples
    --------
    >>> x = Tensor([1.0, 0.0], requires_grad=True)
    >>> with anomaly():
    ...     np.log(2 * x).sum()
    Traceback (most recent call last):
    autograd_lite.debugging.anomalies.AnomalyError: log gives -inf at index (1,) of its result of shape (2,)
      x: float64 (2,), from 0 to 2
      in <doctest autograd_lite.debugging.anomalies.anomaly[1]>, line 2, in <module>
    """
    detector = _Detector(infinity)
    # The error contains more than NumPy's warning.
    with undoing(detector.unlock_all), observing(detector), np.errstate(all="ignore"):
        yield


class _Detector(Observer):
    """Checks results and gradients, and locks what nodes have saved.

    Attributes
    ----------
    places : dict of Node to str
        The line that recorded each node.
    locked : dict of weak references to nodes
        The locks that each node holds.
    locks : dict of int to _Lock
        By the identity of the array that owns the memory; a lock is removed with its last node. From here `unlock_all`
        finds everything that is read-only, whatever an interrupt has done to the counts.
    """

    def __init__(self, infinity: bool) -> None:
        self.infinity = infinity
        self.places: weakref.WeakKeyDictionary[Node, str] = weakref.WeakKeyDictionary()
        self.locked: dict[weakref.ref[Node], list[_Lock]] = {}
        self.locks: dict[int, _Lock] = {}

    # -- forward ---------------------------------------------------------------------------------------------------

    def on_result(self, operation: Operation, arguments: tuple[Any, ...], result: Any) -> None:
        """Raise if the result holds an anomaly."""
        for array in result if isinstance(result, tuple) else (result,):
            self._note_view(array)
            anomaly = self._anomaly(array)
            if anomaly is not None:
                self._refuse_result(operation, arguments, f"{anomaly} of its result of shape {np.shape(array)}")

    def on_record(self, node: Node) -> None:
        """Note where the node was recorded, and lock what it has saved."""
        self.places[node] = _place(sys._getframe(1))
        self._lock(node)

    def _refuse_result(self, operation: Operation, arguments: tuple[Any, ...], what: str) -> None:
        lines = [f"{operation.name} gives {what}"]
        names = operation.arguments if isinstance(operation, Primitive) else ()
        for name, argument in zip(names, arguments, strict=True):
            has_one = self._anomaly(argument) is not None
            lines.append(f"  {name}: {_range(argument)}" + ", which was so before" * has_one)
        raise AnomalyError("\n".join([*lines, f"  in {_place(sys._getframe(1))}"]))

    def _anomaly(self, value: Any) -> str | None:
        """The first NaN or infinity in an array, and its index."""
        if not isinstance(value, np.ndarray | np.floating) or value.dtype.kind != "f":
            return None
        strange = ~np.isfinite(value) if self.infinity else np.isnan(value)
        if not strange.any():
            return None
        index = tuple(map(int, np.unravel_index(int(np.argmax(strange)), strange.shape)))
        return f"{np.asarray(value)[index]} at index {index}"

    # -- backward --------------------------------------------------------------------------------------------------

    def on_pull(self, node: Node, g: Any, saved: tuple[Any, ...], gradients: tuple[Any, ...]) -> None:
        """Raise if a gradient holds an anomaly."""
        for position, gradient in enumerate(gradients):
            anomaly = self._anomaly(getattr(gradient, "_data", gradient))
            if anomaly is not None:
                operation = node.operation
                lines = [f"{operation.describe_rule(position)} gives {anomaly} of the gradient", f"  g: {_range(g)}"]
                lines += [
                    f"  {name}: {_range(value)}" for name, value in zip(operation.saved_names, saved, strict=True)
                ]
                if node in self.places:
                    lines.append(f"  recorded in {self.places[node]}")
                raise AnomalyError("\n".join(lines))

    def on_release(self, node: Node) -> None:
        """Unlock what the node had saved."""
        self._unlock(weakref.ref(node))

    # -- locks -----------------------------------------------------------------------------------------------------

    def _lock(self, node: Node) -> None:
        """Make the arrays that a node has saved read-only, and those they are views of."""
        locks = self.locked[weakref.ref(node, self._unlock)] = []
        for array in _arrays(node.saved):
            owner = id(memory_owner(array))
            lock = self.locks.setdefault(owner, _Lock(owner))
            lock.nodes += 1
            locks.append(lock)
            for part in _chain(array):
                if part.flags.writeable and _can_be_unlocked(part):
                    lock.arrays.append(part)
                    part.flags.writeable = False

    def _note_view(self, array: Any) -> None:
        """A view of a locked array is read-only from the beginning, and must not stay so."""
        if isinstance(array, np.ndarray) and not array.flags.writeable and _can_be_unlocked(array):
            lock = self.locks.get(id(memory_owner(array)))
            if lock is not None and 0 not in array.strides:  # what NumPy has broadcast is never writeable
                lock.arrays.append(array)

    def _unlock(self, node: weakref.ref[Node]) -> None:
        for lock in self.locked.pop(node, []):
            lock.nodes -= 1
            if not lock.nodes:
                self._release(lock)

    def _release(self, lock: _Lock) -> None:
        """Make all arrays over one memory writeable together: NumPy requires bases before their views."""
        for array in sorted(lock.arrays, key=lambda array: len(_chain(array))):
            array.flags.writeable = True
        lock.arrays.clear()
        self.locks.pop(lock.owner, None)

    def unlock_all(self) -> None:
        """Make everything writeable again."""
        self.locked.clear()
        for lock in list(self.locks.values()):
            self._release(lock)


class _Lock:
    """The lock of one memory.

    `owner` is the identity of the array that owns it, `nodes` the number of nodes that need it, and `arrays` are the
    arrays over it that were made read-only.
    """

    def __init__(self, owner: int) -> None:
        self.owner = owner
        self.nodes = 0
        self.arrays: list[Any] = []


def _arrays(saved: Any) -> list[Any]:
    """The arrays among what a node has saved, also in tuples."""
    if isinstance(saved, tuple):
        return [array for part in saved for array in _arrays(part)]
    return [saved] if isinstance(saved, np.ndarray) else []


def _chain(array: Any) -> list[Any]:
    """An array, the array it is a view of, and so on."""
    chain = []
    while array is not None:
        if isinstance(array, np.ndarray):
            chain.append(array)
        array = getattr(array, "base", None)
    return chain


def _can_be_unlocked(array: Any) -> bool:
    """Whether NumPy lets the array be made writeable again, which it refuses over memory that no array owns."""
    return array.flags.owndata or isinstance(array.base, np.ndarray)


def _range(value: Any) -> str:
    """An array as error messages show it: dtype, shape, and the range of its numbers."""
    value = getattr(value, "_data", value)
    text = describe(value)
    if isinstance(value, np.ndarray | np.number) and value.size and value.dtype.kind in "fiu":
        finite = np.asarray(value)[np.isfinite(value)]
        if finite.size:
            text += f", from {finite.min():g} to {finite.max():g}"
        if finite.size < value.size:
            text += f", {value.size - finite.size} of {value.size} not finite"
    return text


def _place(frame: FrameType | None) -> str:
    """The line of the user's code that led to a frame."""
    modules = [sys.modules.get("autograd_lite.nn"), sys.modules.get("autograd_lite.optim")]
    homes = (*_HOMES, *(path for module in modules if module is not None for path in module.__path__))
    while frame is not None and frame.f_code.co_filename.startswith(homes):  # the library, or NumPy on its way into it
        frame = frame.f_back
    if frame is None:
        return "the library itself"
    return f"{frame.f_code.co_filename}, line {frame.f_lineno}, in {frame.f_code.co_name}"
