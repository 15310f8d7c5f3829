"""Functions and layers in PyTorch's form: writing in place, channels, places of maxima, limits, containers."""

import inspect

import numpy as np
import pytest

from autograd_lite import Tensor, nn, no_grad
from autograd_lite.nn import functional as F  # noqa: N812

IN_PLACE = [name for name in F.__all__ if "inplace" in (getattr(F, name).__annotations__ or {})]
DROPOUTS = ("dropout", "dropout1d", "dropout2d", "dropout3d")


# -- writing in place ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in IN_PLACE if name not in DROPOUTS])
def test_the_input_is_written_into_with_the_gradient_of_the_result(name):
    function, values = getattr(F, name), np.array([[-2.0, 0.5], [3.5, -0.1]])
    options = (0.4, -1.0) if name == "threshold" else ()
    expected = function(values, *options)
    leaf = Tensor(values, requires_grad=True)
    x = leaf * 1
    out = function(x, *options, inplace=True)
    assert out is x
    np.testing.assert_array_equal(x.data, expected)
    (x * out).sum().backward()
    other = Tensor(values, requires_grad=True)
    (function(other, *options) ** 2).sum().backward()
    np.testing.assert_allclose(leaf.grad, other.grad, rtol=1e-14)
    array = values.copy()
    assert function(array, *options, inplace=True) is array
    np.testing.assert_array_equal(array, expected)
    by_position = values.copy()
    parameters = inspect.signature(function).parameters
    defaults = [parameters[option].default for option in [*parameters][1 : [*parameters].index("inplace")]]
    function(by_position, *(options or defaults), True)
    np.testing.assert_array_equal(by_position, expected)


def test_what_shares_memory_with_the_input_sees_the_write():
    base = np.array([-1.0, 2.0, -3.0])
    x = Tensor(base)
    view = x[1:]
    nn.ReLU(inplace=True)(x)
    np.testing.assert_array_equal(view, [2, 0])


@pytest.mark.parametrize("function", [F.relu, F.dropout])
def test_a_leaf_is_not_written_into(function):
    x = Tensor([-1.0, 2.0], requires_grad=True)
    with pytest.raises(RuntimeError, match="a leaf that requires gradients cannot be changed in place"):
        function(x, inplace=True)
    np.testing.assert_array_equal(x.data, [-1, 2])
    with no_grad():
        F.relu(x, inplace=True)
    np.testing.assert_array_equal(x.data, [0, 2])


# -- dropout ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "shape", "drawn"),
    [
        (F.dropout1d, (4, 5, 3), 2),
        (F.dropout1d, (20, 3), 1),
        (F.dropout2d, (4, 5, 2, 3), 2),
        (F.dropout2d, (4, 5, 3), 2),  # PyTorch takes three axes for (N, C, L)
        (F.dropout3d, (4, 5, 2, 1, 3), 2),
        (F.dropout3d, (20, 2, 1, 3), 1),
    ],
)
def test_whole_channels_are_dropped_and_the_others_scaled(function, shape, drawn):
    x = Tensor(np.ones(shape), requires_grad=True)
    out = function(x, 0.25, rng=0)
    channels = out.data.reshape(*shape[:drawn], -1)
    assert (channels == channels[..., :1]).all()
    assert set(np.unique(channels)) == {0.0, 1 / 0.75}
    assert 0.5 < (channels != 0).mean() < 0.95
    out.backward(np.ones(shape))
    np.testing.assert_array_equal(x.grad, out.data)
    assert function(x, 0.25, training=False) is x
    assert (function(x, 1.0).data == 0).all()


def test_dropout_in_place_writes_what_it_returns():
    x = np.ones(1000)
    out = F.dropout(x, 0.5, True, True, rng=0)
    assert out is x
    assert set(np.unique(x)) == {0.0, 2.0}
    layer = nn.Dropout(0.5, inplace=True)
    assert layer.eval()(x) is x


