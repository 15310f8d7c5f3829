"""Recording: a function is run once on tracers; what it does besides NumPy calls is written down here."""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from autograd_lite.compiler.calls import Draws, Effect, Read, Whole
from autograd_lite.compiler.creation import creating
from autograd_lite.compiler.slots import MISSING
from autograd_lite.compiler.surroundings import Surroundings
from autograd_lite.compiler.tape import Instruction, exchange, parts
from autograd_lite.compiler.traced_numbers import Number
from autograd_lite.compiler.tracer import Tracer
from autograd_lite.compiler.updates import Option, TracedGroup, record_update
from autograd_lite.compiler.user_code import place_of
from autograd_lite.compiler.writer import Writer, concrete_of
from autograd_lite.core.attributes import watching
from autograd_lite.core.graph import Leaf
from autograd_lite.core.hooks import CompileError, recorder, watched_attributes
from autograd_lite.core.outputs import Cotangents, cotangents
from autograd_lite.core.tensor import Tensor
from autograd_lite.support.interrupts import setting


class Recorder(Writer):
    """One run of one function.

    Attributes
    ----------
    requirements : list of (str, object)
        Expressions, with ``{}`` for an object, that must be true.
    draws : list of generators
        Those that numbers were drawn from.
    updates : list of Update
        The steps of optimizers, in order.
    options : dict
        The options of optimizers that were read, by the identity of the group and the name.
    changed_options : set of str
        Those that were changed within the call.
    attributes, assigned : dict
        What was read of watched attributes without being made here, and what was set.
    """

    def __init__(self, name: str, surroundings: Surroundings) -> None:
        super().__init__(name, surroundings)
        self.draws: list[np.random.Generator] = []
        self.requirements: list[tuple[str, Any]] = []
        self.read_attributes: list[tuple[Any, str, Any]] = []  # of them, after the end, those whose object still lives
        self.attributes: dict[tuple[int, str], tuple[Any, str, Any]] = {}
        self.assigned: dict[tuple[int, str], tuple[Any, str]] = {}
        self.updates: list[Any] = []
        self.options: dict[tuple[int, str], Number] = {}
        self.changed_options: set[str] = set()

    # -- operations -------------------------------------------------------------------------------------------------

    def forward(self, operation: Any, values: tuple[Any, ...]) -> Any:
        """Carry out a forward function that is not made of NumPy calls alone: one call of the program."""
        self._forgive()
        call = Whole(operation.name, operation.forward, operation.parameters)
        call.may_be_ragged = True
        return self._record(call, values, {})

    def pull(self, operation: Any, g: Any, parents: tuple[Any, ...], saved: tuple[Any, ...]) -> Any:
        """Carry out the derivative rules of an operation as one call of the program."""
        self._forgive()
        stand_ins = tuple(None if parent is None else Leaf(parent.shape, parent.dtype) for parent in parents)
        form = g.shape if isinstance(g, Cotangents) else None

        def rules(g: Any, *saved: Any) -> tuple[Any, ...]:
            if form is not None:
                g = cotangents(form, list(g))
            return tuple(np.asarray(0) if part is None else part for part in operation.pull(g, stand_ins, saved))

        given = tuple(g.filled()) if isinstance(g, Cotangents) else g
        found = self._record(Whole(f"{operation.name}_rules", rules), (given, *saved), {})
        return tuple(part if node is not None else None for part, node in zip(found, parents, strict=True))

    def _forgive(self) -> None:
        """What has just failed is tried in another way."""
        handled = sys.exc_info()[1]
        self.failures = [failure for failure in self.failures if failure[0] is not handled]

    def is_traced(self, g: Any, saved: tuple[Any, ...]) -> bool:
        """Whether rules compute with the arrays of the program, and not with tensors around them."""
        given = list(parts((g, saved)))
        return any(isinstance(v, Tracer) for v in given) and not any(isinstance(v, Tensor) for v in given)

    def generator(self, generator: np.random.Generator, is_common: bool) -> Any:
        """A generator whose draws are written down: each replay draws anew."""
        return Draws(self, generator, is_common)

    # -- optimizers, schedules, checks ------------------------------------------------------------------------------

    def check(self, function: Any, args: tuple[Any, ...]) -> None:
        """Call a function that raises if arrays make no sense; each replay does it again."""
        self.effect(function.__name__.strip("_"), function, None, args, is_check=True)

    def effect(
        self,
        name: str,
        function: Any,
        owner: Any,
        args: tuple[Any, ...] = (),
        done: bool = False,
        is_check: bool = False,
    ) -> None:
        """Carry out something that is no NumPy call, such as the step of a schedule; each replay does it again.

        `done` says that it has happened already, `is_check` that it changes nothing.
        """
        args = exchange(args, lambda leaf: self._lift(getattr(leaf, "_data", leaf)))
        if not done and not is_check:
            self.changed_options.add("lr")
            with self.suspended():
                tables = [vars(owner), *(table for table in owner.read_state() if isinstance(table, dict))]
            self.undo += [functools.partial(table.update, dict(table)) for table in tables]
        if not done:
            with self.suspended():
                function(*exchange(args, concrete_of))
        call = Effect(name, function, owner, is_check)
        self.tape.instructions.append(
            Instruction(call, exchange(args, self._value), {}, keep=True, place=place_of(sys._getframe(2)))
        )

    def option(self, group: dict[str, Any], name: str) -> Number:
        """An option of an optimizer that is a number."""
        if name in self.changed_options:
            return self.late_number(group[name], name, functools.partial(group.__getitem__, name))
        key = (id(group), name)
        if key not in self.options:
            self.options[key] = self.number(group[name], name, Option(group, name))
        return self.options[key]

    def late_number(self, value: Any, name: str, read: Any) -> Number:
        """A number that is read at this place of the program."""
        name = self.new_name(name)
        self._late.add(name)
        self.tape.instructions.append(Instruction(Read(name, read), (), {}, keep=True))
        return Number(value, name, self)

    def update(self, optimizer: Any) -> None:
        """Carry out a step of an optimizer."""
        record_update(self, optimizer)

    # -- watched attributes -----------------------------------------------------------------------------------------

    def read(self, owner: Any, name: str, found: Any) -> Any:
        """What the function sees of an attribute that holds `found`."""
        key = (id(owner), name)
        if isinstance(found, Tracer) or key in self.assigned:
            return found
        if isinstance(owner, Leaf) and found is not None:
            raise CompileError(
                f"compile: the function uses the gradient of a tensor of shape {owner.shape} from before the call. "
                "Forget it by zero_grad() inside the function, ahead of backward()"
            )
        if name == "param_groups":
            return [TracedGroup(group, owner, self) for group in found]
        self.attributes.setdefault(key, (owner, name, found))
        return self.array(found) if isinstance(found, np.ndarray) else found

    def assign(self, owner: Any, name: str, value: Any) -> None:
        """Note that the function has set an attribute. What tensors hold comes from calls that are recorded anyway."""
        with self.suspended():
            before = getattr(owner, name, MISSING)
        if before is not MISSING:
            self.undo.append(functools.partial(setattr, owner, name, before))
        if name != "_data":
            self.assigned[id(owner), name] = (owner, name)

    @contextmanager
    def recording(self) -> Iterator[None]:
        """Everything inside, in this thread, is recorded."""
        try:
            with (
                setting(recorder, self),
                watching(watched_attributes, recorder),
                creating(),
                self.surroundings.watching(),
            ):
                yield
        finally:
            self.ended = True
