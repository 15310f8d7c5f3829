"""Recurrences over a whole sequence as one operation each, with backpropagation through time as their rule.

Computations that do not depend on the previous step are done for all steps at once: the contribution of the input to
the gates is an argument (`gates`), and the rules loop only over the recursion of the gradient. The previous states are
part of the results, so intermediate values have formulas without a loop, and second derivatives need no further code.
Source of the rules: Werbos, "Backpropagation through time: what it does and how to do it" (1990).

Shapes: `gates` (L, N, G·H) with G gates in PyTorch's order; a state h or c (N, H); the recurrent `weight` (G·H, H);
results (L, N, H), the states after every step.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd_lite.core.primitive import primitive
from autograd_lite.core.tensor import Array
from autograd_lite.ops.layers.activation import sigmoid
from autograd_lite.support.half_precision import rounded_once

__all__: list[str] = []


def _before(states: Array, first: Array) -> Array:
    """The states before every step, given those after every step."""
    return np.concatenate([np.expand_dims(first, 0), states[:-1]])


def _gates(joined: Array, count: int) -> list[Array]:
    """The single gates, (..., H) each."""
    size = joined.shape[-1] // count
    return [joined[..., i * size : (i + 1) * size] for i in range(count)]


def _summed_outer(changes: Array, states: Array) -> Array:
    """Σ over steps and samples of change ⊗ state: the gradient of the recurrent weight."""
    steps, samples, size = changes.shape
    rows = np.reshape(changes, (steps * samples, size))
    return np.matmul(rows.T, np.reshape(states, (steps * samples, states.shape[-1])))


# -- simple ----------------------------------------------------------------------------------------------------------


def _rnn_rule(g: Array, h: Array, weight: Array, out: Array, nonlinearity: str) -> tuple[Array, Array, Array]:
    slopes = 1 - out * out if nonlinearity == "tanh" else out > 0
    changes: list[Any] = []
    carried: Any = 0
    for t in reversed(range(len(g))):
        changes.append((g[t] + carried) * slopes[t])
        carried = changes[-1] @ weight
    change = np.stack(changes[::-1])
    return change, carried, _summed_outer(change, _before(out, h))


@primitive(joint=(("gates", "h", "weight"), _rnn_rule))
def rnn(gates: Array, h: Array, weight: Array, nonlinearity: str) -> Array:
    """h_t = φ(gates_t + W h_(t−1)), φ "tanh" or "relu".

    Examples
    --------
    >>> rnn(Tensor([[[1.0]], [[2.0]]]), np.zeros((1, 1)), np.array([[10.0]]), "relu")
    Tensor([[[ 1.]],
            [[12.]]])
    """
    transposed, states = weight.T, []
    for step in gates:
        h = step + h @ transposed
        h = np.tanh(h) if nonlinearity == "tanh" else np.maximum(h, 0)
        states.append(h)
    return np.stack(states)


# -- gated -----------------------------------------------------------------------------------------------------------


def _gru_recurrent(h: Array, weight: Array, bias: Array, out: Array) -> Array:
    recurrent = np.matmul(_before(out, h), weight.T)
    return recurrent if bias is None else recurrent + bias


def _gru_activations(gates: Array, h: Array, weight: Array, bias: Array, out: Array) -> Array:
    inputs, recurrents = _gates(gates, 3), _gates(_gru_recurrent(h, weight, bias, out), 3)
    reset, update = sigmoid(inputs[0] + recurrents[0]), sigmoid(inputs[1] + recurrents[1])
    new = np.tanh(inputs[2] + reset * recurrents[2])
    return np.concatenate([reset, update, new], axis=-1)


def _gru_candidate(h: Array, weight: Array, bias: Array, out: Array) -> Array:
    return _gates(_gru_recurrent(h, weight, bias, out), 3)[2]


def _gru_rule(
    g: Array, h: Array, weight: Array, out: Array, activations: Array, candidate: Array
) -> tuple[Array, Array, Array, Array]:
    reset, update, new = _gates(activations, 3)
    before = _before(out, h)
    to_new = (1 - update) * (1 - new * new)
    to_update = (before - new) * (update * (1 - update))
    to_reset = to_new * candidate * (reset * (1 - reset))
    to_recurrent = np.concatenate([to_reset, to_update, to_new * reset], axis=-1)
    gradients: list[Any] = []
    carried: Any = 0
    for t in reversed(range(len(g))):
        gradients.append(g[t] + carried)
        carried = gradients[-1] * update[t] + (np.concatenate([gradients[-1]] * 3, axis=-1) * to_recurrent[t]) @ weight
    gradient = np.stack(gradients[::-1])
    recurrent = np.concatenate([gradient] * 3, axis=-1) * to_recurrent
    change = np.concatenate([gradient * to_reset, gradient * to_update, gradient * to_new], axis=-1)
    return change, carried, _summed_outer(recurrent, before), recurrent


@primitive(
    residuals={"activations": _gru_activations, "candidate": _gru_candidate},
    joint=(("gates", "h", "weight", "bias"), _gru_rule),
)
def gru(gates: Array, h: Array, weight: Array, bias: Array) -> Any:
    """Gates r, z, n: h_t = (1 − z) n + z h_(t−1), n = tanh(gates_n + r (W h_(t−1) + b)_n).

    r and z are σ(gates + W h_(t−1) + b). Source: Cho et al., "Learning phrase representations using RNN encoder–decoder
    for statistical machine translation" (2014), with the reset gate after the product, as in PyTorch.

    Examples
    --------
    >>> gru(Tensor(np.zeros((2, 1, 3))), np.ones((1, 1)), np.zeros((3, 1)), None)
    Tensor([[[0.5 ]],
            [[0.25]]])
    """
    size, transposed = h.shape[-1], weight.T
    states, activations, candidates = [], [], []
    for step in gates:
        recurrent = h @ transposed
        if bias is not None:
            recurrent = recurrent + bias
        both = sigmoid(step[..., : 2 * size] + recurrent[..., : 2 * size])
        reset, update, candidate = both[..., :size], both[..., size:], recurrent[..., 2 * size :]
        new = np.tanh(step[..., 2 * size :] + reset * candidate)
        h = new + update * (h - new)
        states.append(h)
        activations.append(np.concatenate([both, new], axis=-1))
        candidates.append(candidate)
    return np.stack(states), np.stack(activations), np.stack(candidates)


# -- LSTM -----------------------------------------------------------------------------------------------------------


def _lstm_activations(gates: Array, h: Array, weight: Array, out: tuple[Array, Array]) -> Array:
    into, forget, new, outward = _gates(gates + np.matmul(_before(out[0], h), weight.T), 4)
    return np.concatenate([sigmoid(into), sigmoid(forget), np.tanh(new), sigmoid(outward)], axis=-1)


def _lstm_rule(
    g: tuple[Array, Array], h: Array, c: Array, weight: Array, out: tuple[Array, Array], activations: Array
) -> tuple[Array, Array, Array, Array]:
    into, forget, new, outward = _gates(activations, 4)
    states, memory = out
    squashed = np.tanh(memory)
    to_memory = outward * (1 - squashed * squashed)
    slopes = np.concatenate(
        [
            new * (into * (1 - into)),
            _before(memory, c) * (forget * (1 - forget)),
            into * (1 - new * new),
            squashed * (outward * (1 - outward)),
        ],
        axis=-1,
    )
    changes: list[Any] = []
    carried_state: Any = 0
    carried_memory: Any = 0
    for t in reversed(range(len(states))):
        state = g[0][t] + carried_state
        cell = g[1][t] + carried_memory + state * to_memory[t]
        changes.append(np.concatenate([cell, cell, cell, state], axis=-1) * slopes[t])
        carried_state, carried_memory = changes[-1] @ weight, cell * forget[t]
    change = np.stack(changes[::-1])
    return change, carried_state, carried_memory, _summed_outer(change, _before(states, h))


@primitive(
    outputs=2,
    residuals={"activations": _lstm_activations},
    joint=(("gates", "h", "c", "weight"), _lstm_rule),
)
@rounded_once
def lstm(gates: Array, h: Array, c: Array, weight: Array) -> Any:
    """Gates i, f, g, o of gates_t + W h_(t−1), tanh for g, σ for the rest: c_t = f c_(t−1) + i g, h_t = o tanh c_t.

    Results: all h, all c. Source: Hochreiter and Schmidhuber, "Long short-term memory" (1997), with the forget gate of
    Gers, Schmidhuber and Cummins (2000).

    Examples
    --------
    >>> h, c = lstm(Tensor(np.zeros((2, 1, 4))), np.zeros((1, 1)), np.ones((1, 1)), np.zeros((4, 1)))
    >>> c
    Tensor([[[0.5 ]],
            [[0.25]]])
    """
    length, size, kind = len(gates), h.shape[-1], np.result_type(gates, h, c, weight)
    # σ(x) = 1/(1 + e^(−x)): with the signs changed for all steps at once, a step is few calls, for all gates together.
    signs = np.repeat(np.array([-1, -1, 1, -1], kind), size)
    signed, transposed = gates * signs, np.multiply(weight.T, signs, order="C")
    activations = np.empty_like(signed)  # arrays like an operand, so that `compile` records the writes
    states, memories = (np.empty_like(signed, shape=(length, *h.shape)) for _ in range(2))
    into, forget, new, outward = _gates(activations, 4)
    with np.errstate(over="ignore", under="ignore"):  # 1/(1 + ∞) is right, and tanh replaces e^(+x)
        for t in range(length):
            signed[t] += h @ transposed
            activation = np.exp(signed[t], out=activations[t])
            activation += 1
            np.reciprocal(activation, out=activation)
            np.tanh(signed[t, :, 2 * size : 3 * size], out=new[t])
            c = np.multiply(forget[t], c, out=memories[t])
            c += into[t] * new[t]
            h = np.multiply(outward[t], np.tanh(c), out=states[t])
    return (states, memories), activations
