"""Guards: a change around a compiled function is detected at the next call; changes that it makes are refused."""

import dataclasses
import functools
import itertools
import random
import types

import numpy as np
import pytest
from compiler.agreement import agree

from autograd_lite import CompileError, compile, manual_seed, nn, no_grad, optim

X = np.arange(1.0, 5.0)
NUMBER = 1.0
TABLE = {"number": 1.0, "nested": {"list": [1.0, 2.0]}}
LIST = [1.0]
SETTINGS = types.SimpleNamespace(number=1.0)


@dataclasses.dataclass
class Config:
    number: float = 1.0


class Slotted:
    __slots__ = ("number",)

    def __init__(self):
        self.number = 1.0


class WithClassAttribute:
    number = 1.0

    def times(self, x):
        return x * self.number


def helper(x):
    return x * NUMBER


def keyword_default(x, *, number=1.0):
    return x * number


def decorated(function):
    @functools.wraps(function)
    def wrapper(*args):
        return function(*args)

    return wrapper


def set_global(value):
    global NUMBER
    NUMBER = value


def closure():
    number = 1.0

    def change(value):
        nonlocal number
        number = value

    return (lambda x: x * number), change


def with_defaults():
    def function(x, number=1.0):
        return x * number

    return (lambda x: function(x)), lambda value: setattr(function, "__defaults__", (value,))


def with_keyword_defaults():
    return (lambda x: keyword_default(x)), lambda value: keyword_default.__kwdefaults__.update(number=value)


def of_object(made):
    return (lambda x: x * made.number), lambda value: setattr(made, "number", value)


def of_method():
    made = WithClassAttribute()
    return made.times, lambda value: setattr(made, "number", value)


def of_class():
    made = WithClassAttribute()
    return (lambda x: made.times(x)), lambda value: setattr(WithClassAttribute, "number", value)


def of_partial():
    made = [1.0]
    return functools.partial(lambda held, x: x * held[0], made), lambda value: made.__setitem__(0, value)


def of_helper_in_list():
    stages = [lambda x: x * 1.0]
    return (lambda x: stages[0](x)), lambda value: stages.__setitem__(0, lambda x: x * value)


def of_array():
    numbers = np.array([1.0])
    return (lambda x: x * float(numbers[0])), lambda value: numbers.__setitem__(0, value)


def of_module():
    layer = nn.LeakyReLU(1.0)
    return (lambda x: layer(-x)), lambda value: setattr(layer, "negative_slope", value)


def of_own_module():
    class Scaled(nn.Module):
        def __init__(self):
            self.number = 1.0

        def forward(self, x):
            return x * self.number

    layer = nn.Sequential(Scaled())
    return (lambda x: layer(x)), lambda value: setattr(layer[0], "number", value)


def of_named_attribute():
    made, name = Config(), "number"
    return (lambda x: x * getattr(made, name)), lambda value: setattr(made, "number", value)


