"""What a step does to parameters, gradients and graphs."""

import numpy as np
import pytest

from autograd_lite import Tensor, nn, no_grad, optim


def test_the_tensors_stay_the_same_objects_with_their_values_and_gradients():
    model = nn.Linear(2, 3, rng=0)
    tensors, before = list(model.parameters()), model.state_dict()
    model(np.ones((1, 2))).sum().backward()
    gradients = [tensor.grad.copy() for tensor in tensors]
    optimizer = optim.Adam(model.parameters())
    for name, values in model.state_dict().items():
        np.testing.assert_array_equal(values, before[name], strict=True)
    optimizer.step()
    assert all(new is old for new, old in zip(model.parameters(), tensors, strict=True))
    for tensor, gradient in zip(tensors, gradients, strict=True):
        np.testing.assert_array_equal(tensor.grad, gradient)  # a step does not change gradients
    optimizer.zero_grad()
    assert all(tensor.grad is None for tensor in tensors)


def test_values_given_between_steps_are_where_the_next_step_starts():
    layer = nn.Linear(2, 1, rng=0)
    optimizer = optim.SGD(layer.parameters(), lr=0.5)
    writes = [
        lambda: layer.load_state_dict({"weight": [[3.0, 4.0]], "bias": [5.0]}),
        lambda: (setattr(layer.weight, "data", [[3.0, 4.0]]), setattr(layer.bias, "data", [5.0])),
        lambda: (nn.init.constant_(layer.bias, 5), layer.weight.__setitem__(0, [3.0, 4.0])),
        lambda: (layer.weight.data.__setitem__(0, [3.0, 4.0]), layer.bias.data.fill(5)),
    ]
    for write in writes:
        with no_grad():
            write()
        layer.weight.grad, layer.bias.grad = [[2.0, 2.0]], [2.0]
        optimizer.step()
        np.testing.assert_array_equal(layer.weight.data, [[2, 3]])
        np.testing.assert_array_equal(layer.bias.data, [4])


def test_a_closure_computes_the_gradients_and_its_loss_is_returned():
    w = Tensor([3.0], requires_grad=True)
    optimizer = optim.SGD([w], lr=0.25)

    def closure():
        optimizer.zero_grad()
        loss = (w * w).sum()
        loss.backward()
        return loss

    with no_grad():  # the closure records nevertheless
        assert optimizer.step(closure).item() == 9
    np.testing.assert_array_equal(w.data, [1.5])
    assert optimizer.step() is None


def test_a_step_between_forward_and_backward_makes_backward_raise():
    model = nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 1))
    optimizer = optim.Adam(model.parameters())
    x = np.ones((1, 2))
    model(x).sum().backward()
    stale = model(x).sum()
    optimizer.step()
    before = [parameter.grad.copy() for parameter in model.parameters()]
    with pytest.raises(RuntimeError, match="changed in place"):
        stale.backward()
    for parameter, gradient in zip(model.parameters(), before, strict=True):
        np.testing.assert_array_equal(parameter.grad, gradient)


def test_a_step_without_gradients_does_not_count_as_a_change():
    w = Tensor([3.0], requires_grad=True)
    optimizer = optim.SGD([w], lr=0.1)
    y = (w * w).sum()
    optimizer.step()
    y.backward()
    np.testing.assert_array_equal(w.grad, [6])


def test_an_optimizer_without_an_update_is_refused():
    class Undecided(optim.Optimizer):
        def check(self, options):
            pass

    w = Tensor([1.0], requires_grad=True)
    w.sum().backward()
    with pytest.raises(NotImplementedError, match="Undecided does not define `update`"):
        Undecided([w], {}).step()
