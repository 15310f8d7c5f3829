"""Random generators, wherever a module holds them: a checkpoint brings each back, or refuses it."""

import collections
import functools
import random
import types

import numpy as np
import pytest

from autograd_lite import Checkpoint, nn
from autograd_lite.persistence.generators import generators_of


class Augmentation:
    """No module, but held by one."""

    def __init__(self, rng):
        self.inner = {"noise": [rng]}

    def draw(self):
        return self.inner["noise"][0].normal()


def holder(rng):
    """All that can hold a generator, and how a number is drawn from it there."""

    def closure():
        return rng.normal()

    pair = collections.namedtuple("Pair", "a b")
    return {
        "an attribute": (rng, lambda held: held.normal()),
        "a list": ([1, rng], lambda held: held[1].normal()),
        "nested lists": ([[0, [rng]], "abc"], lambda held: held[0][1][0].normal()),
        "a tuple": ((None, rng), lambda held: held[1].normal()),
        "a named tuple": (pair(1, rng), lambda held: held.b.normal()),
        "a deque": (collections.deque([rng]), lambda held: held[0].normal()),
        "a dict": ({"a": {1: rng}}, lambda held: held["a"][1].normal()),
        "an object": (Augmentation(rng), lambda held: held.draw()),
        "a namespace": (types.SimpleNamespace(rng=rng), lambda held: held.rng.normal()),
        "a bound method": (rng.normal, lambda held: held()),
        "a partial function": (functools.partial(np.random.Generator.normal if isinstance(rng, np.random.Generator)
                                                 else np.random.RandomState.normal, rng), lambda held: held()),
        "a closure": (closure, lambda held: held()),
        "a default": (lambda rng=rng: rng.normal(), lambda held: held()),
        "a layer": (nn.Sequential(nn.Dropout(0.5, rng=rng)), lambda held: held(np.ones(20)).sum()),
    }  # fmt: skip


PLACES = list(holder(np.random.default_rng()))
KINDS = {
    "PCG64": np.random.default_rng,
    "MT19937": lambda seed: np.random.Generator(np.random.MT19937(seed)),
    "Philox": lambda seed: np.random.Generator(np.random.Philox(seed)),
    "SFC64": lambda seed: np.random.Generator(np.random.SFC64(seed)),
    "RandomState": np.random.RandomState,
}


class Model(nn.Module):
    def __init__(self, held):
        self.inner = nn.Module()
        self.inner.held = held


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_generator_goes_on_after_resuming_wherever_it_is_held(kind, place, tmp_path):
    def training(seed):
        held, draw = holder(KINDS[kind](seed))[place]
        model = Model(held)
        return model, lambda: draw(model.inner.held)

    model, draw = training(1)
    draw()  # a RandomState keeps half of what it draws for a normal
    Checkpoint(tmp_path, model=model).save(1)
    expected = [draw() for _ in range(5)]
    model, draw = training(2)
    draw()
    assert Checkpoint(tmp_path, model=model).resume() == {"step": 1}
    assert [draw() for _ in range(5)] == expected


def test_generators_are_parts_of_a_checkpoint_too(tmp_path):
    parts = {name: make(3) for name, make in KINDS.items()}
    for rng in parts.values():
        rng.normal()
    Checkpoint(tmp_path, **parts).save(1)
    expected = {name: rng.normal() for name, rng in parts.items()}
    others = {name: make(4) for name, make in KINDS.items()}
    Checkpoint(tmp_path, **others).resume()
    assert {name: rng.normal() for name, rng in others.items()} == expected


OTHERS = {"Random": random.Random(), "PCG64": np.random.PCG64(), "set": {np.random.default_rng()}}


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("wrap", [lambda x: x, lambda x: [x], lambda x: {"a": (x,)}, lambda x: Augmentation(x)])
def test_what_cannot_be_kept_is_refused(other, wrap, tmp_path):
    with pytest.raises(TypeError, match=r"Checkpoint: (model.inner.held\S* is a|a set of generators)"):
        Checkpoint(tmp_path, model=Model(wrap(OTHERS[other])))


def test_a_generator_that_appears_or_goes_is_noticed(tmp_path):
    with_one, without = Model([np.random.default_rng(0)]), Model([])
    Checkpoint(tmp_path, model=with_one).save(1)
    with pytest.raises(ValueError, match=r"has the random generators \['', 'model.inner.held\[0\]'\], expected \[''\]"):
        Checkpoint(tmp_path, model=without).resume()


def test_the_search_ends_in_circles_and_passes_over_data():
    model = Model(None)
    circle = [model]
    circle.append(circle)
    model.inner.held = [circle, np.ones(3), list(range(10**5)), model, np, nn.Linear]
    model.inner.model = model  # a module that contains itself
    assert generators_of(model, "model") == {}


class WithClass(nn.Module):
    rng = np.random.default_rng(0)


def test_a_generator_of_the_class_is_found():
    assert list(generators_of(WithClass(), "m")) == ["m.rng"]
