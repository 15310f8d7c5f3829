"""A counterexample as NumPy code: the inputs as assignments, and the call that reproduces the mismatch."""

from __future__ import annotations

import ast
import builtins
import inspect
import re
import sys
import textwrap
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite.support.messages import show
from autograd_lite.testing.comparing.case import Case, formula_name
from autograd_lite.testing.comparing.inputs import function_name, read_inputs


def as_code(case: Case, inputs: tuple[Any, ...], error: Exception) -> str:
    """The code, followed by the error as a comment."""
    fn, formula = function_name(case.fn), formula_name(case.closed_form)
    formula = "closed_form" if formula == fn else formula
    imports, definitions = {"import numpy as np", "from autograd_lite.testing import check_closed_form"}, []
    for name, function in ((fn, case.fn), (formula, case.closed_form)):
        needed, definition = _definition(name, function)
        imports |= needed
        definitions += [definition] if definition else []
    arguments = [re.sub(r"\W+", "_", name).strip("_") for name in read_inputs(case.fn, inputs).names]
    arguments = [f"{name}_" if name in (fn, formula, "np") else name for name in arguments]
    calls = [assignment(name, value) for name, value in zip(arguments, inputs, strict=True)]
    defaults = {"wrt": 0, **case._field_defaults}
    options = [f"{k}={getattr(case, k)!r}" for k in ("wrt", "rtol", "atol") if getattr(case, k) != defaults[k]]
    calls.append(f"check_closed_form({', '.join([fn, formula, *arguments, *options])})")
    outcome = textwrap.indent(f"{type(error).__name__}: {error}", "# ", lambda line: True)
    header = "\n".join(sorted(imports, key=lambda line: ("autograd_lite" in line, line.startswith("from"), line)))
    return "\n\n".join([header, *definitions, "\n".join(calls), re.sub(" +$", "", outcome, flags=re.MULTILINE)])


def assignment(name: str, value: Any, indent: int = 0) -> str:
    """The statement that gives a name a value, all of whose numbers are shown; the first line is not indented."""
    return f"{name} = {_literal(value, indent + len(name) + 6)}"


def _literal(value: Any, indent: int) -> str:
    """An expression for numbers, arrays and containers of them. Floats have all digits that distinguish them."""
    if isinstance(value, str):
        return repr(value)
    with np.printoptions(threshold=sys.maxsize, floatmode="unique", suppress=False):
        text = repr(value).replace("\n", "\n" + " " * indent)
    text = re.sub(r"\barray\(\[\], shape=", "np.zeros(", text)
    text = re.sub(r"\barray\(", "np.array(", text)
    text = re.sub(r"\bdtype=(\w+)", r'dtype="\1"', text)
    text = re.sub(r"(?<![.\w])(nan|inf)\b", r"np.\1", text)
    try:
        ast.parse(text)
    except SyntaxError:  # the repr of a function or another object
        return f"...  # {show(value)}"
    return text


def _definition(name: str, function: Callable[..., Any]) -> tuple[set[str], str]:
    """The import of a function, or its self-contained source with imports, or else a comment that locates it."""
    imported = _import(name, function)
    if imported is not None:
        return {imported}, ""
    source, code = source_of(function), getattr(function, "__code__", None)
    if source and code and function.__name__ in (name, "<lambda>") and not code.co_freevars:
        if code.co_name == "<lambda>":
            source = f"{name} = ({source})" if "\n" in source else f"{name} = {source}"
        imports = {_import(free, function.__globals__.get(free)) for free in _free_names(source)}
        if None not in imports:
            return {line for line in imports if line}, source
    where = f" at {code.co_filename}:{code.co_firstlineno}" if code else ""
    return set(), f"# {name} is {getattr(function, '__qualname__', f'a {type(function).__name__}')}{where}"


def _import(name: str, value: Any) -> str | None:
    """The statement that imports a module, class or function under a name; None if that is not possible."""
    if isinstance(value, types.ModuleType):
        return f"import {value.__name__}" + (f" as {name}" if value.__name__ != name else "")
    own, module = getattr(value, "__name__", ""), str(getattr(value, "__module__", ""))
    for home in ("numpy" if isinstance(value, np.ufunc) else module.partition(".")[0], module):
        if home != "__main__" and own and getattr(sys.modules.get(home), own, None) is value:
            return f"from {home} import {own}" + (f" as {name}" if own != name else "")
    return None


def _free_names(source: str) -> set[str]:
    """The names in a definition that come from its module."""
    nodes = list(ast.walk(ast.parse(source)))
    names = [node for node in nodes if isinstance(node, ast.Name)]
    bound = {node.arg for node in nodes if isinstance(node, ast.arg)}
    bound |= {name.id for name in names if isinstance(name.ctx, ast.Store)}
    return {name.id for name in names} - bound - vars(builtins).keys()


def source_of(function: Callable[..., Any]) -> str | None:
    """The source of a ``def``, or the expression of a lambda; None if it is not available.

    Examples
    --------
    >>> import textwrap
    >>> print(source_of(textwrap.dedent).splitlines()[0])
    def dedent(text):
    """
    code = getattr(function, "__code__", None)
    if code is None or inspect.ismethod(function) or function.__name__ != code.co_name:
        return None  # written in C, bound to an object, or wrapped by a decorator
    try:
        if code.co_name != "<lambda>":
            return textwrap.dedent(inspect.getsource(function)).rstrip()
        source = "".join(inspect.findsource(function)[0])
        lambdas = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Lambda)]
    except (OSError, SyntaxError):
        return None
    places = set(code.co_positions())  # the last instruction returns the body, so its place is that of the body
    for node in lambdas:
        if (node.body.lineno, node.body.end_lineno, node.body.col_offset, node.body.end_col_offset) in places:
            return ast.get_source_segment(source, node)
    return None
