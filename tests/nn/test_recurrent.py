"""Recurrent layers against the loops of their definitions, and the gradients of both orders."""

import itertools
import math

import numpy as np
import pytest

from autograd_lite import Tensor, manual_seed, nn
from autograd_lite.ops.layers import recurrent
from autograd_lite.testing import check_gradients

KINDS = {"RNN": nn.RNN, "GRU": nn.GRU, "LSTM": nn.LSTM}
each_kind = pytest.mark.parametrize("kind", KINDS)


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


def cell(kind, x, state, w_ih, w_hh, b_ih, b_hh, nonlinearity):
    """One step of one sample, number by number."""
    h = state[0]
    size = len(h)
    inputs = [sum(w * v for w, v in zip(row, x, strict=True)) + b for row, b in zip(w_ih, b_ih, strict=True)]
    hidden = [sum(w * v for w, v in zip(row, h, strict=True)) + b for row, b in zip(w_hh, b_hh, strict=True)]
    gate = [[a + b for a, b in zip(inputs, hidden, strict=True)][i * size : (i + 1) * size] for i in range(4)]
    if kind == "RNN":
        return ([max(a, 0) if nonlinearity == "relu" else math.tanh(a) for a in gate[0]],)
    if kind == "GRU":
        r, z = [sigmoid(a) for a in gate[0]], [sigmoid(a) for a in gate[1]]
        n = [math.tanh(inputs[2 * size + i] + r[i] * hidden[2 * size + i]) for i in range(size)]
        return ([(1 - z[i]) * n[i] + z[i] * h[i] for i in range(size)],)
    c = [sigmoid(gate[1][i]) * state[1][i] + sigmoid(gate[0][i]) * math.tanh(gate[2][i]) for i in range(size)]
    return [sigmoid(gate[3][i]) * math.tanh(c[i]) for i in range(size)], c


def by_loops(kind, layer, x, first, nonlinearity="tanh"):
    """Outputs (L, N, ...) and last states of all layers and directions, sample by sample and step by step."""
    suffixes, last = ["", "_reverse"] if layer.bidirectional else [""], [np.zeros_like(state) for state in first]
    for number in range(layer.num_layers):
        out = np.zeros((*x.shape[:2], layer.hidden_size * len(suffixes)))
        for direction, suffix in enumerate(suffixes):
            place = number * len(suffixes) + direction
            w_ih, w_hh = (getattr(layer, f"weight_{part}_l{number}{suffix}").data for part in ("ih", "hh"))
            zeros = np.zeros(len(w_ih))
            b_ih, b_hh = (getattr(layer, f"bias_{part}_l{number}{suffix}").data if layer.bias else zeros
                          for part in ("ih", "hh"))  # fmt: skip
            columns = slice(direction * layer.hidden_size, (direction + 1) * layer.hidden_size)
            for n in range(x.shape[1]):
                state = tuple(list(part[place, n]) for part in first)
                for t in range(len(x))[:: -1 if suffix else 1]:
                    state = cell(kind, x[t, n], state, w_ih, w_hh, b_ih, b_hh, nonlinearity)
                    out[t, n, columns] = state[0]
                for collected, part in zip(last, state, strict=True):
                    collected[place, n] = part
        x = out
    return x, last


OPTIONS = [{}, {"num_layers": 2}, {"bidirectional": True}, {"num_layers": 2, "bidirectional": True, "bias": False}]
CASES = [(kind, options) for kind, options in itertools.product(KINDS, OPTIONS)]
CASES += [("RNN", {"nonlinearity": "relu", "num_layers": 2})]


