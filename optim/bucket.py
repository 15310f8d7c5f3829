"""Parameters laid end to end in one array, so that an update is a few NumPy calls however many there are."""

from __future__ import annotations

from dataclasses import dataclass
from operator import is_
from typing import Any

import numpy as np

from autograd_lite.changes import record_change
from autograd_lite.conversion import NumberArray
from autograd_lite.tensor import Tensor


@dataclass(slots=True)
class Run:
    """A stretch of a bucket that is updated at once: values, gradient and state as one-dimensional arrays."""

    values: NumberArray
    gradient: NumberArray
    state: dict[str, NumberArray]
    step: int


class Bucket:
    """The storage of some parameters; it holds their values from now on, they are views of it.

    Attributes
    ----------
    parameters : list of Tensor
    values : array
        All values, in the order of the parameters.
    state : dict of str to array
        What the optimizer remembers of them, in the same layout.
    steps : list of int
        How often each parameter has been updated.
    """

    def __init__(self, parameters: list[Tensor], state_names: tuple[str, ...]) -> None:
        self.parameters = parameters
        ends = np.cumsum([parameter.size for parameter in parameters]).tolist()
        self.places = [slice(end - parameter.size, end) for end, parameter in zip(ends, parameters, strict=True)]
        self.values = np.empty(ends[-1], parameters[0].dtype)
        self.gradient = np.empty_like(self.values)
        self.state = {name: np.zeros_like(self.values) for name in state_names}
        self.steps = [0] * len(parameters)
        self.views: list[NumberArray] = []
        self.adopt()

    def adopt(self) -> None:
        """Take the values of the parameters over into the common array."""
        for parameter in self.parameters:
            if parameter.dtype != self.values.dtype:
                raise RuntimeError(
                    f"a parameter of shape {parameter.shape} was converted to {parameter.dtype} after its "
                    "optimizer had been made; make the optimizer after module.astype()"
                )
        self.views = []
        for parameter, place in zip(self.parameters, self.places, strict=True):
            self.values[place] = parameter.data.ravel()
            parameter._data = self.values[place].reshape(parameter.shape)
            self.views.append(parameter._data)

    def prepare(self) -> None:
        """Make sure that the values are here, where an update changes them."""
        if not all(map(is_, [parameter._data for parameter in self.parameters], self.views)):
            self.adopt()  # somebody else (another optimizer, for instance) has given them new storage

    def runs(self) -> list[Run]:
        """The stretches to update: all at once where possible, else those parameters that have a gradient."""
        parameters, steps = self.parameters, self.steps
        gradients = [
            getattr(gradient, "_data", gradient).ravel()  # after backward(create_graph=True) it is a tensor
            for parameter in parameters
            if (gradient := parameter.grad) is not None
        ]
        if gradients:
            record_change(self.values)
        if len(gradients) == len(parameters) and steps.count(steps[0]) == len(steps):
            step = steps[0] + 1
            self.steps = [step] * len(steps)
            return [Run(self.values, np.concatenate(gradients, out=self.gradient), self.state, step)]
        present = [i for i, parameter in enumerate(parameters) if parameter.grad is not None]
        for i in present:
            steps[i] += 1
        return [
            Run(self.values[place], gradient, {name: array[place] for name, array in self.state.items()}, steps[i])
            for i, gradient in zip(present, gradients, strict=True)
            for place in [self.places[i]]
        ]

    def parameter_state(self, i: int) -> dict[str, Any]:
        """A copy of what is remembered of parameter `i`, in its shape."""
        shape = self.parameters[i].shape
        arrays = {name: array[self.places[i]].reshape(shape).copy() for name, array in self.state.items()}
        return {"step": self.steps[i], **arrays}

    def load_parameter_state(self, i: int, state: dict[str, Any]) -> None:
        """Overwrite what is remembered of parameter `i`; the shapes have been checked."""
        self.steps[i] = int(state["step"])
        for name, array in self.state.items():
            array[self.places[i]] = np.asarray(state[name]).ravel()
