"""Signatures, and functions written as source code: how parameters are read, declared and passed on."""

from __future__ import annotations

import inspect
import linecache
from collections.abc import Callable, Iterable
from types import FunctionType
from typing import Any

import numpy as np

from autograd_lite.support.pytorch_words import refuse_keywords


def signature_source(parameters: Iterable[inspect.Parameter]) -> str:
    """The parameters of a ``def``; a default is looked up as ``_default[name]``.

    A function with an axis takes other keywords too, as ``_others``, to refuse PyTorch's with the right word.

    Examples
    --------
    >>> signature_source(inspect.signature(lambda x, *rest, axis=None: 0).parameters.values())
    "x, *rest, axis=_default['axis'], **_others"
    """
    parts, may_be_keyword, has_axis = [], False, False
    for parameter in parameters:
        if parameter.kind is parameter.KEYWORD_ONLY and not may_be_keyword:
            parts.append("*")
        may_be_keyword |= parameter.kind >= parameter.VAR_POSITIONAL
        default = "" if parameter.default is parameter.empty else f"=_default[{parameter.name!r}]"
        parts.append("*" * (parameter.kind is parameter.VAR_POSITIONAL) + parameter.name + default)
        has_axis |= parameter.name in ("axis", "axes")
    return ", ".join([*parts, "**_others"] if has_axis else parts)


def passing_source(parameters: Iterable[inspect.Parameter]) -> str:
    """The arguments of a call that passes all parameters on.

    Examples
    --------
    >>> passing_source(inspect.signature(lambda x, *rest, axis=None: 0).parameters.values())
    'x, *rest, axis=axis'
    """
    pattern = dict.fromkeys(inspect._ParameterKind, "{0}")
    pattern |= {inspect.Parameter.VAR_POSITIONAL: "*{0}", inspect.Parameter.KEYWORD_ONLY: "{0}={0}"}
    return ", ".join(pattern[parameter.kind].format(parameter.name) for parameter in parameters)


def compile_function(source: str, name: str, namespace: dict[str, Any]) -> Callable[..., Any]:
    """The function that `source` defines as ``_function``, called `name`; tracebacks show its lines."""
    filename = f"<operation {name} {len(linecache.cache)}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    made: dict[str, Any] = {}  # separate from the namespace, because several threads may define functions at once
    namespace["_refuse_keywords"] = refuse_keywords
    exec(compile(source, filename, "exec"), namespace, made)
    function: Callable[..., Any] = made["_function"]
    function.__code__ = function.__code__.replace(co_name=name, co_qualname=name)
    function.__name__ = function.__qualname__ = name
    return function


def parameter_names(function: Callable[..., Any] | None) -> tuple[str, ...]:
    """The names of the parameters of a rule or formula; none for None."""
    if isinstance(function, FunctionType) and not hasattr(function, "__wrapped__"):  # ten times as fast
        code = function.__code__
        return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    return tuple(inspect.signature(function).parameters) if function else ()


def forward_parameters(forward: Callable[..., Any], rules: list[str], name: str) -> list[inspect.Parameter]:
    """The parameters of the forward function of an operation, checked; those of a ufunc are named as its rules."""
    if isinstance(forward, np.ufunc):  # a ufunc has no argument names of its own
        if len(rules) != forward.nin:
            raise TypeError(
                f"{name}: the ufunc {forward.__name__} has {forward.nin} arguments, not {len(rules)} "
                f"({', '.join(rules)}); write None for an argument without a rule"
            )
        return [inspect.Parameter(argument, inspect.Parameter.POSITIONAL_OR_KEYWORD) for argument in rules]
    parameters = list(inspect.signature(forward).parameters.values())
    for parameter in parameters:
        if parameter.kind is parameter.VAR_KEYWORD:
            raise TypeError(f"{name}: **{parameter.name} is not possible; name the keyword arguments")
        shapes = [f"{other.name}_shape" for other in parameters]
        if parameter.name in ("g", "out", *shapes) or parameter.name.startswith("_"):
            raise TypeError(f"{name}: an argument cannot be called {parameter.name!r}, the engine uses that name")
    return parameters


def tuple_source(parts: Iterable[str]) -> str:
    """The items of a tuple, for the space between its parentheses."""
    return "".join(f"{part}, " for part in parts)


def function_source(parameters: str, body: str) -> str:
    """The definition of a function; empty lines of the body are left out."""
    if parameters.endswith("**_others"):
        body = f"if _others: _refuse_keywords(_name, _others)\n{body}"
    lines = [f"    {line}" for line in body.splitlines() if line.strip()]
    return "\n".join([f"def _function({parameters}):", *lines])
