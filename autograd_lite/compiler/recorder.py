"""The recorder, which lower layers call where something other than a NumPy call happens."""

from __future__ import annotations

import functools
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from autograd_lite.compiler.calls import Draw, OpaqueCall, TracedGenerator
from autograd_lite.compiler.guard_set import GuardSet
from autograd_lite.compiler.guards import MISSING
from autograd_lite.compiler.patches import patched
from autograd_lite.compiler.tape import Instruction, map_parts, parts
from autograd_lite.compiler.tracer import Tracer
from autograd_lite.compiler.updates import TracedGroup, UpdateRecorder
from autograd_lite.core.graph import Leaf
from autograd_lite.core.hooks import CompileError, recorder
from autograd_lite.core.tensor import Tensor
from autograd_lite.support.cotangents import Cotangents
from autograd_lite.support.interrupts import setting


class Recorder(UpdateRecorder):
    """One run of one function.

    Attributes
    ----------
    draws : list of generators
        Those that numbers were drawn from.
    attributes : dict
        Patched attributes that the function has read before it set them: object, name, value. At the end those whose
        object still exists become `read_attributes`.
    record_loop : callable
        ``record_loop(loop, recorder)`` records a loop of `scan`; it needs recorders of its own.
    expands : bool
        Whether operations that are one call are also recorded call by call, under assumptions.
    assigned : dict
        Objects of which the function has set a patched attribute, by their identity and the name.
    """

    def __init__(
        self, name: str, guards: GuardSet, record_loop: Callable[[Any, Any], Any], expands: bool = False
    ) -> None:
        super().__init__(name, guards)
        self.record_loop, self.expands = record_loop, expands
        self.draws: list[np.random.Generator] = []
        self.attributes: dict[tuple[int, str], tuple[Any, str, Any]] = {}
        self.read_attributes: list[tuple[Any, str, Any]] = []
        self.assigned: dict[tuple[int, str], Any] = {}

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Inside, everything that this thread does is recorded."""
        try:
            with setting(recorder, self), patched():
                yield
        finally:
            self.ended = True

    # -- operations -------------------------------------------------------------------------------------------------

    def forward(self, operation: Any, values: tuple[Any, ...]) -> Any:
        """Execute a forward function that cannot be recorded call by call; it is one call of the program."""
        self._forget_handled_failure()
        call = OpaqueCall(operation.name, operation.forward, operation.parameters, dynamic_shape=True)
        return self._recorded_whole(call, values)

    def pull(self, operation: Any, g: Any, parents: tuple[Any, ...], saved: tuple[Any, ...]) -> Any:
        """Execute the derivative rules of an operation as one call of the program."""
        self._forget_handled_failure()
        placeholders = tuple(None if parent is None else Leaf(parent.shape, parent.dtype) for parent in parents)
        form = g.shape if isinstance(g, Cotangents) else None

        def rules(g: Any, *saved: Any) -> tuple[Any, ...]:
            if form is not None:
                g = Cotangents(form, g)
            return tuple(np.asarray(0) if part is None else part for part in operation.pull(g, placeholders, saved))

        given = tuple(g.filled()) if isinstance(g, Cotangents) else g
        found = self._recorded_whole(OpaqueCall(f"{operation.name}_rules", rules), (given, *saved))
        return tuple(part if node is not None else None for part, node in zip(found, parents, strict=True))

    def _recorded_whole(self, call: OpaqueCall, values: tuple[Any, ...]) -> Any:
        found = self.record(call, values, {})
        if self.expands:
            instruction = self.tape.instructions[-1]
            instruction.expansion = self._expansion(call, values, instruction)
        return found

    def _expansion(self, call: OpaqueCall, values: tuple[Any, ...], whole: Instruction) -> list[Instruction] | None:
        """The calls inside, with the branches that they take now; None if there are other reasons than branches."""
        before, failures = self.tape.instructions, list(self.failures)
        expansion: list[Instruction] = []
        self.tape.instructions = expansion
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self.assumes = True
                found = call(*map_parts(values, self._lift))
        except Exception:
            return None
        finally:
            self.assumes = False
            self.tape.instructions, self.failures = before, failures
        results = list(found) if whole.several else [found]
        if not all(isinstance(part, Tracer) for part in results) or any(
            inner.keep or inner.dynamic_shape or any(value.storage.kind != "result" for value in inner.writes)
            for inner in expansion
        ):
            return None
        for part, value in zip(results, whole.results, strict=True):
            if (part.shape, part.dtype) != (value.shape, value.dtype) or whole.is_view:
                return None
            expansion.append(Instruction("copy", (part._value,), {}, results=(value,), place=whole.place))
        return expansion

    def _forget_handled_failure(self) -> None:
        """Drop the failure that is being handled: the call is repeated as one opaque call."""
        handled = sys.exc_info()[1]
        self.failures = [failure for failure in self.failures if failure[0] is not handled]

    def is_traced(self, g: Any, saved: tuple[Any, ...]) -> bool:
        """Whether rules compute with tracers themselves, and not with tensors around them."""
        given = list(parts((g, saved)))
        return any(isinstance(v, Tracer) for v in given) and not any(isinstance(v, Tensor) for v in given)

    def generator(self, generator: np.random.Generator, is_common: bool) -> Any:
        """The generator whose draws are recorded; each replay draws again."""

        def record(name: str, /, *args: Any, **kwargs: Any) -> Any:
            if name in ("shuffle", "spawn", "bit_generator"):
                raise CompileError(
                    f"compile: {name} of a random generator cannot be recorded; use permutation or permuted"
                )
            if not any(generator is known for known in self.draws):
                self.draws.append(generator)
                source = generator.bit_generator
                self.undo.append(functools.partial(setattr, source, "state", source.state))
            return self.record(Draw(name, getattr(generator, name), is_common), args, kwargs, keep=True)

        return TracedGenerator(record)

    def loop(self, loop: Any) -> Any:
        """A loop as one call of the program; None if its steps are too different."""
        return self.record_loop(loop, self)

    # -- patched attributes -----------------------------------------------------------------------------------------

    def read(self, owner: Any, name: str, found: Any) -> Any:
        """What the function receives when it reads an attribute that holds `found`."""
        key = (id(owner), name)
        if isinstance(found, Tracer) or key in self.assigned:
            return found
        if isinstance(owner, Leaf) and found is not None:
            raise CompileError(
                f"compile: the function uses the gradient of a tensor of shape {owner.shape} from before the call. "
                "Call zero_grad() inside the function, ahead of backward()"
            )
        if name == "param_groups":
            return [TracedGroup(group, owner, self) for group in found]
        self.attributes.setdefault(key, (owner, name, found))
        return self.array(found) if isinstance(found, np.ndarray) else found

    def assign(self, owner: Any, name: str, value: Any) -> None:
        """Note that the function sets an attribute. Arrays of tensors are results of recorded calls anyway."""
        if name == "param_groups" and name in vars(owner):
            raise CompileError(
                "compile: the function replaces the param_groups of an optimizer, which a replay would not repeat; "
                "replace them between two calls"
            )
        with self.suspended():
            before = getattr(owner, name, MISSING)
        if before is not MISSING:
            self.undo.append(functools.partial(setattr, owner, name, before))
        if name != "_data":
            self.assigned[id(owner), name] = owner
