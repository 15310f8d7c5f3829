"""The interface of a program, what it uses of a library, and the list of programs.

autograd_lite has PyTorch's names for modules, optimizers and most methods of tensors, so a program is written once and
gets the library as an argument. It trains with the same weights and data in both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, ClassVar

import numpy as np

from suite.cases import CASES, Array, Case
from suite.engine import Step


@dataclass(frozen=True)
class Library:
    """What programs use of a library.

    Parameters
    ----------
    nn, optim : module
        With PyTorch's names.
    convert : callable
        From a NumPy array to the array type that `load_state_dict` expects.
    exp : callable
    attention : callable
        From a number of positions L to the function softmax(QKᵀ/√d + mask) V of queries, keys and values
        (N, heads, L, d), where no position sees a later one.
    scatter : callable
        From values (E, F), indices (E) and a number of rows R to an array (R, F) that has the sum of all values with
        index i in row i.
    options : dict
        Options of all optimizers.
    """

    nn: Any
    optim: Any
    convert: Callable[[Array], Any]
    exp: Callable[[Any], Any]
    attention: Callable[[int], Callable[[Any, Any, Any], Any]]
    scatter: Callable[[Any, Any, int], Any]
    options: dict[str, Any] = field(default_factory=dict)

    def initialise(self, model: Any) -> Any:
        """The model with initial weights that depend on nothing but the shapes and the order of its parameters.

        Matrices and kernels are normal with the variance 1/inputs. The other parameters are as the libraries have them,
        scales 1 and biases 0, once the biases are set to 0.
        """
        rng, state = np.random.default_rng(0), {}
        for name, parameter in model.named_parameters():
            shape = tuple(parameter.shape)
            if len(shape) > 1:
                state[name] = rng.standard_normal(shape, np.float32) / np.float32(np.prod(shape[1:])) ** 0.5
            elif "bias" in name:
                state[name] = np.zeros(shape, np.float32)
        model.load_state_dict({name: self.convert(values) for name, values in state.items()}, strict=False)
        return model


@dataclass(frozen=True)
class Program:
    """A training program: the file of this name in `suite/programs`."""

    name: str
    title: str
    kind: ClassVar[str] = "program"
    check_steps: ClassVar[int] = 8

    def batches(self) -> list[tuple[Array, ...]]:
        """The arguments of the steps, in NumPy arrays."""
        return self._module().batches()  # type: ignore[no-any-return]

    def step(self, library: Library) -> Step:
        """The training step in a library, from the initial weights."""
        return self._module().step(library)  # type: ignore[no-any-return]

    def _module(self) -> Any:
        return import_module(f"suite.programs.{self.name}")


PROGRAMS: dict[str, Program] = {
    program.name: program
    for program in (
        Program("gpt", "GPT, 4 layers of width 128, context 64, batch 8, AdamW"),
        Program("cnn", "residual CNN, 16 and 32 channels, images 28×28, batch 32, momentum"),
        Program("tagger", "LSTM tagger, width 128, sequences of 24, batch 32, clipping, Adam"),
        Program("vae", "VAE 784→256→20→256→784, batch 64, Adam"),
        Program("graph", "graph network, 2,000 nodes, 10,000 edges, 32 features, Adam"),
    )
}


def find(name: str) -> Case | Program:
    """The case or program of this name."""
    return PROGRAMS[name] if name in PROGRAMS else CASES[name]
