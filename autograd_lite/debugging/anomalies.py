"""`anomaly`: while it is on, the first operation that makes a NaN or an infinity is named, and so is a changed value.

It watches attributes that operations, nodes and the sweep use anyway (see `attributes`), and costs nothing while it is
off.
"""

from __future__ import annotations

import sys
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

from autograd_lite.compiler.attributes import watching
from autograd_lite.core.arguments import describe
from autograd_lite.core.graph import Node
from autograd_lite.core.hooks import detector
from autograd_lite.core.outputs import Result
from autograd_lite.core.primitive import Primitive
from autograd_lite.core.tensor import Tensor
from autograd_lite.core.writes import memory_owner
from autograd_lite.support.interrupts import setting, undoing

_HOMES = ("<operation", str(Path(__file__).parents[1]), str(Path(np.__file__).parent))


def _is_inside(frame: FrameType) -> bool:
    """Whether a frame belongs to the library, or to NumPy on its way into it."""
    modules = [sys.modules.get("autograd_lite.nn"), sys.modules.get("autograd_lite.optim")]
    homes = (*_HOMES, *(path for module in modules if module is not None for path in module.__path__))
    return frame.f_code.co_filename.startswith(homes)


class AnomalyError(FloatingPointError):
    """An operation, or a derivative rule, has made a NaN or an infinity."""


