"""Recurrent cells: one step of a recurrent layer. They are the operations of the layers, for sequences of length 1."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.nn.module import Module, changed_options
from autograd_lite.nn.parameter import uniform_parameter
from autograd_lite.ops.layers import recurrent
from autograd_lite.ops.linalg.matmul import linear
from autograd_lite.random import generator
from autograd_lite.support.checks import check_positive_integer
from autograd_lite.support.conversion import strip, to_floats
from autograd_lite.support.messages import show


class _Cell(Module):
    """What cells share: the parameters, and the shapes of the input and the states."""

    gates: int
    states: tuple[str, ...] = ("hx",)
    bias_ih: Any
    bias_hh: Any

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        *,
        dtype: DTypeLike = np.float32,
        rng: np.random.Generator | int | None = None,
    ) -> None:
        check_positive_integer(type(self).__name__, input_size=input_size, hidden_size=hidden_size)
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        bound, rng, rows = hidden_size**-0.5, generator(rng), self.gates * hidden_size
        self.weight_ih = uniform_parameter((rows, input_size), bound, dtype, rng)
        self.weight_hh = uniform_parameter((rows, hidden_size), bound, dtype, rng)
        self.register_parameter("bias_ih", uniform_parameter(rows, bound, dtype, rng) if bias else None)
        self.register_parameter("bias_hh", uniform_parameter(rows, bound, dtype, rng) if bias else None)

    def _read(self, x: Array, hx: Any) -> tuple[Any, list[Any], bool]:
        """The input (N, F), the states (N, H), and whether there is only one sample."""
        name = type(self).__name__
        x = x if isinstance(x, Tensor) and x.dtype.kind == "f" else to_floats(strip(x))
        if x.ndim not in (1, 2) or x.shape[-1] != self.input_size:
            raise ValueError(f"{name}: x of shape {x.shape}, expected (N, {self.input_size}) or ({self.input_size},)")
        shape = (*x.shape[:-1], self.hidden_size)
        given = (
            [np.zeros(shape, x.dtype)] * len(self.states) if hx is None else [hx] if len(self.states) == 1 else list(hx)
        )
        if [np.shape(state) for state in given] != [shape] * len(self.states):
            shapes = ", ".join(str(np.shape(state)) for state in given)
            raise ValueError(f"{name}: {' and '.join(self.states)} of shape {shapes}, expected {shape} each")
        alone = x.ndim == 1
        return (x[None], [state[None] for state in given], True) if alone else (x, given, alone)

    def _joined(self, x: Any, with_both: bool) -> Any:
        """The contribution of the input to the gates, (1, N, G·H)."""
        bias = self.bias_ih
        if with_both and self.bias_hh is not None:
            bias = self.bias_hh if bias is None else bias + self.bias_hh
        return linear(x, self.weight_ih, bias)[None]

    def extra_repr(self) -> str:
        return ", ".join([f"{self.input_size}, {self.hidden_size}", *changed_options(self, bias=True)])


class RNNCell(_Cell):
    """h' = φ(W_ih x + b_ih + W_hh h + b_hh), one step of `RNN`.

    Parameters
    ----------
    input_size, hidden_size : int
    bias : bool, default True
    nonlinearity : "tanh" or "relu", default "tanh"
        φ.
    dtype : dtype, default float32
    rng : numpy.random.Generator or int, optional

    Attributes
    ----------
    weight_ih, weight_hh, bias_ih, bias_hh : Parameter
        Of shapes (G·H, inputs), (G·H, H), (G·H,), (G·H,), where G is the number of gates, here 1. They start uniform on
        ±1/√hidden_size.

    Raises
    ------
    ValueError
        If a size is not a positive integer, or shapes of the input or the state do not match.

    Examples
    --------
    >>> RNNCell(3, 4, rng=0)(np.zeros((2, 3))).shape
    (2, 4)
    """

    gates = 1

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        *,
        dtype: DTypeLike = np.float32,
        rng: np.random.Generator | int | None = None,
    ) -> None:
        if nonlinearity not in ("tanh", "relu"):
            raise ValueError(f'RNNCell: nonlinearity must be "tanh" or "relu", not {show(nonlinearity)}')
        super().__init__(input_size, hidden_size, bias, dtype=dtype, rng=rng)
        self.nonlinearity = nonlinearity

    def forward(self, x: Array, hx: Any = None) -> Tensor:
        x, (h,), alone = self._read(x, hx)
        new = recurrent.rnn(self._joined(x, True), h, self.weight_hh, self.nonlinearity)[0]
        return new[0] if alone else new

    def extra_repr(self) -> str:
        return super().extra_repr() + f", nonlinearity={self.nonlinearity!r}" * (self.nonlinearity != "tanh")


class GRUCell(_Cell):
    """One step of `GRU`: h' = (1 − z) n + z h.

    Parameters, shapes and errors as for `RNNCell`, without `nonlinearity`, and with 3 gates.

    Examples
    --------
    >>> GRUCell(3, 4, rng=0)(np.zeros((2, 3))).shape
    (2, 4)
    """

    gates = 3

    def forward(self, x: Array, hx: Any = None) -> Tensor:
        x, (h,), alone = self._read(x, hx)
        new = recurrent.gru(self._joined(x, False), h, self.weight_hh, self.bias_hh)[0]
        return new[0] if alone else new


class LSTMCell(_Cell):
    """One step of `LSTM`: c' = f c + i g, h' = o tanh c'. The state is the pair (h, c).

    Parameters, shapes and errors as for `RNNCell`, without `nonlinearity`, and with 4 gates.

    Examples
    --------
    >>> h, c = LSTMCell(3, 4, rng=0)(np.zeros((2, 3)))
    >>> h.shape, c.shape
    ((2, 4), (2, 4))
    """

    gates = 4
    states = ("h_0", "c_0")

    def forward(self, x: Array, hx: Any = None) -> tuple[Tensor, Tensor]:
        x, (h, c), alone = self._read(x, hx)
        h, c = (state[0] for state in recurrent.lstm(self._joined(x, True), h, c, self.weight_hh))
        return (h[0], c[0]) if alone else (h, c)
