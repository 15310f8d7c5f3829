"""Recurrent layers. Each runs over whole sequences in one operation of `autograd_lite.ops.layers.recurrent`."""

from __future__ import annotations

import warnings
from collections import namedtuple
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import DTypeLike

from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.nn.functional import dropout
from autograd_lite.nn.module import Module, changed_options
from autograd_lite.nn.parameter import uniform_parameter
from autograd_lite.nn.utils.rnn import PackedSequence, packed_like, padded
from autograd_lite.ops.layers import recurrent
from autograd_lite.ops.linalg.matmul import linear
from autograd_lite.random import generator
from autograd_lite.support.checks import check_positive_integer, check_probability
from autograd_lite.support.conversion import strip, to_floats
from autograd_lite.support.messages import show

States = TypeVar("States")  # a tensor, or the pair of an LSTM


_Parts = namedtuple("_Parts", ["weight_ih", "weight_hh", "bias_ih", "bias_hh"])  # of one layer in one direction


class _Recurrent(Module, Generic[States]):
    """What recurrent layers share: the parameters, the stack of layers, the directions, and the first states."""

    gates: int  # the number of gates in the rows of a weight
    states: tuple[str, ...] = ("h_0",)

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        *,
        dtype: DTypeLike = np.float32,
        rng: np.random.Generator | int | None = None,
    ) -> None:
        name = type(self).__name__
        check_positive_integer(name, input_size=input_size, hidden_size=hidden_size, num_layers=num_layers)
        check_probability(name, dropout=dropout)
        if dropout and num_layers == 1:
            warnings.warn(f"{name}: dropout applies between layers, but there is only one", stacklevel=3)
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout, self.bidirectional = bias, batch_first, dropout, bidirectional
        bound, rng = hidden_size**-0.5, generator(rng)
        rows, inputs = self.gates * hidden_size, input_size
        for layer in range(num_layers):
            shapes: list[tuple[int, ...]] = [(rows, inputs), (rows, hidden_size), *[(rows,), (rows,)] * bias]
            for suffix in self._suffixes(layer):
                for part, shape in zip(_Parts._fields, shapes, strict=False):
                    setattr(self, f"{part}_{suffix}", uniform_parameter(shape, bound, dtype, rng))
            inputs = hidden_size * (1 + bidirectional)

    def _suffixes(self, layer: int) -> list[str]:
        return [f"l{layer}", f"l{layer}_reverse"] if self.bidirectional else [f"l{layer}"]

    def _run(self, x: Any, first: tuple[Any, ...], parts: _Parts) -> Any:
        """The states of one layer in one direction at all steps, a tuple of arrays (L, N, H)."""
        raise NotImplementedError

    def _input_gates(self, x: Any, weight: Any, bias: Any) -> Any:
        """The contribution of the input to the gates, of all steps in one product."""
        length, samples, features = x.shape
        joined = linear(np.reshape(x, (length * samples, features)), weight, bias)
        return np.reshape(joined, (length, samples, weight.shape[0]))

    def forward(self, x: Array, hx: Any = None) -> tuple[Tensor, States]:
        if isinstance(x, PackedSequence):
            return self._forward_packed(x, hx)
        x = x if isinstance(x, Tensor) and x.dtype.kind == "f" else to_floats(strip(x))
        self._check(x)
        alone = x.ndim == 2
        if alone:
            x = np.expand_dims(x, 1)
        elif self.batch_first:
            x = np.swapaxes(x, 0, 1)
        x, finals = self._layers(x, self._first_states(x, hx, alone), np.full(x.shape[1], len(x)))
        if alone:
            x, finals = np.squeeze(x, 1), tuple(np.squeeze(state, 1) for state in finals)
        elif self.batch_first:
            x = np.swapaxes(x, 0, 1)
        return x, finals if len(finals) > 1 else finals[0]

    def _forward_packed(self, packed: PackedSequence, hx: Any) -> Any:
        """The same for packed sequences; states are in the order in which the sequences were packed."""
        x, lengths = padded(packed, len(packed.batch_sizes))
        self._check(np.swapaxes(x, 0, 1) if self.batch_first else x)
        first, order, back = self._first_states(x, hx, False), packed.sorted_indices, packed.unsorted_indices
        first = first if order is None else tuple(np.take(state, order, axis=1) for state in first)
        x, finals = self._layers(x, first, lengths)
        finals = finals if back is None else tuple(np.take(state, back, axis=1) for state in finals)
        return packed_like(x, packed), finals if len(finals) > 1 else finals[0]

    def _layers(self, x: Any, first: tuple[Any, ...], lengths: Any) -> tuple[Any, Any]:
        """All layers over padded sequences (L, N, F) of these lengths: the states at all steps, and the last ones."""
        flip = _reversal(len(x), lengths)
        ends: Any = -1 if flip is None else (lengths - 1, np.arange(len(lengths)))
        last: list[tuple[Any, ...]] = []  # of every layer and direction, in the order of `first`
        for layer in range(self.num_layers):
            outputs = []
            for suffix in self._suffixes(layer):
                backwards = suffix.endswith("reverse")
                read = _flipped(x, flip) if backwards else x
                states = self._run(read, tuple(state[len(last)] for state in first), self._parts(suffix))
                last.append(tuple(state[ends] for state in states))
                outputs.append(_flipped(states[0], flip) if backwards else states[0])
            x = np.concatenate(outputs, axis=-1) if self.bidirectional else outputs[0]
            if layer < self.num_layers - 1:
                x = dropout(x, self.dropout, self.training)
        return x, tuple(np.stack(states) for states in zip(*last, strict=True))

    def _parts(self, suffix: str) -> _Parts:
        return _Parts(*(getattr(self, f"{part}_{suffix}", None) for part in _Parts._fields))

    def _check(self, x: Any) -> None:
        if x.ndim not in (2, 3) or x.shape[-1] != self.input_size:
            expected = "(N, L, " if self.batch_first else "(L, N, "
            raise ValueError(
                f"{type(self).__name__}: x of shape {x.shape}, expected {expected}{self.input_size}) "
                f"or (L, {self.input_size})"
            )
        if not x.shape[1 if self.batch_first and x.ndim == 3 else 0]:
            raise ValueError(f"{type(self).__name__}: x of shape {x.shape} has no time steps")

    def _first_states(self, x: Any, hx: Any, alone: bool) -> tuple[Any, ...]:
        """The states before the first step, (layers · directions, N, H); zeros if none are passed."""
        shape = (self.num_layers * (1 + self.bidirectional), x.shape[1], self.hidden_size)
        if hx is None:
            return (np.zeros(shape, x.dtype),) * len(self.states)
        given = (hx,) if len(self.states) == 1 else tuple(hx)
        if len(given) != len(self.states):
            raise ValueError(f"{type(self).__name__}: hx must be {' and '.join(self.states)}, not {len(given)} arrays")
        expected = (shape[0], shape[2]) if alone else shape
        for name, state in zip(self.states, given, strict=True):
            if np.shape(state) != expected:
                raise ValueError(f"{type(self).__name__}: {name} of shape {np.shape(state)}, expected {expected}")
        return tuple(np.expand_dims(state, 1) if alone else state for state in given)

    def extra_repr(self) -> str:
        changed = changed_options(self, num_layers=1, bias=True, dropout=0, batch_first=False, bidirectional=False)
        return ", ".join([f"{self.input_size}, {self.hidden_size}", *changed])


