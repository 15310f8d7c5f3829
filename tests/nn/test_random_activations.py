"""Alpha dropout and ReLU with random slopes: what is drawn, its moments, and its gradient."""

import numpy as np
import pytest

from autograd_lite import Tensor, nn
from autograd_lite.nn import functional as F  # noqa: N812

ALPHA = 1.6732632423543772 * 1.0507009873554805  # λα of SELU


@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_alpha_dropout_replaces_elements_and_rescales_all(p):
    x = np.random.default_rng(0).normal(size=40_000)
    leaf = Tensor(x, requires_grad=True)
    out = F.alpha_dropout(leaf, p, training=True, rng=1)
    a = (1 - p + p * (1 - p) * ALPHA**2) ** -0.5  # so that the variance of a x stays 1
    b = a * p * ALPHA
    dropped = np.isclose(out.data, b - a * ALPHA, rtol=1e-9)
    np.testing.assert_allclose(out.data[~dropped], a * x[~dropped] + b)
    assert abs(dropped.mean() - p) < 0.02
    assert abs(out.data.mean()) < 0.03
    assert abs(out.data.var() - 1) < 0.03
    out.sum().backward()
    np.testing.assert_allclose(leaf.grad, np.where(dropped, 0, a))


@pytest.mark.parametrize("shape", [(50, 20), (50, 20, 3), (50, 20, 2, 3)])
def test_feature_alpha_dropout_replaces_whole_channels(shape):
    out = F.feature_alpha_dropout(np.zeros(shape), 0.25, training=True, rng=0).reshape(1000, -1)
    assert (out == out[:, :1]).all()
    assert abs((out[:, 0] < 0).mean() - 0.25) < 0.05


def test_random_slopes_are_uniform_and_are_the_gradient():
    x = Tensor(np.random.default_rng(0).normal(size=10_000), requires_grad=True)
    out = F.rrelu(x, 0.2, 0.6, training=True, rng=1)
    out.sum().backward()
    negative = x.data < 0
    slopes = (out.data / x.data)[negative]
    np.testing.assert_array_equal(out.data[~negative], x.data[~negative])
    np.testing.assert_allclose(x.grad, np.where(negative, out.data / x.data, 1))
    assert slopes.min() >= 0.2
    assert slopes.max() < 0.6
    assert abs(slopes.mean() - 0.4) < 0.01


@pytest.mark.parametrize("function", [F.alpha_dropout, F.rrelu])
def test_what_is_written_in_place_is_what_is_returned(function):
    x = Tensor(np.linspace(-1, 1, 6).reshape(2, 3), requires_grad=True) * 1
    expected = function(x.data.copy(), training=True, rng=0)
    assert function(x, training=True, inplace=True, rng=0) is x
    np.testing.assert_array_equal(x.data, expected)


@pytest.mark.parametrize("layer", [nn.AlphaDropout, nn.FeatureAlphaDropout, nn.RReLU])
def test_layers_draw_in_training_only(layer):
    x, made = -np.ones((4, 500)), layer(rng=0)
    assert len(np.unique(made(x))) > 1
    made.eval()
    assert len(np.unique(made(x))) == 1
    np.testing.assert_array_equal(layer(rng=3)(x), layer(rng=3)(x))
    assert made(np.ones((2, 2), np.float32)).dtype == np.float32
