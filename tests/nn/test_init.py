"""Initialisation: bounds, means and variances of many samples; fans and gains by hand.

Tolerances are six standard deviations of the statistic, so that a correct generator fails once in 10⁹ seeds.
"""

import math

import numpy as np
import pytest

from autograd_lite import Tensor, manual_seed, nn

init = nn.init
UNIFORM_SPREAD, NORMAL_SPREAD = 0.8, 2.0  # the variance of a sample variance, times n, over the variance squared


def assert_uniform(values, low, high):
    n, width = values.size, high - low
    assert low - 1e-6 * width <= values.min() < low + 0.01 * width
    assert high - 0.01 * width < values.max() <= high + 1e-6 * width
    assert np.mean(values, dtype=float) == pytest.approx((low + high) / 2, abs=6 * width / math.sqrt(12 * n))
    assert np.var(values, dtype=float) == pytest.approx(width**2 / 12, rel=6 * math.sqrt(UNIFORM_SPREAD / n))


def assert_normal(values, mean, std):
    n = values.size
    assert np.mean(values, dtype=float) == pytest.approx(mean, abs=6 * std / math.sqrt(n))
    assert np.var(values, dtype=float) == pytest.approx(std**2, rel=6 * math.sqrt(NORMAL_SPREAD / n))
    # Not uniform of the same variance: about 0.27% of a normal distribution lie beyond three standard deviations.
    share = np.mean(np.abs(values - mean) > 3 * std)
    assert share == pytest.approx(0.0027, abs=6 * math.sqrt(0.0027 / n))


def weight(*shape, dtype=np.float32):
    return nn.Parameter(np.zeros(shape), dtype=dtype)


def test_uniform_and_normal_have_their_bounds_and_moments():
    assert_uniform(init.uniform_(weight(200, 100), rng=0).data, 0, 1)
    assert_uniform(init.uniform_(weight(200, 100), -2, 5, rng=0).data, -2, 5)
    assert_normal(init.normal_(weight(200, 100), rng=0).data, 0, 1)
    assert_normal(init.normal_(weight(200, 100), 3, 0.5, rng=0).data, 3, 0.5)


def test_constants_fill_every_element():
    for function, value in ((init.zeros_, 0), (init.ones_, 1), (lambda t: init.constant_(t, -2.5), -2.5)):
        np.testing.assert_array_equal(function(Tensor([[7.0, 8.0]])).data, [[value, value]])


# Two axes, and more: (out, in, *field) has in·∏field inputs for each output, and out·∏field outputs for each input.
SHAPES = [((100, 300), 300, 100), ((300, 100), 100, 300), ((40, 20, 5, 6), 600, 1200), ((50, 80, 7), 560, 350)]


@pytest.mark.parametrize(("shape", "fan_in", "fan_out"), SHAPES)
@pytest.mark.parametrize("gain", [1.0, 5 / 3])
def test_xavier_balances_fan_in_and_fan_out(shape, fan_in, fan_out, gain):
    bound = gain * math.sqrt(6 / (fan_in + fan_out))
    assert_uniform(init.xavier_uniform_(weight(*shape), gain, rng=1).data, -bound, bound)
    assert_normal(init.xavier_normal_(weight(*shape), gain, rng=1).data, 0, gain * math.sqrt(2 / (fan_in + fan_out)))


@pytest.mark.parametrize(("shape", "fan_in", "fan_out"), SHAPES)
@pytest.mark.parametrize("mode", ["fan_in", "fan_out"])
@pytest.mark.parametrize(
    ("options", "gain"),
    [({}, math.sqrt(2)), ({"a": math.sqrt(5)}, math.sqrt(1 / 3)), ({"nonlinearity": "tanh"}, 5 / 3)],
    ids=["relu", "leaky", "tanh"],
)
def test_kaiming_keeps_the_variance_of_one_direction(shape, fan_in, fan_out, mode, options, gain):
    std = gain / math.sqrt(fan_in if mode == "fan_in" else fan_out)
    bound = math.sqrt(3) * std
    assert_uniform(init.kaiming_uniform_(weight(*shape), mode=mode, rng=2, **options).data, -bound, bound)
    assert_normal(init.kaiming_normal_(weight(*shape), mode=mode, rng=2, **options).data, 0, std)


@pytest.mark.parametrize(
    ("name", "param", "gain"),
    [
        ("linear", 0.01, 1),
        ("sigmoid", 0.01, 1),
        ("tanh", 0.01, 5 / 3),
        ("relu", 0.01, math.sqrt(2)),
        ("leaky_relu", 0.0, math.sqrt(2)),
        ("leaky_relu", 0.5, math.sqrt(1.6)),
        ("leaky_relu", 1.0, 1),
    ],
)
def test_gains(name, param, gain):
    assert init.calculate_gain(name, param) == pytest.approx(gain, rel=1e-15)


FUNCTIONS = [
    init.uniform_,
    init.normal_,
    init.xavier_uniform_,
    init.xavier_normal_,
    init.kaiming_uniform_,
    init.kaiming_normal_,
]


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_function_fills_in_place_keeps_the_dtype_and_returns_the_tensor(function, dtype):
    tensor = weight(3, 4, dtype=dtype)
    memory = tensor.data
    assert function(tensor, rng=0) is tensor
    assert tensor.data is memory
    assert tensor.dtype == dtype
    assert (memory != 0).all()
    assert tensor.requires_grad


