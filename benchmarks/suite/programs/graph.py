"""A graph network: each edge turns the state of its source into a message, and each node adds the messages it gets."""

from __future__ import annotations

from typing import Any

import numpy as np

from suite.cases import Array
from suite.engine import Step
from suite.modules import training_step
from suite.program import Library

NODES, EDGES, WIDTH, ROUNDS, CLASSES = 2000, 10_000, 32, 2, 7


def batches() -> list[tuple[Array, ...]]:
    """Features (nodes, 32), sources and targets of the edges, and the classes of the nodes."""
    rng = np.random.default_rng(1)
    graphs: list[tuple[Array, ...]] = []
    for _ in range(4):
        features = rng.standard_normal((NODES, WIDTH), np.float32)
        sources, targets = rng.integers(0, NODES, (2, EDGES))
        graphs.append((features, sources, targets, rng.integers(0, CLASSES, NODES)))
    return graphs


def step(library: Library) -> Step:
    nn = library.nn

    class Round(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.message = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.ReLU(), nn.Linear(WIDTH, WIDTH))
            self.update = nn.Sequential(nn.Linear(WIDTH, WIDTH), nn.ReLU())

        def forward(self, x: Any, sources: Any, targets: Any) -> Any:
            received = library.scatter(self.message(x[sources]), targets, NODES)
            return x + self.update(received)

    class GraphNetwork(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.rounds = nn.ModuleList([Round() for _ in range(ROUNDS)])
            self.logits = nn.Linear(WIDTH, CLASSES)

        def forward(self, x: Any, sources: Any, targets: Any) -> Any:
            for exchange in self.rounds:
                x = exchange(x, sources, targets)
            return self.logits(x)

    model, criterion = library.initialise(GraphNetwork()), nn.CrossEntropyLoss()
    optimizer = library.optim.Adam(model.parameters(), lr=1e-3, **library.options)

    def loss_of(features: Any, sources: Any, targets: Any, classes: Any) -> Any:
        return criterion(model(features, sources, targets), classes)

    return training_step(loss_of, optimizer)
