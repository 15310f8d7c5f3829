"""Digits are not lost silently: whatever is put into a tensor, a model or an optimizer is exact there, or an error."""

import numpy as np
import pytest
from catalogue.modules import MODULES, made
from hypothesis import given
from hypothesis import strategies as st

from autograd_lite import Checkpoint, Tensor, load, nn, optim, save
from autograd_lite.support.exact import exactly

FLOATS = [np.float16, np.float32, np.float64, np.longdouble]
INTEGERS = [np.int8, np.uint8, np.int32, np.int64, np.uint64]
DTYPES = [np.dtype(dtype) for dtype in [*FLOATS, *INTEGERS, np.bool_]]


def exact(value, dtype):
    """Whether a dtype can hold a number, by Python's exact integers and by bisection of nothing: the ratio it has."""
    with np.errstate(all="ignore"):
        there = np.array(value).astype(dtype)[()]
    if isinstance(value, np.floating) and not np.isfinite(value):
        return dtype.kind == "f"
    if isinstance(there, np.floating) and not np.isfinite(there):
        return False
    return ratio(there) == ratio(value)


def ratio(value):
    return value.as_integer_ratio() if isinstance(value, np.floating) else (int(value), 1)


SPECIAL = [0.0, -0.0, 0.1, 1e-50, 1e300, 65504.0, 65505.0, 2.0**24 + 1, 2.0**53, np.nan, np.inf, -np.inf]


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@given(data=st.data())
def test_arrays_are_converted_exactly_or_refused(dtype, data):
    given = data.draw(st.sampled_from(DTYPES))
    with np.errstate(all="ignore"):
        if given.kind == "f":
            draw = st.sampled_from(SPECIAL) | st.integers(-300, 300).map(lambda n: n / 4) | st.floats()
            array = np.array(data.draw(st.lists(draw, max_size=4)), np.float64).astype(given)
        else:
            limits = (0, 1) if given.kind == "b" else (int(np.iinfo(given).min), int(np.iinfo(given).max))
            draw = st.sampled_from(limits) | st.integers(*limits) | st.integers(0, min(100, limits[1]))
            array = np.array(data.draw(st.lists(draw, max_size=4)), given)
    same_kind = np.can_cast(given, dtype, "same_kind")
    if same_kind and all(exact(value, dtype) for value in array):
        found = exactly(array, dtype, "x")
        assert found.dtype == dtype
        np.testing.assert_array_equal(found, array)
    else:
        with pytest.raises(TypeError, match=r"^x: values of dtype .* (would lose digits in|expected)"):
            exactly(array, dtype, "x")


# Everything that takes numbers into a float32 tensor: what it is done with, and what is found there then.
def _grad(values):
    w = Tensor(np.zeros(3, np.float32), requires_grad=True)
    return w, lambda: setattr(w, "grad", values), lambda: w.grad


def _data(kind):
    def make(values):
        w = kind(np.zeros(3, np.float32))
        return w, lambda: setattr(w, "data", values), lambda: w.data

    return make


def _model(values):
    layer = nn.LayerNorm(3)
    state = {"weight": values, "bias": np.zeros(3, np.float32)}
    return layer, lambda: layer.load_state_dict(state), lambda: layer.weight.data


def _buffer(values):
    layer = nn.BatchNorm1d(3)
    state = {**layer.state_dict(), "running_mean": values}
    return layer, lambda: layer.load_state_dict(state), lambda: layer.running_mean.data


def _moments(kind, name):
    def make(values):
        w = Tensor(np.zeros(3, np.float32), requires_grad=True)
        optimizer = kind([w], lr=0.1, **USES.get(name, {}))
        w.grad = np.ones(3, np.float32)
        optimizer.step()
        state = optimizer.state_dict()
        state["state"][0][name] = values
        return optimizer, lambda: optimizer.load_state_dict(state), lambda: optimizer.state_dict()["state"][0][name]

    return make


