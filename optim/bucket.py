"""Parameters stored end to end in one array, so that an update takes a few NumPy calls for any number of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy import ndarray

from autograd_lite.core.graph import Leaf
from autograd_lite.core.hooks import current_recorder
from autograd_lite.core.tensor import Tensor
from autograd_lite.core.writes import record_changes
from autograd_lite.support.conversion import NumberArray
from autograd_lite.support.half_precision import HALF

# Parameters up to this size are updated together: copying their gradients end to end costs less than calls for each.
SMALL = 2**16  # bytes


@dataclass(slots=True)
class Run:
    """A contiguous part of a bucket that is updated at once: values, gradient and state as one-dimensional arrays.

    For float16 values, gradient and state are float32: there squares of small gradients and an eps of 1e-8 are not 0.
    """

    values: NumberArray
    gradient: NumberArray
    state: dict[str, NumberArray]
    step: int

    def decayed_gradient(self, weight_decay: float) -> NumberArray:
        """The gradient plus weight_decay times the values."""
        if not weight_decay:
            return self.gradient
        return self.gradient + np.multiply(weight_decay, self.values, dtype=self.gradient.dtype)


class Bucket:
    """The storage of some parameters of one dtype: one array holds their values, and the parameters are views of it.

    Attributes
    ----------
    parameters : list of Tensor
        Small ones first.
    values : array
        All values, in the order of the parameters.
    dtype : numpy.dtype
        The dtype in which updates are computed.
    state : dict of str to array
        The state of the optimizer, in the same layout and in this dtype.
    steps : list of int
        How often each parameter has been updated.
    """

    def __init__(self, parameters: list[Tensor], state_names: tuple[str, ...]) -> None:
        self.parameters = parameters = sorted(parameters, key=lambda parameter: parameter._data.nbytes > SMALL)
        ends = np.cumsum([parameter.size for parameter in parameters]).tolist()
        self.places = [slice(end - parameter.size, end) for end, parameter in zip(ends, parameters, strict=True)]
        self.values = np.empty(ends[-1], parameters[0].dtype)
        self.dtype = np.dtype(np.float32) if self.values.dtype == HALF else self.values.dtype
        # `np.zeros` takes memory only where it is written, so what an option does not use costs nothing.
        self.state = {name: np.zeros(self.values.shape, self.dtype) for name in state_names}
        self.steps = [0] * len(parameters)
        self.small = sum([parameter._data.nbytes <= SMALL for parameter in parameters])
        together = slice(ends[self.small - 1] if self.small else 0)
        self.gradient = np.empty_like(self.values[together], self.dtype)
        self.parts = [
            (parameter, self.gradient[place].reshape(parameter.shape))
            for place, parameter in zip(self.places[: self.small], parameters, strict=False)
        ]
        self.large = range(self.small, len(parameters))
        self.together = self._run(together, self.gradient, 0)
        self.views: list[tuple[Tensor, NumberArray]] = []
        self.adopt()

    def adopt(self) -> None:
        """Copy the values of the parameters into the common array, and make the parameters views of it."""
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
            self.views.append((parameter, parameter._data))

    def prepare(self) -> None:
        """Make sure that the parameters are views of the common array, which an update changes."""
        for parameter, view in self.views:
            if parameter._data is not view:  # something else (another optimizer, for instance) gave it new storage
                self.adopt()
                return

    def runs(self, given: list[Any] | None = None) -> list[Run]:
        """The runs to update, whose steps are counted here: few where possible, else one for each gradient.

        The gradients are those of the parameters if none are `given`.
        """
        steps, step = self.steps, self.steps[0] + 1
        in_step = steps.count(step - 1) == len(steps)
        if in_step and given is None and not self.large and self._copy_gradients():
            self.steps, self.together.step = [step] * len(steps), step
            record_changes([self.values])
            return [self.together]
        gradients = self.gradients() if given is None else given
        present = [i for i, gradient in enumerate(gradients) if gradient is not None]
        if in_step and len(present) == len(steps):
            self.steps = [step] * len(steps)
            runs = [self._joined(gradients, step)] if self.small else []
            present = [*self.large]
        else:
            runs = []
            for i in present:
                steps[i] += 1
        runs += [self._run(self.places[i], self._flat(gradients[i]), self.steps[i]) for i in present]
        if runs:
            record_changes([self.values])
        return runs

    def gradients(self) -> list[Any]:
        """For each parameter the array of its gradient, or None."""
        found: list[Any] = [parameter.grad for parameter in self.parameters]
        return [getattr(gradient, "_data", gradient) for gradient in found]  # of tensors after create_graph=True

    def _copy_gradients(self) -> bool:
        """Copy the gradients end to end if they are plain arrays: 1 % of a small step faster than `_joined`."""
        if current_recorder() is not None:
            return False
        for parameter, part in self.parts:
            leaf = parameter._node
            if leaf.__class__ is not Leaf or leaf.grad.__class__ is not ndarray:
                return False
            part[...] = leaf.grad
        return True

    def _joined(self, gradients: list[Any], step: int) -> Run:
        """The run of all small parameters."""
        run = self.together
        flat = np.concatenate([self._flat(gradient) for gradient in gradients[: self.small]], out=self.gradient)
        return Run(run.values, flat, run.state, step)

    def _flat(self, gradient: Any) -> NumberArray:
        flat: NumberArray = (gradient if gradient.dtype == self.dtype else gradient.astype(self.dtype)).ravel()
        return flat

    def _run(self, place: slice, gradient: Any, step: int) -> Run:
        return Run(self.values[place], gradient, {name: array[place] for name, array in self.state.items()}, step)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickles and deep copies keep the tensors; the common array and the views of it are rebuilt."""
        return _restore, (type(self), self.parameters, self.state, self.steps)

    def parameter_state(self, i: int, names: Iterable[str], numbers: frozenset[str]) -> dict[str, Any]:
        """A copy of the state of parameter `i`: arrays in its shape, and one number for what is the same in all."""
        shape = self.parameters[i].shape
        arrays = {name: self.state[name][self.places[i]] for name in names}
        return {"step": self.steps[i]} | {
            name: float(array.max(initial=-np.inf)) if name in numbers else array.reshape(shape).copy()
            for name, array in arrays.items()
        }

    def load_parameter_state(self, i: int, state: dict[str, Any]) -> None:
        """Overwrite the state of parameter `i`; the shapes have been checked."""
        self.steps[i] = int(state["step"])
        for name, array in self.state.items():
            array[self.places[i]] = np.ravel(state.get(name, 0))


def _restore(kind: type[Bucket], parameters: list[Tensor], state: dict[str, NumberArray], steps: list[int]) -> Bucket:
    bucket = kind(parameters, tuple(state))
    for name, array in state.items():
        bucket.state[name][...] = array
    bucket.steps = list(steps)
    return bucket


def fill_with_zeros(parameters: Iterable[Tensor]) -> None:
    """Give the parameters that have a gradient one of zeros."""
    for parameter in parameters:
        if parameter.grad is not None:
            parameter.grad = np.zeros(parameter.shape, parameter.dtype)
