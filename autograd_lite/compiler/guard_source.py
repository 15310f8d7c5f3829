"""Guards as source code: the lines of a function that returns early unless a program is valid for a call.

Loops over lists of guards would take as long as the NumPy calls of a small training step. Objects have numbered names
in the source, which no name in a program can equal.
"""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Callable
from operator import is_
from typing import Any

import numpy as np

from autograd_lite.compiler.guard_set import GuardSet
from autograd_lite.compiler.guards import MISSING, ContentsGuard, read_cell, same_contents
from autograd_lite.core.tensor import Tensor
from autograd_lite.support import versions


class Outcome(enum.Enum):
    """What a replay returns instead of a result."""

    NOT_VALID = "a guard differs"
    NOT_VERIFIED = "the program is valid, but no second recording has been compared with it"
    AUDIT = "the program is valid, and this call is to be audited"
    CHANGED = "the program is valid, but an array has changed that Python may have read: to be audited too"
    ALIASED = "an argument shares memory with something that the program writes"
    BUSY = "another thread is running the program"


class GuardSource:
    """The source of a function, line by line, and the objects that it refers to, by their names in `namespace`."""

    def __init__(self, parameters: list[str]) -> None:
        self._lines = [f"def replay({', '.join(parameters)}):"]
        self.namespace: dict[str, Any] = {"np": np, "MISSING_": MISSING, "read_cell_": read_cell}
        self._names: dict[int, str] = {}

    def name(self, thing: Any) -> str:
        """The name of an object in the source."""
        name = self._names.get(id(thing))
        if name is None:
            name = self._names[id(thing)] = f"k{len(self._names)}_"
            self.namespace[name] = thing
        return name

    def variable(self, thing: Any) -> str:
        """A name that can refer to another object later."""
        name = f"v{len(self.namespace)}_"
        self.namespace[name] = thing
        return name

    def do(self, line: str) -> None:
        """Add a line."""
        self._lines.append(f" {line}")

    def require(self, condition: str, otherwise: Outcome = Outcome.NOT_VALID) -> None:
        """Return early unless the condition is true."""
        self.do(f"if not ({condition}): return {self.name(otherwise)}")

    def require_argument(self, name: str, value: Any, arrays: list[str], numbers: list[str]) -> None:
        """Return early unless an argument has the form of `value`; the names of its arrays and numbers are appended."""
        kind = type(value)
        if kind is list or kind is tuple:
            self.require(f"{name}.__class__ is {self.name(kind)} and len({name}) == {len(value)}")
            parts = [f"{name}_{i}" for i in range(len(value))]
            self.do(f"[{', '.join(parts)}] = {name}")
            for part, inside in zip(parts, value, strict=True):
                self.require_argument(part, inside, arrays, numbers)
        elif kind is float:
            self.require(f"{name}.__class__ is {self.name(float)}")
            numbers.append(name)
        else:
            self.require_array(name, value)
            arrays.append(name)

    def require_array(self, name: str, array: Any) -> None:
        """Return early unless an argument has the layout of `array`, a plain array or a tensor without a gradient."""
        if isinstance(array, Tensor):
            self.require(f"isinstance({name}, {self.name(Tensor)}) and {name}._node is None")
            self.do(f"{name} = {name}._data")
            array = array.data
        self.require(f"{name}.__class__ is {self.name(np.ndarray)}")
        layout = {"shape": array.shape, "dtype": array.dtype, "strides": array.strides}
        self.require(" and ".join(f"{name}.{part} == {self.name(value)}" for part, value in layout.items()))

    def require_guards(self, guards: GuardSet) -> None:
        """Return early unless all guards hold: compared by identity first, by value if that fails."""
        values = [(guard, self.variable(guard.known)) for guard in guards.values]
        contents = [(guard, self.variable(guard.known)) for guard in guards.contents]
        version = self.variable(guards.version)

        def hold() -> bool:
            if not guards.hold():
                return False
            self.namespace.update((name, guard.known) for guard, name in values)
            self.namespace[version] = guards.version
            return True

        conditions = [f"{guard.expression.format(self.name(guard.owner))} is {name}" for guard, name in values]
        conditions += [self._same_contents(guard, name) for guard, name in contents]
        conditions.append(f"{self.name(versions.state)}.count == {version}")
        self.require(f"({' and '.join(conditions)}) or {self.name(hold)}()")

    def _same_contents(self, guard: ContentsGuard, name: str) -> str:
        owner = self.name(guard.owner)
        if isinstance(guard.owner, list | deque):
            return f"len({owner}) == {len(guard.known)} and all(map({self.name(is_)}, {owner}, {name}))"
        if isinstance(guard.owner, dict):
            match = f"all(map({self.name(is_)}, {owner}{{}}, {name}[{{}}]))"
            return f"len({owner}) == {len(guard.known[0])} and {match.format('', 0)} and {match.format('.values()', 1)}"
        return f"{self.name(same_contents)}({owner}, {name})"

    def audit_if_changed(self, guards: GuardSet) -> Callable[[], None]:
        """Return early for an audit if a small array holds other numbers than at the last one.

        Returns
        -------
        callable
            Makes the current numbers the known ones.
        """
        audited = [(guard, self.variable(guard.known)) for guard in guards.audited]

        def note() -> None:
            for guard, name in audited:
                guard.note()
                self.namespace[name] = guard.known

        for guard, name in audited:
            self.require(f"{self.name(same_contents)}({self.name(guard.owner)}, {name})", Outcome.CHANGED)
        return note

    def compiled(self) -> Callable[..., Any]:
        """The function."""
        exec(compile("\n".join(self._lines), "<replay>", "exec"), self.namespace)
        replay: Callable[..., Any] = self.namespace["replay"]
        return replay
