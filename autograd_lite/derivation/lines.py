"""A derivation and its lines, with their conversion to text and LaTeX."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from autograd_lite.derivation.constants import Constant, Formula
from autograd_lite.derivation.formula import Call, Symbol, call, subformulas
from autograd_lite.derivation.printing import Printer
from autograd_lite.derivation.rewriting import simplify
from autograd_lite.support.messages import show


@dataclass(frozen=True)
class Line:
    """A line of a derivation.

    Attributes
    ----------
    left : str
        What is defined or derived: ``"Z"``, ``"∂L/∂W"``.
    formulas : tuple of Formula
        The right-hand sides, each form following from the one before; empty for a given array.
    shape : tuple of int
    operation : str
        The operation whose definition or derivative rule gives the formula.
    gradient : str
        For a Δ the gradient that equals ``scale * Δ``, ``"∂L/∂Z⁽¹⁾"``; else empty.
    scale : Constant
        That factor.
    """

    left: str
    formulas: tuple[Formula, ...]
    shape: tuple[int, ...]
    operation: str
    gradient: str = ""
    scale: Constant = Constant(1)  # noqa: RUF009 - it is never modified

    @property
    def formula(self) -> str:
        """The last form as a Unicode string."""
        return Printer().text(self.formulas[-1]) if self.formulas else ""

    def equation(self, printer: Printer) -> str:
        """The whole line as a string, without the shape."""
        forms = [printer.symbol(self.left), *map(printer.text, self.formulas)]
        if self.gradient and self.scale.value == 1:
            forms.insert(0, printer.symbol(self.gradient))
        elif self.gradient:
            scaled = simplify(call(np.multiply, (self.scale, Symbol(self.left, self.shape, float))))
            comma = r",\quad " if printer.latex else ",  "
            return f"{printer.symbol(self.gradient)} = {printer.text(scaled)}{comma}{' = '.join(forms)}"
        return " = ".join(forms)


class Derivation:
    """The lines from the definition of a loss to its gradients. `print` shows text, a notebook shows mathematics.

    Attributes
    ----------
    steps : list of Line
        The definitions in the order of the forward pass, then the gradients in the order of the backward pass.
        ``derivation["∂L/∂W"]`` is the line with this left side.
    """

    def __init__(self, steps: list[Line], sizes: Mapping[str, int], lengths: Mapping[int, str]) -> None:
        self.steps = steps
        written = [(*line.formulas, line.scale) for line in steps]
        used = {part.denominator for part in subformulas(written) if isinstance(part, Constant)}
        self._lengths = {n: name for n, name in lengths.items() if n in used}
        self._matrix_powers = any(
            isinstance(part, Call) and part.function is np.linalg.matrix_power for part in subformulas(written)
        )
        self._sizes = {x: n for x, n in sizes.items() if any(x in name for name in self._lengths.values())}

    def __getitem__(self, left: str) -> Line:
        for line in self.steps:
            if left in (line.left, line.gradient):
                return line
        raise KeyError(f"derive: no line for {show(left)}; there are {', '.join(line.left for line in self.steps)}")

    def text(self) -> str:
        """The equations as a Unicode string, with the shapes on the right."""
        printer = Printer(lengths=self._lengths, matrix_powers=self._matrix_powers)
        equations = [line.equation(printer) for line in self.steps]
        widths = [sum(not unicodedata.combining(character) for character in equation) for equation in equations]
        rows = [f"{equation}{' ' * (max(widths) - width)}  {line.shape}"
                for equation, width, line in zip(equations, widths, self.steps, strict=True)]  # fmt: skip
        first = next((i for i, line in enumerate(self.steps) if line.left[0] in "∂Δ"), len(rows))
        sizes = [", ".join(f"{name} = {n}" for name, n in self._sizes.items())] if self._sizes else []
        return "\n\n".join("\n".join(block) for block in (sizes, rows[:first], rows[first:]) if block)

    def latex(self) -> str:
        """The equations as a LaTeX ``aligned`` environment, without dollar signs."""
        printer = Printer(True, self._lengths, self._matrix_powers)
        rows = [f"{name} &= {n}" for name, n in self._sizes.items()]
        for line in self.steps:
            equation = line.equation(printer)
            aligned = equation.replace(" = ", " &= ", 1) if " = " in equation else f"{equation} &"
            rows.append(rf"{aligned} &&\quad {line.shape}")
        return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"

    def _repr_latex_(self) -> str:
        return f"$\\displaystyle\n{self.latex()}\n$"

    def __str__(self) -> str:
        return self.text()

    __repr__ = __str__
