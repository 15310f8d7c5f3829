"""A counterexample as a program: the sources of function and formula, what they use, the inputs, and the check."""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import linecache
import sys
import sysconfig
import textwrap
import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from autograd_lite.testing.closed_form import Case

_MISSING = "...  # its source is not available: write it here"


def source_of(function: Callable[..., Any]) -> str | None:
    """The source of a function as it was written: a ``def``, or the bare lambda expression; None if there is none.

    Examples
    --------
    >>> import textwrap
    >>> print(source_of(textwrap.dedent).splitlines()[0])
    def dedent(text):
    """
    code = getattr(function, "__code__", None)
    if code is None or inspect.ismethod(function) or function.__name__ != code.co_name:
        return None  # written in C, or not to be called as it stands: a method, a function behind a decorator
    source = "".join(linecache.getlines(code.co_filename, getattr(function, "__globals__", None)))
    kind = ast.Lambda if code.co_name == "<lambda>" else ast.FunctionDef
    fitting = [
        node
        for node in _functions_in(source)
        if isinstance(node, kind) and _first_line(node) == code.co_firstlineno and _holds(node, code)
    ]
    if not fitting:
        return None
    node = min(fitting, key=lambda node: (node.end_lineno, node.end_col_offset))  # the innermost
    if isinstance(node, ast.Lambda):
        return ast.get_source_segment(source, node)
    return textwrap.dedent("\n".join(source.splitlines()[_first_line(node) - 1 : node.end_lineno]))


@functools.lru_cache(maxsize=32)
def _functions_in(source: str) -> list[ast.Lambda | ast.FunctionDef]:
    """All functions in a file."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return []
    return [node for node in ast.walk(tree) if isinstance(node, ast.Lambda | ast.FunctionDef)]


def _first_line(node: ast.Lambda | ast.FunctionDef) -> int:
    decorators = node.decorator_list if isinstance(node, ast.FunctionDef) else []
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _holds(node: ast.Lambda | ast.FunctionDef, code: types.CodeType) -> bool:
    """Whether the instructions come from within the function: several lambdas can share a line."""
    start, end = (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)
    for first_line, last_line, first_column, last_column in code.co_positions():
        if first_line is None or last_line is None or first_column is None or not last_column:
            continue  # an instruction that belongs to no place in the source
        if isinstance(node, ast.Lambda) and not start <= (first_line, first_column) <= (last_line, last_column) <= end:
            return False
    return True


# -- the program ---------------------------------------------------------------------------------------------------


def program(case: Case, inputs: tuple[Any, ...], error: Exception) -> str:
    """The text of a program that raises `error`."""
    writer = _Writer()
    for function in (case.fn, case.closed_form):  # first what they use, whose names are given
        writer.bind_what_it_uses(function)
    fn, closed_form = writer.define(case.fn, "fn"), writer.define(case.closed_form, "closed_form")
    arguments = ", ".join([fn, closed_form, *map(writer.value, inputs)])
    defaults = {"wrt": 0, **case._field_defaults}
    given = {name: getattr(case, name) for name in ("wrt", "rtol", "atol")}
    options = "".join(f", {name}={value!r}" for name, value in given.items() if value != defaults[name])
    imports = {*writer.imports, "from autograd_lite.testing import check_closed_form"}
    blocks = [
        "from __future__ import annotations",
        "\n".join(_merged(imports)),
        *writer.definitions,
        f"check_closed_form({arguments}{options})",
        "\n".join(f"# {line}".rstrip() for line in f"{type(error).__name__}: {error}".splitlines()),
    ]
    return "\n\n".join(blocks) + "\n"


def _merged(imports: set[str]) -> list[str]:
    """One line for each module, the library's own last."""
    by_module: dict[str, list[str]] = {}
    for line in sorted(imports):
        module, _, names = line.partition(" import ")
        by_module.setdefault(module, []).append(names)
    lines = [f"{module} import {', '.join(names)}" if names[0] else module for module, names in by_module.items()]
    return sorted(lines, key=lambda line: ("autograd_lite" in line, line))


