"""What has come of running a function once on tracers: its tape, its result, and the state that it has left."""

from __future__ import annotations

import enum
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_lite.compiler.arguments import Arguments
from autograd_lite.compiler.outside import settle
from autograd_lite.compiler.recorder import Recorder
from autograd_lite.compiler.surroundings import Surroundings
from autograd_lite.compiler.tape import Value, exchange, parts
from autograd_lite.compiler.traced_numbers import Number
from autograd_lite.compiler.tracer import Tracer
from autograd_lite.core.graph import Leaf
from autograd_lite.core.hooks import CompileError, concrete
from autograd_lite.core.tensor import Tensor, _wrap
from autograd_lite.core.writes import memory_owner

if TYPE_CHECKING:
    from autograd_lite.compiler.program import Program


_CONSTANTS = (int, float, complex, str, bytes, type(None), np.generic, np.dtype, enum.Enum, type, range)


class Recording:
    """A function that was run once on tracers.

    Attributes
    ----------
    recorder : Recorder
    tape : Tape
    result : object
        What the function has returned, with arrays in the place of tracers.
    is_tensor : list of bool
        For each array of the result whether it is a tensor.
    set_attributes : list
        Attributes that the function has set: object, name, value.
    gradients : dict of Leaf to array
    lines, places : list of str
        What is done, and where in the user's code.
    shapes : list
        Those that depend on values.
    arrays : list of (int, Value, array)
        The arrays from outside, by their number on the tape.
    """

    set_attributes: list[Any]

    def __init__(self, function: Callable[..., Any], given: Arguments, earlier: Program | None = None) -> None:
        name = getattr(function, "__name__", "function")
        surroundings = Surroundings(function, given.things)
        self.recorder = recorder = Recorder(name, surroundings)
        self.tape = recorder.tape
        args, kwargs = given.traced(recorder)
        try:
            with recorder.recording():
                out = function(*args, **kwargs)
            self._refuse_caught_failures()
            self._keep(out)
            self._refuse_changes()
            self._describe()
            if earlier is not None and earlier.shapes == self.shapes:
                earlier.refuse_difference(self)
        except Exception as error:
            refusal = _refusal(error)
            if refusal is None:
                raise
            for put_back in reversed(recorder.undo):  # a call that is refused changes nothing
                put_back()
            raise refusal from None
        finally:
            recorder.undo.clear()
        del out, args, kwargs  # an array that is still alive now is somebody else's
        self._forget_the_dead()
        arrays = list(self.tape.arrays)
        made_constants = settle(recorder)
        self.arrays = [
            (i, value, self.tape.arrays[value]) for i, value in enumerate(arrays) if value in self.tape.arrays
        ]
        surroundings.keep(self._live(), made_constants)

    def _refuse_caught_failures(self) -> None:
        if self.recorder.failures:
            error, name, place = self.recorder.failures[0]
            raise CompileError(
                f"compile: {name} has raised {type(error).__name__}, and the function goes on; whether it raises "
                f"depends on values, and a replay would take the same way for others (in {place})"
            )

    def _refuse_changes(self) -> None:
        """Raise CompileError if the function has changed something outside that is not recorded."""
        for storage in self.recorder.storages.values():
            if not (storage.versions and storage.is_lasting):
                self.recorder.refuse_hidden_change(storage)
        self.recorder.surroundings.refuse_changes(self._live(), self.recorder.draws)

    def _describe(self) -> None:
        """Note what two recordings of the same program have in common."""
        instructions = self.tape.instructions
        self.lines, self.places = self.tape.lines(), [instruction.place for instruction in instructions]
        self.shapes = [value.shape for i in instructions if i.ragged for value in i.results]

    def _forget_the_dead(self) -> None:
        """Attributes of what the function has made and nobody knows any more are nobody's."""
        attributes = [(weakref.ref(owner), name, value) for owner, name, value in self.set_attributes]
        gradients = [(weakref.ref(leaf), value, self.gradients[leaf]) for leaf, value in self.tape.gradients.items()]
        self.set_attributes.clear()
        self.recorder.assigned.clear()
        self.tape.gradients.clear()
        self.gradients.clear()
        self.set_attributes = [(owner(), *rest) for owner, *rest in attributes if owner() is not None]
        for reference, value, array in gradients:
            leaf = reference()
            if leaf is not None:
                self.tape.gradients[leaf], self.gradients[leaf] = value, array

    def _live(self) -> dict[int, str]:
        """What the program itself reads or writes in each call: owners of memory, by identity."""
        arrays = self.tape.arrays.items()
        return {id(memory_owner(a)): "written" if value.storage.versions else "read" for value, a in arrays}

    def _keep(self, out: Any) -> None:
        self.tape.result = exchange(out, self._value)
        self.tape.recorded_storages = [leaf.storage for leaf in parts(self.tape.result) if isinstance(leaf, Value)]
        self.is_tensor = [isinstance(leaf, Tensor) for leaf in leaves(out) if _is_traced(leaf)]
        self.result = exchange(out, self._plain)
        self.set_attributes = [(owner, name, getattr(owner, name)) for owner, name in self.recorder.assigned.values()]
        self.gradients: dict[Leaf, Any] = {}
        for owner, _, value in self.set_attributes:
            if isinstance(owner, Leaf) and value is not None:
                self.tape.gradients[owner] = self._value(value)
                self.gradients[owner] = np.array(concrete(getattr(value, "_data", value)))

    def _value(self, leaf: Any) -> Any:
        if type(leaf) is Number:
            return leaf.pinned()
        tracer = leaf._data if isinstance(leaf, Tensor) else leaf
        if isinstance(tracer, np.ndarray):
            tracer = self.recorder.array(tracer)  # a constant; each call gives a copy of it
        if not isinstance(tracer, (Tracer, *_CONSTANTS)):
            raise CompileError(
                f"compile: the function returns a {type(leaf).__module__}.{type(leaf).__qualname__}, which each replay "
                "would return again; return arrays, tensors, numbers, texts, and tuples, lists and dicts of them"
            )
        return self.recorder.values[id(tracer)] if isinstance(tracer, Tracer) else leaf

    def _plain(self, leaf: Any) -> Any:
        """A part of the result with an array in the place of a tracer, and a tensor without a graph."""
        if isinstance(leaf, Tensor):
            return _wrap(self._plain(leaf._data))
        if type(leaf) is Number:
            return leaf._concrete
        if not isinstance(leaf, Tracer):
            return np.array(leaf) if isinstance(leaf, np.ndarray) else leaf
        is_foreign = self.recorder.values[id(leaf)].storage.kind != "result"
        return leaf._concrete.copy() if is_foreign else leaf._concrete


def _refusal(error: BaseException | None) -> CompileError | None:
    """The CompileError that has led to an error: NumPy makes others of those that it meets."""
    while error is not None and not isinstance(error, CompileError):
        error = error.__cause__
    return error


def leaves(tree: Any) -> list[Any]:
    """What is in a structure."""
    found: list[Any] = []
    exchange(tree, found.append)
    return found


def _is_traced(leaf: Any) -> bool:
    return isinstance(leaf._data if isinstance(leaf, Tensor) else leaf, Tracer | np.ndarray)