@contextmanager
def anomaly(infinity: bool = True) -> Iterator[None]:
    """Inside, the first operation that makes a NaN or an infinity, forwards or backwards, is an error that names it.

    The error says which operation (or derivative rule) it was, what it was given, and the line of your code that called
    it. And the arrays that a recorded operation needs for its gradient are locked until it has been computed: writing
    into one of them in place is NumPy's own error, there and then. It is for finding a mistake: everything is slower
    inside, and compiled functions run as they are. It holds for the current thread only.

    Parameters
    ----------
    infinity : bool, default True
        Whether infinities are anomalies too; False where they are meant, as −∞ in a mask.

    Raises
    ------
    AnomalyError
        A FloatingPointError, by the operation.

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
    found = _Detector(infinity)
    with (
        undoing(found.unlock_all),
        setting(detector, found),
        np.errstate(all="ignore"),  # the error says more than NumPy's warning
        watching(_WATCHED, detector),
    ):
        yield


_WATCHED = [(Tensor, "_data"), (Node, "saved"), (Primitive, "pull"), (Result, "pull")]


class _Detector:
    """What watches the attributes.

    `places` is where each node was recorded, `locked` what a node locks, `locks` the lock of each memory.
    """

    def __init__(self, infinity: bool) -> None:
        self.infinity = infinity
        self.places: weakref.WeakKeyDictionary[Node, str] = weakref.WeakKeyDictionary()
        self.locked: dict[weakref.ref[Node], list[_Lock]] = {}
        # By the identity of the array that owns the memory; a lock is gone with its last node. They are kept here, so
        # that the end finds all that is read-only, whatever an interrupt has left of the counts.
        self.locks: dict[int, _Lock] = {}

    # -- forwards --------------------------------------------------------------------------------------------------

    def assign(self, owner: Any, name: str, value: Any) -> None:
        """A tensor receives its values, or a node what its rules need."""
        if name == "saved":
            self._unlock(weakref.ref(owner))
            if value is not None:
                self.places[owner] = _place(sys._getframe(2))
                self._lock(owner, value)
            return
        self._note_view(value)
        frame: FrameType | None = sys._getframe(2)
        while frame is not None and "_operation" not in frame.f_globals:
            if not _is_inside(frame):
                return  # a tensor that the user makes
            frame = frame.f_back
        if frame is not None:
            self._check_result(value, frame)

    def _check_result(self, value: Any, frame: FrameType) -> None:
        anomaly = self._anomaly(value)
        if anomaly is None:
            return
        operation = frame.f_globals["_operation"]
        lines = [f"{operation.name} gives {anomaly} of its result of shape {np.shape(value)}"]
        given = [(name, frame.f_locals.get(name)) for name in operation.arguments]
        for name, argument in given:
            has_one = self._anomaly(argument) is not None
            lines.append(f"  {name}: {_range(argument)}" + ", which was so before" * has_one)
        raise AnomalyError("\n".join([*lines, f"  in {_place(frame)}"]))

    def _anomaly(self, value: Any) -> str | None:
        """The first NaN or infinity in an array, and where."""
        if not isinstance(value, np.ndarray | np.floating) or value.dtype.kind != "f":
            return None
        strange = ~np.isfinite(value) if self.infinity else np.isnan(value)
        if not strange.any():
            return None
        index = tuple(map(int, np.unravel_index(int(np.argmax(strange)), strange.shape)))
        return f"{np.asarray(value)[index]} at index {index}"

    # -- backwards -------------------------------------------------------------------------------------------------

    def read(self, owner: Any, name: str, found: Any) -> Any:
        """The rules of an operation, with a look at what they give."""
        if name != "pull":
            return found

        def checked(g: Any, parents: tuple[Any, ...], saved: tuple[Any, ...]) -> tuple[Any, ...]:
            gradients: tuple[Any, ...] = found(g, parents, saved)
            for position, gradient in enumerate(gradients):
                anomaly = self._anomaly(getattr(gradient, "_data", gradient))
                if anomaly is not None:
                    self._refuse_gradient(owner, position, anomaly, g, saved)
            return gradients

        return checked

    def _refuse_gradient(self, operation: Any, position: int, anomaly: str, g: Any, saved: tuple[Any, ...]) -> None:
        node = sys._getframe(2).f_locals.get("node")
        lines = [f"{operation.describe_rule(position)} gives {anomaly} of the gradient", f"  g: {_range(g)}"]
        lines += [f"  {name}: {_range(value)}" for name, value in zip(operation.saved_names, saved, strict=True)]
        if isinstance(node, Node) and node in self.places:
            lines.append(f"  recorded in {self.places[node]}")
        raise AnomalyError("\n".join(lines))

    # -- locks -----------------------------------------------------------------------------------------------------

    def _lock(self, node: Node, saved: tuple[Any, ...]) -> None:
        """Make what a node has saved read-only, and all the memory that it shows."""
        reference = weakref.ref(node, self._unlock)
        locks = self.locked[reference] = []
        for array in _arrays(saved):
            owner = id(memory_owner(array))
            lock = self.locks.setdefault(owner, _Lock(owner))
            lock.nodes += 1
            locks.append(lock)
            for part in _chain(array):
                if part.flags.writeable and _can_be_unlocked(part):
                    lock.arrays.append(part)
                    part.flags.writeable = False

    def _note_view(self, array: Any) -> None:
        """A view of what is locked is read-only from the beginning, and must not stay so."""
        if isinstance(array, np.ndarray) and not array.flags.writeable and _can_be_unlocked(array):
            lock = self.locks.get(id(memory_owner(array)))
            if lock is not None and 0 not in array.strides:  # NumPy lets nobody write where it has broadcast
                lock.arrays.append(array)

    def _unlock(self, node: weakref.ref[Node]) -> None:
        for lock in self.locked.pop(node, []):
            lock.nodes -= 1
            if not lock.nodes:
                self._release(lock)

    def _release(self, lock: _Lock) -> None:
        """All arrays over one memory become writeable together: NumPy wants a base to be so before its views."""
        for array in sorted(lock.arrays, key=lambda array: len(_chain(array))):
            array.flags.writeable = True
        lock.arrays.clear()
        self.locks.pop(lock.owner, None)

    def unlock_all(self) -> None:
        """The end: everything may be written again."""
        self.locked.clear()
        for lock in list(self.locks.values()):
            self._release(lock)


class _Lock:
    """The lock of one memory.

    `owner` is the identity of the array that owns it, `nodes` the number of nodes that need it, and `arrays` are those
    over it that were made read-only.
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
    """An array and those that it is a view of, from the first to the last."""
    chain = []
    while array is not None:
        if isinstance(array, np.ndarray):
            chain.append(array)
        array = getattr(array, "base", None)
    return chain


def _can_be_unlocked(array: Any) -> bool:
    """Whether NumPy will let the array be made writeable again; not over memory that is no array's."""
    return array.flags.owndata or isinstance(array.base, np.ndarray)


def _range(value: Any) -> str:
    """What an error says of an array: its form, and from where to where its numbers go."""
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
    while frame is not None and _is_inside(frame):
        frame = frame.f_back
    if frame is None:
        return "the library itself"
    return f"{frame.f_code.co_filename}, line {frame.f_lineno}, in {frame.f_code.co_name}"
