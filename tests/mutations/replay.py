"""Tests of Hypothesis without Hypothesis: the examples of one run are kept, and later runs are given the same ones.

To draw an example takes far longer than to look at it. What a test is given is kept as bytes and read again each time,
so that a test may change it.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any, NamedTuple

from hypothesis.errors import UnsatisfiedAssumption
from hypothesis.strategies import DataObject


class Example(NamedTuple):
    """The arguments of one call of a test, and what it drew then from those that are `data()`."""

    arguments: bytes
    drawn: dict[str, list[bytes]]


class _Recorder:
    """Stands for the `data` argument of a test while its examples are collected."""

    def __init__(self, data: DataObject) -> None:
        self.data, self.drawn = data, []

    def draw(self, strategy: Any, label: Any = None) -> Any:
        value = self.data.draw(strategy, label)
        self.drawn.append(pickle.dumps(value))
        return value


class _Player:
    """Stands for the `data` argument of a test once its examples are known."""

    def __init__(self, drawn: list[bytes]) -> None:
        self.waiting = iter(drawn)

    def draw(self, strategy: Any, label: Any = None) -> Any:
        return pickle.loads(next(self.waiting))


def record(test: Callable[..., Any], parameters: dict[str, Any]) -> list[Example]:
    """Run a test of Hypothesis in the usual way, and return its examples."""
    examples: list[Example] = []
    inner = test.hypothesis.inner_test

    def recording(*self: Any, **arguments: Any) -> None:
        drawn = {name: value for name, value in arguments.items() if name not in parameters}
        recorders = {name: _Recorder(value) for name, value in drawn.items() if isinstance(value, DataObject)}
        kept = pickle.dumps({name: value for name, value in drawn.items() if name not in recorders})
        inner(*self, **{**arguments, **recorders})
        examples.append(Example(kept, {name: recorder.drawn for name, recorder in recorders.items()}))

    test.hypothesis.inner_test = recording
    try:
        test(**parameters)
    finally:
        test.hypothesis.inner_test = inner
    return examples


def replay(test: Callable[..., Any], parameters: dict[str, Any], examples: list[Example]) -> None:
    """Run a test of Hypothesis on these examples."""
    for example in examples:
        players = {name: _Player(drawn) for name, drawn in example.drawn.items()}
        try:
            test.hypothesis.inner_test(**parameters, **pickle.loads(example.arguments), **players)
        except UnsatisfiedAssumption:
            continue
