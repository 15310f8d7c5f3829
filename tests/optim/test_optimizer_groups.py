"""Edited groups, options that are set, and loaded states: the update is right, or there is an error."""

import copy
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite import Tensor, optim

KINDS = [optim.SGD, optim.Adam, optim.AdamW, optim.RMSprop, optim.Adagrad, optim.Adamax, optim.NAdam, optim.RAdam,
         optim.Adadelta, optim.ASGD]  # fmt: skip
each_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)


def made(kind, **options):
    """Two groups, of two tensors and of one, after a step."""
    tensors = [
        Tensor([1.0], requires_grad=True),
        Tensor([2.0, 3.0], requires_grad=True),
        Tensor(4.0, requires_grad=True),
    ]
    optimizer = kind([{"params": tensors[:2]}, {"params": tensors[2:]}], lr=0.125, **options)
    step(optimizer, tensors)
    return tensors, optimizer


def step(optimizer, tensors, missing=()):
    for i, tensor in enumerate(tensors):
        tensor.grad = None if i in missing else np.full(tensor.shape, 0.5 + i)
    optimizer.step()


def values(tensors):
    return [tensor.data.copy() for tensor in tensors]


EDITS = {
    "other params": lambda o: o.param_groups[0].update(params=[Tensor([1.0])]),
    "equal params": lambda o: o.param_groups[1].update(params=[Tensor(o.param_groups[1]["params"][0].item())]),
    "fewer params": lambda o: o.param_groups[0].update(params=o.param_groups[0]["params"][:1]),
    "params in another order": lambda o: o.param_groups[0].update(params=o.param_groups[0]["params"][::-1]),
    "no params": lambda o: o.param_groups[0].pop("params"),
    "text for params": lambda o: o.param_groups[0].update(params="abc"),
    "a group that was appended": lambda o: o.param_groups.append({"params": [Tensor([1.0])], "lr": 0.1}),
    "a group that was removed": lambda o: o.param_groups.pop(),
    "no groups": lambda o: o.param_groups.clear(),
    "groups in another order": lambda o: o.param_groups.reverse(),
    "other groups": lambda o: setattr(o, "param_groups", made(type(o))[1].param_groups),
}
EQUAL = {
    "an equal group": lambda o: o.param_groups.__setitem__(0, dict(o.param_groups[0])),
    "a copied group": lambda o: o.param_groups.__setitem__(0, copy.copy(o.param_groups[0])),
    "equal groups": lambda o: setattr(o, "param_groups", [dict(group) for group in o.param_groups]),
}


@each_kind
@pytest.mark.parametrize("edit", EDITS)
def test_edited_groups_are_refused_and_nothing_is_updated(kind, edit):
    tensors, optimizer = made(kind)
    before = values(tensors)
    EDITS[edit](optimizer)
    for use in (
        lambda: step(optimizer, tensors),
        optimizer.state_dict,
        lambda: optimizer.add_param_group({"params": []}),
    ):
        with pytest.raises(RuntimeError, match="param_groups was edited in a way that updates do not support"):
            use()
    np.testing.assert_equal(values(tensors), before)


@each_kind
@pytest.mark.parametrize("edit", EQUAL)
def test_equal_groups_are_no_difference_until_they_differ(kind, edit):
    (tensors, optimizer), (expected, other) = made(kind), made(kind)
    EQUAL[edit](optimizer)
    step(optimizer, tensors)
    step(other, expected)
    np.testing.assert_equal(values(tensors), values(expected))
    optimizer.param_groups[0]["lr"] = 0.5
    for use in (lambda: step(optimizer, tensors), optimizer.state_dict):
        with pytest.raises(RuntimeError, match="param_groups was edited in a way that updates do not support"):
            use()
    np.testing.assert_equal(values(tensors), values(expected))


