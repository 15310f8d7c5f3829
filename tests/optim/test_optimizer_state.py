"""The state of optimizers: saved as copies, loaded all or nothing, and training that continues with the same bits."""

import copy

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite import Tensor, optim

CASES = [
    (optim.SGD, {"lr": 0.1}),
    (optim.SGD, {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    (optim.SGD, {"lr": 0.1, "momentum": 0.9, "dampening": 0.5, "weight_decay": 0.1}),
    (optim.Adam, {"lr": 0.1, "weight_decay": 0.1}),
    (optim.AdamW, {"lr": 0.1, "betas": (0.5, 0.9)}),
]
each_case = pytest.mark.parametrize(("kind", "options"), CASES, ids=[f"{k.__name__} {o}" for k, o in CASES])


def make(kind, options, dtypes=(np.float32, np.float64, np.float32)):
    rng = np.random.default_rng(0)
    shapes = [(2, 3), (), (4,)]
    tensors = [
        Tensor(rng.normal(size=shape), requires_grad=True, dtype=dtype)
        for shape, dtype in zip(shapes, dtypes, strict=True)
    ]
    groups = [{"params": tensors[:2]}, {"params": tensors[2:], "lr": 0.01}]
    return tensors, kind(groups, **options)


def advance(tensors, optimizer, rng, steps, missing=0.0):
    for _ in range(steps):
        for tensor in tensors:
            tensor.grad = None if rng.random() < missing else rng.normal(size=tensor.shape).astype(tensor.dtype)
        optimizer.step()


@each_case
@given(st.integers(0, 2**32 - 1), st.integers(0, 5), st.sampled_from([0.0, 0.5]))
def test_a_fresh_optimizer_with_the_state_continues_bit_by_bit(kind, options, seed, steps, missing):
    (tensors, optimizer), (others, resumed) = make(kind, options), make(kind, options)
    advance(tensors, optimizer, np.random.default_rng(seed), steps, missing)
    resumed.load_state_dict(optimizer.state_dict())
    for other, tensor in zip(others, tensors, strict=True):
        other.data = tensor.data
    advance(tensors, optimizer, np.random.default_rng(seed + 1), 5, missing)
    advance(others, resumed, np.random.default_rng(seed + 1), 5, missing)
    for other, tensor in zip(others, tensors, strict=True):
        np.testing.assert_array_equal(other.data, tensor.data, strict=True)
    np.testing.assert_equal(resumed.state_dict(), optimizer.state_dict())


@each_case
def test_loading_an_earlier_state_goes_back_to_it(kind, options):
    tensors, optimizer = make(kind, options)
    states, runs = [optimizer.state_dict()], []
    advance(tensors, optimizer, np.random.default_rng(0), 3)
    states.append(optimizer.state_dict())
    start = [tensor.data.copy() for tensor in tensors]
    for state in (states[1], states[1], states[0]):
        optimizer.load_state_dict(state)
        np.testing.assert_equal(optimizer.state_dict(), state)
        for tensor, values in zip(tensors, start, strict=True):
            tensor.data = values
        advance(tensors, optimizer, np.random.default_rng(1), 3)
        runs.append([tensor.data.copy() for tensor in tensors])
    np.testing.assert_equal(runs[0], runs[1])
    if optimizer.state_names and options.get("momentum") != 0 and kind is not optim.SGD:
        assert (runs[0][0] != runs[2][0]).any()  # from the blank state the way is another


@each_case
def test_the_state_is_a_copy_in_both_directions(kind, options):
    tensors, optimizer = make(kind, {**options, **({"betas": [0.5, 0.9]} if "betas" in options else {})})
    advance(tensors, optimizer, np.random.default_rng(0), 2)

    def spoil(state):
        for entry in state["state"].values():
            entry["step"] = 1000
            for name in entry.keys() - {"step"}:
                entry[name][...] = 77
        for group in state["param_groups"]:
            group["lr"] = 77
            group["params"].clear()
            if isinstance(group.get("betas"), list):
                group["betas"][0] = 77

    before = copy.deepcopy(optimizer.state_dict())
    spoil(optimizer.state_dict())
    np.testing.assert_equal(optimizer.state_dict(), before)
    loaded = optimizer.state_dict()
    optimizer.load_state_dict(loaded)
    spoil(loaded)
    np.testing.assert_equal(optimizer.state_dict(), before)


def test_the_state_names_what_is_remembered_by_the_number_of_the_parameter():
    tensors, optimizer = make(optim.Adam, {})
    tensors[2].grad = np.full(4, 2.0)
    optimizer.step()
    state = optimizer.state_dict()
    assert [group["params"] for group in state["param_groups"]] == [[0, 1], [2]]
    assert [group["lr"] for group in state["param_groups"]] == [1e-3, 0.01]
    assert list(state["state"]) == [2]  # the others were never updated
    entry = state["state"][2]
    assert entry["step"] == 1
    np.testing.assert_array_equal(entry["exp_avg"], np.full(4, (1 - 0.9) * 2, np.float32))
    np.testing.assert_array_equal(entry["exp_avg_sq"], np.full(4, (1 - 0.999) * 4, np.float32))


def _entry(number, **changes):
    def change(state):
        state["state"][number].update(changes)

    return change


def _group(number, **changes):
    def change(state):
        state["param_groups"][number].update(changes)

    return change


# Every change spoils a state whose other parts differ from those of the optimizer, so that a half-loaded state shows.
SPOILT = {
    "a group too few": lambda state: state["param_groups"].pop(),
    "groups of other sizes": _group(0, params=[0]),
    "an unknown option": _group(1, speed=3),
    "a missing option": lambda state: state["param_groups"][1].pop("eps"),
    "a learning rate that is NaN": _group(1, lr=float("nan")),
    "a beta of one": _group(1, betas=(0.9, 1.0)),
    "an unknown parameter": lambda state: state["state"].update({3: state["state"][2]}),
    "a number as text": lambda state: state["state"].update({"2": state["state"].pop(2)}),
    "a missing array": lambda state: state["state"][2].pop("exp_avg"),
    "an unknown array": _entry(2, momentum_buffer=np.zeros(4)),
    "a wrong shape": _entry(2, exp_avg_sq=np.zeros(5)),
    "a shape that would broadcast": _entry(0, exp_avg=np.zeros((1, 3))),
    "an array of text": _entry(2, exp_avg=np.array(["a"] * 4)),
    "complex numbers": _entry(2, exp_avg=np.full(4, 1j)),
    "a step count that is text": _entry(2, step="two"),
    "a negative step count": _entry(2, step=-1),
    "a step count that is not whole": _entry(2, step=1.5),
}


@pytest.mark.parametrize("name", SPOILT)
def test_a_state_that_does_not_fit_loads_nothing(name):
    tensors, other = make(optim.Adam, {"lr": 0.5})
    advance(tensors, other, np.random.default_rng(1), 3)
    state = other.state_dict()
    SPOILT[name](state)
    tensors, optimizer = make(optim.Adam, {"lr": 0.1})
    advance(tensors, optimizer, np.random.default_rng(0), 2)
    before, values = optimizer.state_dict(), [tensor.data.copy() for tensor in tensors]
    with pytest.raises((ValueError, TypeError)):
        optimizer.load_state_dict(state)
    np.testing.assert_equal(optimizer.state_dict(), before)
    np.testing.assert_equal([tensor.data for tensor in tensors], values)


def test_the_state_of_another_kind_of_optimizer_does_not_fit():
    with pytest.raises(ValueError, match="options"):
        make(optim.Adam, {})[1].load_state_dict(make(optim.SGD, {"lr": 0.1})[1].state_dict())


def test_the_text_names_the_options_of_each_group():
    assert repr(make(optim.SGD, {"lr": 0.1})[1]) == (
        "SGD(\n"
        "  2 parameters: lr=0.1, momentum=0, dampening=0, weight_decay=0, nesterov=False, maximize=False\n"
        "  1 parameters: lr=0.01, momentum=0, dampening=0, weight_decay=0, nesterov=False, maximize=False\n"
        ")"
    )