def _reversal(length: int, lengths: Any) -> Any:
    """The indices that reverse each sequence within its own length; None if all are as long as the padding."""
    if (lengths == length).all():
        return None
    steps = np.arange(length)[:, None]
    return np.where(steps < lengths, lengths - 1 - steps, steps), np.arange(len(lengths))


def _flipped(x: Any, flip: Any) -> Any:
    return np.flip(x, 0) if flip is None else x[flip]


def _bias(parts: _Parts) -> Any:
    """The sum of both biases, for layers that use nothing else of them."""
    if parts.bias_ih is None or parts.bias_hh is None:
        return parts.bias_hh if parts.bias_ih is None else parts.bias_ih
    return parts.bias_ih + parts.bias_hh


class RNN(_Recurrent[Tensor]):
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

    def _run(self, x: Any, first: tuple[Any, ...], parts: _Parts) -> Any:
        gates = self._input_gates(x, parts.weight_ih, _bias(parts))
        return (recurrent.rnn(gates, first[0], parts.weight_hh, self.nonlinearity),)

    def extra_repr(self) -> str:
        return super().extra_repr() + f", nonlinearity={self.nonlinearity!r}" * (self.nonlinearity != "tanh")


class GRU(_Recurrent[Tensor]):
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

    def _run(self, x: Any, first: tuple[Any, ...], parts: _Parts) -> Any:
        gates = self._input_gates(x, parts.weight_ih, parts.bias_ih)
        return (recurrent.gru(gates, first[0], parts.weight_hh, parts.bias_hh),)


class LSTM(_Recurrent[tuple[Tensor, Tensor]]):
    """Long short-term memory: c_t = f c_(t−1) + i g, h_t = o tanh c_t.

    i, f, o = σ and g = tanh of W_i x + b_i + W_h h + b_h. The rows of the weights are in the order i, f, g, o. The
    first and last states are pairs (h, c).

    Parameters, shapes and errors as for `RNN`, without `nonlinearity`.

    References
    ----------
    Hochreiter and Schmidhuber, "Long short-term memory" (1997); Gers, Schmidhuber and Cummins, "Learning to forget:
    continual prediction with LSTM" (2000).

    Examples
    --------
    >>> layer = LSTM(3, 4, bidirectional=True, rng=0)
    >>> output, (h_n, c_n) = layer(np.zeros((7, 2, 3)))
    >>> output.shape, h_n.shape, c_n.shape
    ((7, 2, 8), (2, 2, 4), (2, 2, 4))
    """

    gates = 4
    states = ("h_0", "c_0")

    def _run(self, x: Any, first: tuple[Any, ...], parts: _Parts) -> Any:
        return recurrent.lstm(self._input_gates(x, parts.weight_ih, _bias(parts)), first[0], first[1], parts.weight_hh)