@each_kind
def test_the_parameters_of_a_group_cannot_be_edited_in_place_and_the_same_ones_may_be_put_there(kind):
    tensors, optimizer = made(kind)
    with pytest.raises(AttributeError):
        optimizer.param_groups[0]["params"].append(Tensor([1.0]))
    with pytest.raises(TypeError):
        optimizer.param_groups[0]["params"][0] = Tensor([1.0])
    expected, other = made(kind)
    optimizer.param_groups[0]["params"] = list(optimizer.param_groups[0]["params"])
    optimizer.param_groups = list(optimizer.param_groups)
    step(optimizer, tensors)
    step(other, expected)
    np.testing.assert_equal(values(tensors), values(expected))


@each_kind
def test_copies_and_pickles_of_optimizers_have_their_own_groups(kind):
    tensors, optimizer = made(kind)
    for copied in (copy.deepcopy(optimizer), pickle.loads(pickle.dumps(optimizer))):
        own = [parameter for group in copied.param_groups for parameter in group["params"]]
        copied.param_groups[0]["lr"] = 0.5
        step(copied, own)
        assert optimizer.param_groups[0]["lr"] == 0.125
    before = values(tensors)
    step(optimizer, tensors)
    assert not np.array_equal(values(tensors)[0], before[0])


# -- options -----------------------------------------------------------------------------------------------------------

NUMBERS = [np.float16(0.25), np.float32(0.25), np.float64(0.25), np.longdouble(0.25), np.array(0.25), Tensor(0.25)]
SWITCHES = {"nesterov", "centered", "maximize", "amsgrad", "decoupled_weight_decay"}


def settable(optimizer):
    """The names and values of all options that are numbers."""
    return {name: value for name, value in optimizer.param_groups[0].items() if name not in {"params", *SWITCHES}}


@each_kind
@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: type(number).__name__)
def test_a_number_of_numpy_or_a_tensor_as_an_option_is_that_number(kind, number):
    for name, value in settable(made(kind)[1]).items():
        (tensors, optimizer), (others, other) = made(kind), made(kind)
        is_pair = isinstance(value, tuple)
        optimizer.param_groups[0][name] = [number, number] if is_pair else number
        other.param_groups[0][name] = (0.25, 0.25) if is_pair else 0.25
        step(optimizer, tensors)
        step(other, others)
        for own, expected in zip(tensors, others, strict=True):
            np.testing.assert_array_equal(own.data, expected.data, strict=True)


@each_kind
def test_what_is_no_number_is_refused_even_if_it_is_equal_to_the_number_before(kind):
    for name, value in settable(made(kind)[1]).items():
        for wrong in (lambda v: np.array([v]), lambda v: Tensor(float(v), requires_grad=True), str,
                      lambda v: None, lambda v: True, lambda v: np.nan, lambda v: np.inf, lambda v: 10**400,
                      lambda v: -1, lambda v: [v]):  # fmt: skip
            tensors, optimizer = made(kind)
            before = values(tensors)
            new = (value[0], wrong(value[1])) if isinstance(value, tuple) else wrong(value)
            optimizer.param_groups[1][name] = new
            with pytest.raises(ValueError, match=rf"{kind.__name__}.step: .*{name}"):
                step(optimizer, tensors)
            np.testing.assert_equal(values(tensors), before)
            optimizer.param_groups[1][name] = value
            step(optimizer, tensors)


# -- states ------------------------------------------------------------------------------------------------------------

ABSURD = [10**400, 1e308, 2**60, -1, 0.5, np.nan, np.inf, True, np.True_, "3", None, [1], np.array([1, 2]), 1j]


@each_kind
@pytest.mark.parametrize("step_count", ABSURD, ids=lambda value: f"{value!r:.20}")
def test_absurd_counts_of_steps_are_refused(kind, step_count):
    tensors, optimizer = made(kind)
    before = optimizer.state_dict()
    wrong = copy.deepcopy(before)
    wrong["state"][1]["step"] = step_count
    with pytest.raises(ValueError, match="step of parameter 1 must be a number of updates, not"):
        optimizer.load_state_dict(wrong)
    np.testing.assert_equal(optimizer.state_dict(), before)
    step(optimizer, tensors)


