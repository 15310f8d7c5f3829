"""Module and Parameter: finding parts, modes, freezing, conversion, representation."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite
from autograd_lite import Tensor, nn
from autograd_lite.testing.comparing.numerical import numerical_gradient

ROOT = Path(__file__).resolve().parents[2]


class Branch(nn.Module):
    def __init__(self, rng=0):
        self.scale = nn.Parameter([1.0, 2.0])
        self.inner = nn.Linear(2, 3, rng=rng)
        self.shift = nn.Parameter(0.5)
        self.note = "neither parameter nor module"
        self.buffer = Tensor([1.0])

    def forward(self, x):
        return self.inner(x * self.scale) + self.shift


class Tied(nn.Module):
    """One parameter under two names, one module under two names."""

    def __init__(self):
        self.first = nn.Linear(2, 2, bias=False, rng=0)
        self.second = nn.Linear(2, 2, bias=False, rng=1)
        self.second.weight = self.first.weight
        self.again = self.first

    def forward(self, x):
        return self.again(self.second(self.first(x)))


# -- parts ---------------------------------------------------------------------------------------------------------


def test_parameters_and_modules_are_found_by_attribute_with_dotted_names_in_order():
    model = Branch()
    assert [name for name, _ in model.named_parameters()] == ["scale", "shift", "inner.weight", "inner.bias"]
    assert next(model.parameters()) is model.scale
    assert [name for name, _ in nn.Sequential(model).named_modules()] == ["", "0", "0.inner"]
    assert list(nn.Sequential(model).modules())[1] is model


def test_a_prefix_comes_before_every_name():
    model = Branch()
    assert [name for name, _ in model.named_parameters("net")][::3] == ["net.scale", "net.inner.bias"]
    assert [name for name, _ in model.named_modules(prefix="net")] == ["net", "net.inner"]


def test_a_part_that_is_replaced_or_deleted_is_no_longer_found():
    model = Branch()
    old, model.scale = model.scale, nn.Parameter([3.0, 3.0])
    assert all(parameter is not old for parameter in model.parameters())
    model.shift = None
    del model.inner
    assert [name for name, _ in model.named_parameters()] == ["scale"]


def test_shared_parts_come_once_but_stand_in_the_state_under_every_name():
    model = Tied()
    assert [name for name, _ in model.named_parameters()] == ["first.weight"]
    assert [name for name, _ in model.named_modules()] == ["", "first", "second"]
    assert list(model.state_dict()) == ["first.weight", "second.weight", "again.weight"]


def test_the_gradient_of_a_shared_parameter_is_the_sum_over_its_uses():
    model = Tied().astype(float)
    x = np.array([[0.3, -0.7], [1.1, 0.4]])
    model(x).sum().backward()
    expected = numerical_gradient(lambda w: np.sum(x @ w.T @ w.T @ w.T), model.first.weight.data).gradient
    np.testing.assert_allclose(model.first.weight.grad, expected, rtol=1e-9, atol=1e-9)


def test_modules_that_contain_each_other_end():
    outer, inner = Branch(), Branch()
    outer.inner, inner.inner = inner, outer
    assert len(list(outer.parameters())) == 4
    assert len(list(outer.modules())) == 2
    assert list(outer.state_dict()) == ["scale", "shift", "inner.scale", "inner.shift"]
    assert repr(outer).count("Branch") == 2


def test_a_module_that_contains_itself_ends_and_holds_its_state_once():
    model = nn.Linear(2, 1)
    model.me = model
    assert len(list(model.modules())) == 1
    assert repr(model).count("Linear") == 1
    assert list(model.state_dict()) == ["weight", "bias"]


@given(st.recursive(st.just(0), lambda inner: st.lists(inner, max_size=3), max_leaves=8))
def test_any_nesting_of_containers_finds_every_parameter_once(shape):
    def build(shape):
        return nn.Linear(1, 1) if shape == 0 else nn.Sequential(*map(build, shape))

    def count(shape):
        return 1 if shape == 0 else sum(map(count, shape))

    model = nn.Sequential(build(shape))
    found = dict(model.named_parameters())
    assert len(found) == len({id(parameter) for parameter in found.values()}) == 2 * count(shape)
    assert list(model.state_dict()) == list(found)
    for name, parameter in found.items():
        part = model
        for attribute in name.split("."):  # the dotted name leads to the parameter
            part = getattr(part, attribute)
        assert part is parameter


# -- modes and gradients -------------------------------------------------------------------------------------------


def test_train_and_eval_reach_every_module_and_return_the_model():
    model = nn.Sequential(Branch(), nn.Sequential(nn.ReLU()))
    assert all(module.training for module in model.modules())
    assert model.eval() is model
    assert not any(module.training for module in model.modules())
    model[1].train()
    assert [module.training for module in model.modules()] == [False, False, False, True, True]
    assert model.train() is model
    assert all(module.training for module in model.modules())


def test_zero_grad_forgets_every_gradient():
    model = Branch()
    model(np.ones((1, 2))).sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
    model.zero_grad()
    assert all(parameter.grad is None for parameter in model.parameters())


def test_frozen_parameters_collect_nothing_while_the_gradient_flows_through_them():
    model = nn.Sequential(nn.Linear(3, 4, rng=0), nn.Tanh(), nn.Linear(4, 2, rng=1)).astype(float)
    assert model[2].requires_grad_(False) is model[2]
    values = np.random.default_rng(0).normal(size=(5, 3))
    x = Tensor(values, requires_grad=True)
    (model(x) ** 2).sum().backward()
    w0, b0, w2, b2 = (parameter.data for parameter in model.parameters())

    def loss(x, w0):
        return np.sum((np.tanh(x @ w0.T + b0) @ w2.T + b2) ** 2)

    assert model[2].weight.grad is None
    assert model[2].bias.grad is None
    for tensor, function in ((x, lambda x: loss(x, w0)), (model[0].weight, lambda w: loss(values, w))):
        expected = numerical_gradient(function, tensor.data).gradient
        np.testing.assert_allclose(tensor.grad, expected, rtol=1e-8, atol=1e-8)


def test_a_wholly_frozen_model_on_plain_input_records_nothing():
    assert not Branch().requires_grad_(False)(np.ones((1, 2))).requires_grad


def test_unfreezing_keeps_the_gradient_from_before():
    layer = nn.Linear(2, 1)
    layer(np.array([[1.0, 2.0]])).sum().backward()
    layer.requires_grad_(False)
    np.testing.assert_array_equal(layer.weight.grad, [[1, 2]])
    layer.requires_grad_(True)
    np.testing.assert_array_equal(layer.weight.grad, [[1, 2]])
    layer(np.array([[10.0, 20.0]])).sum().backward()
    np.testing.assert_array_equal(layer.weight.grad, [[11, 22]])


# -- conversion and input ------------------------------------------------------------------------------------------


def test_parameters_keep_the_dtype_of_arrays_and_numbers_of_python_become_float32():
    assert nn.Parameter([1, 2]).dtype == nn.Parameter([[0.1], [2]]).dtype == nn.Parameter(0.5).dtype == np.float32
    for dtype in (np.float16, np.float32, np.float64, np.longdouble):
        array = np.array([1, 3], dtype) / 3
        for values in (array, Tensor(array), list(array), array[0]):
            parameter = nn.Parameter(values)
            np.testing.assert_array_equal(parameter.data, np.asarray(values, dtype), strict=True)
    for integers in (np.array([1, 2]), Tensor([1]), np.int8(1), [np.int64(1)]):
        with pytest.raises(TypeError, match="only floating-point tensors have gradients"):
            nn.Parameter(integers)
        assert nn.Parameter(integers, requires_grad=False).dtype.kind == "i"
    with pytest.raises(TypeError, match="would lose digits in float32"):  # it would be infinite
        nn.Parameter([1e300])
    with pytest.raises(TypeError, match="positional argument"):
        nn.Parameter([1.0], True, np.float64)
    assert nn.Parameter([1.0], dtype=np.float64).dtype == np.float64
    assert nn.Parameter([1.0]).requires_grad
    assert not nn.Parameter([1.0], requires_grad=False).requires_grad
    assert {parameter.dtype for parameter in nn.Linear(2, 2, dtype=np.float64).parameters()} == {np.dtype(np.float64)}


def test_astype_converts_every_parameter_keeps_the_tensors_and_training_works_after():
    model = nn.Sequential(nn.Linear(2, 3, rng=0), nn.Tanh(), nn.Linear(3, 1, rng=1))
    before, tensors = model.state_dict(), list(model.parameters())
    model(np.ones((1, 2))).sum().backward()
    assert model.astype(np.float64) is model
    for name, values in model.state_dict().items():
        np.testing.assert_array_equal(values, before[name].astype(np.float64), strict=True)
    assert all(new is old and new.grad is None for new, old in zip(model.parameters(), tensors, strict=True))
    optimizer = autograd_lite.optim.SGD(model.parameters(), lr=0.1)
    (model(np.ones((4, 2))) ** 2).sum().backward()
    assert all(parameter.grad.dtype == np.float64 for parameter in tensors)
    optimizer.step()
    assert all(parameter.dtype == np.float64 for parameter in tensors)


def test_parameters_converted_while_frozen_collect_gradients_of_the_new_dtype_after():
    layer = nn.Linear(2, 1).requires_grad_(False).astype(np.float64).requires_grad_(True)
    layer(np.full((1, 2), 1 / 3)).sum().backward()
    np.testing.assert_array_equal(layer.weight.grad, np.full((1, 2), 1 / 3), strict=True)


def test_a_module_takes_arrays_and_tensors_alike():
    model, x = Branch(), np.array([[0.5, -1.0]], np.float32)
    given_array, given_tensor = model(x), model(Tensor(x))
    assert isinstance(given_array, Tensor)
    np.testing.assert_array_equal(given_array.data, given_tensor.data, strict=True)


# -- representation and import -------------------------------------------------------------------------------------


def test_the_text_is_a_tree_with_parameter_counts():
    class Model(nn.Module):
        def __init__(self):
            self.body = nn.Sequential(nn.Linear(40, 30), nn.Softplus(beta=2.0), nn.Linear(30, 1, bias=False))
            self.offset = nn.Parameter(0.0)
            self.output = nn.Softmax(dim=1)
            self.loss = nn.CrossEntropyLoss(reduction="sum")

    assert repr(Model()) == (
        "Model()  # 1,261 parameters\n"
        "  (body): Sequential()  # 1,260 parameters\n"
        "    (0): Linear(in_features=40, out_features=30)  # 1,230 parameters\n"
        "    (1): Softplus(beta=2.0, threshold=20.0)\n"
        "    (2): Linear(in_features=30, out_features=1, bias=False)  # 30 parameters\n"
        "  (output): Softmax(dim=1)\n"
        "  (loss): CrossEntropyLoss(reduction='sum')"
    )
    assert repr(nn.Linear(1, 1, bias=False)).endswith("# 1 parameter")
    assert repr(nn.ReLU()) == "ReLU()"


@pytest.mark.parametrize("name", ["nn", "optim"])
def test_in_a_checkout_the_short_import_gives_the_same_classes(name):
    program = (
        f"import {name}, autograd_lite\n"
        f"own = autograd_lite.{name}\n"
        f"assert {name}.__all__ == own.__all__\n"
        f"assert all(getattr({name}, part) is getattr(own, part) for part in own.__all__)\n"
    )
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
