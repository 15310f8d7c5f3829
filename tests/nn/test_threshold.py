"""Threshold units compute logic; the perceptron follows its rule, in no more updates than its theorem allows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite import Tensor, nn

CORNERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
XOR = np.array([0, 1, 1, 0])


def separable(seed, features=2, samples=20, margin=0.2):
    """Points on either side of a plane (not through the origin), all at least `margin` away from it."""
    rng = np.random.default_rng(seed)
    normal = rng.normal(size=features + 1)
    normal /= np.linalg.norm(normal)
    x = rng.uniform(-2, 2, (40 * samples, features))
    distances = x @ normal[1:] + normal[0]
    x = x[np.abs(distances) >= margin][:samples]
    return x, (x @ normal[1:] + normal[0] >= 0).astype(int), margin


def by_the_rule(x, y, epochs):
    """Rosenblatt's rule, sample by sample, with the bias as the weight of a feature that is always 1."""
    w, updates = [0.0] * (x.shape[1] + 1), 0
    for epoch in range(1, epochs + 1):
        mistakes = 0
        for sample, label in zip(x, y, strict=True):
            extended = [1.0, *map(float, sample)]
            error = int(label) - int(sum(a * b for a, b in zip(w, extended, strict=True)) >= 0)
            w = [a + error * b for a, b in zip(w, extended, strict=True)]
            mistakes += abs(error)
        updates += mistakes
        if not mistakes:
            return w, updates, epoch, True
    return w, updates, epochs, False


# -- threshold units -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("weight", "threshold", "function"),
    [([1, 1], 2, np.logical_and), ([1, 1], 1, np.logical_or), ([-1, -1], 0, lambda a, b: ~(a | b) & 1)],
)
def test_a_threshold_unit_computes_and_or_nor(weight, threshold, function):
    expected = function(CORNERS[:, 0], CORNERS[:, 1]).astype(float)
    np.testing.assert_array_equal(nn.Threshold(weight, threshold)(CORNERS), expected)


def test_a_unit_fires_on_its_threshold_and_not_just_below():
    unit = nn.Threshold([1.0], 0.5)
    np.testing.assert_array_equal(unit([[0.5], [np.nextafter(0.5, 0)], [0.6]]).data, [1, 0, 1])


def test_two_layers_compute_xor():
    model = nn.Sequential(nn.Threshold([[1, 1], [1, 1]], [1, 2]), nn.Threshold([1, -1], 1))  # (or) and not (and)
    np.testing.assert_array_equal(model(CORNERS).data, XOR)
    assert list(model.state_dict()) == ["0.weight", "0.threshold", "1.weight", "1.threshold"]
    assert list(model.parameters()) == []


def test_a_unit_is_a_step_whose_derivative_is_zero():
    x = Tensor([[0.3, 0.4]], requires_grad=True)
    nn.Threshold([1, 1], 0.5)(x).sum().backward()
    np.testing.assert_array_equal(x.grad, [[0, 0]])


@pytest.mark.parametrize(("weight", "threshold"), [(1.0, 0), ([[1, 1]], [1, 2]), ([1, 1], [1, 2]), ([[[1]]], 0)])
def test_shapes_of_units_that_do_not_match_are_named(weight, threshold):
    with pytest.raises(ValueError, match="weight of shape"):
        nn.Threshold(weight, threshold)


def test_inputs_of_the_wrong_length_are_named():
    with pytest.raises(ValueError, match=r"Threshold: x of shape \(2, 3\), expected \(..., 2\)"):
        nn.Threshold([1, 1], 0)(np.zeros((2, 3)))
    with pytest.raises(ValueError, match=r"Perceptron: x of shape \(3,\), expected \(..., 2\)"):
        nn.Perceptron(2)(np.zeros(3))


# -- the perceptron --------------------------------------------------------------------------------------------------


