"""Every optimizer against PyTorch's, from one table: numbers, and states that move there and back. Needs PyTorch."""

import numpy as np
import pytest

from autograd_lite import Tensor, optim

torch = pytest.importorskip("torch", reason="PyTorch is not installed; it is not needed, only agreed with")

SHAPES = [(4, 3), (5,), ()]
DECAY = {"weight_decay": 0.1}
# For each optimizer the options in which a case differs from the defaults.
OPTIONS = {
    "SGD": [{}, {"lr": 0.1}, {"momentum": 0.9}, {"momentum": 0.9, "dampening": 0.5}, {"dampening": 0.5}, DECAY,
            {"momentum": 0.9, "nesterov": True, **DECAY}, {"momentum": 0.9, "dampening": 0.3, **DECAY}],
    "Adam": [{}, {"amsgrad": True, "lr": 0.1}, DECAY, {"betas": (0.5, 0.7), "eps": 1e-3},
             {"decoupled_weight_decay": True, **DECAY}, {"amsgrad": True, "betas": (0.5, 0.6), **DECAY}],
    "AdamW": [{}, {"amsgrad": True, "betas": (0.5, 0.6)}, DECAY],
    "Adamax": [{}, {"lr": 0.1}, DECAY, {"betas": (0.5, 0.7), "eps": 1e-3}],
    "NAdam": [{}, {"lr": 0.1}, DECAY, {"decoupled_weight_decay": True, **DECAY}, {"momentum_decay": 0.1}],
    "RAdam": [{}, {"lr": 0.1}, DECAY, {"decoupled_weight_decay": True, **DECAY}, {"betas": (0.5, 0.7), "eps": 1e-3}],
    "Adadelta": [{}, {"lr": 0.1}, DECAY, {"rho": 0.5, "eps": 1e-3}],
    "Adagrad": [{}, {"lr_decay": 0.2}, DECAY, {"initial_accumulator_value": 0.5, "eps": 1e-3}],
    "RMSprop": [{}, DECAY, {"centered": True, "eps": 1e-2}, {"momentum": 0.5}, {"momentum": 0.5, "centered": True,
                "alpha": 0.7, "eps": 1e-2, **DECAY}],
    "ASGD": [{}, {"lr": 0.1, "lambd": 0.1}, {"t0": 3}, {"alpha": 1, "lambd": 0.2, **DECAY}],
    "Rprop": [{}, {"lr": 0.1}, {"etas": (0.3, 1.7)}, {"step_sizes": (0.02, 0.05), "lr": 0.03}],
    "LBFGS": [{"max_iter": 2}, {"lr": 0.1, "max_iter": 3}, {"max_iter": 3, "history_size": 2, "lr": 0.5},
              {"max_iter": 1}, {"tolerance_grad": 1.0}, {"tolerance_change": 0.5, "lr": 0.1},
              {"line_search_fn": "strong_wolfe", "max_iter": 2}, {"line_search_fn": "strong_wolfe", "max_eval": 2},
              {"line_search_fn": "strong_wolfe", "max_iter": 4, "lr": 20.0}],
}  # fmt: skip
CASES = [(name, {**options, **more}) for name, cases in OPTIONS.items() for options in cases
         for more in [{}, {"maximize": True}][: 1 + (name != "LBFGS")]]  # fmt: skip
each_case = pytest.mark.parametrize(("name", "options"), CASES, ids=[f"{name} {options}" for name, options in CASES])
# PyTorch keeps the numbers of ASGD and NAdam in single precision.
ROUNDING = {"ASGD": 1e-6, "NAdam": 1e-6}


def made(name, options):
    """The optimizers of either library, of parameters with the same values."""
    rng = np.random.default_rng(0)
    values = [rng.normal(size=shape) for shape in SHAPES]
    own = [Tensor(value, requires_grad=True) for value in values]
    other = [torch.tensor(value, requires_grad=True) for value in values]
    return own, getattr(optim, name)(own, **options), other, getattr(torch.optim, name)(other, **options)


def steep(params, optimizer):
    """Rosenbrock's function of the first parameter, with the other two in the same valley; its gradients are set."""
    w, b, c = params
    optimizer.zero_grad()
    loss = (5 * (w[1:] - w[:-1] ** 2) ** 2 + (1 - w[:-1]) ** 2).sum() + ((b - c) ** 4).sum() + (b * b).sum() + c * c
    loss.backward()
    return loss


def advance(own, ours, other, theirs, steps, name, start=0):
    for step in range(start, start + steps):
        rng = np.random.default_rng([1, step])
        for number, (w, t) in enumerate(zip(own, other, strict=True)):
            if (number + step) % 5:  # now and then a parameter has no gradient
                w.grad = rng.normal(size=w.shape)
                t.grad = torch.from_numpy(np.array(w.grad))
        for optimizer, params in ((ours, own), (theirs, other)):
            optimizer.step(*[lambda p=params, o=optimizer: steep(p, o)] * (name == "LBFGS"))
            optimizer.zero_grad()
        close(own, other, name)


def close(own, other, name):
    for w, t in zip(own, other, strict=True):
        np.testing.assert_allclose(w.data, t.detach().numpy(), rtol=1e-9, atol=ROUNDING.get(name, 1e-11))


def as_torch(state):
    """The state with tensors of PyTorch in place of arrays, which is what PyTorch loads."""
    if isinstance(state, dict):
        return {name: as_torch(value) for name, value in state.items()}
    if isinstance(state, list):
        return [as_torch(value) for value in state]
    return torch.from_numpy(np.array(state)) if isinstance(state, np.ndarray) else state


@each_case
def test_the_numbers_are_those_of_pytorch(name, options):
    advance(*made(name, options), 12, name)


@each_case
def test_a_state_goes_to_pytorch_and_comes_back_in_the_middle_of_training(name, options):
    own, ours, other, theirs = made(name, options)
    advance(own, ours, other, theirs, 6, name)
    new, foreign = getattr(optim, name)(own), getattr(torch.optim, name)(other)
    new.load_state_dict(theirs.state_dict())
    foreign.load_state_dict(as_torch(ours.state_dict()))
    advance(own, new, other, foreign, 6, name, start=6)


def test_a_state_of_pytorch_that_lacks_a_part_is_refused():
    built = made("Adam", {})
    advance(*built, 2, "Adam")
    state = built[3].state_dict()
    del state["state"][0]["exp_avg_sq"]
    with pytest.raises(ValueError, match=r"entry 0 holds \['exp_avg', 'step'\], expected"):
        built[1].load_state_dict(state)


def test_the_learning_rate_may_be_a_tensor():
    for rate in (Tensor(0.25), torch.tensor(0.25)):
        w = Tensor([1.0], requires_grad=True)
        w.grad = [1.0]
        optim.SGD([w], lr=rate).step()
        assert w.item() == 0.75


def test_parameters_may_come_with_their_names():
    w, b = Tensor([1.0], requires_grad=True), Tensor([1.0], requires_grad=True)
    w.grad = b.grad = [1.0]
    optim.SGD([("w", w), ("b", b)], lr=0.5).step()
    assert (w.item(), b.item()) == (0.5, 0.5)
    optim.SGD([{"params": [("w", w)], "lr": 0.25}, {"params": [("b", b)]}], lr=0.5).step()
    assert (w.item(), b.item()) == (0.25, 0.0)
