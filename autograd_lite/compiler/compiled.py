"""A compiled function: recorded once, then replayed on new arguments by the program that is valid for them."""

from __future__ import annotations

import functools
import threading
import time
import warnings
import weakref
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from autograd_lite.compiler.audit import Audit, audited, error_of_function, plain_result
from autograd_lite.compiler.backends import chosen_backend
from autograd_lite.compiler.call_arguments import Arguments
from autograd_lite.compiler.guard_source import Outcome
from autograd_lite.compiler.program import Program
from autograd_lite.compiler.recording import Recording
from autograd_lite.core.grad_mode import is_grad_enabled
from autograd_lite.core.hooks import CompileError, StaleProgramError, current_observers, current_recorder

# The call after which `backend="auto"` compiles. It is a number of calls and not a time, so that all runs of a script
# compute the same.
_CALLS_WORTH_COMPILING = 32
_MOST_PROGRAMS = 32  # of one function; if it needs more, a program is hardly ever replayed


class Compiled:
    """A function with its programs.

    Attributes
    ----------
    program : Program or None
        The one that was recorded or replayed last.
    programs : list of Program
        All of them: one for each combination of shapes, dtypes and switches that has occurred, the 32 used last.
    """

    def __init__(self, function: Callable[..., Any], verify: bool, audit: bool, backend: str) -> None:
        if not callable(function):
            raise TypeError(f"compile: the function must be callable, not {type(function).__name__}")
        functools.update_wrapper(self, function)
        self.function = function
        self.verify, self.audit = verify, audit
        self.backend = chosen_backend(backend)
        self.program: Program | None = None
        self._programs: OrderedDict[Any, list[Program]] = OrderedDict()  # by key; the one used last comes last
        self._quick: tuple[int, Callable[..., Any]] = (-1, function)  # the number of arguments, and the replay function
        # Names, forms and conditions of the last programs, for the warning.
        self._recent: list[tuple[list[str], list[Any], list[str]]] = []
        self._has_warned = False
        self._lock = threading.RLock()  # of recordings, which patch attributes
        self._instances: dict[int, tuple[weakref.ref[Any], Compiled]] = {}

    @property
    def programs(self) -> list[Program]:
        return [program for programs in list(self._programs.values()) for program in programs]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if current_recorder() is not None or current_observers():
            return self.function(*args, **kwargs)  # inside another compiled function, or observed (by `anomaly`)
        count, quick = self._quick
        if count == len(args) and not kwargs:
            try:
                result = quick(*args)
            except Exception as error:
                return self._after_error(error, args, kwargs)
            if result.__class__ is not Outcome:
                return result
        return self._call(args, kwargs)

    def _call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        given = Arguments(self.function, args, kwargs)
        if given.has_graph:
            return self.function(*args, **kwargs)  # a gradient flows through it, which needs a graph
        key, unverified = self._key(given), None
        for program in list(self._programs.get(key, ())):
            try:
                result = program.replay(*given.arrays, *given.numbers)
            except Exception as error:
                return self._after_error(error, args, kwargs)
            if result is Outcome.NOT_VERIFIED:
                unverified = program
            elif result is Outcome.AUDIT or result is Outcome.CHANGED:
                return self._audit(program, key, given, is_due=result is Outcome.AUDIT)
            elif result is Outcome.ALIASED:
                return plain_result(self.function(*args, **kwargs))
            elif result is Outcome.BUSY:
                return self._wait(program, args, kwargs)
            elif result is not Outcome.NOT_VALID:
                self._prefer(program, key, given)
                return result
        return self._record(key, given, unverified)

    def _key(self, given: Arguments) -> Any:
        return (is_grad_enabled(), len(given.args), *given.forms)

    def _wait(self, program: Program, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Wait for the other thread, then call again. A recursive call runs the plain function."""
        if program.state.thread == threading.get_ident():
            return plain_result(self.function(*args, **kwargs))
        with program.lock:
            pass
        time.sleep(0)
        return self._call(args, kwargs)

    def _after_error(self, error: Exception, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run the function after its program has raised: it raises a clearer error, or takes another branch."""
        program = next((program for program in self.programs if program.has_raised(error)), None)
        if program is None:  # an invalid option of an optimizer, for example
            raise error
        given = Arguments(self.function, args, kwargs)
        if program.has_changed(error):
            raise error_of_function(error, lambda: self.function(*args, **kwargs), program, given.arrays)
        if type(error).__name__ == "ShapeChanged":
            return self._record(self._key(given), given, None)
        return plain_result(self.function(*args, **kwargs))

    def _prefer(self, program: Program, key: Any, given: Arguments) -> None:
        """Try this program first in the next call."""
        self.program = program
        quick = None if given.kwargs else program.replay_for(given.args)
        self._quick = (-1, self.function) if quick is None else (len(given.args), quick)
        with suppress(KeyError):  # another thread has just dropped it
            self._programs.move_to_end(key)

    # -- recording -------------------------------------------------------------------------------------------------

    def _record(self, key: Any, given: Arguments, earlier: Program | None) -> Any:
        with self._lock:
            recording = Recording(
                self.function, given, None if earlier is None else earlier.transcript, self.backend != "numpy"
            )
            if earlier is not None and earlier.transcript.shapes == recording.transcript.shapes:
                program = earlier
                program.note_verified()
                self._use_native(program, self.backend == "native")
            else:
                program = Program(recording, not self.verify, self._until_audit())
                self._use_native(program, self.backend == "native" and not self.verify)
                if given.overlap(program.owners, each_other=bool(program.written_inputs)):
                    return recording.result  # a write into one array changes another
                self._programs[key] = [program, *self._programs.get(key, ())]
                self._programs.move_to_end(key)
                self._recent = [*self._recent, (given.names, given.forms, list(program.conditions))][-_MOST_PROGRAMS:]
                self._limit_programs()
            program.set_gradients(recording)
            self._prefer(program, key, given)
            return recording.result

    def _until_audit(self) -> int | None:
        """The number of replays until the first audit, or, without audits, until native code is compiled."""
        if self.audit:
            return 1
        return _CALLS_WORTH_COMPILING - 1 - self.verify if self.backend == "auto" else None

    def _use_native(self, program: Program, is_time: bool) -> None:
        if is_time:
            program.steps.use_native()

    def _limit_programs(self) -> None:
        """Drop the programs whose last use is the longest ago, and warn of an argument that keeps changing."""
        while len(self.programs) > _MOST_PROGRAMS:
            key, programs = next(iter(self._programs.items()))
            if len(programs) > 1 and len(self._programs) == 1:
                self._programs[key] = programs[:-1]
            else:
                del self._programs[key]
            if not self._has_warned:
                self._has_warned = True
                warnings.warn(self._what_changes(), stacklevel=5)

    def _what_changes(self) -> str:
        name = getattr(self.function, "__qualname__", "the function")
        text = f"compile: {name} has been recorded {_MOST_PROGRAMS} times, which takes longer than running it"
        forms: dict[str, list[Any]] = {}
        for names, found, conditions in self._recent:
            for argument, form in zip(names, found, strict=True):
                forms.setdefault(argument, []).append(form)
            for expression in conditions:
                forms.setdefault("a number inside", []).append(expression)
        argument, seen = max(forms.items(), key=lambda item: len(set(item[1])), default=("", []))
        if len(set(seen)) > 1:
            last = ", ".join(str(form)[:40] for form in dict.fromkeys(seen[-3:]))
            text += f"; {argument} keeps changing ({last}). Pass floats and arrays for what changes"
        return text

    # -- audits ----------------------------------------------------------------------------------------------------

    def _audit(self, program: Program, key: Any, given: Arguments, is_due: bool) -> Any:
        def function() -> Any:
            return self.function(*given.args, **given.kwargs)

        if is_due and not self.audit:
            program.stop_audits()
            self._use_native(program, True)
            return self._call(given.args, given.kwargs)
        with program.lock:  # other threads wait, so that nothing changes between the two runs
            program.note_audited_arrays()
            if is_due:
                program.note_audit()
                self._use_native(program, self.backend == "auto" and program.calls >= _CALLS_WORTH_COMPILING)
            audit = audited(function, program, given.arrays, given.numbers)
            if audit.difference:
                return self._refuse_stale(audit, program, key, given)
        self._prefer(program, key, given)
        return audit.result

    def _refuse_stale(self, audit: Audit, program: Program, key: Any, given: Arguments) -> Any:
        """Raise StaleProgramError, unless the function makes the same NumPy calls and only roundings differ."""
        with self._lock:
            audit.undo()
            where = "both make the same NumPy calls"
            try:
                recording = Recording(self.function, given, program.transcript, self.backend != "numpy")
                if audit.is_rounding and recording.transcript.shapes == program.transcript.shapes:
                    program.set_gradients(recording)
                    return recording.result
                audit.undo()
            except CompileError as error:  # the recording has restored everything
                where = str(error).removeprefix("compile: ")
            self._programs[key] = [other for other in self._programs.get(key, ()) if other is not program]
            self._quick = (-1, self.function)
        name = getattr(self.function, "__qualname__", "the function")
        raise StaleProgramError(
            f"compile: call {program.calls} of {name} was audited, and {audit.difference}: a replay does not do what "
            f"the function does now; {where}"
        )

    # -- methods ---------------------------------------------------------------------------------------------------

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        if instance is None:
            return self
        known = self._instances.get(id(instance))
        if known is None or known[0]() is not instance:
            compiled, key = Compiled(self.function, self.verify, self.audit, self.backend), id(instance)
            try:
                reference = weakref.ref(instance, lambda _: self._instances.pop(key, None))
            except TypeError:  # a class with __slots__: one set of programs for all instances
                return functools.partial(self, instance)
            known = self._instances[id(instance)] = (reference, compiled)
        return BoundMethod(known[1], instance)

    def __reduce__(self) -> Any:
        """Copies and pickles are recorded again."""
        return Compiled, (self.function, self.verify, self.audit, self.backend)

    def __repr__(self) -> str:
        return f"<compiled {getattr(self.function, '__qualname__', self.function)}, {len(self.programs)} programs>"

    def _repr_html_(self) -> str:
        """The programs in a notebook, each with the beginning of its source."""
        from autograd_lite.support.messages import shorten
        from autograd_lite.support.notebook import details_html, lines_html  # few programs need them

        programs = [details_html(repr(program), shorten(program.source, 10_000)) for program in self.programs]
        return f"<div>{lines_html(repr(self))}{''.join(programs)}</div>"


class BoundMethod:
    """A compiled method of an object, which has its own programs."""

    def __init__(self, compiled: Compiled, instance: Any) -> None:
        self.compiled, self.__self__ = compiled, instance

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.compiled(self.__self__, *args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.compiled, name)
