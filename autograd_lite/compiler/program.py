"""A program: the source that replays a recorded function, its guards, and the gradients that it sets."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite.compiler.buffers import BufferPlan, allocate
from autograd_lite.compiler.calls import Effect
from autograd_lite.compiler.guard_source import GuardSource, Outcome
from autograd_lite.compiler.passes import shorten_tape
from autograd_lite.compiler.recording import Recording
from autograd_lite.compiler.steps import Steps
from autograd_lite.compiler.tape import Value, map_parts
from autograd_lite.core.grad_mode import is_grad_enabled
from autograd_lite.core.tensor import Tensor, _wrap
from autograd_lite.core.writes import record_changes
from autograd_lite.random import generator
from autograd_lite.support.addresses import memory_owner

_NEVER = 1 << 62  # calls until an audit


class ReplayState:
    """What changes from replay to replay.

    Attributes
    ----------
    is_verified : bool
        Whether a second recording was the same, or is not required.
    until_audit : int
        The number of calls until the next audit.
    thread : int or None
        The thread that is running a replay.
    """

    __slots__ = ("is_verified", "thread", "until_audit")

    def __init__(self, is_verified: bool, until_audit: int) -> None:
        self.is_verified, self.until_audit = is_verified, until_audit
        self.thread: int | None = None


class Program:
    """A flat list of NumPy calls that does what a function did when it was recorded.

    Attributes
    ----------
    steps : Steps
        The NumPy calls, the kernels, and which of them runs.
    source : str
        NumPy code that runs by itself: ``build(...)`` makes the buffers, and returns the function and the arrays in
        which it leaves gradients.
    arrays : dict of str to array
        The arguments of `build`: parameters, states, constants.
    plan : BufferPlan
        The buffers.
    replay : callable
        Called with the arrays and numbers of a call. Runs the program if its guards hold; else returns an `Outcome`.
    transcript : Transcript
        What a second recording is compared with.
    written, written_inputs : list
        The arrays from outside that the program writes, and the positions of the arguments that it writes.
    leaves : list of Leaf
        Those whose gradient it sets.
    owners : frozenset of int
        Identities of the arrays whose memory no argument may share.
    lock : RLock
        Held by a thread for a replay, and for the whole of an audit.
    calls : int
        The number of the last call that was recorded or audited.
    """

    def __init__(self, recording: Recording, verified: bool, until_audit: int | None) -> None:
        tape = recording.tape
        self.transcript = recording.transcript
        self.updates, self.draws = recording.recorder.updates, recording.recorder.draws
        self.effects = [i.function for i in tape.instructions if isinstance(i.function, Effect)]
        self.leaves = list(recording.gradients)
        self.conditions = dict(recording.recorder.conditions)
        places = shorten_tape(tape)
        self.plan: BufferPlan = allocate(tape, places)
        self.steps = Steps(tape, self.plan)
        self.source, self.arrays = self.steps.source.text, self.steps.source.arrays
        self._other_leaves = [leaf for leaf in tape.gradients if leaf not in self.steps.gradients]
        self._inputs = ", ".join(f"{value.name} {value.dtype}{list(value.shape)}" for value in tape.inputs)
        self.lock = threading.RLock()
        self.state = ReplayState(verified, _NEVER if until_audit is None else until_audit)
        self.calls = 1
        self._find_written(recording)
        self.replay = self._replay(recording)
        self._replays: dict[tuple[type, ...], Callable[..., Any]] = {}

    @property
    def backend(self) -> str:
        """What runs: "numpy" or "native"."""
        return self.steps.backend

    @property
    def native_source(self) -> str | None:
        """The source with kernels for numba, if they are used; it runs by itself, too."""
        return self.steps.native_source

    @property
    def reasons(self) -> dict[str, int]:
        """Why calls are not part of a kernel, with their number; or why there is no kernel."""
        return self.steps.reasons

    def _find_written(self, recording: Recording) -> None:
        tape = recording.tape
        written = {value.storage for instruction in tape.instructions for value in instruction.writes}
        written |= {array.storage for array, _ in self.plan.places.values()}
        self.written = [storage.owner for storage in written if storage.kind == "array"]
        self.written_inputs = [i for i, value in enumerate(tape.inputs) if value.storage in written]
        outside = {value.storage for value in tape.arrays} if self.written_inputs else written
        self.owners = frozenset(id(storage.owner) for storage in outside if storage.kind == "array")

    # -- the replay function ---------------------------------------------------------------------------------------

    def _replay(self, recording: Recording) -> Callable[..., Any]:
        # In expressions numbers have their names in the program, which never look like names of the replay function.
        inputs = [f"a{i}_" for i in range(len(recording.tape.inputs))]
        passed = [name for name, number_source, _ in recording.tape.numbers if number_source is None]
        source = GuardSource([*inputs, *passed])
        self._write_guards(source, recording)
        self._write_aliasing(source, inputs)
        state = source.name(self.state)
        source.require(f"{state}.is_verified", Outcome.NOT_VERIFIED)
        self.note_audited_arrays = source.audit_if_changed(recording.recorder.guards)
        source.do(f"{state}.until_audit -= 1")
        source.require(f"{state}.until_audit > 0", Outcome.AUDIT)
        self._write_run(source, recording, inputs)
        return source.compiled()

    def _write_guards(self, source: GuardSource, recording: Recording) -> None:
        recorder = recording.recorder
        for owner, attribute, found in recorder.read_attributes:
            source.require(f"{source.name(owner)}.{attribute} is {source.name(found)}")
            if attribute == "_data":
                source.require(f"{source.name(owner)}._node is {source.name(owner._node)}")
        source.require_guards(recorder.guards)
        for expression, thing in recorder.requirements:
            source.require(expression.format(source.name(thing)))
        options = []
        for name, number_source, kind in recording.tape.numbers:
            if number_source is not None:
                source.do(f"{name} = {number_source.expression.format(source.name(number_source.owner))}")
                options += [name] * number_source.is_option
            source.require(f"{name}.__class__ is {source.name(kind)}")
        for group, name, value in (constant for update in recorder.updates for constant in update.constants):
            source.require(f"{source.name(group)}[{name!r}] == {source.name(value)}")
        for expression, value in recorder.conditions.items():
            source.require(expression if value else f"not {expression}")
        if options:  # the optimizers check those that have changed
            checked = source.name([None])
            source.do(f"options_ = ({', '.join(options)},)")
            source.do(f"if options_ != {checked}[0]:")
            for update in recorder.updates:
                source.do(f" {source.name(update.optimizer)}.prepare()")
            source.do(f" {checked}[0] = options_")

    def _write_aliasing(self, source: GuardSource, inputs: list[str]) -> None:
        if self.owners:
            for name in inputs:
                owner = f"id({name} if {name}.base is None else {source.name(memory_owner)}({name}))"
                source.require(f"{owner} not in {source.name(self.owners)}", Outcome.ALIASED)
        if self.written_inputs and len(inputs) > 1:
            distinct = source.name(_have_distinct_memory)
            source.require(f"{distinct}({', '.join(inputs)})", Outcome.ALIASED)

    def _write_run(self, source: GuardSource, recording: Recording, inputs: list[str]) -> None:
        tape, is_tensor = recording.tape, recording.is_tensor
        results = [f"result{i}_" for i in range(len(is_tensor))]
        gradients = [f"gradient{i}_" for i in range(len(self._other_leaves))]
        rng = [f"{source.name(generator)}()"] * self.steps.source.uses_rng
        call = f"{self.steps.name_in(source)}({', '.join([*inputs, *(name for name, _, _ in tape.numbers), *rng])})"
        state, busy = source.name(self.state), source.name(Outcome.BUSY)
        release = f"{source.name(self.lock.release)}()"
        source.do(f"if not {source.name(self.lock.acquire)}(False): return {busy}")
        source.do(f"if {state}.thread is not None: {release}; return {busy}")  # called from inside itself
        source.do("try:")
        source.do(f" {state}.thread = {source.name(threading.get_ident)}()")
        returned = [*results, *gradients]
        source.do(f" {''.join(f'{name}, ' for name in returned)} = {call}" if returned else f" {call}")
        for leaf, array in self.steps.gradients.items():
            source.do(f" {source.name(leaf)}.grad = {source.name(array)}")
        for leaf, name in zip(self._other_leaves, gradients, strict=True):
            source.do(f" {source.name(leaf)}.grad = {name}")
        for leaf, array in recording.gradients.items():
            if array is None:
                source.do(f" {source.name(leaf)}.grad = None")
        source.do("finally:")
        source.do(f" {state}.thread = None")
        if self.written:
            source.do(f" {source.name(record_changes)}({source.name(self.written)})")
        source.do(f" {release}")
        wrap = source.name(_wrap)
        arrays = [f"{wrap}({r})" if tensor else r for r, tensor in zip(results, is_tensor, strict=True)]
        if isinstance(tape.result, Value):
            source.do(f"return {arrays[0]}")
        else:
            source.do(f"return {source.name(_filled)}({source.name(tape.result)}, [{', '.join(arrays)}])")

    def replay_for(self, args: tuple[Any, ...]) -> Callable[..., Any] | None:
        """A replay function for arguments as they are: distinct arrays, tensors, floats, lists and tuples."""
        try:
            kinds = tuple(map(_kinds, args))
        except TypeError:
            return None
        if kinds in self._replays:
            return self._replays[kinds]
        names = [f"x{i}" for i in range(len(args))]
        source = GuardSource(names)
        source.require(f"{source.name(is_grad_enabled)}() is {is_grad_enabled()}")
        arrays: list[str] = []
        numbers: list[str] = []
        for name, value in zip(names, args, strict=True):
            source.require_argument(name, value, arrays, numbers)
        for i, one in enumerate(arrays):
            for other in arrays[:i]:
                source.require(f"{one} is not {other}")
        source.do(f"return {source.name(self.replay)}({', '.join(arrays + numbers)})")
        self._replays[kinds] = source.compiled()
        return self._replays[kinds]

    # -- verification and audits -----------------------------------------------------------------------------------

    def note_verified(self) -> None:
        """Note that a second recording was the same."""
        self.state.is_verified = True
        self.calls += 1

    def note_audit(self) -> None:
        """Note a call that is audited; from the fourth on, the next audit is due after twice as many calls."""
        self.calls = self.calls + 1 if self.calls < 4 else 2 * self.calls
        self.state.until_audit = self.calls if self.calls >= 4 else 1

    def stop_audits(self) -> None:
        """Audit no call any more."""
        self.state.until_audit = _NEVER

    def replay_without_audit(self, inputs: list[Any], numbers: list[float], backend: str = "numpy") -> Any:
        """Replay by a backend, whether an audit is due or not."""
        until, self.state.until_audit = self.state.until_audit, _NEVER
        try:
            with self.steps.running(backend):
                return self.replay(*inputs, *numbers)
        finally:
            self.state.until_audit = until

    def has_raised(self, error: BaseException) -> bool:
        """Whether an exception comes from the program."""
        return self.steps.place(error) is not None

    def has_changed(self, error: BaseException) -> bool:
        """Whether the program had changed something when it raised the exception."""
        place = self.steps.place(error)
        if place is None:
            return True
        source, line = place
        return source.first_effect is not None and line > source.first_line + source.first_effect

    def set_gradients(self, recording: Recording) -> None:
        """Store the gradients of a recorded call where those of each replay are stored."""
        arrays = self.steps.gradients
        for leaf, gradient in recording.gradients.items():
            if gradient is not None and leaf in arrays:
                arrays[leaf][...] = gradient
                gradient = arrays[leaf]
            leaf.grad = gradient

    def __repr__(self) -> str:
        native = f", run as {self.steps.calls} calls of kernels and NumPy" if self.backend == "native" else ""
        return (
            f"<program of {len(self.steps.source.body)} NumPy calls on {len(self.plan.buffers)} buffers "
            f"of {self.plan.nbytes:,} bytes{native}; {self._inputs}>"
        )


def _kinds(value: Any) -> Any:
    """The types of an argument and of all parts of lists and tuples; a TypeError for other types."""
    kind = type(value)
    if kind is list or kind is tuple:
        return kind, *map(_kinds, value)
    if kind is float or kind is np.ndarray or isinstance(value, Tensor):
        return kind
    raise TypeError(kind)


def _have_distinct_memory(*arrays: Any) -> bool:
    return len({id(memory_owner(array)) for array in arrays}) == len(arrays)


def _filled(form: Any, arrays: list[Any]) -> Any:
    """A result with arrays in the place of values."""
    remaining = iter(arrays)
    return map_parts(form, lambda leaf: next(remaining) if isinstance(leaf, Value) else leaf)