PLACES = {
    "an attribute named by a string": of_named_attribute,
    "a global variable": lambda: ((lambda x: x * NUMBER), set_global),
    "a global variable of a helper": lambda: ((lambda x: helper(x)), set_global),
    "a global variable of a lambda": lambda: ((lambda x: (lambda y: y * NUMBER)(x)), set_global),
    "a global variable in a comprehension": lambda: ((lambda x: np.stack([x * NUMBER for _ in range(2)])), set_global),
    "a global variable in a generator": lambda: ((lambda x: sum(x * NUMBER for _ in range(2))), set_global),
    "a decorated function": lambda: (no_grad()(helper), set_global),
    "a function decorated twice": lambda: (decorated(no_grad()(helper)), set_global),
    "a closure": closure,
    "a default": with_defaults,
    "a default by keyword": with_keyword_defaults,
    "a dictionary": lambda: ((lambda x: x * TABLE["number"]), lambda v: TABLE.__setitem__("number", v)),
    "a nested list": lambda: (
        (lambda x: x * TABLE["nested"]["list"][0]),
        lambda v: TABLE["nested"]["list"].__setitem__(0, v),
    ),
    "a list": lambda: ((lambda x: x * LIST[0]), lambda v: LIST.__setitem__(0, v)),
    "a namespace": lambda: ((lambda x: x * SETTINGS.number), lambda v: setattr(SETTINGS, "number", v)),
    "a dataclass": lambda: of_object(Config()),
    "slots": lambda: of_object(Slotted()),
    "a bound method": of_method,
    "a class": of_class,
    "a partial function": of_partial,
    "a helper in a list": of_helper_in_list,
    "a plain array": of_array,
    "an attribute of a layer": of_module,
    "an attribute of a module of one's own": of_own_module,
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("values", [(1.0, 3.0), (2.0, 2), (1, True), (0.0, -0.0), (np.float64(2.0), np.float32(0.1))])
def test_a_change_between_two_calls_is_detected(place, values):
    function, change = PLACES[place]()
    compiled = compile(function)
    for value in [1.0, *values, values[0], *values]:
        change(value)
        expected = np.asarray(function(X))
        for _ in range(3):
            actual = np.asarray(compiled(X))
            assert actual.dtype == expected.dtype
            assert agree(actual, expected)
            assert np.array_equal(np.signbit(actual), np.signbit(expected))
    change(1.0)


def _counter():
    count = [0]

    def function(x):
        count[0] += 1
        return x * count[0]

    return function


def _nonlocal():
    count = 0

    def function(x):
        nonlocal count
        count += 1
        return x * count

    return function


def _attribute():
    class Counting(nn.Module):
        count = 0

        def forward(self, x):
            self.count += 1
            return x * self.count

    return Counting()


def _attribute_of_an_object():
    made = Config()

    def function(x):
        made.number += 1
        return x * made.number

    return function


def _kept():
    losses = []

    def function(x):
        losses.append(x.sum())
        return x

    return function


def _average():
    average = np.ones(4)

    def function(x):
        nonlocal average
        average *= 0.5
        return x + float(average[0])

    return function


def _filled():
    numbers = np.zeros(1)

    def function(x):
        numbers[0] += 1
        return x / numbers

    return function


def _drawing(generator):
    return lambda: lambda x: x * generator()


def _seeding():
    return lambda x: (manual_seed(0), nn.functional.dropout(x))[1]


WRITES = {
    "the seed of the common generator": _seeding,
    "a count in a list": _counter,
    "a count in a variable": _nonlocal,
    "a count in a module": _attribute,
    "a count in an object": _attribute_of_an_object,
    "a list that grows": _kept,
    "an average in a plain array": _average,
    "a plain array that is used afterwards": _filled,
    "np.random": _drawing(np.random.random),
    "random": _drawing(random.random),
    "a generator of NumPy": _drawing(np.random.default_rng(0).random),
    "an iterator": lambda: (lambda counting: lambda x: x * next(counting))(itertools.count()),
}


@pytest.mark.parametrize("kind", WRITES)
def test_what_a_replay_would_not_repeat_is_refused(kind):
    with pytest.raises(CompileError, match=r"would not (be repeated|repeat)|could not detect"):
        compile(WRITES[kind]())(X)


def test_a_refused_call_changes_nothing():
    rng = np.random.default_rng(1)
    model = nn.Sequential(nn.Linear(4, 4, rng=0), nn.BatchNorm1d(4), nn.Dropout(0.5, rng=rng))
    optimizer, counts = optim.Adam(model.parameters()), [0]
    schedule = optim.lr_scheduler.ExponentialLR(optimizer, 0.5)

    @compile
    def step(x):
        optimizer.zero_grad()
        (model(x) ** 2).mean().backward()
        optimizer.step()
        schedule.step()
        x += 1
        counts[0] += 1

    x = np.ones((3, 4), np.float32)
    before = model.state_dict(), optimizer.state_dict(), schedule.last_epoch, rng.bit_generator.state
    with pytest.raises(CompileError, match="would not repeat"):
        step(x)
    after = model.state_dict(), optimizer.state_dict(), schedule.last_epoch, rng.bit_generator.state
    np.testing.assert_equal(after, before)
    assert (x == 1).all()
    assert all(parameter.grad is None for parameter in model.parameters())
