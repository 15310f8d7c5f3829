"""Statements and errors in documents: functions with closed forms of their derivatives, and a search that compares."""

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
    """A function and a closed form that agree on all inputs which the strategies draw.

    `wrt` names the arguments that the closed form differentiates; None: the closed form gives the value itself.
    """

    fn: Callable[..., Any]
    closed_form: Callable[..., Any]
    inputs: tuple[Any, ...]
    wrt: Any = 0
    layout: str = ""

    def search(self, max_examples: int) -> Search:
        """Search for a counterexample; the result also counts what was tried."""
        searches: list[Search] = []
        find_counterexample(
            self.fn, self.closed_form, *self.inputs, wrt=self.wrt, max_examples=max_examples, report=searches.append
        )
        return searches[0]


def claim_and_correction(
    fn: Callable[..., Any], printed: Callable[..., Any], corrected: Callable[..., Any], inputs: Any, wrt: Any = 0
) -> tuple[Check, Check]:
    """The formula of a document as printed, which does not hold, and as corrected."""
    return Check(fn, printed, (inputs,), wrt), Check(fn, corrected, (inputs,), wrt)


@dataclass(frozen=True)
class Statement:
    """A formula of the documents that holds."""

    id: str
    title: str
    formula: str
    sources: str
    checks: tuple[Check, ...]

    @property
    def test_name(self) -> str:
        return _test_name(self.id, self.title)

    def __str__(self) -> str:
        layouts = dict.fromkeys(f"\nLayout: {check.layout}." for check in self.checks if check.layout)
        source = f"Source: {_described(self.sources)}."
        return f"{self.id}: {self.title}.\n\n    {self.formula}\n\n{source}{''.join(layouts)}"


@dataclass(frozen=True)
class DocumentError:
    """A formula that a document prints and that does not hold, with its correction.

    `kind` is the finding that the diagnosis must report; None if the diagnosis has no name for the mistake.
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
        formulas = f"    As printed: {self.printed}\n    Corrected:  {self.corrected}"
        fault = f"{self.fault[0].upper()}{self.fault[1:]}."
        return f"{self.id}: {self.title}.\n\n{formulas}\n\n{fault}\nSource: {_described(self.sources)}."


def _test_name(row: str, title: str) -> str:
    return f"test_{row.lower()}_{re.sub('[^a-z0-9]+', '_', title.lower()).strip('_')}"


def _described(sources: str) -> str:
    return "; ".join(f"[{key}] {SOURCES[key]}" for key in sources.replace(",", " ").split())
