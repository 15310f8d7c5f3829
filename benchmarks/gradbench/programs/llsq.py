"""llsq: the gradient of ½ Σᵢ (sᵢ − Σⱼ xⱼ tᵢʲ)², the least-squares fit of a polynomial to a sign function.

The powers of t do not depend on x; they are part of the input here.
"""

from __future__ import annotations

from typing import Any

import numpy

from gradbench.library import Function, Library


def inputs(rng: numpy.random.Generator, n: int, m: int) -> tuple[Any, ...]:
    t = numpy.linspace(-1, 1, n)
    return rng.normal(size=m), numpy.vander(t, m, increasing=True), numpy.sign(t)


def derivative(library: Library, n: int, m: int) -> Function:
    np = library.np
    return library.grad(lambda x, powers, s: 0.5 * np.sum((s - powers @ x) ** 2))
