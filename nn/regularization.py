"""Dropout, a layer without parameters that acts in training only."""

from __future__ import annotations

import numpy as np

from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.nn.functional import dropout
from autograd_lite.nn.module import Module
from autograd_lite.random import generator
from autograd_lite.support.checks import check_probability


class Dropout(Module):
    """In training, every element is set to 0 with probability p, else divided by 1 − p; drawn at each call.

    In evaluation, the input is returned unchanged.

    Parameters
    ----------
    p : float, default 0.5
    rng : numpy.random.Generator or int, optional
        The source of the draws, or a seed; by default the common generator (see `manual_seed`).

    Raises
    ------
    ValueError
        If p is not in [0, 1].

    References
    ----------
    Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting" (2014).

    Examples
    --------
    >>> layer = Dropout(0.5)
    >>> sorted(set(layer(np.ones(100)).tolist()))
    [0.0, 2.0]
    >>> layer.eval()(np.ones(2))
    array([1., 1.])
    """

    _shown = ("p",)

    def __init__(self, p: float = 0.5, *, rng: np.random.Generator | int | None = None) -> None:
        check_probability("Dropout", p=p)
        self.p = p
        self._rng = None if rng is None else generator(rng)

    def forward(self, x: Array) -> Tensor:
        return dropout(x, self.p, self.training, rng=self._rng)
