"""A compiled function: run once and recorded, then replayed on new arguments, by the program that holds for them."""

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

from autograd_lite.compiler.arguments import Arguments
from autograd_lite.compiler.audit import Audit, audited, better_words, plain_result
from autograd_lite.compiler.entry import Outcome
from autograd_lite.compiler.program import Program
from autograd_lite.compiler.recording import Recording
from autograd_lite.core.grad_mode import is_grad_enabled
from autograd_lite.core.hooks import CompileError, StaleProgramError, current_observers, current_recorder

_MOST_PROGRAMS = 32  # of one function; more mean that they hardly ever hold again


class Compiled:
    """A function with its programs.

    Attributes
    ----------
    program : Program or None
        The one that was recorded or replayed last.
    programs : list of Program
        All of them: one for each combination of shapes, dtypes and switches that has occurred, the 32 used last.
    """

    def __init__(self, function: Callable[..., Any], verify: bool, audit: bool) -> None:
        if not callable(function):
            raise TypeError(f"compile: a function is needed, not {type(function).__name__}")
        functools.update_wrapper(self, function)
        self.function = function
        self.verify, self.audit = verify, audit
        self.program: Program | None = None
        # By the key of the arguments and a number, the one that was used last comes last.
        self._programs: OrderedDict[Any, list[Program]] = OrderedDict()
        self._quick: tuple[int, Callable[..., Any]] = (-1, function)
        self._recent: list[
            tuple[list[str], list[Any], list[str]]
        ] = []  # names, forms and conditions of the last programs
        self._has_warned = False
        self._lock = threading.RLock()  # of recordings: attributes are patched meanwhile
        self._instances: dict[int, tuple[weakref.ref[Any], Compiled]] = {}

    @property
    def programs(self) -> list[Program]:
        return [program for programs in list(self._programs.values()) for program in programs]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if current_recorder() is not None or current_observers():
            return self.function(*args, **kwargs)  # a part of another program, or looked at closely
        count, quick = self._quick
        if count == len(args) and not kwargs:
            try:
                result = quick(*args)
            except Exception as error:
                return self._after(error, args, kwargs)
            if result.__class__ is not Outcome:
                return result
        return self._call(args, kwargs)

    def _call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        given = Arguments(self.function, args, kwargs)
        if given.has_graph:
            return self.function(*args, **kwargs)  # a gradient flows through it, so there has to be a graph
        key, unverified = (is_grad_enabled(), len(args), *given.forms), None
        for program in list(self._programs.get(key, ())):
            try:
                result = program.entry(*given.arrays, *given.numbers)
            except Exception as error:
                return self._after(error, args, kwargs)
            if result is Outcome.NOT_YET:
                unverified = program
            elif result is Outcome.AUDIT or result is Outcome.CHANGED:
                return self._audit(program, key, given, is_due=result is Outcome.AUDIT)
            elif result is Outcome.ALIASED:
                return plain_result(self.function(*args, **kwargs))
            elif result is Outcome.BUSY:
                return self._wait(program, args, kwargs)
            elif result is not Outcome.NOT_THIS:
                self._prefer(program, key, given)
                return result
        with self._lock:
            return self._record(key, given, unverified)

    def _wait(self, program: Program, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call again when the other thread has left the program; within itself a program is the function."""
        if program.inside[0] == threading.get_ident():
            return plain_result(self.function(*args, **kwargs))
        with program.lock:
            pass
        time.sleep(0)
        return self._call(args, kwargs)

    def _after(self, error: Exception, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """What the function does where a program has raised: it has the better words, or another way."""
        program = next((program for program in self.programs if program.raised(error)), None)
        if program is None:  # an option of an optimizer, say, that makes no sense
            raise error
        given = Arguments(self.function, args, kwargs)
        if not program.has_changed(error):
            if type(error).__name__ == "ShapeChanged":
                with self._lock:
                    return self._record((is_grad_enabled(), len(args), *given.forms), given, None)
            return plain_result(self.function(*args, **kwargs))
        raise better_words(error, lambda: self.function(*args, **kwargs), program, given.arrays)

    def _prefer(self, program: Program, key: Any, given: Arguments) -> None:
        """The next call is probably like this one."""
        self.program = program
        quick = None if given.kwargs else program.entry_for(given.args)
        self._quick = (-1, self.function) if quick is None else (len(given.args), quick)
        with suppress(KeyError):  # another thread has just forgotten it
            self._programs.move_to_end(key)

    # -- recording -------------------------------------------------------------------------------------------------

    def _record(self, key: Any, given: Arguments, earlier: Program | None) -> Any:
        recording = Recording(self.function, given, earlier)
        if earlier is not None and earlier.shapes != recording.shapes:
            earlier = None  # another number of elements was selected
        if earlier is None:
            program = Program(recording, not self.verify, self.audit)
            if given.overlap(program.owners, each_other=bool(program.written_inputs)):
                return recording.result  # what is written into one array changes another
            self._programs[key] = [program, *self._programs.get(key, ())]
            self._programs.move_to_end(key)
            self._forget(given, program)
        else:
            program = earlier
            program.verified()
        program.leave_gradients(recording)
        self._prefer(program, key, given)
        return recording.result

    def _forget(self, given: Arguments, program: Program) -> None:
        """Keep the programs that were used last, and warn of an argument that keeps changing."""
        self._recent = [*self._recent, (given.names, given.forms, list(program.conditions))][-_MOST_PROGRAMS:]
        while len(self.programs) > _MOST_PROGRAMS:
            key, programs = next(iter(self._programs.items()))
            programs = programs[:-1] if len(programs) > 1 and len(self._programs) == 1 else []
            if programs:
                self._programs[key] = programs
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

        with program.lock:  # other threads wait, so that nothing changes between the two runs
            program.note_live_arrays()
            if is_due:
                program.expect_audit()
            audit = audited(function, program, given.arrays, given.numbers)
            if audit.difference:
                return self._refuse_stale(audit, program, key, given)
        self._prefer(program, key, given)
        return audit.result

    def _refuse_stale(self, audit: Audit, program: Program, key: Any, given: Arguments) -> Any:
        """Raise StaleProgramError, unless the function makes the same NumPy calls and only roundings differ."""
        with self._lock:
            audit.put_back()
            where = "both make the same NumPy calls"
            try:
                recording = Recording(self.function, given, program)
                if audit.is_rounding and recording.shapes == program.shapes:
                    program.leave_gradients(recording)
                    return recording.result
                audit.put_back()
            except CompileError as error:  # what it has done is undone
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
            compiled, key = Compiled(self.function, self.verify, self.audit), id(instance)
            try:
                reference = weakref.ref(instance, lambda _: self._instances.pop(key, None))
            except TypeError:  # a class with __slots__: one set of programs for all instances
                return functools.partial(self, instance)
            known = self._instances[id(instance)] = (reference, compiled)
        return BoundMethod(known[1], instance)

    def __reduce__(self) -> Any:
        """Copies and pickles record anew."""
        return Compiled, (self.function, self.verify, self.audit)

    def __repr__(self) -> str:
        return f"<compiled {getattr(self.function, '__qualname__', self.function)}, {len(self.programs)} programs>"


class BoundMethod:
    """A compiled method of an object, which has programs of its own."""

    def __init__(self, compiled: Compiled, instance: Any) -> None:
        self.compiled, self.__self__ = compiled, instance

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.compiled(self.__self__, *args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.compiled, name)
