"""Alpha dropout, which keeps mean and variance, and ReLU with random slopes: functions and layers."""

from __future__ import annotations

import math
from typing import Any, TypeAlias

import numpy as np

from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.nn.module import Module
from autograd_lite.nn.pytorch_form import check_inplace, replaced
from autograd_lite.nn.regularization import Dropout
from autograd_lite.ops.arrays.indexing import where
from autograd_lite.ops.composition import composed
from autograd_lite.ops.layers.similarity import floats
from autograd_lite.random import generator
from autograd_lite.support.checks import check, check_probability, check_switch, is_number
from autograd_lite.support.conversion import strip
from autograd_lite.support.messages import show

# As text, because numpy.random is imported at its first use.
Source: TypeAlias = "np.random.Generator | int | None"
LOWEST = -1.7580993408473766  # the limit of SELU at −∞: −λα


def _prepared(name: str, input: Array, training: bool, inplace: bool) -> Any:
    if not isinstance(training, bool | np.bool_):
        raise TypeError(f"training must be True or False, not {show(training)}")
    x = floats(input)
    check_inplace(input, inplace, name, x.dtype)
    if inplace and x.ndim:
        input[:0] = 0  # raises if the input cannot be written into, before anything is drawn
    return x


def _with_lowest(name: str, input: Array, p: float, training: bool, inplace: bool, rng: Source, axes: Any) -> Any:
    """a·x + b, with the lowest value of SELU in place of some x, drawn over the leading `axes`."""
    check_probability(name, p=p)
    x = _prepared(name, input, training, inplace)
    if axes is not None and x.ndim < axes:
        raise ValueError(f"input of shape {x.shape}, expected at least {axes} axes")
    if not training or p == 0:
        return replaced(input, x, inplace, name)
    if p == 1:
        return replaced(input, x * 0, inplace, name)
    shape = x.shape[: x.ndim if axes is None else axes]
    kept = (generator(rng).random(shape, dtype=np.float32) >= p).reshape(*shape, *(1,) * (x.ndim - len(shape)))
    a = ((1 - p) * (1 + p * LOWEST**2)) ** -0.5
    factor, shift = np.where(kept, a, 0).astype(x.dtype), np.where(kept, 0, a * LOWEST) - a * LOWEST * p
    return replaced(input, x * factor + shift.astype(x.dtype), inplace, name)


@composed
def alpha_dropout(
    input: Array, p: float = 0.5, training: bool = False, inplace: bool = False, *, rng: Source = None
) -> Tensor:
    """Every element set to −λα with probability p, and all then scaled and shifted to keep mean 0 and variance 1.

    −λα ≈ −1.758 is the limit of SELU at −∞. Arguments are those of `dropout`, but `training` is False by default.

    References
    ----------
    Klambauer, Unterthiner, Mayr and Hochreiter, "Self-normalizing neural networks" (2017).

    Examples
    --------
    >>> x = np.random.default_rng(0).normal(size=100_000)
    >>> dropped = alpha_dropout(x, 0.3, training=True, rng=1)
    >>> bool(abs(dropped.mean()) < 0.02), bool(abs(dropped.std() - 1) < 0.02)
    (True, True)
    """
    return _with_lowest("alpha_dropout", input, p, training, inplace, rng, None)


@composed
def feature_alpha_dropout(
    input: Array, p: float = 0.5, training: bool = False, inplace: bool = False, *, rng: Source = None
) -> Tensor:
    """`alpha_dropout` of whole channels of inputs (N, C, ...).

    Examples
    --------
    >>> dropped = feature_alpha_dropout(np.zeros((1, 8, 2)), 0.5, training=True, rng=0)
    >>> bool((dropped[..., 0] == dropped[..., 1]).all())
    True
    """
    return _with_lowest("feature_alpha_dropout", input, p, training, inplace, rng, 2)


@composed
def rrelu(
    input: Array,
    lower: float = 1 / 8,
    upper: float = 1 / 3,
    training: bool = False,
    inplace: bool = False,
    *,
    rng: Source = None,
) -> Tensor:
    """x for x ≥ 0, else a x, with slopes a uniform on [lower, upper) in training and their mean otherwise.

    Raises
    ------
    ValueError
        If `lower` or `upper` is not finite, or `lower` is above `upper`.

    References
    ----------
    Xu, Wang, Chen and Li, "Empirical evaluation of rectified activations in convolutional network" (2015).

    Examples
    --------
    >>> rrelu(Tensor([-2.0, 3.0]), 0.0, 1.0)
    Tensor([-1.,  3.])
    """
    _check_slopes("rrelu", lower, upper)
    x = _prepared("rrelu", input, training, inplace)
    slopes: Any = (lower + upper) / 2
    if training:
        slopes = generator(rng).uniform(lower, upper, x.shape).astype(x.dtype)
    return replaced(input, where(strip(x) >= 0, x, x * slopes), inplace, "rrelu")


def _check_slopes(name: str, lower: float, upper: float) -> None:
    check(name, "a finite number", lambda value: is_number(value) and math.isfinite(value), lower=lower, upper=upper)
    if lower > upper:
        raise ValueError(f"{name}: lower must be at most upper, not {show(lower)} and {show(upper)}")


class AlphaDropout(Dropout):
    """In training, every element is set to −λα with probability p, and mean 0 and variance 1 are kept.

    Arguments are those of `Dropout`; formula and source: `nn.functional.alpha_dropout`.

    Examples
    --------
    >>> AlphaDropout(0.5).eval()(np.ones(2))
    array([1., 1.])
    """

    _function = staticmethod(alpha_dropout)


class FeatureAlphaDropout(Dropout):
    """As `AlphaDropout`, for whole channels of inputs (N, C, ...)."""

    _function = staticmethod(feature_alpha_dropout)


class RReLU(Module):
    """x for x ≥ 0, else a x, with slopes a uniform on [lower, upper) in training and their mean in evaluation.

    Parameters
    ----------
    lower, upper : float, default 1/8 and 1/3
    inplace : bool, default False
        Whether to write the result into the input.
    rng : numpy.random.Generator or int, optional

    Examples
    --------
    >>> RReLU(0.0, 1.0).eval()(np.array([-2.0, 3.0]))
    array([-1.,  3.])
    """

    _shown = ("lower", "upper")

    def __init__(
        self, lower: float = 1 / 8, upper: float = 1 / 3, inplace: bool = False, *, rng: Source = None
    ) -> None:
        _check_slopes("RReLU", lower, upper)
        check_switch("RReLU: inplace", inplace)
        self.lower, self.upper, self.inplace = lower, upper, inplace
        self._rng = None if rng is None else generator(rng)

    def forward(self, input: Array) -> Tensor:
        return rrelu(input, self.lower, self.upper, self.training, self.inplace, rng=self._rng)
