"""Linear, Sequential and the activations against loops and formulas."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd_lite import Tensor, manual_seed, nn
from autograd_lite.nn import functional
from autograd_lite.testing.comparing.numerical import numerical_gradient

seeds = st.integers(0, 2**32 - 1)
lengths = st.integers(1, 4)
leading = st.lists(st.integers(0, 3), max_size=3).map(tuple)


# -- Linear --------------------------------------------------------------------------------------------------------


@given(leading, lengths, lengths, st.booleans(), st.sampled_from([np.float32, np.float64]), seeds)
def test_linear_is_the_sum_over_inputs(leading, inputs, outputs, bias, dtype, seed):
    rng = np.random.default_rng(seed)
    layer = nn.Linear(inputs, outputs, bias=bias, dtype=dtype, rng=rng)
    x = rng.normal(size=(*leading, inputs)).astype(dtype)
    result = layer(x)
    assert result.shape == (*leading, outputs)
    assert result.dtype == dtype
    for index in np.ndindex(result.shape):
        *sample, output = index
        terms = [float(x[(*sample, i)]) * float(layer.weight.data[output, i]) for i in range(inputs)]
        terms.append(float(layer.bias.data[output]) if bias else 0.0)
        # Rounding of a sum of n products: at most about n·eps of the sum of magnitudes.
        tolerance = (inputs + 2) * np.finfo(dtype).eps * math.fsum(map(abs, terms))
        assert abs(float(result.data[index]) - math.fsum(terms)) <= tolerance


@settings(max_examples=25)
@given(leading, lengths, lengths, st.booleans(), seeds)
def test_linear_gradients_agree_with_numerical_ones(leading, inputs, outputs, bias, seed):
    rng = np.random.default_rng(seed)
    layer = nn.Linear(inputs, outputs, bias=bias, dtype=np.float64, rng=rng)
    values = rng.normal(size=(*leading, inputs))
    cotangent = rng.normal(size=(*leading, outputs))
    x = Tensor(values, requires_grad=True)
    layer(x).backward(cotangent)
    weight = layer.weight.data
    checks = [
        (x, lambda v: np.sum(cotangent * (v @ weight.T))),
        (layer.weight, lambda v: np.sum(cotangent * (values @ v.T))),
    ]
    if bias:
        checks.append((layer.bias, lambda v: np.sum(cotangent * (np.zeros(cotangent.shape) + v))))
    for tensor, function in checks:
        expected = numerical_gradient(function, tensor.data).gradient
        assert tensor.grad.shape == tensor.shape
        np.testing.assert_allclose(tensor.grad, expected, rtol=1e-8, atol=1e-8)


def test_linear_without_bias_has_none():
    layer = nn.Linear(2, 3, bias=False)
    assert layer.bias is None
    assert [name for name, _ in layer.named_parameters()] == ["weight"]


@pytest.mark.parametrize("inputs", [1, 4, 100])
def test_linear_starts_uniform_on_the_inverse_root_of_its_inputs(inputs):
    layer = nn.Linear(inputs, 20_000 // inputs, rng=0)
    bound = inputs**-0.5
    for parameter in (layer.weight, layer.bias):
        assert np.abs(parameter.data).max() <= bound * (1 + 1e-6)  # the bound itself is rounded to float32
        assert parameter.data.min() < -bound / 2  # at least 200 samples in the upper three quarters: 10⁻²⁵
    # All of 20,000 samples in 99% of the range: a chance of e^−200. The standard deviation of the sample variance of
    # a uniform distribution is √(0.8/n) of it.
    assert np.abs(layer.weight.data).max() > 0.99 * bound
    assert np.var(layer.weight.data, dtype=float) == pytest.approx(bound**2 / 3, rel=6 * math.sqrt(0.8 / 20_000))


def test_the_same_seed_gives_the_same_layer_and_another_seed_another():
    first, second, other = (nn.Linear(3, 2, rng=seed).state_dict() for seed in (7, 7, 8))
    for name in first:
        np.testing.assert_array_equal(first[name], second[name])
        assert (first[name] != other[name]).any()


def test_manual_seed_reproduces_layers_without_their_own_generator():
    manual_seed(3)
    first = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1)).state_dict()
    manual_seed(3)
    second = nn.Sequential(nn.Linear(3, 2), nn.Linear(2, 1)).state_dict()
    for name in first:
        np.testing.assert_array_equal(first[name], second[name])


# -- Sequential ----------------------------------------------------------------------------------------------------


def test_sequential_composes_in_order_and_a_module_may_come_twice():
    first, again, second = nn.Linear(2, 3, rng=0), nn.Tanh(), nn.Linear(3, 1, rng=1)
    x = np.array([[0.5, -1.0]], np.float32)
    expected = np.tanh(np.tanh(x @ first.weight.data.T + first.bias.data) @ second.weight.data.T + second.bias.data)
    np.testing.assert_allclose(nn.Sequential(first, again, second, again)(x).data, expected, rtol=1e-5)


def test_sequential_without_modules_is_the_identity():
    x = Tensor([1.0])
    assert nn.Sequential()(x) is x


def test_sequential_indexes_slices_iterates_and_counts_like_a_list():
    parts = [nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2), nn.Tanh()]
    model = nn.Sequential(*parts)
    assert len(model) == 4
    assert list(model) == parts
    for index in range(-4, 4):
        assert model[index] is parts[index]
    for bounds in (slice(1, 3), slice(None, None, -1), slice(2, None), slice(5, 9)):
        assert isinstance(model[bounds], nn.Sequential)
        assert list(model[bounds]) == parts[bounds]
    with pytest.raises(IndexError):
        model[4]


def test_sequential_takes_a_mapping_of_names():
    parts = {"encode": nn.Linear(2, 3), "act": nn.ReLU(), "decode": nn.Linear(3, 2)}
    model = nn.Sequential(parts)
    assert list(model) == list(parts.values())
    assert model.encode is parts["encode"]
    assert list(model.state_dict()) == ["encode.weight", "encode.bias", "decode.weight", "decode.bias"]


@pytest.mark.parametrize("name", ["forward", "training", "append", "parameters"])
def test_a_name_in_a_mapping_cannot_hide_what_the_module_itself_needs(name):
    with pytest.raises((KeyError, ValueError, TypeError)):
        nn.Sequential({"first": nn.Linear(1, 1), name: nn.ReLU()})


def test_append_and_replacement_change_the_model_in_place():
    model = nn.Sequential(nn.Linear(2, 2))
    added, replacement = nn.ReLU(), nn.Linear(2, 2)
    assert model.append(added) is model
    model[0] = replacement
    model[-1] = third = nn.Tanh()
    assert list(model) == [replacement, third]


def test_appending_to_a_slice_or_a_mapping_never_replaces_a_module():
    parts, added = [nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2)], nn.Tanh()
    assert list(nn.Sequential(*parts)[1:].append(added)) == [*parts[1:], added]
    assert list(nn.Sequential({"1": parts[0]}).append(added)) == [parts[0], added]


def test_a_slice_shares_its_modules_with_the_whole():
    model = nn.Sequential(nn.Linear(1, 1), nn.Linear(1, 1))
    model[:1](np.ones((1, 1))).sum().backward()
    assert model[0].weight.grad is not None
    assert model[1].weight.grad is None


# -- activations ---------------------------------------------------------------------------------------------------


def _softmax(x, dim):
    exponentials = np.exp(x)
    return exponentials / exponentials.sum(axis=dim, keepdims=True)


_erf = np.vectorize(math.erf, otypes=[float])
ACTIVATIONS = {
    "Identity": (nn.Identity(), lambda x: x),
    "Sigmoid": (nn.Sigmoid(), lambda x: 1 / (1 + np.exp(-x))),
    "Tanh": (nn.Tanh(), np.tanh),
    "ReLU": (nn.ReLU(), lambda x: np.where(x > 0, x, 0)),
    "Softplus": (nn.Softplus(), lambda x: np.log(1 + np.exp(x))),
    "Softplus 0.5": (nn.Softplus(beta=0.5), lambda x: np.log(1 + np.exp(0.5 * x)) / 0.5),
    "Softplus 3": (nn.Softplus(3), lambda x: np.where(3 * x > 20, x, np.log(1 + np.exp(3 * x)) / 3)),
    "Softmax": (nn.Softmax(), lambda x: _softmax(x, -1)),
    "Softmax 0": (nn.Softmax(dim=0), lambda x: _softmax(x, 0)),
    "LogSoftmax": (nn.LogSoftmax(), lambda x: np.log(_softmax(x, -1))),
    "LogSoftmax 0": (nn.LogSoftmax(dim=0), lambda x: np.log(_softmax(x, 0))),
    "LeakyReLU": (nn.LeakyReLU(), lambda x: np.where(x > 0, x, 0.01 * x)),
    "LeakyReLU 0.5": (nn.LeakyReLU(0.5), lambda x: np.where(x > 0, x, 0.5 * x)),
    "ELU": (nn.ELU(), lambda x: np.where(x > 0, x, np.exp(np.minimum(x, 0)) - 1)),
    "ELU 2": (nn.ELU(2), lambda x: np.where(x > 0, x, 2 * np.exp(np.minimum(x, 0)) - 2)),
    "GELU": (nn.GELU(), lambda x: x * (1 + _erf(x / math.sqrt(2))) / 2),
    "GELU tanh": (nn.GELU("tanh"), lambda x: x / (1 + np.exp(-2 * math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))),
    "SiLU": (nn.SiLU(), lambda x: x / (1 + np.exp(-x))),
    "Hardtanh": (nn.Hardtanh(-11, 11), lambda x: x),
    "functional.softplus": (
        lambda x: functional.softplus(x, 3),
        lambda x: np.where(3 * x > 20, x, np.log(1 + np.exp(3 * x)) / 3),
    ),
    "functional.softmax": (lambda x: functional.softmax(x, dim=0), lambda x: _softmax(x, 0)),
    "functional.log_softmax": (lambda x: functional.log_softmax(x, dim=0), lambda x: np.log(_softmax(x, 0))),
}


@pytest.mark.parametrize("name", ACTIVATIONS)
@settings(max_examples=10)
@given(seed=seeds, rows=lengths, columns=lengths)
def test_activations_follow_their_formulas_with_the_gradient_of_them(name, seed, rows, columns):
    module, formula = ACTIVATIONS[name]
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(rows, columns)) * 3
    values += np.copysign(0.1, values)  # away from the kink of ReLU, where no numerical derivative exists
    cotangent = rng.normal(size=values.shape)
    np.testing.assert_allclose(module(values), formula(values), rtol=1e-11, atol=1e-13)
    x = Tensor(values, requires_grad=True)
    module(x).backward(cotangent)
    expected = numerical_gradient(lambda v: np.sum(cotangent * formula(v)), values, step=0.01).gradient
    np.testing.assert_allclose(x.grad, expected, rtol=1e-7, atol=1e-8)
    assert module(values.astype(np.float32)).dtype == np.float32


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_are_finite_without_warnings_for_large_input(name, dtype):
    x = Tensor(np.array([[1e4, -1e4, 0.0], [-1e4, -1e4, 1e4]]), requires_grad=True, dtype=dtype)
    result = ACTIVATIONS[name][0](x)
    result.backward(np.ones(x.shape))
    assert np.isfinite(result.data).all()
    assert np.isfinite(x.grad).all()


def test_identity_returns_its_input_itself():
    x = Tensor([1.0])
    assert nn.Identity()(x) is x


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nn.GELU("erf"), "GELU: approximate must be .*, not 'erf'"),
        (lambda: functional.gelu(np.ones(2), "erf"), "gelu: approximate must be .*, not 'erf'"),
        (lambda: nn.Hardtanh(1, 1), "Hardtanh: min_val must be below max_val, not 1 and 1"),
        (lambda: functional.hardtanh(np.ones(2), 2, 1), "hardtanh: min_val must be below max_val, not 2 and 1"),
    ],
)
def test_activations_that_make_no_sense_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_at_their_kinks_activations_have_the_slope_that_they_document():
    kinks = {functional.leaky_relu: (0.0, 0.01), functional.hardtanh: (1.0, 0), functional.elu: (0.0, 1)}
    for function, (kink, slope) in kinks.items():
        x = Tensor(kink, requires_grad=True)
        function(x).backward()
        assert x.grad == slope
