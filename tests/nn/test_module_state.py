"""The state of a module: saved as copies, loaded all or nothing."""

import numpy as np
import pytest

from autograd_lite import Tensor, nn


class Affine(nn.Module):
    def __init__(self, rng=0):
        self.scale = nn.Parameter([1.0, 2.0])
        self.inner = nn.Linear(2, 3, rng=rng)
        self.shift = nn.Parameter(0.5)

    def forward(self, x):
        return self.inner(x * self.scale) + self.shift


def test_the_state_is_a_copy_in_both_directions():
    model = Affine()
    state = model.state_dict()
    state["scale"][:] = 9
    np.testing.assert_array_equal(model.scale.data, [1, 2])
    model.load_state_dict(state)
    state["scale"][:] = 7
    np.testing.assert_array_equal(model.scale.data, [9, 9])


def test_loading_gives_a_model_that_computes_the_same_and_keeps_its_tensors():
    trained, fresh, x = Affine(rng=1), Affine(rng=2), np.array([[0.3, 0.7]], np.float32)
    tensors = list(fresh.parameters())
    assert fresh.load_state_dict(trained.state_dict()) == ([], [])
    np.testing.assert_array_equal(fresh(x).data, trained(x).data)
    assert all(new is old for new, old in zip(fresh.parameters(), tensors, strict=True))


def test_loading_takes_tensors_arrays_and_lists_and_keeps_the_dtype():
    layer = nn.Linear(2, 1)
    layer.load_state_dict({"weight": Tensor([[0.5, 0.25]], requires_grad=True), "bias": [0.1]})
    np.testing.assert_array_equal(layer.weight.data, np.array([[0.5, 0.25]], np.float32), strict=True)
    np.testing.assert_array_equal(layer.bias.data, np.array([0.1], np.float32), strict=True)


def test_loading_without_strict_reports_the_names_and_loads_the_rest():
    layer = nn.Linear(2, 1, rng=0)
    weight = layer.weight.data.copy()
    keys = layer.load_state_dict({"bias": [3.0], "extra": [1.0]}, strict=False)
    assert (keys.missing_keys, keys.unexpected_keys) == (["weight"], ["extra"])
    np.testing.assert_array_equal(layer.bias.data, [3])
    np.testing.assert_array_equal(layer.weight.data, weight)


@pytest.mark.parametrize(
    ("change", "strict", "error", "message"),
    [
        ({"inner.bias": None}, True, KeyError, "inner.bias"),
        ({"other": np.ones(1)}, True, KeyError, "other"),
        ({"inner.bias": np.ones(4)}, True, ValueError, r"inner.bias has shape \(4,\), expected \(3,\)"),
        ({"shift": np.ones(1)}, False, ValueError, r"shift has shape \(1,\), expected \(\)"),  # not broadcast
        ({"inner.bias": ["a", "b", "c"]}, False, TypeError, "strings"),
        ({"inner.bias": np.ones(3) * 1j}, False, TypeError, "complex"),
    ],
)
def test_a_state_that_does_not_fit_loads_nothing(change, strict, error, message):
    model = Affine()
    before = model.state_dict()
    state = {name: values + 1 for name, values in before.items()} | change
    state = {name: values for name, values in state.items() if values is not None}
    with pytest.raises(error, match=message):
        model.load_state_dict(state, strict=strict)
    for name, values in model.state_dict().items():
        np.testing.assert_array_equal(values, before[name])


def test_loading_into_tied_parameters_loads_them_once_for_all_names():
    model = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False))
    model[1].weight = model[0].weight
    model.load_state_dict({name: np.eye(2) for name in model.state_dict()})
    np.testing.assert_array_equal(model(np.array([[1.0, 2.0]])).data, [[1, 2]])


def test_loading_the_arrays_of_the_model_itself_can_swap_them():
    model = nn.Sequential(nn.Linear(2, 2, bias=False, rng=0), nn.Linear(2, 2, bias=False, rng=1))
    first, second = (layer.weight.data for layer in model)
    values = first.copy(), second.copy()
    model.load_state_dict({"0.weight": second, "1.weight": first})
    np.testing.assert_array_equal(model[0].weight.data, values[1])
    np.testing.assert_array_equal(model[1].weight.data, values[0])
