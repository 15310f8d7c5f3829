"""A residual network: 3×3 convolutions with batch norm, 16 channels, then 32 at half the size."""

from __future__ import annotations

from typing import Any

import numpy as np

from suite.cases import Array
from suite.engine import Step
from suite.modules import training_step
from suite.program import Library

BATCH, SIDE, CLASSES = 32, 28, 10


def batches() -> list[tuple[Array, ...]]:
    """Images (N, 1, 28, 28) and labels."""
    rng = np.random.default_rng(1)
    images = [rng.standard_normal((BATCH, 1, SIDE, SIDE), np.float32) for _ in range(4)]
    return [(x, rng.integers(0, CLASSES, BATCH)) for x in images]


def step(library: Library) -> Step:
    nn = library.nn

    class Residual(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
            super().__init__()
            self.body = nn.Sequential(
                nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(),
                nn.Conv2d(outputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs),
            )  # fmt: skip
            same = inputs == outputs and stride == 1
            self.skip = nn.Identity() if same else nn.Conv2d(inputs, outputs, 1, stride, bias=False)
            self.relu = nn.ReLU()

        def forward(self, x: Any) -> Any:
            return self.relu(self.skip(x) + self.body(x))

    class Network(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.features = nn.Sequential(
                nn.Conv2d(1, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU(),
                Residual(16, 16), Residual(16, 32, stride=2), Residual(32, 32),
            )  # fmt: skip
            self.logits = nn.Linear(32, CLASSES)

        def forward(self, images: Any) -> Any:
            return self.logits(self.features(images).mean((2, 3)))

    model, criterion = library.initialise(Network()), nn.CrossEntropyLoss()
    optimizer = library.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-4, **library.options)
    return training_step(lambda images, labels: criterion(model(images), labels), optimizer)