@pytest.mark.parametrize("function", FUNCTIONS)
def test_seeds_and_generators_reproduce_and_the_common_generator_is_the_default(function):
    first = function(weight(3, 4), rng=5).data.copy()
    np.testing.assert_array_equal(function(weight(3, 4), rng=np.random.default_rng(5)).data, first)
    manual_seed(5)
    np.testing.assert_array_equal(function(weight(3, 4)).data, first)
    assert (function(weight(3, 4)).data != first).any()  # the common generator goes on


def test_a_generator_that_is_passed_goes_on_and_the_common_one_stays():
    rng, common = np.random.default_rng(0), manual_seed(0)
    before = common.bit_generator.state
    first, second = (init.normal_(weight(3, 4), rng=rng).data.copy() for _ in range(2))
    assert (first != second).any()
    assert common.bit_generator.state == before


def test_initialisation_is_a_change_in_place_that_backward_notices():
    tensor = weight(2, 2)
    loss = (tensor * tensor).sum()
    init.ones_(tensor)
    with pytest.raises(RuntimeError, match="changed in place"):
        loss.backward()


@pytest.mark.parametrize("function", FUNCTIONS[2:])
@pytest.mark.parametrize("shape", [(), (3,)])
def test_fans_need_two_axes(function, shape):
    tensor = weight(*shape)
    with pytest.raises(ValueError, match="at least 2 axes"):
        function(tensor)
    assert not tensor.data.any()


def test_unknown_modes_and_nonlinearities_are_named():
    with pytest.raises(ValueError, match="'fan_middle'"):
        init.kaiming_normal_(weight(2, 2), mode="fan_middle")
    with pytest.raises(ValueError, match="'swish'"):
        init.kaiming_uniform_(weight(2, 2), nonlinearity="swish")
    with pytest.raises(ValueError, match="'swish'"):
        init.calculate_gain("swish")


def test_only_floating_point_tensors_are_initialised():
    integers = Tensor([1, 2])
    with pytest.raises(TypeError, match="floating-point"):
        nn.init.uniform_(integers)
    np.testing.assert_array_equal(integers.data, [1, 2])


def test_a_weight_without_inputs_and_outputs_can_be_initialised():
    assert nn.init.xavier_uniform_(Tensor(np.zeros((0, 0)))).shape == (0, 0)


@pytest.mark.parametrize("shape", [(4, 4), (3, 5), (5, 3), (3, 2, 2), (6, 1, 2)])
@pytest.mark.parametrize("gain", [1.0, 2.5])
def test_orthogonal_matrices_are_orthonormal(shape, gain):
    q = init.orthogonal_(weight(*shape, dtype=np.float64), gain, rng=0).data.reshape(shape[0], -1)
    gram = q @ q.T if q.shape[0] <= q.shape[1] else q.T @ q
    np.testing.assert_allclose(gram, gain**2 * np.eye(len(gram)), atol=1e-12)


def test_orthogonal_matrices_are_uniformly_distributed():
    """Each element of a uniformly distributed orthogonal n×n matrix has the mean 0 and the variance 1/n."""
    drawn = np.stack([init.orthogonal_(weight(3, 3), rng=seed).data for seed in range(2000)])
    np.testing.assert_allclose(drawn.mean(axis=0), 0, atol=6 * (1 / 3 / 2000) ** 0.5)
    np.testing.assert_allclose((drawn**2).mean(axis=0), 1 / 3, atol=0.05)


@pytest.mark.parametrize(
    ("mean", "std", "a", "b"),
    [(0, 1, -2, 2), (1, 0.5, 0, 1.2), (0, 1, 3, 100), (5, 2, -3, -2), (0, 1, -30, -0.5), (0, 100, 1, 2), (0, 1, -9, 9)],
)
def test_truncated_normal_numbers_have_the_distribution_of_scipy(mean, std, a, b):
    stats = pytest.importorskip("scipy.stats")
    values = init.trunc_normal_(weight(200, 100, dtype=np.float64), mean, std, a, b, rng=0).data.ravel()
    expected = stats.truncnorm((a - mean) / std, (b - mean) / std, mean, std)
    assert values.min() >= a
    assert values.max() <= b
    assert stats.kstest(values, expected.cdf).pvalue > 1e-6


def test_a_truncated_normal_number_in_single_precision_is_within_its_bounds():
    values = init.trunc_normal_(weight(100, 100), 0, 1, 0.1, 0.1001, rng=0).data
    assert np.float32(0.1) <= values.min()
    assert values.max() <= np.float32(0.1001)


def test_the_identity_fits_any_matrix():
    np.testing.assert_array_equal(init.eye_(weight(2, 3)).data, np.eye(2, 3))


@pytest.mark.parametrize("name", ["uniform_", "normal_", "orthogonal_", "trunc_normal_", "kaiming_normal_"])
def test_the_source_has_pytorchs_name_too(name):
    fill = getattr(init, name)
    np.testing.assert_array_equal(fill(weight(3, 4), generator=3).data, fill(weight(3, 4), rng=3).data)
    with pytest.raises(TypeError, match="two names of one option"):
        fill(weight(3, 4), rng=3, generator=3)
