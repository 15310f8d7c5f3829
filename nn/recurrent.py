"""Recurrent layers. Each runs over whole sequences in one operation of `autograd_lite.ops.layers.recurrent`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from autograd_lite.core.tensor import Tensor
from autograd_lite.nn.recurrent_base import Parts, Recurrent
from autograd_lite.ops.elementwise.hyperbolic import tanh
from autograd_lite.ops.layers import recurrent
from autograd_lite.ops.layers.activation import sigmoid
from autograd_lite.ops.linalg.matmul import linear
from autograd_lite.support.messages import show


def _bias(parts: Parts) -> Any:
    """The sum of both biases, for layers that use nothing else of them."""
    if parts.bias_ih is None or parts.bias_hh is None:
        return parts.bias_hh if parts.bias_ih is None else parts.bias_ih
    return parts.bias_ih + parts.bias_hh


class RNN(Recurrent[Tensor]):
    """h_t = φ(W_ih x_t + b_ih + W_hh h_(t−1) + b_hh), in one or several layers.

    Parameters
    ----------
    input_size, hidden_size : int
    num_layers : int, default 1
        Each layer reads the states of the layer below.
    nonlinearity : "tanh" or "relu", default "tanh"
        φ.
    bias : bool, default True
    batch_first : bool, default False
        Whether the axis of samples precedes that of time steps in the input and in the output.
    dropout : float, default 0
        The probability with which outputs of all layers but the last are set to 0 in training.
    bidirectional : bool, default False
        Whether a second set of weights reads the sequence from its end; the states of both are concatenated.
    dtype : dtype, default float32
    rng : numpy.random.Generator or int, optional

    Attributes
    ----------
    weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0, weight_ih_l0_reverse, weight_ih_l1, ... : Parameter
        Of shapes (G·H, inputs), (G·H, H), (G·H,), (G·H,), where G is the number of gates, here 1. They start uniform on
        ±1/√hidden_size.

    Raises
    ------
    ValueError
        If a size is not a positive integer, or shapes of the input or the first states do not match.

    References
    ----------
    Elman, "Finding structure in time" (1990).

    Examples
    --------
    >>> layer = RNN(3, 4, rng=0)
    >>> output, h_n = layer(np.zeros((7, 2, 3)))  # 7 steps of 2 sequences
    >>> output.shape, h_n.shape
    ((7, 2, 4), (1, 2, 4))
    """

    gates = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        nonlinearity: str = "tanh",
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        *,
        dtype: DTypeLike = np.float32,
        rng: np.random.Generator | int | None = None,
    ) -> None:
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f'RNN: nonlinearity must be "tanh" or "relu", not {show(nonlinearity)}')
        self.nonlinearity = nonlinearity
        super().__init__(
            input_size, hidden_size, num_layers, bias, batch_first, dropout, bidirectional, dtype=dtype, rng=rng
        )

    def _run(self, x: Any, first: tuple[Any, ...], parts: Parts) -> Any:
        gates = self._input_gates(x, parts.weight_ih, _bias(parts))
        return (recurrent.rnn(gates, first[0], parts.weight_hh, self.nonlinearity),)

    def extra_repr(self) -> str:
        return super().extra_repr() + f", nonlinearity={self.nonlinearity!r}" * (self.nonlinearity != "tanh")


class GRU(Recurrent[Tensor]):
    """Gated recurrent units: h_t = (1 − z) n + z h_(t−1).

    r = σ(W_ir x + b_ir + W_hr h + b_hr), z = σ(W_iz x + b_iz + W_hz h + b_hz),
    n = tanh(W_in x + b_in + r (W_hn h + b_hn)). The rows of the weights are in the order r, z, n.

    Parameters, shapes and errors as for `RNN`, without `nonlinearity`.

    References
    ----------
    Cho et al., "Learning phrase representations using RNN encoder–decoder for statistical machine translation" (2014).

    Examples
    --------
    >>> layer = GRU(3, 4, num_layers=2, batch_first=True, rng=0)
    >>> output, h_n = layer(np.zeros((2, 7, 3)))  # 7 steps of 2 sequences
    >>> output.shape, h_n.shape
    ((2, 7, 4), (2, 2, 4))
    """

    gates = 3

    def _run(self, x: Any, first: tuple[Any, ...], parts: Parts) -> Any:
        gates = self._input_gates(x, parts.weight_ih, parts.bias_ih)
        return (recurrent.gru(gates, first[0], parts.weight_hh, parts.bias_hh),)


class LSTM(Recurrent[tuple[Tensor, Tensor]]):
    """Long short-term memory: c_t = f c_(t−1) + i g, h_t = o tanh c_t.

    i, f, o = σ and g = tanh of W_i x + b_i + W_h h + b_h. The rows of the weights are in the order i, f, g, o. The
    first and last states are pairs (h, c).

    Parameters, shapes and errors as for `RNN`, without `nonlinearity`, and:

    Parameters
    ----------
    proj_size : int, default 0
        If not 0, h_t = W_hr (o tanh c_t) has this size, below hidden_size; "weight_hr_l0" is (proj_size, hidden_size).

    References
    ----------
    Hochreiter and Schmidhuber, "Long short-term memory" (1997); Gers, Schmidhuber and Cummins, "Learning to forget:
    continual prediction with LSTM" (2000); Sak, Senior and Beaufays, "Long short-term memory recurrent neural network
    architectures for large scale acoustic modeling" (2014), for projections.

    Examples
    --------
    >>> layer = LSTM(3, 4, bidirectional=True, rng=0)
    >>> output, (h_n, c_n) = layer(np.zeros((7, 2, 3)))
    >>> output.shape, h_n.shape, c_n.shape
    ((7, 2, 8), (2, 2, 4), (2, 2, 4))
    """

    gates = 4
    states = ("h_0", "c_0")

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        *,
        dtype: DTypeLike = np.float32,
        rng: np.random.Generator | int | None = None,
    ) -> None:
        options = (num_layers, bias, batch_first, dropout, bidirectional)
        super().__init__(input_size, hidden_size, *options, proj_size=proj_size, dtype=dtype, rng=rng)

    def _run(self, x: Any, first: tuple[Any, ...], parts: Parts) -> Any:
        gates = self._input_gates(x, parts.weight_ih, _bias(parts))
        if self.proj_size:
            return _projected(gates, first[0], first[1], parts)
        return recurrent.lstm(gates, first[0], first[1], parts.weight_hh)


def _projected(gates: Any, h: Any, c: Any, parts: Parts) -> Any:
    """The states of an LSTM whose outputs are projected, step by step."""
    states = []
    for of_input in gates:
        i, f, g, o = np.split(of_input + linear(h, parts.weight_hh), 4, axis=-1)
        c = sigmoid(f) * c + sigmoid(i) * tanh(g)
        h = linear(sigmoid(o) * tanh(c), parts.weight_hr)
        states.append((h, c))
    return tuple(np.stack(kind) for kind in zip(*states, strict=True))