class _Writer:
    """Collects the imports and definitions that a piece of code needs."""

    def __init__(self) -> None:
        self.imports: set[str] = set()
        self.definitions: list[str] = []
        self.names: dict[str, Any] = {}

    def define(self, function: Callable[..., Any], name: str) -> str:
        """Make the function available, by import or by its source, and return how it is called."""
        own = getattr(function, "__name__", name)
        own = name = own if own.isidentifier() else name
        number = 1
        while own in self.names and self.names[own] is not function:
            number += 1
            own = f"{name}_{number}"
        self._bind(own, function)
        return own

    def _bind(self, name: str, value: Any) -> None:
        if name in self.names:
            if self.names[name] is not value:
                self.definitions.append(f"# {name!r} is the name of two different things; this program has the first.")
            return
        self.names[name] = value
        if isinstance(value, types.ModuleType):
            plain = value.__name__ == name
            self.imports.add(f"import {value.__name__}" if plain else f"import {value.__name__} as {name}")
        elif callable(value):
            self._import_or_copy(name, value)
        else:
            self.definitions.append(f"{name} = {self.value(value)}")

    def _import_or_copy(self, name: str, value: Any) -> None:
        own, module = getattr(value, "__name__", ""), getattr(value, "__module__", None) or ""
        if _is_installed(module) and getattr(sys.modules.get(module), own, None) is value:
            renamed = "" if own == name else f" as {name}"
            self.imports.add(f"from {_public_home(module, own, value)} import {own}{renamed}")
            return
        source = source_of(value)
        if source is None:
            self.definitions.append(f"{name} = {_MISSING}")
            return
        self.bind_what_it_uses(value)
        if own == "<lambda>":
            self.definitions.append(f"{name} = ({source})" if "\n" in source else f"{name} = {source}")
        else:
            self.definitions.append(source.replace(f"def {own}(", f"def {name}(", 1))

    def bind_what_it_uses(self, function: Any) -> None:
        """Make everything available that the source of a function names."""
        source = source_of(function)
        if source is None or _is_installed(function.__module__ or ""):
            return
        tree = ast.parse(f"({source})" if function.__name__ == "<lambda>" else source)
        written = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        free = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
        for name in sorted(written & _names_in(function.__code__)):
            if name in free:
                self._bind(name, free[name].cell_contents)
            elif name in function.__globals__:
                self._bind(name, function.__globals__[name])
        arguments = next(node.args for node in ast.walk(tree) if isinstance(node, ast.Lambda | ast.FunctionDef))
        nodes = [*arguments.defaults, *(node for node in arguments.kw_defaults if node is not None)]
        values = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
        for default, value in zip(nodes, values, strict=True):
            if isinstance(default, ast.Name):
                self._bind(default.id, value)

    def value(self, value: Any) -> str:
        """A literal from which the value comes back, bit by bit."""
        if isinstance(value, np.ndarray):
            self._bind("np", np)
            usual = value.dtype in (np.float64, np.int64, np.bool_) and value.size
            dtype = "" if usual else f", dtype=np.{value.dtype}"
            return f"np.array({value.tolist()!r}{dtype})" if value.size else f"np.zeros({value.shape}{dtype})"
        if isinstance(value, np.generic):
            return repr(value.item())
        if isinstance(value, dict):
            return "{" + ", ".join(f"{self.value(key)}: {self.value(item)}" for key, item in value.items()) + "}"
        if isinstance(value, tuple | list):
            items = ", ".join(map(self.value, value))
            return f"[{items}]" if isinstance(value, list) else f"({items}{',' * (len(value) == 1)})"
        return self.define(value, "function") if callable(value) else repr(value)


def _names_in(code: types.CodeType) -> set[str]:
    """All names that a piece of code looks up, in the functions and comprehensions inside it too."""
    inside = [constant for constant in code.co_consts if isinstance(constant, types.CodeType)]
    return {*code.co_names, *code.co_freevars}.union(*map(_names_in, inside))


def _is_installed(module: str) -> bool:
    """Whether a module can be imported anywhere, as the user's own files cannot."""
    if module.split(".")[0] == "autograd_lite":
        return True
    file = getattr(sys.modules.get(module), "__file__", None)
    paths = {sysconfig.get_paths()[key] for key in ("stdlib", "platstdlib", "purelib", "platlib")}
    return module in sys.builtin_module_names or bool(file and file.startswith(tuple(paths)))


def _public_home(module: str, name: str, value: Any) -> str:
    """The top of the package, if the name can be had there: ``from autograd_lite import softmax``."""
    top = module.split(".")[0]
    return top if getattr(importlib.import_module(top), name, None) is value else module
