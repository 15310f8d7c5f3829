"""What is around a function and every function of the user that it calls: found while it is recorded, guarded later.

While a function runs for the first time, each call of a Python function is seen (`sys.setprofile`). Of each function of
the user the variables that its code names are noted before it runs: globals, closure cells, defaults; of lists and
dictionaries their contents; of objects the attributes that the code names; of networks all attributes. What a program
cannot compare in each call is refused. At the end everything is looked at once more: what the function itself has
changed would not be changed by a replay.
"""

from __future__ import annotations

import enum
import functools
import gc
import sys
import types
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from autograd_lite.compiler.randomness import GENERATORS, common_states, same_state, state_of
from autograd_lite.compiler.slots import (
    MISSING,
    Contents,
    Slot,
    attribute_slot,
    cell_slot,
    differing,
    is_read_only,
    table_slot,
)
from autograd_lite.compiler.user_code import (
    has_attributes,
    is_slot,
    is_users,
    is_users_class,
    is_users_module,
    names_by_text,
    names_in,
)
from autograd_lite.core.hooks import CompileError
from autograd_lite.core.tensor import Tensor
from autograd_lite.core.writes import memory_owner
from autograd_lite.support import versions

# Objects that do not change, or whose changes do not matter to what a function computes.
_FIXED = (
    int, float, complex, bool, str, bytes, type(None), type(Ellipsis), type(NotImplemented), range, slice, enum.Enum,
    np.generic, np.dtype, np.ufunc, type, types.ModuleType, types.BuiltinFunctionType, types.MethodWrapperType,
    types.WrapperDescriptorType, types.MethodDescriptorType, types.GetSetDescriptorType, types.MemberDescriptorType,
    types.GenericAlias, types.UnionType, types.CodeType, property, staticmethod, classmethod,
    functools.cached_property, Path, Tensor,
)  # fmt: skip
_CONTAINERS = (list, dict, set, deque, bytearray)
_SMALL = 1 << 14  # bytes
_MOST_ELEMENTS = 10_000  # of a container that is compared in each call