@each_kind
@pytest.mark.parametrize(
    "spoil",
    [
        lambda state: state.update(param_groups=3),
        lambda state: state.update(param_groups=[3, 4]),
        lambda state: state["param_groups"][0].update(params=3),
        lambda state: state["param_groups"][0].pop("params"),
        lambda state: state["param_groups"][0].update(params=[1, 0]),
        lambda state: state["param_groups"][0].update(lr=10**400),
        lambda state: state["param_groups"][0].update(lr=True),
        lambda state: state.update(state={0.5: {}}),
        lambda state: state.update(state={True: state["state"][1]}),
        lambda state: state.update(state={-1: state["state"][1]}),
        lambda state: state.update(state=3),
    ],
)
def test_absurd_states_are_refused(kind, spoil):
    tensors, optimizer = made(kind)
    before = optimizer.state_dict()
    wrong = copy.deepcopy(before)
    spoil(wrong)
    with pytest.raises(ValueError, match=r"load_state_dict|lr must be a number"):
        optimizer.load_state_dict(wrong)
    np.testing.assert_equal(optimizer.state_dict(), before)
    step(optimizer, tensors)


def alone(kind, value, gradients, options):
    """The values of a parameter after the steps of an optimizer of its own."""
    tensor = Tensor(value, requires_grad=True)
    optimizer = kind([tensor], lr=0.125, **options)
    for gradient in gradients:
        if gradient is not None:
            tensor.grad = gradient
            optimizer.step()
    return tensor.data


OPTIONS = [(optim.SGD, {"momentum": 0.9}), (optim.Adam, {}), (optim.AdamW, {}), (optim.Adagrad, {"lr_decay": 0.1}),
           (optim.RMSprop, {"momentum": 0.5, "centered": True}), (optim.Rprop, {}), (optim.NAdam, {}),
           (optim.RAdam, {}), (optim.ASGD, {"lambd": 0.1, "t0": 2}), (optim.Adadelta, {}),
           (optim.Adamax, {})]  # fmt: skip


@pytest.mark.parametrize(("kind", "options"), OPTIONS, ids=[kind.__name__ for kind, _ in OPTIONS])
@given(data=st.data())
def test_parameters_with_unequal_counts_of_steps_are_updated_as_if_each_were_alone(kind, options, data):
    """Also if parameters are frozen for some steps, or a state is loaded in between."""
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    starts = [rng.normal(size=shape) for shape in [(2,), (), (3, 2)]]
    masks = data.draw(st.lists(st.tuples(*[st.booleans()] * 3), min_size=1, max_size=6))
    gradients = [[rng.normal(size=start.shape) if on else None for start, on in zip(starts, mask, strict=True)]
                 for mask in masks]  # fmt: skip
    tensors = [Tensor(start, requires_grad=True) for start in starts]
    optimizer = kind(tensors, lr=0.125, **options)
    reload = data.draw(st.integers(0, len(masks)))
    for number, row in enumerate(gradients):
        if number == reload:
            state, before = optimizer.state_dict(), values(tensors)
            tensors = [Tensor(start, requires_grad=True) for start in starts]
            optimizer = kind(tensors, lr=0.125, **options)
            step(optimizer, tensors)  # counts of its own, which are replaced
            for tensor, value in zip(tensors, before, strict=True):
                tensor.data = value
            optimizer.load_state_dict(state)
        optimizer.zero_grad()
        for tensor, gradient in zip(tensors, row, strict=True):
            tensor.requires_grad = gradient is not None
            if gradient is not None:
                (tensor * gradient).sum().backward()
        optimizer.step()
    for i, tensor in enumerate(tensors):
        expected = alone(kind, starts[i], [row[i] for row in gradients], options)
        np.testing.assert_allclose(tensor.data, expected, rtol=1e-12, atol=1e-14)
