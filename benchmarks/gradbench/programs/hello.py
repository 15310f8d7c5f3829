"""hello: the derivative of x²."""

from __future__ import annotations

from typing import Any

import numpy

from gradbench.library import Function, Library


def inputs(rng: numpy.random.Generator) -> tuple[Any, ...]:
    return (numpy.array(rng.normal()),)


def square(x: Any) -> Any:
    return x * x


def derivative(library: Library) -> Function:
    return library.grad(square)
