"""D17 to D19: gradient descent, momentum and Adam, compared with their recursions step by step."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from hypothesis import strategies as st

from autograd_lite import Tensor, optim
from autograd_lite.data import Batches
from derivations.catalogue import Check, Statement
from derivations.inputs import least_squares

ETA, BETA, BETA_2, EPSILON = 0.05, 0.9, 0.999, 1e-8


def gradient(w: Any, X: Any, y: Any) -> Any:
    """The gradient of the mean squared error."""
    return 2 / len(y) * X.T @ (X @ w - y)


def steps_of(optimizer: Any, w: Any, X: Any, y: Any, batches: Any) -> Any:
    """The weights after one step of the engine's optimizer for each batch."""
    w, X, y = Tensor(w.data, requires_grad=True), X.data, y.data
    descent = optimizer([w])
    for chosen in batches:
        descent.zero_grad()
        ((X[chosen] @ w - y[chosen]) ** 2).mean().backward()
        descent.step()
    return w.detach()


def engine_full_batch(w: Any, X: Any, y: Any, steps: int) -> Any:
    return steps_of(partial(optim.SGD, lr=ETA), w, X, y, [slice(None)] * steps)


def full_batch(w: Any, X: Any, y: Any, steps: int) -> Any:
    for _ in range(steps):
        total = 2 * X.T @ (X @ w - y)  # the gradient of the sum over all samples
        w = w - ETA / len(y) * total
    return w


def in_twos(samples: int, epochs: int) -> list[slice]:
    return [slice(start, start + 2) for start in range(0, samples, 2)] * epochs


def engine_mini_batch(w: Any, X: Any, y: Any, steps: int) -> Any:
    return steps_of(partial(optim.SGD, lr=ETA), w, X, y, in_twos(len(y), steps))


def mini_batch(w: Any, X: Any, y: Any, steps: int) -> Any:
    for chosen in in_twos(len(y), steps):
        w = w - ETA * gradient(w, X[chosen], y[chosen])
    return w


def engine_epochs(samples: int, batch_size: int, epochs: int) -> Any:
    batches = Batches(np.arange(samples), batch_size=batch_size, rng=0)
    return np.array([np.concatenate([batch for (batch,) in batches]) for _ in range(epochs)])


def shuffled_orders(samples: int, batch_size: int, epochs: int) -> Any:
    rng = np.random.default_rng(0)
    return np.array([rng.permutation(samples) for _ in range(epochs)])


_EPOCHS = (st.integers(1, 12), st.integers(1, 5), st.integers(1, 3))

D17 = Statement(
    "D17",
    "gradient descent in full and mini batches",
    r"\theta \leftarrow \theta - \frac{\eta}{N} \nabla L(\theta), \qquad"
    r" \theta \leftarrow \theta - \frac{\eta}{n_b} \nabla L_{n_b}(\theta);"
    r" \quad \text{an epoch visits every sample once, in a new order}",
    "A, B, C, D",
    (
        Check(engine_full_batch, full_batch, (least_squares(),), None, "full batch"),
        Check(engine_mini_batch, mini_batch, (least_squares(),), None, "mini-batches of two"),
        Check(engine_epochs, shuffled_orders, _EPOCHS, None, "the order of the samples, epoch by epoch"),
        Check(
            lambda samples, batch_size, epochs: np.sort(engine_epochs(samples, batch_size, epochs), axis=1),
            lambda samples, batch_size, epochs: np.tile(np.arange(samples), (epochs, 1)),
            _EPOCHS,
            None,
            "every sample once",
        ),
    ),
)


def engine_momentum(w: Any, X: Any, y: Any, steps: int) -> Any:
    make = partial(optim.SGD, lr=(1 - BETA) * ETA, momentum=BETA)  # v ← βv + g is m/(1 − β)
    return steps_of(make, w, X, y, [slice(None)] * steps)


def momentum(w: Any, X: Any, y: Any, steps: int) -> Any:
    m = 0
    for _ in range(steps):
        m = BETA * m + (1 - BETA) * gradient(w, X, y)
        w = w - ETA * m
    return w


D18 = Statement(
    "D18",
    "momentum",
    r"m_0 = 0, \qquad m \leftarrow \beta m + (1 - \beta)\,g, \qquad \theta \leftarrow \theta - \eta\,m",
    "C",
    (Check(engine_momentum, momentum, (least_squares(),), wrt=None),),
)


def engine_adam(w: Any, X: Any, y: Any, steps: int) -> Any:
    make = partial(optim.Adam, lr=ETA, betas=(BETA, BETA_2), eps=EPSILON)
    return steps_of(make, w, X, y, [slice(None)] * steps)


def adam(w: Any, X: Any, y: Any, steps: int) -> Any:
    m = v = 0
    for t in range(1, steps + 1):
        g = gradient(w, X, y)
        m, v = BETA * m + (1 - BETA) * g, BETA_2 * v + (1 - BETA_2) * g**2
        w = w - ETA * (m / (1 - BETA**t)) / (np.sqrt(v / (1 - BETA_2**t)) + EPSILON)
    return w


D19 = Statement(
    "D19",
    "Adam",
    r"m \leftarrow \beta_1 m + (1 - \beta_1)\,g, \quad v \leftarrow \beta_2 v + (1 - \beta_2)\,g^2, \quad"
    r" \theta \leftarrow \theta - \eta\,\frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \varepsilon},"
    r" \quad t = 1, 2, \dots",
    "C",
    (Check(engine_adam, adam, (least_squares(),), wrt=None),),
)

STATEMENTS = (D17, D18, D19)
