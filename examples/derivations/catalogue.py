"""What a statement and a slip are: functions, with closed forms for their derivatives, and a search for exceptions."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from autograd_lite.testing import Search, find_counterexample

SOURCES = {
    "A": "a study of stochastic gradient descent on softmax regression",
    "B": "an article that explains gradient descent and back-propagation (2019)",
    "C": "slides: from the perceptron to the multi-layer perceptron (Desassis, 2022)",
    "D": "a blog post on the gradient of the last layer (2023)",
}


@dataclass(frozen=True)
class Check:
    """A function and a closed form that should agree, for whatever inputs the strategies draw.

    `wrt` is what the closed form differentiates; None means that it gives the value itself.
    """

    fn: Callable[..., Any]
    closed_form: Callable[..., Any]
    inputs: tuple[Any, ...]
    wrt: Any = 0
    layout: str = ""

    def search(self, max_examples: int) -> Search:
        """Look for a counterexample, and tell what was tried."""
        searches: list[Search] = []
        find_counterexample(
            self.fn, self.closed_form, *self.inputs, wrt=self.wrt, max_examples=max_examples, report=searches.append
        )
        return searches[0]


@dataclass(frozen=True)
class Statement:
    """A row of the catalogue: something that the documents derive, and that is true."""

    id: str
    title: str
    formula: str
    sources: str
    checks: tuple[Check, ...]

    @property
    def test_name(self) -> str:
        return _test_name(self.id, self.title)

    def __str__(self) -> str:
        layouts = list(dict.fromkeys(check.layout for check in self.checks if check.layout))
        lines = [f"{self.id}: {self.title}.", "", f"    {self.formula}", "", f"Source: {_described(self.sources)}."]
        return "\n".join(lines + [f"Layout: {layout}." for layout in layouts])


@dataclass(frozen=True)
class Slip:
    """Something that a document prints and that is not true: the claim, what is wrong with it, and what is right.

    `kind` is the finding by which the diagnosis names the mistake; None if it is not one that has a name.
    """

    id: str
    title: str
    printed: str
    fault: str
    corrected: str
    sources: str
    claim: Check
    correction: Check
    kind: str | None = None

    @property
    def test_name(self) -> str:
        return _test_name(self.id, self.title)

    def __str__(self) -> str:
        lines = [
            f"{self.id}: {self.title}.",
            "",
            f"    As printed: {self.printed}",
            f"    Corrected:  {self.corrected}",
        ]
        return "\n".join(
            [*lines, "", f"{self.fault[0].upper()}{self.fault[1:]}.", f"Source: {_described(self.sources)}."]
        )


def _test_name(row: str, title: str) -> str:
    return f"test_{row.lower()}_{re.sub('[^a-z0-9]+', '_', title.lower()).strip('_')}"


def _described(sources: str) -> str:
    return "; ".join(f"[{key}] {SOURCES[key]}" for key in sources.replace(",", " ").split())