@pytest.mark.parametrize(("kind", "options"), CASES)
def test_layers_follow_the_definition_from_any_first_states(kind, options):
    rng = np.random.default_rng(0)
    layer = KINDS[kind](3, 2, dtype=np.float64, rng=rng, **options)
    shape = (layer.num_layers * (1 + layer.bidirectional), 2, 2)
    x, first = rng.normal(size=(4, 2, 3)), [rng.normal(size=shape) for _ in range(1 + (kind == "LSTM"))]
    for given in (first, [np.zeros(shape) for _ in first]):
        expected, expected_last = by_loops(kind, layer, x, given, options.get("nonlinearity", "tanh"))
        passed = None if not given[0].any() else tuple(given) if kind == "LSTM" else given[0]
        output, last = layer(Tensor(x), passed)
        np.testing.assert_allclose(output.data, expected, rtol=1e-12, atol=1e-12)
        for found, wanted in zip(last if kind == "LSTM" else (last,), expected_last, strict=True):
            np.testing.assert_allclose(found.data, wanted, rtol=1e-12, atol=1e-12)


@each_kind
def test_samples_can_come_first_or_alone(kind):
    layer = KINDS[kind](3, 2, dtype=np.float64, rng=0)
    swapped = KINDS[kind](3, 2, batch_first=True, dtype=np.float64, rng=0)
    x = np.random.default_rng(0).normal(size=(4, 2, 3))
    (output, last), (output_swapped, last_swapped), (alone, last_alone) = (
        layer(x), swapped(x.swapaxes(0, 1)), layer(x[:, 1])
    )  # fmt: skip
    np.testing.assert_array_equal(output_swapped.data, output.data.swapaxes(0, 1))
    np.testing.assert_allclose(alone.data, output.data[:, 1], rtol=1e-12)
    pairs = [(last, last_swapped, last_alone)] if kind != "LSTM" else zip(last, last_swapped, last_alone, strict=True)
    for whole, other, one in pairs:
        np.testing.assert_array_equal(whole.data, other.data)
        np.testing.assert_allclose(one.data, whole.data[:, 1], rtol=1e-12)
        assert one.shape == (1, 2)
    again, _ = layer(x[:, 1], tuple(last_alone) if kind == "LSTM" else last_alone)
    first = tuple(state[:, 1:2] for state in last) if kind == "LSTM" else last[:, 1:2]
    np.testing.assert_allclose(again.data, layer(x[:, 1:2], first)[0].data[:, 0], rtol=1e-12)


@pytest.mark.parametrize(("steps", "samples"), [(1, 1), (3, 1), (2, 2)])
def test_derivatives_of_first_and_second_order_agree_with_numerical_ones(steps, samples):
    rng = np.random.default_rng(1)

    def gates_of(count, size=2):
        return (rng.normal(size=(steps, samples, count * size)), rng.normal(size=(samples, size)),
                rng.normal(size=(count * size, size)))  # fmt: skip

    gates, h, weight = gates_of(1)
    check_gradients(lambda *a: recurrent.rnn(*a, "tanh"), gates, h, weight, order=2)
    check_gradients(lambda *a: recurrent.rnn(*a, "relu"), np.abs(gates) + 0.1, np.abs(h), np.abs(weight), order=2)
    gates, h, weight = gates_of(3)
    check_gradients(recurrent.gru, gates, h, weight, rng.normal(size=6), order=2)
    check_gradients(lambda *a: recurrent.gru(*a, None), gates, h, weight, order=2)
    gates, h, weight = gates_of(4)
    for result in (0, 1):
        check_gradients(
            lambda *a, i=result: recurrent.lstm(*a)[i], gates, h, rng.normal(size=(samples, 2)), weight, order=2
        )


def test_relu_cuts_off_in_both_directions():
    gates = Tensor([[[1.0]], [[-5.0]], [[2.0]]], requires_grad=True)
    out = recurrent.rnn(gates, np.zeros((1, 1)), np.array([[2.0]]), "relu")
    np.testing.assert_array_equal(out.data.ravel(), [1, 0, 2])
    out.sum().backward()
    np.testing.assert_array_equal(gates.grad.ravel(), [1, 0, 1])


