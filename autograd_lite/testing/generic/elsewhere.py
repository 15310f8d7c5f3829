"""A formula at other inputs than the given ones: draws with some of their properties, and whether it holds there."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from autograd_lite.support.conversion import NumberArray
from autograd_lite.testing.comparing.case import Case
from autograd_lite.testing.comparing.comparison import Reference
from autograd_lite.testing.comparing.inputs import Inputs
from autograd_lite.testing.generic.constraints import Constraints, constrained
from autograd_lite.testing.generic.generic_inputs import generic_array, is_identity, like, visible
from autograd_lite.testing.generic.properties import PROPERTIES, Property
from autograd_lite.testing.generic.relaxations import without_all

_ATTEMPTS = 3  # to find inputs in the domain of the function


class Verdict(NamedTuple):
    """Whether the formula holds at some inputs: None if they say nothing, for example where the function fails."""

    holds: bool | None
    wrong: tuple[Reference, NumberArray] | None = None


@dataclass
class Elsewhere:
    """Draws of other inputs than the given ones, and what they say about a formula.

    Attributes
    ----------
    case, inputs, references, constraints
        The case, the given inputs, the derivatives there, and what is stated about them.
    of_order_one : bool
        Whether the numbers drawn are of order one, instead of the magnitude of the given ones.
    redrawn : list of int
        The inputs that change.
    kept, free : dict of int to tuple of Property
        All properties that the given inputs visibly have; and those that draws keep in any case.
    """

    case: Case
    inputs: Inputs
    references: list[Reference]
    constraints: Constraints
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))
    of_order_one: bool = False

    def __post_init__(self) -> None:
        floats = [i for i in self.inputs.floats() if i not in self.constraints.fixed]
        self.redrawn = [i for i in floats if self.array(i).size]
        self.stated = {i: self._stated(i) for i in self.redrawn}
        self.kept = {i: tuple(dict.fromkeys((*visible(self.array(i)), *self.stated[i]))) for i in self.redrawn}
        self.free = {i: self._free(i) for i in self.redrawn}

    def _stated(self, i: int) -> tuple[Property, ...]:
        """The constraints that are stated or certainly meant: scales, rates, limits and other settings are positive."""
        is_setting = self.is_data(i) and not self.array(i).ndim
        meant = tuple(p for p in PROPERTIES if p.name == "nonnegative" and is_setting and p.holds(self.array(i)))
        return (*self.constraints.properties.get(i, ()), *meant)

    def _free(self, i: int) -> tuple[Property, ...]:
        """The properties that draws keep in any case."""
        identity = is_identity(self.array(i))
        return (*self.stated[i], *(without_all(self.kept[i], self.is_data(i)) if not identity else ()))

    def array(self, i: int) -> NumberArray:
        """A given input."""
        return np.asarray(self.inputs.values[i])

    def is_data(self, i: int) -> bool:
        """Whether the function is not differentiated with respect to an input."""
        return all(reference.position != i for reference in self.references)

    def draw(self, properties: dict[int, tuple[Property, ...]], base: Inputs | None = None) -> Inputs:
        """Generic inputs with these properties, by position; the others are those of `base`."""
        values = list((base or self.inputs).values)
        for i, kept in properties.items():
            given = self.inputs.values[i]
            identity = is_identity(self.array(i)) and kept == self.kept[i]
            avoided = tuple(p for p in self.kept[i] if p not in kept)
            array = generic_array(self.array(i), self.rng, None if identity else kept, avoided, self.of_order_one)
            if i in self.constraints.maps:
                array = constrained("constraints", self.inputs.names[i], self.constraints.maps[i], array)
            values[i] = like(given, array)
        return replace(self.inputs, values=tuple(values))

    def verdict(self, inputs: Inputs, same_shapes: bool = True) -> Verdict:
        """Whether the formula holds at these inputs; with `same_shapes` only if the result has the given shape."""
        try:
            references = self.case.references(inputs)
        except Exception:  # outside the domain of the function
            return Verdict(None)
        if same_shapes and [r.values.shape for r in references] != [r.values.shape for r in self.references]:
            return Verdict(None)
        try:
            comparison = self.case.compare(inputs, references, self.case.evaluate_formula(inputs))
        except (ArithmeticError, np.linalg.LinAlgError):  # outside the domain of the formula
            return Verdict(None)
        except Exception:  # the formula does not take these inputs
            return Verdict(False)
        if comparison.wrong is None:
            return Verdict(None if comparison.undecided else True)
        reference, claim = comparison.wrong
        if not np.isfinite(claim).all():
            return Verdict(None)
        return Verdict(False, comparison.wrong if claim.shape == reference.values.shape else None)

    def told(self, properties: dict[int, tuple[Property, ...]], base: Inputs) -> tuple[Inputs, bool | None]:
        """The first of some draws with these properties that says whether the formula holds, and what it says."""
        for _ in range(_ATTEMPTS):
            inputs = self.draw(properties, base)
            holds = self.verdict(inputs).holds
            if holds is not None:
                break
        return inputs, holds