@given(st.integers(0, 2**32 - 1), st.integers(1, 4))
def test_on_separable_data_it_stops_within_the_bound_and_separates(seed, features):
    x, y, margin = separable(seed, features)
    perceptron = nn.Perceptron(features)
    fit = perceptron.fit(x, y, max_epochs=10_000)
    radius = np.sqrt(1 + np.sum(x**2, axis=1).max())
    assert fit.converged
    assert fit.updates <= (radius / margin) ** 2 + 1e-9
    np.testing.assert_array_equal(perceptron(x).data, y)


@given(st.integers(0, 2**32 - 1), st.booleans())
def test_it_follows_the_rule_sample_by_sample(seed, solvable):
    if solvable:
        x, y, _ = separable(seed, samples=10)
    else:
        rng = np.random.default_rng(seed)
        x, y = rng.normal(size=(8, 2)), rng.integers(0, 2, 8)
    perceptron = nn.Perceptron(2)
    fit = perceptron.fit(x, y, max_epochs=30)
    w, updates, epochs, converged = by_the_rule(x, y, 30)
    np.testing.assert_allclose([perceptron.bias.item(), *perceptron.weight.data], w, rtol=1e-12, atol=1e-12)
    assert (fit.updates, fit.epochs) == (updates, epochs)
    assert fit.converged == (converged or bool((perceptron(x).data == y).all()))


def test_on_xor_it_gives_up_at_the_bound_and_says_so():
    for epochs in (1, 10, 100):
        perceptron = nn.Perceptron(2)
        assert perceptron.fit(CORNERS, XOR, max_epochs=epochs)[::2] == (False, epochs)


def test_learning_goes_on_from_where_it_stood():
    x, y, _ = separable(0)
    whole, parts = nn.Perceptron(2), nn.Perceptron(2)
    fit = whole.fit(x, y)
    mistakes = 0
    while sum(parts.learn(sample, label) for sample, label in zip(x, y, strict=True)):
        mistakes += 1
    np.testing.assert_array_equal(parts.weight.data, whole.weight.data)
    assert mistakes == fit.epochs - 1
    assert whole.fit(x, y) == (True, 0, 1)


def test_learning_changes_nothing_where_the_answer_is_right():
    perceptron = nn.Perceptron(1)
    assert not perceptron.learn([2.0], 1)  # 0 is at the threshold
    assert perceptron.learn([2.0], 0)
    np.testing.assert_array_equal([perceptron.weight.item(), perceptron.bias.item()], [-2, -1])


def test_the_dtype_is_kept_and_the_state_moves():
    perceptron = nn.Perceptron(2, dtype=np.float32)
    perceptron.fit(CORNERS, [0, 0, 0, 1])
    assert perceptron.weight.dtype == perceptron.bias.dtype == np.float32
    other = nn.Perceptron(2)
    other.load_state_dict(perceptron.state_dict())
    np.testing.assert_array_equal(other(CORNERS).data, [0, 0, 0, 1])


@pytest.mark.parametrize(
    ("x", "y", "options", "message"),
    [
        (CORNERS, [0, 0, 1], {}, r"y of shape \(3,\)"),
        (CORNERS[:, :1], XOR, {}, r"x of shape \(4, 1\)"),
        (CORNERS, [-1, 1, 1, -1], {}, "labels must be 0 or 1"),
        (CORNERS * np.nan, XOR, {}, "NaN"),
        (CORNERS, XOR, {"max_epochs": 0}, "max_epochs"),
    ],
)
def test_bad_data_is_named_and_nothing_is_learned(x, y, options, message):
    perceptron = nn.Perceptron(2)
    with pytest.raises(ValueError, match=message):
        perceptron.fit(x, y, **options)
    np.testing.assert_array_equal(perceptron.weight.data, [0, 0])


@pytest.mark.parametrize("features", [0, -1, 1.5, "2"])
def test_the_number_of_features_is_a_positive_integer(features):
    with pytest.raises(ValueError, match="in_features"):
        nn.Perceptron(features)
