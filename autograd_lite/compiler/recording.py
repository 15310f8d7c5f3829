"""A recording: what came of running a function once on tracers."""

from __future__ import annotations

import enum
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite.compiler.call_arguments import Arguments
from autograd_lite.compiler.guard_discovery import GuardDiscovery
from autograd_lite.compiler.loops import recorded_loop
from autograd_lite.compiler.outside_arrays import release_arrays
from autograd_lite.compiler.recorder import Recorder
from autograd_lite.compiler.tape import map_parts, parts
from autograd_lite.compiler.traced_numbers import TracedNumber
from autograd_lite.compiler.tracer import Tracer
from autograd_lite.compiler.transcript import Transcript
from autograd_lite.core.graph import Leaf
from autograd_lite.core.hooks import CompileError, concrete
from autograd_lite.core.tensor import Tensor, _wrap
from autograd_lite.support.addresses import memory_owner

_CONSTANTS = (int, float, complex, str, bytes, type(None), np.generic, np.dtype, enum.Enum, type, range)


class Recording:
    """A function that was run once on tracers.

    Attributes
    ----------
    recorder : Recorder
    tape : Tape
    transcript : Transcript
    result : object
        What the function has returned, with arrays in place of tracers.
    is_tensor : list of bool
        For each array of the result whether it is a tensor.
    gradients : dict of Leaf to array or None
        The gradients that the function has set.

    Raises
    ------
    CompileError
        If the function cannot be replayed faithfully, or if `earlier`, the transcript of another recording with the
        same shapes, differs. Everything that the function has changed is restored.
    """

    result: Any
    gradients: dict[Leaf, Any]

    def __init__(
        self, function: Callable[..., Any], given: Arguments, earlier: Transcript | None = None, expands: bool = False
    ) -> None:
        discovery = GuardDiscovery(function, given.objects)
        name = getattr(function, "__name__", "function")
        self.recorder = recorder = Recorder(name, discovery.guards, recorded_loop, expands)
        self.tape = recorder.tape
        try:
            self._run(function, given, discovery)
            self.transcript = Transcript(self.tape)
            if earlier is not None and earlier.shapes == self.transcript.shapes:
                earlier.refuse_difference(self.transcript, self.tape)
        except Exception as error:
            refusal = _refusal(error)
            if refusal is None:
                raise
            for restore in reversed(recorder.undo):
                restore()
            raise refusal from None
        finally:
            recorder.undo.clear()
        self._drop_freed_leaves()
        made_constants = release_arrays(recorder)
        self.transcript.keep_arrays(self.tape)
        discovery.guards.keep_needed(self._used_memory(), made_constants)

    def _run(self, function: Callable[..., Any], given: Arguments, discovery: GuardDiscovery) -> None:
        recorder = self.recorder
        args, kwargs = given.traced(recorder)
        with recorder.recording(), discovery.observing_calls():
            out = function(*args, **kwargs)
        if recorder.failures:
            error, name, place = recorder.failures[0]
            raise CompileError(
                f"compile: {name} has raised {type(error).__name__}, and the function has caught it. Whether it "
                f"raises depends on values, but a replay would always take this path (in {place})"
            )
        self._keep(out)
        for storage in recorder.storages.values():
            if not (storage.write_count and storage.is_lasting):
                recorder.refuse_hidden_change(storage)
        discovery.refuse_changes(self._used_memory(), recorder.draws)

    def _keep(self, out: Any) -> None:
        """Keep the result, and the gradients that were set."""
        self.tape.result = map_parts(out, self._value)
        self.tape.recorded_storages = [value.storage for value in self.tape.results()]
        self.is_tensor = [isinstance(leaf, Tensor) for leaf in parts(out) if _is_array(leaf)]
        self.result = map_parts(out, self._plain)
        leaves = [owner for owner in self.recorder.assigned.values() if isinstance(owner, Leaf)]
        self.gradients = dict.fromkeys(leaves)
        for leaf in leaves:
            if leaf.grad is not None:
                self.tape.gradients[leaf] = self._value(leaf.grad)
                self.gradients[leaf] = np.array(concrete(getattr(leaf.grad, "_data", leaf.grad)))

    def _value(self, leaf: Any) -> Any:
        """The part of a result in the program."""
        if type(leaf) is TracedNumber:
            return leaf.pinned()
        array = leaf._data if isinstance(leaf, Tensor) else leaf
        if isinstance(array, np.ndarray):
            array = self.recorder.array(array)  # a constant; each call returns a copy of it
        if not isinstance(array, (Tracer, *_CONSTANTS)):
            raise CompileError(
                f"compile: the function returns a {type(leaf).__module__}.{type(leaf).__qualname__}, which each replay "
                "would return again; return arrays, tensors, numbers, strings, and tuples, lists and dicts of them"
            )
        return array._value if isinstance(array, Tracer) else leaf

    def _plain(self, leaf: Any) -> Any:
        """The part of a result with an array in place of a tracer, and a tensor without a graph."""
        if isinstance(leaf, Tensor):
            return _wrap(self._plain(leaf._data))
        if type(leaf) is TracedNumber:
            return leaf._concrete
        if not isinstance(leaf, Tracer):
            return np.array(leaf) if isinstance(leaf, np.ndarray) else leaf
        return leaf._concrete if leaf._value.storage.kind == "result" else leaf._concrete.copy()

    def _used_memory(self) -> dict[int, str]:
        """Whether the program reads or writes memory from outside, by the identity of the owner."""
        arrays = self.tape.arrays.items()
        return {id(memory_owner(a)): "written" if value.storage.write_count else "read" for value, a in arrays}

    def _drop_freed_leaves(self) -> None:
        """Drop the gradients of leaves that the function has made and nothing else refers to."""
        values, arrays = self.tape.gradients, self.gradients
        gradients = [(weakref.ref(leaf), array, values.get(leaf)) for leaf, array in arrays.items()]
        self.recorder.assigned.clear()
        values.clear()
        arrays.clear()
        for reference, array, value in gradients:
            leaf = reference()
            if leaf is not None:
                arrays[leaf] = array
                if value is not None:
                    values[leaf] = value


def _refusal(error: BaseException | None) -> CompileError | None:
    """The CompileError that caused an error; NumPy replaces some by its own."""
    while error is not None and not isinstance(error, CompileError):
        error = error.__cause__
    return error


def _is_array(leaf: Any) -> bool:
    return isinstance(leaf._data if isinstance(leaf, Tensor) else leaf, Tracer | np.ndarray)
