"""A tagger: word vectors, an LSTM, a tag for each word; the gradients are clipped."""

from __future__ import annotations

from typing import Any

import numpy as np

from suite.cases import Array
from suite.engine import Step
from suite.program import Library

VOCABULARY, VECTOR, WIDTH, TAGS, LENGTH, BATCH = 2000, 64, 128, 16, 24, 32


def batches() -> list[tuple[Array, ...]]:
    """Words (N, L) and their tags."""
    rng = np.random.default_rng(1)
    shape = (BATCH, LENGTH)
    return [(rng.integers(0, VOCABULARY, shape), rng.integers(0, TAGS, shape)) for _ in range(4)]


def step(library: Library) -> Step:
    nn = library.nn

    class Tagger(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.vectors = nn.Embedding(VOCABULARY, VECTOR)
            self.memory = nn.LSTM(VECTOR, WIDTH, batch_first=True)
            self.logits = nn.Linear(WIDTH, TAGS)

        def forward(self, words: Any) -> Any:
            states, _ = self.memory(self.vectors(words))
            return self.logits(states)

    model, criterion = library.initialise(Tagger()), nn.CrossEntropyLoss()
    optimizer = library.optim.Adam(model.parameters(), lr=1e-3, **library.options)

    def train(words: Any, tags: Any) -> Any:
        optimizer.zero_grad()
        loss = criterion(model(words).reshape(-1, TAGS), tags.reshape(-1))
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        return loss

    return train
