"""A derivation: its steps, and how they are shown."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from autograd_lite.derivation.expression import Expression, Number, Symbol, call, parts
from autograd_lite.derivation.printing import Printer
from autograd_lite.derivation.rewriting import simplify
from autograd_lite.support.messages import show


@dataclass(frozen=True)
class Step:
    """A line of a derivation.

    Attributes
    ----------
    left : str
        What is defined or derived: ``"Z"``, ``"∂L/∂W"``.
    formulas : tuple of Expression
        What it equals, each form following from the one before; empty for what is given.
    shape : tuple of int
    operation : str
        The operation whose definition or derivative rule this is.
    gradient : str
        For a Δ the gradient that it is up to a number, ``"∂L/∂Z⁽¹⁾"``; else empty.
    scale : Number
        That number.
    """

    left: str
    formulas: tuple[Expression, ...]
    shape: tuple[int, ...]
    operation: str
    gradient: str = ""
    scale: Number = Number(1)  # noqa: RUF009 - it never changes

    @property
    def formula(self) -> str:
        """The last form, as Unicode text."""
        return Printer().text(self.formulas[-1]) if self.formulas else ""

    def equation(self, printer: Printer) -> str:
        """The line as text."""
        forms = [printer.symbol(self.left), *map(printer.text, self.formulas)]
        if self.gradient and self.scale.value == 1:
            forms.insert(0, printer.symbol(self.gradient))
        elif self.gradient:
            scaled = simplify(call(np.multiply, (self.scale, Symbol(self.left, self.shape, float))))
            comma = r",\quad " if printer.latex else ",  "
            return f"{printer.symbol(self.gradient)} = {printer.text(scaled)}{comma}{' = '.join(forms)}"
        return " = ".join(forms)


class Derivation:
    """The steps from the definition of a loss to its gradients. Printed it is text, in a notebook mathematics.

    Attributes
    ----------
    steps : list of Step
        The definitions in the order of computing, then the gradients in the order of the sweep. ``derivation["∂L/∂W"]``
        is the step of that name.
    """

    def __init__(self, steps: list[Step], letters: Mapping[str, int], lengths: Mapping[int, str]) -> None:
        self.steps = steps
        written = [(*step.formulas, step.scale) for step in steps]
        used = {part.denominator for part in parts(written) if isinstance(part, Number)}
        self._lengths = {n: name for n, name in lengths.items() if n in used}
        self._letters = {x: n for x, n in letters.items() if any(x in name for name in self._lengths.values())}

    def __getitem__(self, left: str) -> Step:
        for step in self.steps:
            if left in (step.left, step.gradient):
                return step
        raise KeyError(f"derive: no step for {show(left)}; there are {', '.join(step.left for step in self.steps)}")

    def text(self) -> str:
        """As Unicode text: the equations, with the shapes on the right."""
        printer = Printer(lengths=self._lengths)
        equations = [step.equation(printer) for step in self.steps]
        widths = [sum(not unicodedata.combining(letter) for letter in equation) for equation in equations]
        lines = [f"{equation}{' ' * (max(widths) - width)}  {step.shape}"
                 for equation, width, step in zip(equations, widths, self.steps, strict=True)]  # fmt: skip
        first = next((i for i, step in enumerate(self.steps) if step.left[0] in "∂Δ"), len(lines))
        facts = [", ".join(f"{letter} = {n}" for letter, n in self._letters.items())] if self._letters else []
        return "\n\n".join("\n".join(block) for block in (facts, lines[:first], lines[first:]) if block)

    def latex(self) -> str:
        """As LaTeX: an ``aligned`` environment, without the dollars around it."""
        printer = Printer(latex=True, lengths=self._lengths)
        lines = [f"{letter} &= {n}" for letter, n in self._letters.items()]
        for step in self.steps:
            equation = step.equation(printer)
            aligned = equation.replace(" = ", " &= ", 1) if " = " in equation else f"{equation} &"
            lines.append(rf"{aligned} &&\quad {step.shape}")
        return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle\n{self.latex()}\n$"

    def __str__(self) -> str:
        return self.text()

    __repr__ = __str__
