"""Parameters laid end to end in one array, so that an update is a few NumPy calls however many there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from autograd_lite.core.graph import Leaf
from autograd_lite.core.tensor import Tensor
from autograd_lite.core.writes import record_changes
from autograd_lite.support.conversion import NumberArray
from autograd_lite.support.half_precision import HALF


@dataclass(slots=True)
class Run:
    """A stretch of a bucket that is updated at once: values, gradient and state as one-dimensional arrays.

    Of float16 values gradient and state are float32, where squares of small gradients and an eps of 1e-8 are not 0.
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


# Parameters up to this size are updated together: copying their gradients end to end costs less than calls for each.
SMALL = 2**16  # bytes
# Stretches from this size on are worked in blocks and by several threads. Less stays in the cache as it is, and waking
# threads would take a tenth of its time.
LARGE = 2**21  # bytes


class Bucket:
    """The storage of some parameters; it holds their values from now on, they are views of it.

    Attributes
    ----------
    parameters : list of Tensor
        Small ones first.
    values : array
        All values, in the order of the parameters.
    dtype : numpy.dtype
        In which updates are computed.
    state : dict of str to array
        What the optimizer remembers of them, in the same layout and this dtype.
    steps : list of int
        How often each parameter has been updated.
    """

    def __init__(self, parameters: list[Tensor], state_names: tuple[str, ...]) -> None:
        self.parameters = parameters = sorted(parameters, key=lambda parameter: parameter._data.nbytes > SMALL)
        ends = np.cumsum([parameter.size for parameter in parameters]).tolist()
        self.places = [slice(end - parameter.size, end) for end, parameter in zip(ends, parameters, strict=True)]
        self.values = np.empty(ends[-1], parameters[0].dtype)
        self.dtype = np.dtype(np.float32) if self.values.dtype == HALF else self.values.dtype
        self.state = {name: np.zeros_like(self.values, self.dtype) for name in state_names}
        self.steps = [0] * len(parameters)
        small = sum([parameter._data.nbytes <= SMALL for parameter in parameters])
        together = slice(ends[small - 1] if small else 0)
        self.gradient = np.empty_like(self.values[together], self.dtype)
        self.together = self._run(together, self.gradient, 0)
        self.parts = [
            (parameter, self.gradient[place].reshape(parameter.shape))
            for place, parameter in zip(self.places[:small], parameters, strict=False)
        ]
        self.is_one_run = small == len(parameters) and self.values.nbytes < LARGE
        self.views: list[tuple[Tensor, NumberArray]] = []
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
            self.views.append((parameter, parameter._data))

    def prepare(self) -> None:
        """Make sure that the values are here, where an update changes them."""
        for parameter, view in self.views:
            if parameter._data is not view:  # somebody else (another optimizer, for instance) has given it new storage
                self.adopt()
                return

    def run_of_all(self) -> Run | None:
        """The only stretch, in the common case that there is one, not large, and nothing is special; else None.

        The same as `runs`, in plain steps: it takes 4 µs less, a tenth of a small training step.
        """
        steps, run, step = self.steps, self.together, self.steps[0] + 1
        if not self.is_one_run or steps.count(step - 1) != len(steps):
            return None
        for parameter, part in self.parts:
            leaf = parameter._node
            if leaf.__class__ is not Leaf or leaf.grad.__class__ is not np.ndarray:
                return None
            part[...] = leaf.grad  # for a few parameters 1 µs less than concatenating
        self.steps = [step] * len(steps)
        run.step = step
        record_changes([self.values])
        return run

    def runs(self) -> list[Run]:
        """The stretches to update: few where possible, else one for each parameter that has a gradient."""
        collected: list[Any] = [parameter.grad for parameter in self.parameters]
        gradients = [getattr(gradient, "_data", gradient) for gradient in collected]  # tensors after create_graph=True
        if self.values.dtype == HALF:
            gradients = [None if gradient is None else gradient.astype(self.dtype) for gradient in gradients]
        present = [i for i, gradient in enumerate(gradients) if gradient is not None]
        if present:
            record_changes([self.values])
        steps, small = self.steps, len(self.parts)
        if len(present) < len(steps) or steps.count(steps[0]) < len(steps):
            for i in present:
                steps[i] += 1
            return [self._run(self.places[i], gradients[i].ravel(), steps[i]) for i in present]
        step = steps[0] + 1
        self.steps = [step] * len(steps)
        runs = []
        if small:
            flat = np.concatenate([gradient.ravel() for gradient in gradients[:small]], out=self.gradient)
            runs.append(Run(self.together.values, flat, self.together.state, step))
        for place, gradient in zip(self.places[small:], gradients[small:], strict=True):
            runs.append(self._run(place, gradient.ravel(), step))
        return runs

    def _run(self, place: slice, gradient: Any, step: int) -> Run:
        return Run(self.values[place], gradient, {name: array[place] for name, array in self.state.items()}, step)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickles and deep copies keep the tensors; the common array, and the views of it, are made anew."""
        return _restore, (type(self), self.parameters, self.state, self.steps)

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


def _restore(kind: type[Bucket], parameters: list[Tensor], state: dict[str, NumberArray], steps: list[int]) -> Bucket:
    bucket = kind(parameters, tuple(state))
    for name, array in state.items():
        bucket.state[name][...] = array
    bucket.steps = list(steps)
    return bucket
