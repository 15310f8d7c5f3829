"""Dropout as functions and as layers, which act in training only."""

from __future__ import annotations

import functools
from typing import Any, TypeAlias

import numpy as np

from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.nn.module import Module
from autograd_lite.nn.pytorch_form import check_inplace, replaced
from autograd_lite.ops.composition import composed
from autograd_lite.random import generator
from autograd_lite.support.checks import check_probability, check_switch
from autograd_lite.support.conversion import to_floats
from autograd_lite.support.messages import show

# As text, because numpy.random is imported at its first use.
Source: TypeAlias = "np.random.Generator | int | None"


def _dropped(name: str, x: Array, p: float, training: bool, inplace: bool, rng: Source, whole: Any = None) -> Any:
    """x with elements set to 0; `whole` says over which leading axes they are drawn, by default over all."""
    check_probability(name, p=p)
    if not isinstance(training, bool | np.bool_):
        raise TypeError(f"training must be True or False, not {show(training)}")
    given = x
    if not isinstance(x, Tensor):
        x = to_floats(x)
    elif x.dtype.kind != "f":
        x = x.astype(float)
    check_inplace(given, inplace, name, x.dtype)
    if inplace and x.ndim:
        given[:0] = 0  # raises if the input cannot be written into, before anything is drawn
    axes = x.ndim if whole is None else whole(x)
    if not training or p == 0:
        return replaced(given, x, inplace, name)
    # Single precision is enough for this comparison, and takes half the time.
    shape = x.shape[:axes]
    kept = generator(rng).random(shape, dtype=np.float32) >= p
    if axes < x.ndim:
        kept = kept.reshape(*shape, *(1,) * (x.ndim - axes))
    return replaced(given, x * np.multiply(kept, 1 / (1 - p) if p < 1 else 0, dtype=x.dtype), inplace, name)


@composed
def dropout(
    input: Array, p: float = 0.5, training: bool = True, inplace: bool = False, *, rng: Source = None
) -> Tensor:
    """Every element set to 0 with probability p, else divided by 1 − p to keep its expectation; drawn at each call.

    Parameters
    ----------
    input : array
    p : float, default 0.5
    training : bool, default True
        If False, the input is returned unchanged.
    inplace : bool, default False
        Whether to write the result into the input.
    rng : numpy.random.Generator or int, optional
        By default the common generator (see `manual_seed`).

    Raises
    ------
    ValueError
        If p is not in [0, 1].
    TypeError
        If the input does not hold numbers, or `training` is not True or False.

    References
    ----------
    Srivastava et al., "Dropout: a simple way to prevent neural networks from overfitting" (2014).

    Examples
    --------
    >>> kept = dropout(Tensor(np.ones(1000)), 0.2, rng=0)
    >>> sorted(set(kept.tolist()))
    [0.0, 1.25]
    """
    return _dropped("dropout", input, p, training, inplace, rng)


def _channels(x: Array, axes: int) -> int:
    """The number of leading axes that samples and channels are, for channels with `axes` axes."""
    # Of an input with three axes PyTorch's dropout2d takes the last one alone for the axis of a channel.
    least = 3 if axes == 2 else axes + 1
    if x.ndim not in (least, axes + 2):
        raise ValueError(f"input of shape {x.shape}, expected {least} or {axes + 2} axes")
    return 1 if x.ndim == axes + 1 and axes != 2 else 2


def _channel_dropout(axes: int, where: str) -> Any:
    def function(
        input: Array, p: float = 0.5, training: bool = True, inplace: bool = False, *, rng: Source = None
    ) -> Tensor:
        whole = functools.partial(_channels, axes=axes)
        return _dropped(function.__name__, input, p, training, inplace, rng, whole)

    function.__name__ = function.__qualname__ = f"dropout{axes}d"
    function.__doc__ = f"""Whole channels of {where} set to 0 with probability p, the others divided by 1 − p.

    Arguments are those of `dropout`. Source: Tompson, Goroshin, Jain, LeCun and Bregler, "Efficient object localization
    using convolutional networks" (2015).
    """
    return composed(function)


dropout1d = _channel_dropout(1, "signals (N, C, L) or (C, L)")
dropout2d = _channel_dropout(2, "images (N, C, H, W), or signals (N, C, L)")
dropout3d = _channel_dropout(3, "volumes (N, C, D, H, W) or (C, D, H, W)")


class Dropout(Module):
    """In training, every element is set to 0 with probability p, else divided by 1 − p; drawn at each call.

    In evaluation, the input is returned unchanged.

    Parameters
    ----------
    p : float, default 0.5
    inplace : bool, default False
        Whether to write the result into the input.
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
    _function = staticmethod(dropout)

    def __init__(self, p: float = 0.5, inplace: bool = False, *, rng: Source = None) -> None:
        check_probability(type(self).__name__, p=p)
        check_switch(f"{type(self).__name__}: inplace", inplace)
        self.p, self.inplace = p, inplace
        self._rng = None if rng is None else generator(rng)

    def forward(self, input: Array) -> Tensor:
        return self._function(input, self.p, self.training, self.inplace, rng=self._rng)


class Dropout1d(Dropout):
    """As `Dropout`, for whole channels of signals (N, C, L) or (C, L)."""

    _function = staticmethod(dropout1d)


class Dropout2d(Dropout):
    """As `Dropout`, for whole channels of images (N, C, H, W), or of signals (N, C, L).

    Examples
    --------
    >>> Dropout2d(0.5, rng=0)(np.ones((1, 4, 2, 2))).mean(axis=(2, 3))
    array([[2., 2., 2., 0.]])
    """

    _function = staticmethod(dropout2d)


class Dropout3d(Dropout):
    """As `Dropout`, for whole channels of volumes (N, C, D, H, W) or (C, D, H, W)."""

    _function = staticmethod(dropout3d)
