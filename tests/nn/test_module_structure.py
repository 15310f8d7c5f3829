"""Children, paths, dtypes and hooks of modules: by what they promise, and beside PyTorch's."""

import copy

import numpy as np
import pytest

from autograd_lite import Tensor, compile, nn


def network(library=nn, **options):
    return library.Sequential(library.Linear(3, 4, **options), library.Tanh(), library.Sequential(library.Linear(4, 2)))


def test_children_are_the_modules_right_below_each_once():
    model = network()
    model.append(model[1])
    assert [name for name, _ in model.named_children()] == ["0", "1", "2"]
    assert list(model.children()) == [model[0], model[1], model[2]]


def test_apply_reaches_children_first_and_returns_the_module():
    model, seen = network(), []
    assert model.apply(seen.append) is model
    assert seen == [model[0], model[1], model[2][0], model[2], model]


def test_parts_are_found_by_dotted_names_and_nothing_else_is():
    model = network()
    assert model.get_submodule("") is model
    assert model.get_submodule("2.0") is model[2][0]
    assert model.get_parameter("2.0.bias") is model[2][0].bias
    norm = nn.BatchNorm1d(3)
    assert norm.get_buffer("running_mean") is norm.running_mean
    for call in (lambda: model.get_submodule("3"), lambda: model.get_submodule("0.weight"),
                 lambda: model.get_parameter("2.weight"), lambda: model.get_buffer("0.weight")):  # fmt: skip
        with pytest.raises(AttributeError, match="has no"):
            call()


def test_modules_are_added_by_name_and_other_values_and_names_are_refused():
    model = nn.Module()
    model.add_module("a", nn.Tanh())
    model.register_module("b", None)
    model.b = nn.Tanh()
    assert [name for name, _ in model.named_children()] == ["a", "b"]
    model.rate = 3
    for name, module, error in (("c", 3, TypeError), ("a.b", nn.Tanh(), KeyError), ("rate", nn.Tanh(), KeyError),
                                ("forward", nn.Tanh(), KeyError)):  # fmt: skip
        with pytest.raises(error):
            model.add_module(name, module)
    assert model.rate == 3


def test_to_converts_the_dtype_and_refuses_devices():
    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    for convert, dtype in ((lambda: model.double(), np.float64), (lambda: model.half(), np.float16),
                           (lambda: model.to(np.float64), np.float64), (lambda: model.float(), np.float32),
                           (lambda: model.to("cpu", dtype="float64"), np.float64),
                           (lambda: model.to(device="cpu"), np.float64),
                           (lambda: model.cpu(), np.float64)):  # fmt: skip
        assert convert() is model
        assert {p.dtype for p in model.parameters()} == {model[1].running_mean.dtype} == {np.dtype(dtype)}
    for wrong in (lambda: model.to("cuda"), lambda: model.to(device="cuda:0")):
        with pytest.raises(ValueError, match="there is no device 'cuda"):
            wrong()
    with pytest.raises(TypeError, match="must be floating-point, not int64"):
        model.to(np.int64)


def test_state_dict_takes_a_prefix_a_destination_and_tensors():
    layer, found = nn.Linear(2, 1), {"other": 3}
    assert layer.state_dict(destination=found, prefix="l.") is found
    assert list(found) == ["other", "l.weight", "l.bias"]
    assert layer.state_dict(keep_vars=True)["bias"] is layer.bias


def test_zero_grad_can_leave_zeros():
    layer = nn.Linear(2, 1)
    layer.weight.grad = np.ones((1, 2), np.float32)
    layer.zero_grad(set_to_none=False)
    np.testing.assert_array_equal(layer.weight.grad, [[0, 0]])
    assert layer.bias.grad is None
    layer.zero_grad()
    assert layer.weight.grad is None


# -- hooks -------------------------------------------------------------------------------------------------------------


def test_forward_hooks_see_and_replace_arguments_and_results_until_they_are_removed():
    layer, seen = nn.Identity(), []
    before = layer.register_forward_pre_hook(lambda module, args: (args[0] + 1,))
    after = layer.register_forward_hook(lambda module, args, result: 10 * result)
    layer.register_forward_hook(lambda module, args, result: seen.append((module, args[0].item(), result.item())))
    layer.register_forward_hook(lambda module, args, result: seen.append("first"), prepend=True)
    assert layer(Tensor(2.0)).item() == 30
    assert seen == ["first", (layer, 3.0, 30.0)]
    before.remove()
    after.remove()
    after.remove()
    assert layer(Tensor(2.0)).item() == 2


