"""What recurrent layers share: parameters, layers, directions, packed sequences, and the first states."""

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
from autograd_lite.ops.linalg.matmul import linear
from autograd_lite.random import generator
from autograd_lite.support.checks import check, check_positive_integer, check_probability, is_integer
from autograd_lite.support.conversion import strip, to_floats

States = TypeVar("States")  # a tensor, or the pair of an LSTM


# Of one layer in one direction; those that it does not have are None.
Parts = namedtuple("Parts", ["weight_ih", "weight_hh", "bias_ih", "bias_hh", "weight_hr"])


class Recurrent(Module, Generic[States]):
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
        proj_size: int = 0,
        dtype: DTypeLike = np.float32,
        rng: np.random.Generator | int | None = None,
    ) -> None:
        name = type(self).__name__
        check_positive_integer(name, input_size=input_size, hidden_size=hidden_size, num_layers=num_layers)
        check_probability(name, dropout=dropout)
        check(name, f"an integer from 0 to {hidden_size - 1}", lambda n: is_integer(n) and 0 <= n < hidden_size,
              proj_size=proj_size)  # fmt: skip
        if dropout and num_layers == 1:
            warnings.warn(f"{name}: dropout applies between layers, but there is only one", stacklevel=3)
        self.input_size, self.hidden_size, self.num_layers = input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout, self.bidirectional = bias, batch_first, dropout, bidirectional
        self.proj_size = proj_size
        bound, rng = hidden_size**-0.5, generator(rng)
        rows, inputs, outputs = self.gates * hidden_size, input_size, proj_size or hidden_size
        for layer in range(num_layers):
            shapes: dict[str, tuple[int, ...]] = {"weight_ih": (rows, inputs), "weight_hh": (rows, outputs)}
            shapes |= dict.fromkeys(("bias_ih", "bias_hh"), (rows,)) if bias else {}
            shapes |= {"weight_hr": (proj_size, hidden_size)} if proj_size else {}
            for suffix in self._suffixes(layer):
                for part, shape in shapes.items():
                    setattr(self, f"{part}_{suffix}", uniform_parameter(shape, bound, dtype, rng))
            inputs = outputs * (1 + bidirectional)

    def _suffixes(self, layer: int) -> list[str]:
        return [f"l{layer}", f"l{layer}_reverse"] if self.bidirectional else [f"l{layer}"]

    def _run(self, x: Any, first: tuple[Any, ...], parts: Parts) -> Any:
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

    def _parts(self, suffix: str) -> Parts:
        return Parts(*(getattr(self, f"{part}_{suffix}", None) for part in Parts._fields))

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
        layers, samples = self.num_layers * (1 + self.bidirectional), x.shape[1]
        sizes = [self.proj_size or self.hidden_size, self.hidden_size][: len(self.states)]
        if hx is None:
            return tuple(np.zeros((layers, samples, size), x.dtype) for size in sizes)
        given = (hx,) if len(self.states) == 1 else tuple(hx)
        if len(given) != len(self.states):
            raise ValueError(f"{type(self).__name__}: hx must be {' and '.join(self.states)}, not {len(given)} arrays")
        for name, state, size in zip(self.states, given, sizes, strict=True):
            expected = (layers, size) if alone else (layers, samples, size)
            if np.shape(state) != expected:
                raise ValueError(f"{type(self).__name__}: {name} of shape {np.shape(state)}, expected {expected}")
        return tuple(np.expand_dims(state, 1) if alone else state for state in given)

    def extra_repr(self) -> str:
        changed = changed_options(
            self, num_layers=1, bias=True, dropout=0, batch_first=False, bidirectional=False, proj_size=0
        )
        return ", ".join([f"{self.input_size}, {self.hidden_size}", *changed])


def _reversal(length: int, lengths: Any) -> Any:
    """The indices that reverse each sequence within its own length; None if all are as long as the padding."""
    if (lengths == length).all():
        return None
    steps = np.arange(length)[:, None]
    return np.where(steps < lengths, lengths - 1 - steps, steps), np.arange(len(lengths))


def _flipped(x: Any, flip: Any) -> Any:
    return np.flip(x, 0) if flip is None else x[flip]
