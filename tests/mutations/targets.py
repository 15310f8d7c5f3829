"""Which functions are mutated: rules, what they are made with, and closed forms; each with its syntax tree."""

from __future__ import annotations

import ast
import copy
import functools
import importlib
import inspect
import pkgutil
import textwrap
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import autograd_lite.ops.composition
import autograd_lite.support.short
import autograd_lite.support.sums
from autograd_lite import Primitive

Node = ast.FunctionDef | ast.Lambda
OPS = Path(autograd_lite.ops.__file__).parent
# What rules are made with besides operations.
BELOW = [Path(autograd_lite.support.sums.__file__), Path(autograd_lite.support.short.__file__)]
# What checks arguments and names errors.
CHECKING = [Path(autograd_lite.ops.composition.__file__)]


@dataclass
class Target:
    """A living function that can be replaced by a mutant of it.

    `names` are what the function may ask for instead of its own parameters; `operations` are those of which it is a
    rule, which must be told when it asks for something else; `cache` is the `lru_cache` around it.
    """

    title: str
    function: FunctionType
    node: Node
    names: tuple[str, ...] = ()
    operations: list[Callable[..., Any]] = field(default_factory=list)
    cache: Any = None

    @property
    def name(self) -> str:
        return f"{Path(self.function.__code__.co_filename).stem}/{self.title}"

    def forget(self) -> None:
        """Empty the cache around the function."""
        if self.cache is not None:
            self.cache.cache_clear()


# -- source --------------------------------------------------------------------------------------------------------


@functools.cache
def _functions_in(filename: str) -> list[Node]:
    tree = ast.parse(Path(filename).read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.Lambda)]


def compile_function(node: Node, free: tuple[str, ...] = (), filename: str = "<mutant>") -> CodeType:
    """The code object of one function, without its decorators and defaults: those belong to the living function.

    `free` are the variables that it has from the function around it; it keeps them, used or not.
    """
    unused = f"({', '.join(free)},)" if free else "None"
    if isinstance(node, ast.Lambda):
        name, body = "<lambda>", f"lambda {ast.unparse(node.args)}: ({ast.unparse(node.body)}) if True else {unused}"
    else:
        name, bare = node.name, copy.copy(node)
        bare.decorator_list = []
        bare.body = [*ast.parse(f"if False: {unused}").body, *node.body]
        body = f"global {name}\n{ast.unparse(bare)}"  # it may call itself
    source = f"def scope({', '.join(free)}):\n{textwrap.indent(body, ' ')}"
    future = annotations.compiler_flag
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a mutant may look strange
        (scope,) = _codes_in(compile(source, filename, "exec", future, dont_inherit=True))
    return next(code for code in _codes_in(scope) if code.co_name == name)


def _codes_in(code: CodeType) -> list[CodeType]:
    return [constant for constant in code.co_consts if isinstance(constant, CodeType)]


def node_of(function: FunctionType) -> Node:
    """The syntax tree that a function was compiled from."""
    code = function.__code__
    found = [node for node in _functions_in(code.co_filename) if _is_source_of(node, code)]
    if not found:
        raise LookupError(f"no function in {code.co_filename} is the source of {code}")
    return max(found, key=lambda node: (node.lineno, node.col_offset))  # of nested lambdas in a line the inner one


def _is_source_of(node: Node, code: CodeType) -> bool:
    if isinstance(node, ast.FunctionDef):
        first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        return (node.name, first) == (code.co_name, code.co_firstlineno)
    body = node.body
    return (code.co_name, code.co_firstlineno) == ("<lambda>", node.lineno) and all(
        (body.lineno, body.col_offset) <= (line, column) and (end_line, end) <= (body.end_lineno, body.end_col_offset)
        for line, end_line, column, end in code.co_positions()
        if end  # not the bookkeeping at the start
    )


# -- the catalogue of operations -----------------------------------------------------------------------------------


def operations() -> list[Any]:
    """All operations, exported or not."""
    found = {}
    for module in pkgutil.walk_packages(autograd_lite.ops.__path__, "autograd_lite.ops."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(getattr(value, "primitive", None), Primitive):
                found[id(value)] = value
    return list(found.values())


def rules() -> list[Target]:
    """Every derivative rule, then every function that a derivative is made with."""
    found: dict[FunctionType, Target] = {}
    for operation in operations():
        primitive = operation.primitive
        arrays = {*primitive.differentiable, "out", *primitive.residuals} - {primitive.variadic}
        for argument, rule in primitive.rules.items():
            name = f"{operation.__name__}.{argument}" if rule.__name__ == "<lambda>" else rule.__name__
            target = found.setdefault(rule, Target(name, rule, node_of(rule), tuple(sorted(arrays))))
            target.names = tuple(known for known in target.names if known in arrays)
            if operation not in target.operations:  # a joint rule belongs to several arguments
                target.operations.append(operation)
    for target in list(found.values()):
        _add_helpers(found, target)
    for operation in operations():  # derivatives that the forward function computes, and the formulas of them
        if operation.primitive.residuals:
            forward, formulas = inspect.unwrap(operation.primitive.forward), operation.primitive.residuals
            for name, function in {"forward": forward, **formulas}.items():
                title = f"{operation.__name__}.{name}"
                _add(found, function, title, _package(function))
    return list(found.values())


def closed_forms(checks: dict[str, Any]) -> list[Target]:
    """The closed form of every check, then every function that one is made with."""
    found: dict[FunctionType, Target] = {}
    for name, check in checks.items():
        form = check.closed_form
        if form not in found:
            name = name if form.__name__ == "<lambda>" else form.__name__
            found[form] = Target(name, form, node_of(form))
    for target in list(found.values()):
        _add_helpers(found, target)
    return list(found.values())


def _add_helpers(found: dict[FunctionType, Target], user: Target) -> None:
    """Add the functions of the same package and of `BELOW` that a function uses, and what they use in turn."""
    names = dict.fromkeys(node.id for node in ast.walk(user.node) if isinstance(node, ast.Name))
    for name in names:
        for i, value in enumerate(_flat(user.function.__globals__.get(name))):
            _add(found, value, f"{name}[{i}]", _package(user.function))


def _add(found: dict[FunctionType, Target], value: Any, lambda_name: str, package: Path) -> None:
    if isinstance(getattr(value, "primitive", None), Primitive):
        value = value.primitive.forward
    function = inspect.unwrap(value)
    if not isinstance(function, FunctionType):
        return
    file = Path(function.__code__.co_filename)
    if file in CHECKING or (_package(function) != package and file not in BELOW):
        return
    if function not in found:
        name = lambda_name if function.__name__ == "<lambda>" else function.__name__
        cache = value if hasattr(value, "cache_clear") else None
        found[function] = Target(name, function, node_of(function), cache=cache)
        _add_helpers(found, found[function])


def _package(function: FunctionType) -> Path:
    """The folder of a function's module; the families of operations are one package."""
    file = Path(function.__code__.co_filename)
    return OPS if OPS in file.parents else file.parent


def _flat(value: Any) -> Iterator[Any]:
    """A function, or those in a table of them."""
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, tuple):
        for part in value:
            yield from _flat(part)
    elif callable(value):
        yield value