@each_kind
def test_gradients_flow_through_layers_and_directions_to_every_parameter(kind):
    layer = KINDS[kind](1, 1, num_layers=2, bidirectional=True, dtype=np.float64, rng=0)
    starts, x = layer.state_dict(), np.random.default_rng(0).normal(size=(2, 1, 1))
    for name in starts:
        delattr(layer, name)  # what stands there then need not be a parameter

    def loss(x, *parameters):
        for name, parameter in zip(starts, parameters, strict=True):
            setattr(layer, name, parameter)
        output, last = layer(x)
        return output.sum() + sum((state**2).sum() for state in (last if kind == "LSTM" else (last,)))

    check_gradients(loss, x, *starts.values())


def test_parameters_have_the_names_and_bounds_of_pytorch():
    layer = nn.LSTM(3, 16, num_layers=2, bidirectional=True)
    shapes = {name: values.shape for name, values in layer.state_dict().items()}
    expected = {}
    for number, suffix in itertools.product(range(2), ("", "_reverse")):
        place, inputs = f"l{number}{suffix}", 32 if number else 3
        expected |= {f"weight_ih_{place}": (64, inputs), f"weight_hh_{place}": (64, 16)}
        expected |= {f"bias_ih_{place}": (64,), f"bias_hh_{place}": (64,)}
    assert shapes == expected
    assert list(shapes) == list(expected)
    for values in layer.state_dict().values():
        assert 0.2 < np.abs(values).max() <= 0.25
    assert repr(nn.GRU(3, 4, 2, bias=False)).startswith("GRU(3, 4, num_layers=2, bias=False)")
    assert repr(nn.RNN(3, 4, nonlinearity="relu")).startswith("RNN(3, 4, nonlinearity='relu')")


def test_dropout_stands_between_layers_in_training_only():
    layer, x = nn.GRU(3, 4, num_layers=2, dropout=0.5, rng=0), np.ones((2, 1, 3), np.float32)
    manual_seed(0)
    assert (layer(x)[0].data != layer(x)[0].data).any()
    layer.eval()
    np.testing.assert_array_equal(layer(x)[0].data, layer(x)[0].data)
    layer.train().dropout = 1.0  # the second layer sees nothing of the input then
    np.testing.assert_array_equal(layer(x)[0].data, layer(5 * x)[0].data)
    with pytest.warns(UserWarning, match="there is only one"):
        nn.GRU(3, 4, dropout=0.5)


@each_kind
def test_float32_stays_float32(kind):
    output, last = KINDS[kind](3, 2)(np.ones((4, 2, 3), np.float32))
    assert output.dtype == np.float32
    assert all(state.dtype == np.float32 for state in (last if kind == "LSTM" else (last,)))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nn.RNN(0, 2), "RNN: input_size must be a positive integer, not 0"),
        (lambda: nn.LSTM(2, 2, num_layers=0), "num_layers"),
        (lambda: nn.GRU(2, 2, num_layers=2, dropout=1.5), "dropout must be a probability"),
        (lambda: nn.RNN(2, 2, nonlinearity="sigmoid"), "nonlinearity must be .*, not 'sigmoid'"),
        (lambda: nn.RNN(2, 3)(np.zeros((4, 1, 5))), r"x of shape \(4, 1, 5\), expected \(L, N, 2\) or \(L, 2\)"),
        (lambda: nn.RNN(2, 3, batch_first=True)(np.zeros(2)), r"expected \(N, L, 2\)"),
        (lambda: nn.GRU(2, 3)(np.zeros((0, 1, 2))), "no time steps"),
        (lambda: nn.GRU(2, 3, batch_first=True)(np.zeros((1, 0, 2))), "no time steps"),
        (lambda: nn.GRU(2, 3)(np.zeros((4, 1, 2)), np.zeros((1, 3))), r"h_0 of shape \(1, 3\), expected \(1, 1, 3\)"),
        (lambda: nn.LSTM(2, 3)(np.zeros((4, 1, 2)), (np.zeros((1, 1, 3)), np.zeros((1, 1, 2)))), "c_0 of shape"),
        (lambda: nn.LSTM(2, 3)(np.zeros((4, 2)), (np.zeros((1, 3)),)), "hx must be h_0 and c_0, not 1"),
    ],
)
def test_what_makes_no_sense_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