def test_a_module_whose_hooks_are_gone_is_as_before():
    layer = nn.Linear(2, 1)
    before = dict(vars(layer))
    with layer.register_forward_hook(print):
        assert vars(layer) != before
    assert vars(layer) == before


def test_a_copy_has_hooks_of_its_own():
    layer, seen = nn.Linear(2, 1), []
    layer.register_forward_hook(lambda module, args, result: seen.append(module))
    other = copy.deepcopy(layer)
    layer(np.ones(2))
    other(np.ones(2))
    assert seen == [layer, other]
    other.weight.data = np.zeros((1, 2), np.float32)
    assert (layer.weight.data != 0).any()


def test_a_compiled_program_notices_a_new_hook():
    layer = nn.Linear(2, 1, rng=0)
    run = compile(lambda x: layer(x))
    x = np.ones((1, 2), np.float32)
    first = [run(x).data for _ in range(3)][-1]
    handle = layer.register_forward_hook(lambda module, args, result: 2 * result)
    np.testing.assert_allclose(run(x).data, 2 * first)
    handle.remove()
    np.testing.assert_allclose(run(x).data, first)


def test_a_hook_is_a_function_and_a_backward_hook_is_for_one_input():
    for register in (nn.Tanh().register_forward_hook, nn.Tanh().register_forward_pre_hook,
                     nn.Tanh().register_full_backward_hook):  # fmt: skip
        with pytest.raises(TypeError, match="Tanh: a hook must be callable, not int"):
            register(3)
    loss = nn.MSELoss()
    loss.register_full_backward_hook(lambda *given: None)
    x, y = Tensor([1.0], requires_grad=True), Tensor([2.0], requires_grad=True)
    with pytest.raises(TypeError, match="several inputs that require gradients"):
        loss(x, y)


@pytest.mark.filterwarnings("ignore:Full backward hook is firing")
@pytest.mark.parametrize("replaces", [False, True])
@pytest.mark.parametrize("requires", [False, True])
def test_backward_hooks_agree_with_pytorch(replaces, requires):
    torch = pytest.importorskip("torch", reason="PyTorch is not installed; it is not needed, only agreed with")
    theirs = network(torch.nn).double()
    ours = network().double()
    ours.load_state_dict(theirs.state_dict())
    values, found = np.random.default_rng(0).normal(size=(5, 3)), ([], [])
    for model, seen in ((ours, found[0]), (theirs, found[1])):

        def hook(module, inputs, outputs, seen=seen):
            seen.append(
                [g if g is None else g.copy() if hasattr(g, "copy") else g.numpy() for g in (*inputs, *outputs)]
            )
            return (2 * inputs[0],) if replaces and inputs[0] is not None else None

        for part in (model[0], model[1], model):
            part.register_full_backward_hook(hook)
    x, t = Tensor(values, requires_grad=requires), torch.tensor(values, requires_grad=requires)
    (ours(x) ** 2).sum().backward()
    (theirs(t) ** 2).sum().backward()
    for own, other in zip(*found, strict=True):
        for one, two in zip(own, other, strict=True):
            assert (one is None) == (two is None)
            if one is not None:
                np.testing.assert_allclose(one, two, rtol=1e-9)
    if requires:
        np.testing.assert_allclose(x.grad, t.grad.numpy(), rtol=1e-9)
    for own, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        np.testing.assert_allclose(own.grad, other.grad.numpy(), rtol=1e-9)


def test_shared_parts_come_once_or_under_each_of_their_names():
    class Tied(nn.Module):
        def __init__(self):
            self.scale = nn.Parameter([1.0])
            self.first = self.second = nn.Linear(2, 2, rng=0)

    model = Tied()
    every = ["scale", "first.weight", "first.bias", "second.weight", "second.bias"]
    assert [name for name, _ in model.named_parameters()] == every[:3]
    assert [name for name, _ in model.named_parameters(remove_duplicate=False)] == every
    assert [name for name, _ in model.named_parameters("net", False)] == ["net.scale"]
    assert [*map(id, model.parameters(recurse=False))] == [id(model.scale)]
    assert [name for name, _ in model.named_modules(remove_duplicate=False)] == ["", "first", "second"]
    assert [name for name, _ in model.named_modules(prefix="a", remove_duplicate=False)] == ["a", "a.first", "a.second"]
    norm = nn.Sequential(nn.BatchNorm1d(2))
    assert len([*norm.named_buffers()]) == len([*norm[0].buffers(recurse=False)]) == 3
    assert [*norm.named_buffers(recurse=False)] == []
