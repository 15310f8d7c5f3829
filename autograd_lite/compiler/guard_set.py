"""The guards of a program, and the changes that a recorded function must not make."""

from __future__ import annotations

from typing import Any, NoReturn

from autograd_lite.compiler.guards import ContentsGuard, ValueGuard, changed_attribute
from autograd_lite.compiler.randomness import common_states, same_state, state_of
from autograd_lite.core.hooks import CompileError
from autograd_lite.support import versions
from autograd_lite.support.addresses import memory_owner

_SMALL = 1 << 14  # bytes of an array whose changes are audited


class GuardSet:
    """Everything around a recorded function that it depends on.

    Attributes
    ----------
    values : list of ValueGuard
        Variables and attributes.
    contents : list of ContentsGuard
        Containers, and plain arrays that only Python reads.
    versioned : dict
        For each network, optimizer and schedule its attributes. They are compared when the count of changes differs.
    version : int
        The count of changes at the last comparison.
    arrays : list of ContentsGuard
        All plain arrays, while the function is recorded.
    audited : list of ContentsGuard
        Small arrays that the program reads in each call. Python may have read them too, so a change is audited.
    generators : list
        Random generators, with their states and labels, while the function is recorded.
    """

    def __init__(self) -> None:
        self.values: list[ValueGuard] = []
        self.contents: list[ContentsGuard] = []
        self.versioned: dict[int, tuple[Any, dict[str, Any]]] = {}
        self.version = versions.state.count
        self.arrays: list[ContentsGuard] = []
        self.audited: list[ContentsGuard] = []
        self.generators: list[tuple[Any, Any, str]] = []
        self._common_states = common_states()

    def hold(self) -> bool:
        """Whether everything is the same."""
        if not all(guard.holds() for guard in self.values) or not all(guard.holds() for guard in self.contents):
            return False
        version = versions.state.count
        if any(changed_attribute(part, known) is not None for part, known in self.versioned.values()):
            return False
        self.version = version
        return True

    def check_array(self, owner: Any) -> None:
        """Raise CompileError if an array that the program reads for the first time was changed without a record."""
        for array in self.arrays:
            if memory_owner(array.owner) is owner and not array.holds():
                _refuse_change(array.label)

    def refuse_changes(self, used: dict[int, str], draws: list[Any]) -> None:
        """Raise CompileError at the end of the recording if the function has changed something that is guarded.

        Parameters
        ----------
        used : dict of int to str
            "read" or "written" for the memory that the program itself uses in each call, by the identity of the owner.
        draws : list of generators
            The generators whose draws are recorded.
        """
        guards: list[ValueGuard | ContentsGuard] = [*self.values, *self.contents]
        guards += [array for array in self.arrays if id(memory_owner(array.owner)) not in used]
        for guard in guards:
            if not guard.holds():
                _refuse_change(guard.label)
        for part, known in self.versioned.values():
            changed = changed_attribute(part, known)
            if changed is not None:
                _refuse_change(f"the attribute {changed!r} of {type(part).__name__}")
        for generator, state, label in self.generators:
            if not any(generator is drawn for drawn in draws) and not same_state(state, state_of(generator)):
                raise CompileError(
                    f"compile: the function draws from {label}, which a replay would not repeat; pass it as rng= to "
                    "a function of this library, or draw outside and pass the numbers as an argument"
                )
        if not same_state(self._common_states, common_states()):
            raise CompileError(
                "compile: the function draws random numbers from np.random or random, which a replay would not repeat; "
                "use manual_seed's generator, or draw outside and pass the numbers as an argument"
            )

    def keep_needed(self, used: dict[int, str], made_constants: bool) -> None:
        """Keep the guards that each call needs. Memory that the program uses itself may hold other numbers then."""
        for array in self.arrays:
            use = used.get(id(memory_owner(array.owner)))
            array.note()
            if use is None or (made_constants and use == "read"):
                self.contents.append(array)
            elif use == "read" and array.owner.nbytes <= _SMALL:
                self.audited.append(array)
        self.arrays.clear()
        self.generators.clear()


def _refuse_change(label: str) -> NoReturn:
    raise CompileError(
        f"compile: the function changes {label}, which a replay would not repeat. Return what is needed outside, "
        "keep what changes in a tensor or in an argument, or change it between two calls"
    )
