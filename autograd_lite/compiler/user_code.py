"""Which code, classes and modules are the user's own, and which names occur in a piece of code."""

from __future__ import annotations

import dis
import functools
import sys
import sysconfig
import types
from typing import Any

import numpy as np

import autograd_lite.nn
import autograd_lite.optim

# Functions and attributes with which code names attributes by strings.
_BY_STRING = {"getattr", "setattr", "hasattr", "delattr", "attrgetter", "vars", "__dict__"}


@functools.cache
def _installed() -> tuple[str, ...]:
    """Prefixes of the file names of code that is not the user's."""
    paths = [package.__path__[0] for package in (autograd_lite, autograd_lite.nn, autograd_lite.optim, np)]
    paths += [sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    return (*(f"{path}/" for path in paths), "<operation", "<program", "<replay", "<frozen", "<__array_function__")


@functools.lru_cache(maxsize=4096)
def is_user_code(code: types.CodeType) -> bool:
    """Whether code is the user's own, and not of this library, NumPy, or another installed package."""
    return not code.co_filename.startswith(_installed())


def is_generated_code(code: types.CodeType, table: dict[str, Any]) -> bool:
    """Whether `dataclass` and the like have made code for a class of this library; it names no file, but a module."""
    return code.co_filename == "<string>" and str(table.get("__name__")).partition(".")[0] == "autograd_lite"


def is_user_class(kind: type) -> bool:
    """Whether a class is the user's own."""
    module = sys.modules.get(kind.__module__)
    path = getattr(module, "__file__", None)
    if kind.__module__ == "builtins" or kind.__module__.partition(".")[0] in ("autograd_lite", "numpy"):
        return False
    if path is None:
        return kind.__module__ not in sys.builtin_module_names
    return not path.startswith(_installed())


def is_user_module(module: types.ModuleType) -> bool:
    """Whether a module is the user's own."""
    path = getattr(module, "__file__", None)
    return path is not None and not path.startswith(_installed())


def user_line(frame: Any) -> str:
    """The line of the user's code that led to a frame."""
    while frame is not None and not is_user_code(frame.f_code):
        frame = frame.f_back
    return "" if frame is None else f"{frame.f_code.co_filename}, line {frame.f_lineno}, in {frame.f_code.co_name}"


@functools.lru_cache(maxsize=1024)
def names_in(code: types.CodeType) -> tuple[frozenset[str], frozenset[str]]:
    """The names of the global variables and of the attributes that code uses."""
    variables, attributes = set(), set()
    if names_attributes_by_string(code):
        attributes |= {text for text in code.co_consts if isinstance(text, str) and text.isidentifier()}
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME", "STORE_GLOBAL", "DELETE_GLOBAL"):
            variables.add(instruction.argval)
        elif instruction.opname in ("LOAD_ATTR", "LOAD_METHOD", "STORE_ATTR", "DELETE_ATTR", "LOAD_SUPER_ATTR"):
            attributes.add(instruction.argval)
    return frozenset(variables), frozenset(attributes)


def names_attributes_by_string(code: types.CodeType) -> bool:
    """Whether code may name attributes by strings."""
    return not _BY_STRING.isdisjoint(code.co_names)


def has_attributes(kind: type) -> bool:
    """Whether objects of a class have attributes that can be set."""
    return bool(kind.__dictoffset__) or any("__slots__" in vars(base) for base in kind.__mro__[:-1])


def is_slot(value: Any, name: str) -> bool:
    """Whether an attribute is one of the `__slots__` of an object."""
    return isinstance(getattr(type(value), name, None), types.MemberDescriptorType)
