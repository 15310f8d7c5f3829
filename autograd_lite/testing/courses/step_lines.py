"""The lines of a derivation: read, put in relation to the inputs of the function, and evaluated in order."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lite.support.messages import show
from autograd_lite.testing.comparing.inputs import Inputs, function_name
from autograd_lite.testing.courses.line_names import LineName, identifier, read_name

Function = Callable[..., Any]
# What a false line should be: a function of the values of the inputs, by the key of the line.
Corrections = Mapping[str, Callable[[list[Any]], Any]]

# What a last line is called if it is the loss.
_LOSSES = {"L", "loss", "J", "E", "cost", "l"}


@dataclass(frozen=True)
class Line:
    """One line: its name and its formula, with the canonical names of what the formula takes."""

    name: LineName
    formula: Function
    parameters: Mapping[str, str]  # the parameter's name → the input or the line that it names

    @property
    def key(self) -> str:
        return self.name.aliases[0]

    @property
    def is_value(self) -> bool:
        return self.name.to is None

    def positional_only(self) -> list[str]:
        """The parameters that the formula takes by position only."""
        parameters = inspect.signature(self.formula).parameters
        return [p for p in self.parameters if parameters[p].kind is inspect.Parameter.POSITIONAL_ONLY]

    def evaluate(self, known: Mapping[str, Any]) -> Any:
        """The result of the formula; a note is added to its exceptions."""
        first = self.positional_only()
        try:
            with np.errstate(all="ignore"):
                return self.formula(
                    *[_copied(known[self.parameters[p]]) for p in first],
                    **{p: _copied(known[key]) for p, key in self.parameters.items() if p not in first},
                )
        except Exception as error:
            error.add_note(f"raised by the line {self.name.text!r}")
            raise


def _copied(value: Any) -> Any:
    return value.copy() if isinstance(value, np.ndarray) else value


@dataclass(frozen=True)
class Lines:
    """All lines of a derivation of a function."""

    fn: Function
    inputs: Inputs
    lines: tuple[Line, ...]
    loss: str | None  # the key of the line that is the result of the function, if there is one
    loss_is_certain: bool  # from its name, not only because derivatives of it are taken

    def known_inputs(self, values: Iterable[Any]) -> dict[str, Any]:
        """The inputs by their identifiers."""
        return dict(zip(map(identifier, self.inputs.names), values, strict=True))

    def needed_for(self, line: Line) -> list[Line]:
        """The earlier lines that a line depends on, in their order."""
        needed: set[str] = set(line.parameters.values())
        found = []
        for earlier in reversed(self.lines[: self.lines.index(line)]):
            if earlier.key in needed:
                found.append(earlier)
                needed |= set(earlier.parameters.values())
        return found[::-1]

    def evaluate(self, line: Line, values: Iterable[Any], corrections: Corrections | None = None) -> Any:
        """A line for other values of the inputs, with all lines that it depends on."""
        return line.evaluate(self.known_for(line, values, corrections))

    def known_for(self, line: Line, values: Iterable[Any], corrections: Corrections | None = None) -> dict[str, Any]:
        """The inputs and the lines that a line depends on; false lines by their corrections."""
        values = list(values)
        known = self.known_inputs(values)
        for earlier in self.needed_for(line):
            correct = (corrections or {}).get(earlier.key)
            known[earlier.key] = correct(values) if correct else earlier.evaluate(known)
        return known

    def line(self, key: str) -> Line | None:
        """The line with this key."""
        return next((line for line in self.lines if line.key == key), None)


def read_lines(fn: Function, lines: Any, inputs: Inputs, loss: str | None) -> Lines:
    """The lines, with their names and parameters resolved.

    Raises
    ------
    TypeError, ValueError
        If they are no pairs of names and functions, or a name or a parameter has no meaning.
    """
    pairs = list(lines.items()) if isinstance(lines, Mapping) else lines
    if not isinstance(pairs, list | tuple) or not pairs or not all(_is_pair(pair) for pair in pairs):
        raise TypeError(f"check_steps: the lines must be a dict of names to functions, not {show(lines)}")
    own = [identifier(name) for name in inputs.names]
    names = _names([text for text, _ in pairs], own)
    values = [name.aliases[0] for name in names if name.to is None]
    key = _loss(fn, names, values, loss)
    meanings = {name: name for name in own}
    read: list[Line] = []
    for name, (_, formula) in zip(names, pairs, strict=True):
        if not callable(formula):
            raise TypeError(f"check_steps: the line {show(name.text)} must be a function, not {show(formula)}")
        if name.of in values and name.of != key:
            name = name._replace(aliases=(f"d{name.of}_d{name.to}",))
        line = Line(name, formula, _parameters(name, formula, meanings))
        if line.key in meanings:
            raise ValueError(f"check_steps: the line {show(name.text)} means {line.key}, a name that is already taken")
        for alias in name.aliases:
            meanings.setdefault(alias, line.key)
        read.append(line)
    certain = loss is not None or key in _LOSSES or key == function_name(fn)
    return Lines(fn, inputs, tuple(read), key if key in values else None, certain)


def _names(texts: list[Any], inputs: list[str]) -> list[LineName]:
    known, names = list(inputs), []
    for text in texts:
        names.append(name := read_name(text, known))
        known += [name.aliases[0]] if name.to is None else []
    return names


def _loss(fn: Function, names: list[LineName], values: list[str], given: str | None) -> str | None:
    """What the result of the function is called: a usual name of the last value, or what derivatives are taken of."""
    if given is not None and not isinstance(given, str):
        raise TypeError(f"check_steps: loss must be the name of a line, not {show(given)}")
    last = values[-1] if values else None
    derived = list(dict.fromkeys(name.of for name in names if name.of))
    others = [of for of in derived if of not in values]
    if given is not None:
        loss: str | None = identifier(given)
    elif (last in _LOSSES or last == function_name(fn)) and not (others and last in {name.to for name in names}):
        loss = last
    else:
        loss = others[0] if others else last if last in derived else None
    for other in others:
        if other != loss:
            raise ValueError(f"check_steps: derivatives of {show(other)}, which is no line, and the loss is "
                             f"{show(loss)}; loss= names the result of {function_name(fn)}")  # fmt: skip
    return loss


def _is_pair(pair: Any) -> bool:
    return isinstance(pair, list | tuple) and len(pair) == 2


def _parameters(name: LineName, formula: Function, meanings: Mapping[str, str]) -> dict[str, str]:
    where = f"check_steps: the line {show(name.text)}"
    try:
        parameters = inspect.signature(formula).parameters
    except (TypeError, ValueError):
        raise TypeError(f"{where} has no named parameters; write a lambda around {show(formula)}") from None
    found = {}
    for parameter in parameters.values():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise TypeError(f"{where} must name what it takes, not {parameter}")
        if parameter.name in meanings:
            found[parameter.name] = meanings[parameter.name]
        elif parameter.default is parameter.empty:
            raise ValueError(
                f"{where} takes {show(parameter.name)}, which is neither an input nor an earlier line; there are "
                f"{', '.join(meanings)}"
            )
    return found
