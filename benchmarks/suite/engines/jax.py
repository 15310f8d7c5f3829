"""JAX: the whole step with its update under `jax.jit`, state donated; a step ends when its loss is computed."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from suite.cases import BETAS, EPS, LEARNING_RATES, MOMENTUM, Network
from suite.engine import Engine, Step


def loss(values: Any, x: Any, labels: Any) -> Any:
    *hidden, last = zip(values[::2], values[1::2], strict=True)
    for weight, bias in hidden:
        x = jax.nn.sigmoid(x @ weight + bias)
    logits = x @ last[0] + last[1]
    own = jnp.take_along_axis(logits, labels[:, None], axis=1)[:, 0]
    return (jax.nn.logsumexp(logits, axis=1) - own).mean()


def update(name: str, values: Any, state: Any, gradients: Any) -> tuple[Any, Any]:
    rate = LEARNING_RATES[name]
    if name == "sgd":
        return jax.tree.map(lambda value, g: value - rate * g, values, gradients), state
    if name == "momentum":
        velocity = jax.tree.map(lambda v, g: MOMENTUM * v + g, state, gradients)
        return jax.tree.map(lambda value, v: value - rate * v, values, velocity), velocity
    (steps, mean, square), (beta1, beta2) = state, BETAS
    steps = steps + 1
    mean = jax.tree.map(lambda m, g: beta1 * m + (1 - beta1) * g, mean, gradients)
    square = jax.tree.map(lambda v, g: beta2 * v + (1 - beta2) * g * g, square, gradients)
    rate_now, root_now = rate / (1 - beta1**steps), jnp.sqrt(1 - beta2**steps)
    values = jax.tree.map(
        lambda value, m, v: value - rate_now * m / (jnp.sqrt(v) / root_now + EPS), values, mean, square
    )
    return values, (steps, mean, square)


def network(case: Network) -> Step:
    def zeros() -> Any:
        return [jnp.zeros(value.shape, value.dtype) for value in case.weights()]

    values: Any = [jnp.asarray(value) for value in case.weights()]
    state: Any = ()
    if case.update == "momentum":
        state = zeros()
    elif case.update == "adam":
        state = (jnp.zeros(()), zeros(), zeros())

    @partial(jax.jit, donate_argnums=(0, 1))
    def train(values: Any, state: Any, x: Any, labels: Any) -> tuple[Any, Any, Any]:
        value, gradients = jax.value_and_grad(loss)(values, x, labels)
        return *update(case.update, values, state, gradients), value

    def step(x: Any, labels: Any) -> Any:
        nonlocal values, state
        values, state, value = train(values, state, x, labels)
        return value.block_until_ready()

    return step


ENGINE = Engine("JAX", network, convert=jnp.asarray)
