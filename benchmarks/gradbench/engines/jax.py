"""JAX: each derivative under `jax.jit`, in double precision; it ends when its result is computed."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from gradbench.library import Function, Library, engine

jax.config.update("jax_enable_x64", True)


def grad(function: Function, count: int = 1) -> Function:
    return jax.grad(function, 0 if count == 1 else tuple(range(count)))


def hvp(function: Function) -> Function:
    return lambda x, v, *rest: jax.jvp(jax.grad(lambda x: function(x, *rest)), (x,), (v,))[1]


def finish(derivative: Function) -> Function:
    jitted = jax.jit(derivative)

    def step(*arrays: Any) -> Any:
        return jax.block_until_ready(jitted(*arrays))

    return step


LIBRARY = Library(jnp, grad, jax.jacfwd, hvp, jax.jacfwd, jax.grad)
ENGINE = engine("JAX", LIBRARY, jnp.asarray, finish, branches=False)
