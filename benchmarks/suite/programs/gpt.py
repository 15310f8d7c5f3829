"""A small GPT: learned positions, blocks of causal attention and an MLP with norms before them, the next token."""

from __future__ import annotations

from typing import Any

import numpy as np

from suite.cases import Array
from suite.engine import Step
from suite.modules import training_step
from suite.program import Library

LAYERS, HEADS, WIDTH, CONTEXT, VOCABULARY, BATCH = 4, 4, 128, 64, 96, 8


def batches() -> list[tuple[Array, ...]]:
    """Tokens (N, L), and the tokens that follow."""
    text = np.random.default_rng(1).integers(0, VOCABULARY, (4, BATCH, CONTEXT + 1))
    return [(tokens[:, :-1].copy(), tokens[:, 1:].copy()) for tokens in text]


def step(library: Library) -> Step:
    nn = library.nn

    class Attention(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.query, self.key, self.value = (nn.Linear(WIDTH, WIDTH) for _ in range(3))
            self.project = nn.Linear(WIDTH, WIDTH)
            self.mix = library.attention(CONTEXT)

        def forward(self, x: Any) -> Any:
            heads = (
                layer(x).reshape(-1, CONTEXT, HEADS, WIDTH // HEADS).swapaxes(1, 2)
                for layer in (self.query, self.key, self.value)
            )
            return self.project(self.mix(*heads).swapaxes(1, 2).reshape(-1, CONTEXT, WIDTH))

    class Block(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.attend = nn.Sequential(nn.LayerNorm(WIDTH), Attention())
            self.think = nn.Sequential(
                nn.LayerNorm(WIDTH), nn.Linear(WIDTH, 4 * WIDTH), nn.GELU(), nn.Linear(4 * WIDTH, WIDTH)
            )

        def forward(self, x: Any) -> Any:
            x = x + self.attend(x)
            return x + self.think(x)

    class GPT(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.tokens, self.positions = nn.Embedding(VOCABULARY, WIDTH), nn.Embedding(CONTEXT, WIDTH)
            self.blocks = nn.Sequential(*(Block() for _ in range(LAYERS)))
            self.head = nn.Sequential(nn.LayerNorm(WIDTH), nn.Linear(WIDTH, VOCABULARY))

        def forward(self, tokens: Any) -> Any:
            return self.head(self.blocks(self.tokens(tokens) + self.positions.weight))

    model, criterion = library.initialise(GPT()), nn.CrossEntropyLoss()
    optimizer = library.optim.AdamW(model.parameters(), lr=3e-4, **library.options)

    def loss_of(tokens: Any, following: Any) -> Any:
        return criterion(model(tokens).reshape(-1, VOCABULARY), following.reshape(-1))

    return training_step(loss_of, optimizer)
