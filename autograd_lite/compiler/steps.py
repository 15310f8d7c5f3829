"""A program as functions: one of NumPy calls, one of kernels, and which of them runs."""

from __future__ import annotations

import linecache
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from autograd_lite.compiler.buffers import BufferPlan
from autograd_lite.compiler.guard_source import GuardSource
from autograd_lite.compiler.native.building import garbage_collection_paused
from autograd_lite.compiler.native.loops import NotNative
from autograd_lite.compiler.native.program import NativeSource, native_source
from autograd_lite.compiler.program_source import Source
from autograd_lite.compiler.tape import Tape
from autograd_lite.core.graph import Leaf

# Kernels are given up after this number of calls that NumPy calls had to do.
_MOST_RESTARTS = 16


class Steps:
    """The functions of a program.

    Attributes
    ----------
    source : Source
        The NumPy calls.
    gradients : dict of Leaf to array
        The arrays in which both functions leave gradients, where these are always the same.
    backend : "numpy" or "native"
        What runs.
    native_source : str or None
        The source with kernels.
    reasons : dict of str to int
        Why calls are not part of a kernel, with their number; or why there is no kernel.
    calls : int
        The number of lines of the source with kernels.
    """

    def __init__(self, tape: Tape, plan: BufferPlan) -> None:
        self._tape, self._plan = tape, plan
        found = [getattr(instruction.function, "steps", None) for instruction in tape.instructions]
        self._loops: list[Steps] = [steps for steps in found if isinstance(steps, Steps)]  # of loops, see `loops`
        self._sources: dict[str, Source] = {}  # by the name of the file
        self._namespace: dict[str, Any] = {}
        self._name = ""
        self.source = Source(tape, plan)
        self._numpy, arrays = self._built(self.source, {})
        lasting = [leaf for leaf, own in zip(tape.gradients, self.source.gradient_is_lasting, strict=True) if own]
        self.gradients: dict[Leaf, Any] = dict(zip(lasting, arrays, strict=True))
        self._native: Callable[..., Any] | None = None
        self.native_source: str | None = None
        self.backend = "numpy"
        self.reasons: dict[str, int] = {}
        self.calls = self._restarts = 0

    def _built(self, source: Source, names: dict[str, Any]) -> Any:
        filename = f"<program {self._tape.name} {len(linecache.cache)}>"
        linecache.cache[filename] = (len(source.text), None, source.text.splitlines(True), filename)
        self._sources[filename] = source
        namespace = dict(names)
        exec(compile(source.text, filename, "exec"), namespace)
        return namespace["build"](**source.arrays, **source.functions, **source.effects)

    @property
    def function(self) -> Callable[..., Any]:
        """The function that runs."""
        return self._native if self.backend == "native" and self._native is not None else self._numpy

    def name_in(self, source: GuardSource) -> str:
        """The name under which a replay function finds the function that runs."""
        self._name, self._namespace = source.variable(self._numpy), source.namespace
        return self._name

    def place(self, error: BaseException) -> tuple[Source, int] | None:
        """The source and the line that raised an exception."""
        trace, place = error.__traceback__, None
        while trace is not None:
            source = self._sources.get(trace.tb_frame.f_code.co_filename)
            if source is not None:
                place = source, trace.tb_lineno
            trace = trace.tb_next
        return place

    # -- native code -------------------------------------------------------------------------------------------------

    def use_native(self) -> None:
        """Run kernels from now on, if there are any."""
        if self._native is not None or self.reasons:
            return
        for steps in self._loops:
            steps.use_native()
        try:
            with garbage_collection_paused():
                source = native_source(self._tape, self._plan.places, self.gradients)
            kernels = source.compiled(self._tape.name)
        except NotNative as error:
            self.reasons = {str(error): 1}
            if any(steps.backend == "native" for steps in self._loops):
                self._native, self.calls = self._numpy, len(self.source.body)
                self._use("native")
        except Exception as error:  # of numba, which may not support this version of NumPy, or this processor
            self.reasons = {f"{type(error).__name__}: {error}": 1}
            warnings.warn(f"compile: NumPy calls are used, because numba has failed: {error}", stacklevel=5)
        else:
            self._start(source, kernels)

    def _start(self, source: NativeSource, kernels: dict[str, Callable[..., Any]]) -> None:
        if "numpy_program" in source.functions:
            source.functions["numpy_program"] = self._restarted
        self._native, _ = self._built(source, kernels)
        self.native_source, self.reasons, self.calls = source.whole_text, source.reasons, len(source.body)
        self._use("native")

    def _restarted(self, *args: Any) -> Any:
        """Do a call by NumPy calls, because a kernel has met what it cannot do."""
        self._restarts += 1
        if self._restarts > _MOST_RESTARTS:
            self.refuse_native(
                f"{self._restarts} calls were left to NumPy, because of floating-point errors, an index out of range, "
                "or another branch inside an operation"
            )
        return self._numpy(*args)

    def refuse_native(self, reason: str) -> None:
        """Run NumPy calls from now on."""
        self.reasons, self._native = {reason: 1}, None
        self._use("numpy")

    def _use(self, backend: str) -> None:
        self.backend = backend
        for steps in self._loops:
            steps._use(backend if steps._native is not None else "numpy")
        self._namespace[self._name] = self._native if backend == "native" else self._numpy

    @contextmanager
    def running(self, backend: str) -> Iterator[None]:
        """Inside, one of the functions runs."""
        used = self.backend
        self._use(backend)
        try:
            yield
        finally:
            self._use(used if self._native is not None else "numpy")
