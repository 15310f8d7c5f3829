"""The way into a program, written for it as source: whether it holds for a call, its run, and what it leaves behind.

Done by loops over lists of conditions, this would take as long as the NumPy calls of a small training step. Names in
the source are numbered, so that no name of the user's can be one of them.
"""

from __future__ import annotations

import enum
from collections import deque
from collections.abc import Callable
from operator import is_
from typing import Any

import numpy as np

from autograd_lite.compiler.slots import MISSING, Contents, Slot, same_contents
from autograd_lite.compiler.surroundings import Surroundings
from autograd_lite.core.tensor import Tensor
from autograd_lite.support import versions


class Outcome(enum.Enum):
    """What an entry returns instead of a result."""

    NOT_THIS = "the program does not hold for this call"
    NOT_YET = "it holds, but has not been verified yet"
    AUDIT = "it holds, and this call is to be compared with the function"
    CHANGED = "it holds, but an array has changed that Python may have looked at: to be compared too"
    ALIASED = "an argument shares memory with something that the program writes"
    BUSY = "another thread is in the program"


class Entry:
    """The source of an entry, line by line, and the objects that it speaks of."""

    def __init__(self, arguments: list[str]) -> None:
        self.lines = [f"def entry({', '.join(arguments)}):"]
        self.known: dict[str, Any] = {"np": np, "MISSING_": MISSING, "read_cell_": _read_cell}
        self._names: dict[int, str] = {}

    def name(self, thing: Any) -> str:
        """How an object is called in the source."""
        name = self._names.get(id(thing))
        if name is None:
            name = self._names[id(thing)] = f"k{len(self._names)}_"
            self.known[name] = thing
        return name

    def own_name(self, thing: Any) -> str:
        """A name that can be given to another object later."""
        name = f"v{len(self.known)}_"
        self.known[name] = thing
        return name

    def unless(self, condition: str, outcome: Outcome = Outcome.NOT_THIS) -> None:
        """Turn back unless the condition is true."""
        self.lines.append(f" if not ({condition}): return {self.name(outcome)}")

    def unless_array(self, name: str, array: Any) -> None:
        """Turn back unless an argument has the form of `array`, a plain array or a tensor without a gradient."""
        if isinstance(array, Tensor):
            self.unless(f"isinstance({name}, {self.name(Tensor)}) and {name}._node is None")
            self.do(f"{name} = {name}._data")
            array = array.data
        self.unless(f"{name}.__class__ is {self.name(np.ndarray)}")
        form = {"shape": array.shape, "dtype": array.dtype, "strides": array.strides}
        self.unless(" and ".join(f"{name}.{part} == {self.name(value)}" for part, value in form.items()))

    def unless_unchanged(self, surroundings: Surroundings) -> None:
        """Turn back unless everything around the function is as it was; found by identity if possible."""
        slots = [(slot, self.own_name(slot.known)) for slot in surroundings.slots]
        contents = [(place, self.own_name(place.known)) for place in surroundings.contents]
        version = self.own_name(surroundings.version)

        def holds() -> bool:
            if not surroundings.hold():
                return False
            self.known.update((name, slot.known) for slot, name in slots)
            self.known[version] = surroundings.version
            return True

        conditions = [self._slot(slot, name) for slot, name in slots]
        conditions += [self._contents(place, name) for place, name in contents]
        conditions.append(f"{self.name(versions.state)}.count == {version}")
        self.unless(f"({' and '.join(conditions)}) or {self.name(holds)}()")

    def audit_if_changed(self, surroundings: Surroundings) -> Callable[[], None]:
        """Turn back for an audit if a small array around the function holds other numbers than at the last one.

        Returned is what notes the numbers that are there now.
        """
        places = [(place, self.own_name(place.known)) for place in surroundings.live]

        def note() -> None:
            for place, name in places:
                place.note()
                self.known[name] = place.known

        for place, name in places:
            self.unless(f"{self.name(same_contents)}({self.name(place.owner)}, {name})", Outcome.CHANGED)
        return note

    def _slot(self, slot: Slot, name: str) -> str:
        return f"{slot.expression.format(self.name(slot.owner))} is {name}"

    def _contents(self, place: Contents, name: str) -> str:
        owner = self.name(place.owner)
        if isinstance(place.owner, list | deque):
            return f"len({owner}) == {len(place.known)} and all(map({self.name(is_)}, {owner}, {name}))"
        if isinstance(place.owner, dict):
            match = f"all(map({self.name(is_)}, {owner}{{}}, {name}[{{}}]))"
            return f"len({owner}) == {len(place.known[0])} and {match.format('', 0)} and {match.format('.values()', 1)}"
        return f"{self.name(same_contents)}({owner}, {name})"

    def do(self, line: str) -> None:
        """A line that is carried out."""
        self.lines.append(f" {line}")

    def written(self) -> Callable[..., Any]:
        """The function."""
        exec(compile("\n".join(self.lines), "<entry>", "exec"), self.known)
        entry: Callable[..., Any] = self.known["entry"]
        return entry


def _read_cell(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return MISSING