# The option that makes an optimizer use a part of its state.
USES = {"momentum_buffer": {"momentum": 0.9}, "max_exp_avg_sq": {"amsgrad": True}, "grad_avg": {"centered": True}}
PLACES = {
    "grad": _grad,
    "data of a tensor": _data(Tensor),
    "data of a parameter": _data(nn.Parameter),
    "data of a buffer": _data(nn.Buffer),
    "the state of a parameter": _model,
    "the state of a buffer": _buffer,
    **{f"{name} of {kind.__name__}": _moments(kind, name)
       for kind in (optim.SGD, optim.Adam, optim.AdamW, optim.RMSprop, optim.Adagrad) for name in kind.state_names},
}  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_digits_are_never_lost_silently(place):
    for values in (np.array([0.1, 0.2, 0.3]), Tensor([0.1, 0.2, 0.3]), np.array([2**24 + 1, 0, 0]),
                   [np.float64(0.1), 0.0, 0.0], np.array([1e300, 0, 0]), np.array([1e-60, 0, 0])):  # fmt: skip
        _, put, found = PLACES[place](values)
        before = None if found() is None else found().copy()
        with pytest.raises((TypeError, ValueError), match=r"would lose digits in float32; .*\.astype\(np\.(float|int)"):
            put()
        np.testing.assert_equal(found(), before)
    tenths = [0.1, 2, 3]
    for values in (np.array([0.5, -0.25, np.nan]), Tensor([1.0, 2.0, 3.0]), np.array([1, 2, 2**24]),
                   np.array(tenths, np.float32), np.array(tenths, np.float16), tenths):  # fmt: skip
        _, put, found = PLACES[place](values)
        put()
        assert found().dtype == np.float32
        np.testing.assert_array_equal(found(), np.asarray(getattr(values, "data", values), np.float32))


@pytest.mark.parametrize("name", MODULES)
@pytest.mark.parametrize("suffix", ["npz", "safetensors"])
def test_a_checkpoint_in_double_precision_needs_a_model_in_double_precision(name, suffix, tmp_path):
    trained, _ = made(name)
    if not any(p.dtype == np.float32 for p in trained.parameters()):
        return
    trained.astype(np.float64)
    for parameter in trained.parameters():
        parameter.data = parameter.data + 0.1
    path = tmp_path / f"state.{suffix}"
    save(path, trained.state_dict())
    state = load(path)
    fresh, _ = made(name)
    before = fresh.state_dict()
    with pytest.raises(ValueError, match=r"would lose digits .* the model with \.astype\(np\.float64\)"):
        fresh.load_state_dict(state)
    np.testing.assert_equal(fresh.state_dict(), before)
    fresh.astype(np.float64).load_state_dict(state)
    np.testing.assert_equal(fresh.state_dict(), trained.state_dict())
    fresh, _ = made(name)
    fresh.load_state_dict({key: v.astype(np.float32) if v.dtype.kind == "f" else v for key, v in state.items()})


def test_a_checkpoint_of_a_training_in_double_precision_is_not_resumed_in_single(tmp_path):
    def training(dtype):
        model = nn.Linear(2, 1, dtype=dtype, rng=0)
        return Checkpoint(tmp_path, model=model, optimizer=optim.Adam(model.parameters()))

    training(np.float64).save(1)
    with pytest.raises(ValueError, match=r"does not fit; no part has changed: .*would lose digits"):
        training(np.float32).resume()
    assert training(np.float64).resume() == {"step": 1}


def test_counters_and_labels_keep_to_their_integers():
    layer = nn.BatchNorm1d(2)
    for count in (np.uint64(2**63), np.float64(3), 0.5):
        with pytest.raises(ValueError, match="num_batches_tracked has dtype"):
            layer.load_state_dict({**layer.state_dict(), "num_batches_tracked": count})
    layer.load_state_dict({**layer.state_dict(), "num_batches_tracked": np.int8(3)})
    assert layer.num_batches_tracked.item() == 3


# -- tied weights ----------------------------------------------------------------------------------------------------


class Tied(nn.Module):
    def __init__(self):
        self.embed = nn.Embedding(4, 2, rng=0)
        self.out = nn.Linear(2, 4, rng=1)
        self.out.weight = self.embed.weight


def test_a_tied_weight_that_differs_in_a_state_is_refused(tmp_path):
    model = Tied()
    state = model.state_dict()
    assert {"embed.weight", "out.weight"} < set(state)
    for change in (lambda w: w + 1, lambda w: np.where(w == w[0, 0], np.nan, w)):
        wrong = {**state, "out.weight": change(state["out.weight"])}
        save(tmp_path / "state.npz", wrong)
        for found in (wrong, load(tmp_path / "state.npz")):
            for strict in (True, False):
                with pytest.raises(ValueError, match=r"embed.weight and out.weight are the same tensor, but differ"):
                    model.load_state_dict(found, strict=strict)
        np.testing.assert_equal(model.state_dict(), state)
    same = np.full((4, 2), np.nan, np.float32)
    model.load_state_dict({**state, "embed.weight": same, "out.weight": same.copy()})
    model.load_state_dict({"out.weight": state["out.weight"]}, strict=False)  # one of the names is enough
    np.testing.assert_equal(model.state_dict(), state)
