"""Every formula of a derivation has the numbers of the engine, and wrong use is an error."""

import itertools

import hypothesis.strategies as st
import numpy as np
import pytest
from catalogue import CASES
from derivation.helpers import leaf
from hypothesis import given, settings

import autograd_lite as ag
from autograd_lite import Tensor, derive, nn
from autograd_lite.derivation import rewriting
from autograd_lite.derivation.checking import WrongFormulaError
from autograd_lite.derivation.formula import evaluate


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
@given(data=st.data())
@settings(max_examples=1)
def test_every_operation_has_a_true_derivation(case, data):
    sample = data.draw(case.samples)
    tensors = [Tensor(array, requires_grad=True) for array in sample.arrays]
    out = case.operation(*tensors, **sample.static)
    wrt = {f"T{i}": tensor for i, tensor in enumerate(tensors)}
    loss = (out * np.random.default_rng(0).uniform(1, 2, out.shape)).sum()
    derivation = derive(loss, wrt)
    assert all(tensor.grad is None for tensor in tensors)
    loss.backward()
    for name, tensor in wrt.items():
        value = evaluate(derivation[f"∂L/∂{name}"].formulas[-1])
        scale = max(1, np.abs(tensor.grad).max(initial=0))
        np.testing.assert_allclose(value, tensor.grad, rtol=0, atol=1e-9 * scale)


@given(
    sizes=st.lists(st.integers(1, 4), min_size=2, max_size=5),
    activation=st.sampled_from([nn.Sigmoid, nn.Tanh, nn.ReLU, nn.Softplus]),
    samples=st.integers(1, 5),
    dtype=st.sampled_from([np.float32, np.float64]),
    seed=st.integers(0, 100),
)
@settings(max_examples=10)
def test_formulas_of_any_network_have_the_values_of_its_gradients(sizes, activation, samples, dtype, seed):
    rng = np.random.default_rng(seed)
    layers = [nn.Linear(n, m, dtype=dtype, rng=rng) for n, m in itertools.pairwise(sizes)]
    model = nn.Sequential(*[part for layer in layers for part in (layer, activation())][:-1])
    x, y = rng.normal(size=(samples, sizes[0])).astype(dtype), rng.integers(0, sizes[-1], samples)
    loss = ag.cross_entropy(model(x), y)
    derivation = derive(loss, dict(model.named_parameters()))
    loss.backward()
    tolerance = 1e-5 if dtype == np.float32 else 1e-12
    for name, parameter in model.named_parameters():
        value = evaluate(derivation[f"∂L/∂{name}"].formulas[-1])
        np.testing.assert_allclose(value, parameter.grad, rtol=0, atol=tolerance)


@pytest.mark.parametrize(
    "line",
    [
        lambda x, y: (x - y, x + y),
        lambda x: (np.log(x), x),
        lambda x, y: (x * y, x),
        lambda x: (np.exp(x), x),
    ],
)
def test_a_wrong_rewrite_in_the_table_is_an_error_and_no_formula(rng, monkeypatch, line):
    W, X, labels = leaf(rng, 3, 2), rng.normal(size=(5, 3)), [0, 1, 1, 0, 1]
    loss = ag.cross_entropy(X @ W, labels) + ag.exp(W * W).sum()
    derive(loss, [W])
    wrong = rewriting.Rewrite(line)
    monkeypatch.setitem(rewriting._by_function, wrong.pattern.function, [wrong])
    with pytest.raises(WrongFormulaError, match="simplified formula"):
        derive(loss, [W])


def test_a_line_that_would_be_applied_for_ever_is_an_error(monkeypatch):
    endless = rewriting.Rewrite(lambda x, y: (x - y, y - x))
    monkeypatch.setitem(rewriting._by_function, np.subtract, [endless])
    x = Tensor([1.0, 2.0], requires_grad=True)
    with pytest.raises(RuntimeError, match="does not end"):
        derive((1 - ag.exp(x)).sum())


def test_a_rule_that_decides_by_values_is_called_by_name(rng):
    def rule(g, x):
        return g * x if x[0] > 0 else -g * x

    decided = ag.primitive(lambda x: 0.5 * x * x, name="decided", x=rule)
    x = Tensor([2.0, 3.0], requires_grad=True, name="x")
    assert derive(decided(x).sum())["∂L/∂x"].formula == "decided_pullback_x(x, 1)"


def test_a_rule_is_shown_as_it_is_also_if_it_is_no_derivative():
    reverse = ag.primitive(lambda x: x, name="reverse", x=lambda g: -g)
    x = Tensor([2.0, 3.0], requires_grad=True, name="x")
    assert derive((reverse(x) ** 2).sum())["∂L/∂x"].formula == "−2 U₁"


def test_infinite_numbers_are_not_simplified_away():
    p = Tensor([0.0, 0.5], requires_grad=True, name="p")
    with np.errstate(all="ignore"):
        derivation = derive((p * ag.log(p)).sum())
        loss = (p * ag.log(p)).sum()
        loss.backward()
    value = evaluate(derivation["∂L/∂p"].formulas[-1])
    np.testing.assert_array_equal(np.isfinite(value), np.isfinite(p.grad))


# -- no side effects, and errors -----------------------------------------------------------------------------------


def test_nothing_is_changed(rng):
    W = leaf(rng, 3, 2)
    W.grad = np.ones((3, 2))
    values = W.data.copy()
    loss = ag.cross_entropy(rng.normal(size=(4, 3)) @ W, [0, 1, 1, 0])
    first, second = derive(loss, [W]), derive(loss, [W])
    assert first.text() == second.text()
    np.testing.assert_array_equal(W.grad, np.ones((3, 2)))
    np.testing.assert_array_equal(W.data, values)
    loss.backward()
    assert not np.array_equal(W.grad, np.ones((3, 2)))


def test_errors():
    x, other = Tensor([1.0, 2.0], requires_grad=True), Tensor([1.0], requires_grad=True)
    loss = (x * x).sum()
    with pytest.raises(RuntimeError, match=r"shape \(2,\) is not a scalar"):
        derive(x * 2)
    with pytest.raises(RuntimeError, match="not the result of operations"):
        derive(x.detach().sum())
    with pytest.raises(TypeError, match="the loss must be a tensor, not float"):
        derive(1.0)
    with pytest.raises(ValueError, match=r"does not depend on a tensor of shape \(1,\)"):
        derive(loss, [other])
    with pytest.raises(ValueError, match="does not require gradients"):
        derive(loss, [x.detach()])
    with pytest.raises(TypeError, match="wrt must hold tensors, not ndarray"):
        derive(loss, [x.data])
    with pytest.raises(KeyError, match="no line for '∂L/∂q'; there are"):
        derive(loss)["∂L/∂q"]
    loss.backward()
    with pytest.raises(RuntimeError, match="already used and released"):
        derive(loss, [x])


def test_a_value_that_was_overwritten_is_refused_as_by_backward():
    x = Tensor([1.0, 2.0], requires_grad=True)
    loss = (x * x).sum()
    with ag.no_grad():
        x += 1
    with pytest.raises(RuntimeError, match="changed in place"):
        derive(loss)
