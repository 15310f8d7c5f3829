"""A variational autoencoder of images; the noise is data, so that both libraries use the same."""

from __future__ import annotations

from typing import Any

import numpy as np

from suite.cases import Array
from suite.engine import Step
from suite.modules import training_step
from suite.program import Library

PIXELS, WIDTH, CODE, BATCH = 784, 256, 20, 64


def batches() -> list[tuple[Array, ...]]:
    """Images (N, 784) with pixels 0 and 1, and normal noise (N, 20)."""
    rng = np.random.default_rng(1)
    images = [(rng.random((BATCH, PIXELS)) < 0.2).astype(np.float32) for _ in range(4)]
    return [(x, rng.standard_normal((BATCH, CODE), np.float32)) for x in images]


def step(library: Library) -> Step:
    nn, exp = library.nn, library.exp

    class VAE(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.encoder = nn.Sequential(nn.Linear(PIXELS, WIDTH), nn.ReLU())
            self.mean, self.log_variance = nn.Linear(WIDTH, CODE), nn.Linear(WIDTH, CODE)
            self.decoder = nn.Sequential(nn.Linear(CODE, WIDTH), nn.ReLU(), nn.Linear(WIDTH, PIXELS))

        def forward(self, images: Any, noise: Any) -> tuple[Any, Any, Any]:
            hidden = self.encoder(images)
            mean, log_variance = self.mean(hidden), self.log_variance(hidden)
            return self.decoder(mean + exp(0.5 * log_variance) * noise), mean, log_variance

    model, criterion = library.initialise(VAE()), nn.BCEWithLogitsLoss(reduction="sum")
    optimizer = library.optim.Adam(model.parameters(), lr=1e-3, **library.options)

    def loss_of(images: Any, noise: Any) -> Any:
        logits, mean, log_variance = model(images, noise)
        divergence = -0.5 * (1 + log_variance - mean**2 - exp(log_variance)).sum()
        return (criterion(logits, images) + divergence) / BATCH

    return training_step(loss_of, optimizer)