class Surroundings:
    """The places that a recorded function depends on.

    Attributes
    ----------
    slots : list of Slot
    contents : list of Contents
    versioned : dict
        For each network, optimizer and schedule its attributes; looked at when anything of that kind has changed.
    arrays : list of Contents
        The plain arrays that were found.
    live : list of Contents
        Small arrays that the program reads in each call. Python may have looked at them too, so a change is audited.
    generators : list
        Random generators that were found, with their states.
    """

    def __init__(self, function: Any, arguments: list[Any]) -> None:
        self.slots: list[Slot] = []
        self.contents: list[Contents] = []
        self.versioned: dict[int, tuple[Any, dict[str, Any]]] = {}
        self.arrays: list[Contents] = []
        self.live: list[Contents] = []
        self.generators: list[tuple[Any, Any, str]] = []
        self.version = versions.state.count
        self._known: set[Any] = set()  # identities of what has been looked at, and of places
        self._kept: list[Any] = []  # alive, so that identities stay
        self._objects: list[tuple[Any, str]] = []
        self._attributes: set[str] = set()
        self._by_text = False  # whether attributes are named by texts, so that any may be read
        self._functions: dict[types.CodeType, list[types.FunctionType]] = {}
        self._called: set[types.CodeType] = set()
        self._common = common_states()
        self._refusal: CompileError | None = None
        self._value(function, "the function")
        for value in arguments:
            self._value(value, f"an argument ({type(value).__name__})")

    # -- while the function runs -----------------------------------------------------------------------------------

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Inside, calls of this thread are seen."""
        before = sys.getprofile()

        def profile(frame: types.FrameType, event: str, argument: Any) -> None:
            if event == "call":
                code = frame.f_code
                if code not in self._called:
                    self._called.add(code)
                    try:
                        self._call(code, frame.f_globals)
                    except CompileError as error:  # raised at the end, where the function cannot catch it
                        self._refusal = self._refusal or error
            if isinstance(before, types.FunctionType):
                before(frame, event, argument)

        sys.setprofile(profile)
        try:
            yield
        finally:
            sys.setprofile(before if before is None or isinstance(before, types.FunctionType) else None)
            if before is not None and hasattr(before, "enable"):
                before.enable()

    def _call(self, code: types.CodeType, table: dict[str, Any]) -> None:
        """A function is about to run for the first time."""
        functions = self._functions.get(code, ())
        if not is_users(code) and not functions:
            return
        for function in functions or self._with_code(code):
            cells = zip(code.co_freevars, function.__closure__ or (), strict=True)
            for name, cell in cells:
                self._slot(cell_slot(cell, name), (id(cell), "cell"))
            if is_users(code):
                for name in ("__defaults__", "__kwdefaults__", "__code__"):
                    self._slot(
                        attribute_slot(function, name, f"the function {function.__name__!r}"), (id(function), name)
                    )
        if not is_users(code):
            return
        variables, attributes = names_in(code)
        for name in sorted(variables):
            if name in table:
                self._slot(table_slot(table, name, f"the global variable {name!r}"), (id(table), name))
        new = attributes - self._attributes
        self._attributes |= new
        self._by_text |= names_by_text(code)
        for thing, words in list(self._objects):
            self._attributes_of(thing, self._attributes if self._by_text else new, words)

    def _with_code(self, code: types.CodeType) -> list[Any]:
        """Functions with variables around them that have not been met on the way, such as those in a registry."""
        if not code.co_freevars or any(code in outer.co_consts for outer in self._called):
            return []
        return [found for found in gc.get_referrers(code) if isinstance(found, types.FunctionType)]

    # -- what is found ---------------------------------------------------------------------------------------------

    def _slot(self, slot: Slot, key: Any) -> None:
        if key in self._known:
            return
        self._known.add(key)
        self._kept.append(slot.owner)
        self.slots.append(slot)
        if slot.known is not MISSING:
            self._value(slot.known, slot.words)

    def _value(self, value: Any, words: str) -> None:
        """Look at what a place holds: what is in it, and what it does when it is called."""
        if id(value) in self._known or isinstance(value, Tensor) or type(value) in (int, float, str, bool):
            return
        self._known.add(id(value))
        self._kept.append(value)
        if isinstance(value, types.FunctionType):
            self._function(value, words)
        elif isinstance(value, types.MethodType):
            self._value(value.__func__, words)
            self._value(value.__self__, words)
        elif isinstance(value, functools.partial):
            for part in (value.func, value.args, value.keywords):
                self._value(part, words)
        elif isinstance(value, np.ndarray):
            if type(value) not in (np.ndarray, np.memmap):
                self._refuse(value, words)
            if not is_read_only(value):
                self.arrays.append(Contents(value, words))
        elif isinstance(value, _CONTAINERS):
            self._container(value, words)
        elif isinstance(value, tuple | frozenset):
            for part in value:
                self._value(part, f"an element of {words}")
        elif isinstance(value, GENERATORS):
            self.generators.append((value, state_of(value), words))
        elif isinstance(value, type | types.ModuleType):
            if is_users_class(value) if isinstance(value, type) else is_users_module(value):
                self._object(value, words)
        elif not isinstance(value, _FIXED):
            self._thing(value, words)

    def _function(self, function: types.FunctionType, words: str) -> None:
        self._functions.setdefault(function.__code__, []).append(function)
        for cell in function.__closure__ or ():
            try:
                inner = cell.cell_contents
            except ValueError:
                continue
            if callable(inner) and not is_users(function.__code__):  # a decorator of some library
                self._value(inner, words)
        operation = getattr(function, "primitive", None)
        parts = (operation.forward, *operation.rules.values()) if operation is not None else ()
        for part in (*parts, getattr(function, "__wrapped__", None)):
            if part is not None:
                self._value(part, words)

    def _container(self, value: Any, words: str) -> None:
        if len(value) > _MOST_ELEMENTS:
            raise CompileError(
                f"compile: {words} is a {type(value).__name__} of {len(value):,} elements, too many to be compared in "
                "each call; pass an array as an argument, or make a tensor of it"
            )
        self.contents.append(Contents(value, words))
        for part in value.values() if isinstance(value, dict) else () if isinstance(value, bytearray) else value:
            self._value(part, f"an element of {words}")

    def _thing(self, value: Any, words: str) -> None:
        """An object of any class."""
        kind = type(value)
        if isinstance(value, versions.Versioned):
            self._versioned(value, words)
        elif kind.__module__.partition(".")[0] == "autograd_lite":
            self._value(getattr(value, "function", None), words)  # of a compiled function
        elif hasattr(value, "__next__") or hasattr(value, "__array__") or not has_attributes(kind):
            self._refuse(value, words)
        else:
            self._object(value, words)

    def _object(self, value: Any, words: str) -> None:
        self._objects.append((value, words))
        self._attributes_of(value, self._attributes, words)
        if not isinstance(value, type | types.ModuleType):
            self._value(type(value), f"the class of {words}")
            self._value(getattr(type(value), "__call__", None), words)  # noqa: B004 - the function itself is wanted

    def _attributes_of(self, value: Any, names: Any, words: str) -> None:
        """The attributes of an object, a class or a module that the code names."""
        if isinstance(value, versions.Versioned):
            for name in sorted(names & vars(value).keys() - value.observed):
                self._value(vars(value)[name], f"the attribute {name!r} of {words}")
            if not names.isdisjoint(value.reads):
                for state in value.read_state():
                    self._value(state, f"the state of {words}")
            return
        if self._by_text and not isinstance(value, type | types.ModuleType):
            names = names | getattr(value, "__dict__", {}).keys()
        kinds = value.__mro__ if isinstance(value, type) else ()
        tables: list[Any] = [vars(kind) for kind in kinds if is_users_class(kind)]
        tables = tables or [getattr(value, "__dict__", None)]
        for table in tables:
            for name in sorted(names):
                words_of = f"the attribute {name!r} of {words}"
                if table is None or is_slot(value, name):
                    self._slot(attribute_slot(value, name, words_of), (id(value), name))
                elif not isinstance(value, type) or name in table:
                    self._slot(table_slot(table, name, words_of), (id(value), id(table) if kinds else 0, name))

    def _versioned(self, value: Any, words: str) -> None:
        """A network, optimizer or schedule: its attributes change only together with `versions.state.count`."""
        for part, attributes in value.versioned_parts():
            if id(part) in self.versioned:
                continue
            self.versioned[id(part)] = (part, attributes)
            words_of = words if part is value else f"{type(part).__name__} in {words}"
            self._objects.append((part, words_of))
            self._attributes_of(part, self._attributes, words_of)
            if not is_users_class(type(part)):  # whose code does not name its attributes to us
                for name, attribute in attributes.items():
                    if isinstance(attribute, (*_CONTAINERS, types.FunctionType, types.MethodType, functools.partial)):
                        self._value(attribute, f"the attribute {name!r} of {words_of}")

    def _refuse(self, value: Any, words: str) -> NoReturn:
        raise CompileError(
            f"compile: {words} is a {type(value).__module__}.{type(value).__qualname__}, whose changes a program would "
            "not see; pass what the function needs of it as an argument (an array, a number), or use a tensor"
        )

    def check_array(self, owner: Any) -> None:
        """Raise CompileError if an array that the program is about to use was changed before by something unseen."""
        for array in self.arrays:
            if memory_owner(array.owner) is owner and not array.holds():
                self._refuse_change(array.words)

    # -- afterwards ------------------------------------------------------------------------------------------------

    def refuse_changes(self, live: dict[int, str], draws: list[Any]) -> None:
        """At the end of the recording: raise CompileError if the function has changed something by itself.

        `live` tells of the owners of memory, by identity, which the program itself reads or writes in each call.
        """
        if self._refusal is not None:
            raise self._refusal
        places: list[Slot | Contents] = [*self.slots, *self.contents]
        for place in places:
            if not place.holds():
                self._refuse_change(place.words)
        for array in self.arrays:
            if id(memory_owner(array.owner)) not in live and not array.holds():
                self._refuse_change(array.words)
        for part, known in self.versioned.values():
            changed = differing(part, known)
            if changed is not None:
                self._refuse_change(f"the attribute {changed!r} of {type(part).__name__}")
        for generator, state, words in self.generators:
            if not any(generator is drawn for drawn in draws) and not same_state(state, state_of(generator)):
                raise CompileError(
                    f"compile: the function draws from {words}, which a program would not see; pass it as rng= to "
                    "a function of this library, or draw outside and pass the numbers as an argument"
                )
        if not same_state(self._common, common_states()):
            raise CompileError(
                "compile: the function draws random numbers from np.random or random, which a program would not see; "
                "use manual_seed's generator, or draw outside and pass the numbers as an argument"
            )

    def keep(self, live: dict[int, str], made_constants: bool) -> None:
        """Keep what each call is compared with. What the program reads itself may hold something else each time."""
        for array in self.arrays:
            used = live.get(id(memory_owner(array.owner)))
            array.note()
            if used is None or (made_constants and used == "read"):
                self.contents.append(array)
            elif used == "read" and array.owner.nbytes <= _SMALL:
                self.live.append(array)
        self.arrays.clear()
        self.generators.clear()
        self._objects.clear()
        self._kept = [slot.owner for slot in self.slots]

    def _refuse_change(self, words: str) -> NoReturn:
        raise CompileError(
            f"compile: the function changes {words}, which a replay would not repeat. Return what is needed outside, "
            "keep what changes in a tensor or in an argument, or change it between two calls"
        )

    def hold(self) -> bool:
        """Whether everything is as it was."""
        if not all(place.holds() for place in self.slots) or not all(place.holds() for place in self.contents):
            return False
        version = versions.state.count
        if any(differing(part, known) is not None for part, known in self.versioned.values()):
            return False
        self.version = version
        return True
