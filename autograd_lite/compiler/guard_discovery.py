"""Finding the guards: what a function, and every function of the user that it calls, can read from outside.

While a function is recorded, `sys.setprofile` reports each call of a Python function. Before a function of the user
runs, guards are made for the variables that its code names (globals, closure cells, defaults), the contents of lists
and dictionaries, the attributes of objects that the code names, and all attributes of networks. Objects that cannot be
compared in each call are refused.
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

from autograd_lite.compiler.guard_set import GuardSet
from autograd_lite.compiler.guards import (
    MISSING,
    ContentsGuard,
    ValueGuard,
    attribute_guard,
    cell_guard,
    is_frozen,
    read_cell,
    table_guard,
)
from autograd_lite.compiler.randomness import GENERATORS, state_of
from autograd_lite.compiler.user_code import (
    has_attributes,
    is_generated_code,
    is_slot,
    is_user_class,
    is_user_code,
    is_user_module,
    names_attributes_by_string,
    names_in,
)
from autograd_lite.core.hooks import CompileError
from autograd_lite.core.tensor import Tensor
from autograd_lite.support import versions

# Objects that do not change, or whose changes do not affect what a function computes.
_FIXED = (
    int, float, complex, bool, str, bytes, type(None), type(Ellipsis), type(NotImplemented), range, slice, enum.Enum,
    np.generic, np.dtype, np.ufunc, type, types.ModuleType, types.BuiltinFunctionType, types.MethodWrapperType,
    types.WrapperDescriptorType, types.MethodDescriptorType, types.GetSetDescriptorType, types.MemberDescriptorType,
    types.GenericAlias, types.UnionType, types.CodeType, property, staticmethod, classmethod,
    functools.cached_property, Path, Tensor,
)  # fmt: skip
_CONTAINERS = (list, dict, set, deque, bytearray)
_MOST_ELEMENTS = 10_000  # of a container that is compared in each call


class GuardDiscovery:
    """Collects the guards of a function while it is recorded."""

    def __init__(self, function: Any, arguments: list[Any]) -> None:
        self.guards = GuardSet()
        self._seen: set[Any] = set()  # identities of objects, and keys of guards
        self._alive: list[Any] = []  # so that no identity occurs twice
        self._objects: list[tuple[Any, str]] = []
        self._attributes: set[str] = set()  # that the user's code names
        self._by_string = False  # whether attributes are named by strings, so that any may be read
        self._functions: dict[types.CodeType, list[types.FunctionType]] = {}
        self._called: set[types.CodeType] = set()
        self._refusal: CompileError | None = None
        self._visit(function, "the function")
        for value in arguments:
            self._visit(value, f"an argument ({type(value).__name__})")

    # -- while the function runs -----------------------------------------------------------------------------------

    @contextmanager
    def observing_calls(self) -> Iterator[None]:
        """Inside, each call of a function in this thread is reported."""
        before = sys.getprofile()

        def profile(frame: types.FrameType, event: str, argument: Any) -> None:
            if event == "call" and frame.f_code not in self._called:
                self._called.add(frame.f_code)
                try:
                    self._visit_call(frame.f_code, frame.f_globals)
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

    def _visit_call(self, code: types.CodeType, table: dict[str, Any]) -> None:
        """Make guards for a function that is about to run for the first time."""
        functions = self._functions.get(code, ())
        is_user = is_user_code(code) and not is_generated_code(code, table)
        if not is_user and not functions:
            return
        for function in functions or self._functions_with(code):
            for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
                self._guard(cell_guard(cell, name), (id(cell), "cell"))
            for name in ("__defaults__", "__kwdefaults__", "__code__") if is_user else ():
                label = f"the function {function.__name__!r}"
                self._guard(attribute_guard(function, name, label), (id(function), name))
        if not is_user:
            return
        variables, attributes = names_in(code)
        for name in sorted(variables):
            if name in table:
                self._guard(table_guard(table, name, f"the global variable {name!r}"), (id(table), name))
        new = attributes - self._attributes
        self._attributes |= new
        self._by_string |= names_attributes_by_string(code)
        for owner, label in list(self._objects):
            self._visit_attributes(owner, self._attributes if self._by_string else new, label)

    def _functions_with(self, code: types.CodeType) -> list[Any]:
        """Closures with this code that are reachable through no guarded place, as in a registry of another library."""
        if not code.co_freevars or any(code in outer.co_consts for outer in self._called):
            return []
        return [found for found in gc.get_referrers(code) if isinstance(found, types.FunctionType)]

    def refuse_changes(self, used: dict[int, str], draws: list[Any]) -> None:
        """Raise CompileError if something was refused, or if the function has changed something."""
        if self._refusal is not None:
            raise self._refusal
        self.guards.refuse_changes(used, draws)

    # -- objects ---------------------------------------------------------------------------------------------------

    def _guard(self, guard: ValueGuard, key: Any) -> None:
        if key in self._seen:
            return
        self._seen.add(key)
        self._alive.append(guard.owner)
        self.guards.values.append(guard)
        if guard.known is not MISSING:
            self._visit(guard.known, guard.label)

    def _visit(self, value: Any, label: str) -> None:
        """Make guards for what an object holds, and for what it reads when it is called."""
        if id(value) in self._seen or isinstance(value, Tensor) or type(value) in (int, float, str, bool):
            return
        self._seen.add(id(value))
        self._alive.append(value)
        if isinstance(value, types.FunctionType):
            self._visit_function(value, label)
        elif isinstance(value, types.MethodType):
            self._visit(value.__func__, label)
            self._visit(value.__self__, label)
        elif isinstance(value, functools.partial):
            for part in (value.func, value.args, value.keywords):
                self._visit(part, label)
        elif isinstance(value, np.ndarray):
            if type(value) not in (np.ndarray, np.memmap):
                _refuse(value, label)
            if not is_frozen(value):
                self.guards.arrays.append(ContentsGuard(value, label))
        elif isinstance(value, _CONTAINERS):
            self._visit_container(value, label)
        elif isinstance(value, tuple | frozenset):
            for part in value:
                self._visit(part, f"an element of {label}")
        elif isinstance(value, GENERATORS):
            self.guards.generators.append((value, state_of(value), label))
        elif isinstance(value, type | types.ModuleType):
            if is_user_class(value) if isinstance(value, type) else is_user_module(value):
                self._visit_object(value, label)
        elif isinstance(value, versions.Versioned):
            self._visit_versioned(value, label)
        elif type(value).__module__.partition(".")[0] == "autograd_lite":
            self._visit(getattr(value, "function", None), label)  # of a compiled function
        elif not isinstance(value, _FIXED):
            if hasattr(value, "__next__") or hasattr(value, "__array__") or not has_attributes(type(value)):
                _refuse(value, label)
            self._visit_object(value, label)

    def _visit_function(self, function: types.FunctionType, label: str) -> None:
        self._functions.setdefault(function.__code__, []).append(function)
        if not is_user_code(function.__code__):  # a decorator of another library
            for inner in map(read_cell, function.__closure__ or ()):
                if callable(inner):
                    self._visit(inner, label)
        operation = getattr(function, "primitive", None)
        rules = (operation.forward, *operation.rules.values()) if operation is not None else ()
        for part in (*rules, getattr(function, "__wrapped__", None)):
            if part is not None:
                self._visit(part, label)

    def _visit_container(self, value: Any, label: str) -> None:
        if len(value) > _MOST_ELEMENTS:
            raise CompileError(
                f"compile: {label} is a {type(value).__name__} of {len(value):,} elements, too many to be compared in "
                "each call; pass an array as an argument, or make a tensor of it"
            )
        self.guards.contents.append(ContentsGuard(value, label))
        for part in value.values() if isinstance(value, dict) else () if isinstance(value, bytearray) else value:
            self._visit(part, f"an element of {label}")

    def _visit_object(self, value: Any, label: str) -> None:
        self._objects.append((value, label))
        self._visit_attributes(value, self._attributes, label)
        if not isinstance(value, type | types.ModuleType):
            self._visit(type(value), f"the class of {label}")
            self._visit(getattr(type(value), "__call__", None), label)  # noqa: B004 - the function itself is wanted

    def _visit_attributes(self, value: Any, names: Any, label: str) -> None:
        """Make guards for the attributes of an object, a class or a module that the user's code names."""
        if isinstance(value, versions.Versioned):
            for name in sorted(names & vars(value).keys() - value.patched_attributes):
                self._visit(vars(value)[name], f"the attribute {name!r} of {label}")
            if not names.isdisjoint(value.reads):
                for state in value.read_state():
                    self._visit(state, f"the state of {label}")
            return
        if self._by_string and not isinstance(value, type | types.ModuleType):
            names = names | getattr(value, "__dict__", {}).keys()
        classes = value.__mro__ if isinstance(value, type) else ()
        tables: list[Any] = [vars(kind) for kind in classes if is_user_class(kind)]
        tables = tables or [getattr(value, "__dict__", None)]
        for table in tables:
            for name in sorted(names):
                attribute = f"the attribute {name!r} of {label}"
                if table is None or is_slot(value, name):
                    self._guard(attribute_guard(value, name, attribute), (id(value), name))
                elif not isinstance(value, type) or name in table:
                    self._guard(table_guard(table, name, attribute), (id(value), id(table) if classes else 0, name))

    def _visit_versioned(self, value: Any, label: str) -> None:
        """A network, optimizer or schedule: its attributes change only together with `versions.state.count`."""
        for part, attributes in value.versioned_parts():
            if id(part) in self.guards.versioned:
                continue
            self.guards.versioned[id(part)] = (part, attributes)
            part_label = label if part is value else f"{type(part).__name__} in {label}"
            self._objects.append((part, part_label))
            self._visit_attributes(part, self._attributes, part_label)
            if not is_user_class(type(part)):  # its code is not searched for names
                for name, attribute in attributes.items():
                    if isinstance(attribute, (*_CONTAINERS, types.FunctionType, types.MethodType, functools.partial)):
                        self._visit(attribute, f"the attribute {name!r} of {part_label}")


def _refuse(value: Any, label: str) -> NoReturn:
    raise CompileError(
        f"compile: {label} is a {type(value).__module__}.{type(value).__qualname__}, whose changes a replay could "
        "not detect; pass what the function needs of it as an argument (an array, a number), or use a tensor"
    )
