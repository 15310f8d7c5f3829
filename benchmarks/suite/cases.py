"""The cases: networks and micrograd's demo, with the data and the initial weights that all engines share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
Neurons = list[tuple[list[float], float]]  # one layer: the weights and the bias of each neuron

LEARNING_RATES = {"sgd": 0.01, "momentum": 0.01, "adam": 1e-3}
MOMENTUM = 0.9
BETAS, EPS = (0.9, 0.999), 1e-8


@dataclass(frozen=True)
class Network:
    """Affine layers with sigmoids between them, softmax cross-entropy, and an update rule; all in float32.

    Parameters
    ----------
    name : str
    sizes : tuple of int
        The number of inputs, of units in each hidden layer, and of classes.
    batch_size : int
    update : "sgd", "momentum" or "adam"
    critical : bool, default False
        Use initial weights that preserve the size of signals and gradients at any depth.
    check_steps : int, default 24
        How many losses of an engine are compared.
    """

    name: str
    sizes: tuple[int, ...]
    batch_size: int
    update: str
    critical: bool = False
    check_steps: int = 24
    kind: ClassVar[str] = "network"

    @property
    def parameters(self) -> int:
        """The number of weights and biases."""
        return sum((inputs + 1) * outputs for inputs, outputs in zip(self.sizes, self.sizes[1:], strict=False))

    @property
    def title(self) -> str:
        model = "softmax" if len(self.sizes) == 2 else "MLP"
        update = {"sgd": "SGD", "adam": "Adam"}.get(self.update, self.update)
        return f"{model} {'→'.join(map(str, self.sizes))}, batch {self.batch_size}, {update}"

    def weights(self) -> list[Array]:
        """W₁ (inputs, outputs), b₁, W₂, ..., uniform on ±1/√inputs as in PyTorch.

        Critical: W = 4Q with Q orthogonal, and b keeps the pre-activations around 0, where a sigmoid has the slope 1/4.
        With ordinary weights gradients shrink by a factor of 7 per layer. After 45 layers they would be subnormal
        numbers, which are many times slower to compute with, and would dominate the measurement.
        """
        rng = np.random.default_rng(0)
        values = []
        for inputs, outputs in zip(self.sizes, self.sizes[1:], strict=False):
            if self.critical and inputs == outputs:
                weight = 4 * np.linalg.qr(rng.standard_normal((inputs, inputs)))[0]
                bias = -weight.sum(axis=0) / 2
            else:
                weight, bias = (rng.uniform(-1, 1, shape) * inputs**-0.5 for shape in ((inputs, outputs), outputs))
            values += [weight.astype(np.float32), bias.astype(np.float32)]
        return values

    def batches(self) -> list[tuple[Array, Array]]:
        """Eight mini-batches of features (float32) and labels (int64).

        Every sample occurs twice, with different labels, so the loss and its gradients cannot approach 0. Otherwise an
        engine that has made more steps would compute with smaller numbers.
        """
        rng = np.random.default_rng(1)
        samples = [rng.standard_normal((self.batch_size, self.sizes[0]), np.float32) for _ in range(4)]
        return [(x, rng.integers(0, self.sizes[-1], self.batch_size)) for x in samples * 2]


@dataclass(frozen=True)
class Scalars:
    """micrograd's demo: two moons, a ReLU network in which each weight is a separate scalar, a max-margin loss.

    The loss is mean(max(0, 1 − y·score)) + 10⁻⁴ Σ p² over all weights and biases p; the update is plain SGD.
    """

    name: str = "scalar"
    sizes: tuple[int, ...] = (2, 16, 16, 1)
    batch_size: int = 10
    learning_rate: float = 0.05
    regularisation: float = 1e-4
    kind: ClassVar[str] = "scalar"
    check_steps: ClassVar[int] = 8

    @property
    def title(self) -> str:
        return f"micrograd's demo {'→'.join(map(str, self.sizes))}, scalar by scalar, batch {self.batch_size}"

    def weights(self) -> list[Neurons]:
        """The neurons of each layer; weights uniform on ±1 and biases 0, as in micrograd."""
        rng = np.random.default_rng(0)
        return [
            [(rng.uniform(-1, 1, inputs).tolist(), 0.0) for _ in range(outputs)]
            for inputs, outputs in zip(self.sizes, self.sizes[1:], strict=False)
        ]

    def batches(self) -> list[tuple[list[list[float]], list[float]]]:
        """Four mini-batches of points on two interleaved half circles with noise, and their labels ±1."""
        rng = np.random.default_rng(1)
        batches = []
        for _ in range(4):
            upper = rng.random(self.batch_size) < 0.5
            angle = rng.uniform(0, np.pi, self.batch_size)
            x = np.where(upper, np.cos(angle), 1 - np.cos(angle))
            y = np.where(upper, np.sin(angle), 0.5 - np.sin(angle))
            points = np.stack([x, y], axis=1) + rng.normal(0, 0.1, (self.batch_size, 2))
            batches.append((points.tolist(), np.where(upper, -1.0, 1.0).tolist()))
        return batches


Case = Network | Scalars

CASES: dict[str, Case] = {
    case.name: case
    for case in (
        Scalars(),
        Network("softmax", (64, 10), 32, "sgd"),
        Network("mlp", (64, 32, 10), 20, "momentum"),
        Network("mnist", (784, 128, 10), 128, "adam"),
        Network("deep", (784, 256, 256, 256, 10), 128, "adam"),
        Network("wide", (784, 1024, 1024, 10), 256, "adam"),
    )
}
