"""HIPS autograd: the programs in `autograd.numpy`."""

from __future__ import annotations

import autograd
import autograd.numpy as anp

from gradbench.library import Function, Library, engine


def grad(function: Function, count: int = 1) -> Function:
    return autograd.grad(function, 0 if count == 1 else tuple(range(count)))  # type: ignore[no-any-return]


def hvp(function: Function) -> Function:
    product = autograd.hessian_vector_product(function)
    return lambda x, v, *rest: product(x, *rest, v)


LIBRARY = Library(anp, grad, autograd.jacobian, hvp, None, autograd.grad)
ENGINE = engine("HIPS autograd", LIBRARY)