# -- pooling ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ties", [False, True])
def test_the_places_of_the_largest_elements_are_where_they_are(ties):
    rng = np.random.default_rng(0)
    x = rng.integers(0, 3, (2, 3, 6, 5)).astype(float) if ties else rng.normal(size=(2, 3, 6, 5))
    for function, options in (
        (F.max_pool2d, (3, 2, 1)),
        (F.max_pool2d, ((2, 3), 1, 0, (2, 1))),
        (F.adaptive_max_pool2d, ((4, 3),)),
    ):
        out, places = function(Tensor(x, requires_grad=True), *options, return_indices=True)
        assert places.dtype == np.int64
        assert not places.requires_grad
        found = np.take_along_axis(x.reshape(2, 3, -1), places.data.reshape(2, 3, -1), -1)
        np.testing.assert_array_equal(found.reshape(out.shape), out.data)
    _, first = F.max_pool2d(np.ones((1, 2, 2)), 2, return_indices=True)
    np.testing.assert_array_equal(first, [[[0]]])


def test_infinities_and_nan_stay_in_their_windows():
    x = np.array([[1.0, np.inf, 2.0, 3.0], [np.nan, 1.0, 5.0, 4.0]])
    np.testing.assert_array_equal(F.adaptive_avg_pool1d(x, 2), [[np.inf, 2.5], [np.nan, 4.5]])
    np.testing.assert_array_equal(F.adaptive_max_pool1d(x, 3), [[np.inf, np.inf, 3], [np.nan, 5, 5]])
    np.testing.assert_array_equal(F.avg_pool1d(x, 2), [[np.inf, 2.5], [np.nan, 4.5]])


def test_half_precision_does_not_overflow_in_means():
    x = np.full((1, 4), 40000, np.float16)
    assert F.adaptive_avg_pool1d(x, 1).dtype == np.float16
    np.testing.assert_array_equal(F.adaptive_avg_pool1d(x, 1), [[40000]])
    np.testing.assert_allclose(F.rms_norm(x, 4), np.ones((1, 4)), rtol=1e-3)
    np.testing.assert_allclose(F.rms_norm(np.full(3, 1e200), 3, eps=0), np.ones(3))
    np.testing.assert_allclose(F.rms_norm(np.full(3, 1e-200), 3, eps=0), np.ones(3))


# -- activations at their limits -------------------------------------------------------------------------------------


LIMITS = {
    "mish": (0, np.inf, 0, 1), "softsign": (-1, 1, 0, 0), "tanhshrink": (-np.inf, np.inf, 1, 1),
    "logsigmoid": (-np.inf, 0, 1, 0), "hardswish": (0, np.inf, 0, 1), "hardsigmoid": (0, 1, 0, 0),
    "celu": (-1, np.inf, 0, 1), "softshrink": (-np.inf, np.inf, 1, 1), "hardshrink": (-np.inf, np.inf, 1, 1),
    "selu": (-1.7580993408473766, np.inf, 0, 1.0507009873554805), "relu6": (0, 6, 0, 0),
}  # fmt: skip


@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_activations_have_their_limits_at_infinity_and_pass_nan_on(name, dtype):
    left, right, *slopes = LIMITS[name]
    x = Tensor(np.array([-np.inf, np.inf, np.nan], dtype), requires_grad=True)
    out = getattr(F, name)(x)
    assert out.dtype == dtype
    np.testing.assert_allclose(out.data[:2], [left, right], rtol=1e-3 if dtype == np.float16 else 1e-6, atol=1e-6)
    assert np.isnan(out.data[2])
    out.backward(np.ones(3, dtype))
    np.testing.assert_allclose(x.grad[:2], slopes, rtol=1e-3, atol=1e-6)
    big = np.finfo(dtype).max / 2
    assert np.isfinite(getattr(F, name)(np.array([-big, big, 0], dtype))).all()


# -- borders, labels -------------------------------------------------------------------------------------------------


def test_a_constant_that_the_dtype_cannot_hold_is_refused():
    with pytest.raises(ValueError, match=r"value=0.5 is no number of dtype int64"):
        F.pad(np.array([1, 2]), (1, 0), value=0.5)
    np.testing.assert_array_equal(F.pad(np.array([1, 2]), (1, 0), value=3.0), [3, 1, 2])


def test_without_any_label_the_mean_is_nan_with_the_gradient_0():
    x = Tensor([[1.0, 2.0], [0.0, 1.0]], requires_grad=True)
    out = F.cross_entropy(x, [-100, -100])
    assert np.isnan(out.item())
    out.backward()
    np.testing.assert_array_equal(x.grad, 0)
    assert F.cross_entropy(x, [-100, -100], reduction="sum").item() == 0
    np.testing.assert_array_equal(F.cross_entropy(x, [-100, 0], reduction="none").data[:1], [0])


def test_an_impossible_class_of_weight_0_costs_nothing():
    x = Tensor([[0.0, -np.inf, 0.0]], requires_grad=True)
    out = F.cross_entropy(x, [0], weight=[1.0, 0.0, 1.0], label_smoothing=0.3)
    assert np.isfinite(out.item())
    np.testing.assert_allclose(out.item(), 0.9 * np.log(2))  # the targets of the other two are 0.8 and 0.1


def test_weights_of_classes_are_learned_too():
    """The loss is differentiable with respect to the weights, where PyTorch cuts them off."""
    weight = Tensor([1.0, 2.0], requires_grad=True)
    F.cross_entropy(np.zeros((2, 2)), [0, 1], weight, reduction="sum").backward()
    np.testing.assert_allclose(weight.grad, np.log([2, 2]))


def test_weights_belong_to_the_state_and_are_not_learned():
    for module in (nn.CrossEntropyLoss([1.0, 2.0]), nn.BCEWithLogitsLoss(pos_weight=[1.0, 2.0]), nn.BCELoss(1.0)):
        assert list(module.parameters()) == []
        assert len(module.state_dict()) == 1
    assert list(nn.CrossEntropyLoss().state_dict()) == []


# -- containers ------------------------------------------------------------------------------------------------------


def test_parameters_in_lists_and_dicts_are_parts():
    class Model(nn.Module):
        def __init__(self):
            self.weights = nn.ParameterList([np.ones(2), nn.Parameter([3.0])])
            self.named = nn.ParameterDict({"left": np.zeros(1)})

        def forward(self, x):
            return (self.weights[0] * x).sum() + self.weights[-1].sum() + self.named["left"].sum()

    model = Model()
    assert [name for name, _ in model.named_parameters()] == ["weights.0", "weights.1", "named.left"]
    model(np.ones(2)).backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    other = Model()
    other.weights[0] = np.zeros(2)
    other.load_state_dict(model.state_dict())
    np.testing.assert_array_equal(other.weights[0].data, [1, 1])
    assert isinstance(other.weights[:1], nn.ParameterList)
    assert len(other.weights.extend([np.ones(1), np.ones(1)])) == 4
    assert model.weights[0] in model.weights
    assert model.weights[0] not in other.weights


def test_a_list_that_cannot_be_extended_stays_as_it_is():
    weights = nn.ParameterList([np.ones(1)])
    with pytest.raises(TypeError, match="must be made of parameters or arrays, not 2"):
        weights.extend([np.ones(1), 2])
    assert len(weights) == 1
    named = nn.ParameterDict()
    with pytest.raises(TypeError, match="must be made of parameters or arrays"):
        named.update({"a": np.ones(1), "b": 2})
    assert named.keys() == []
    named["a"] = np.ones(1)
    assert named.get("a") is named.pop("a")
    assert named.get("a") is None


def test_parameters_in_plain_lists_are_refused_with_the_way_out():
    class Model(nn.Module):
        def __init__(self):
            self.weights = [nn.Parameter([1.0])]

    with pytest.raises(TypeError, match=r"put them into an nn.ParameterList"):
        list(Model().parameters())


def test_unflatten_is_the_inverse_of_flatten():
    x = Tensor(np.arange(24.0).reshape(2, 3, 4), requires_grad=True)
    np.testing.assert_array_equal(nn.Unflatten(-1, (3, 4))(nn.Flatten()(x)).data, x.data)
