"""The machinery of the mutation run itself: mutants live while they should, and tests that can fail notice them."""

import ast
import copy
import functools
from collections import Counter
from types import SimpleNamespace

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from mutations.battery import fails
from mutations.equivalents import EQUIVALENT
from mutations.living import in_place, spied_on
from mutations.mutants import Mutant, mutants
from mutations.replay import record, replay
from mutations.targets import Target, node_of, rules

import autograd_lite as ag
from autograd_lite import Tensor, primitive

TARGETS = rules()


@functools.cache
def names_of_mutants():
    return Counter(mutant.name for target in TARGETS for mutant in mutants(target))


def target_of(operation, argument):
    rule = operation.primitive.rules[argument]
    return next(target for target in TARGETS if target.function is rule)


def mutant_of(operation, argument, text):
    return next(mutant for mutant in mutants(target_of(operation, argument)) if mutant.text == text)


def gradient(operation, *values):
    tensors = [Tensor(value, requires_grad=True) for value in values]
    operation(*tensors).backward()
    return [float(tensor.grad) for tensor in tensors]


def juror(test):
    """A test as pytest would hand it over."""
    return SimpleNamespace(obj=test, iter_markers=lambda name: [])


def test_a_mutant_lives_inside_the_context_and_nowhere_else():
    mutant = mutant_of(ag.sin, "x", "lambda g, x: g * np.cos(x) → lambda g, x: g / np.cos(x)")
    before = gradient(ag.sin, 1.0)
    with in_place(mutant):
        assert gradient(ag.sin, 1.0) == [1 / np.cos(1.0)]
    assert gradient(ag.sin, 1.0) == before == [np.cos(1.0)]


def test_a_mutant_may_ask_for_what_its_rule_did_not():
    mutant = mutant_of(ag.multiply, "x", "g * y → g * out")
    with in_place(mutant):
        assert gradient(ag.multiply, 2.0, 5.0) == [10, 2]
    assert gradient(ag.multiply, 2.0, 5.0) == [5, 2]


def test_the_original_comes_back_after_an_error():
    mutant = mutant_of(ag.exp, "x", "lambda g, out: g * out → lambda g, out: out")
    with pytest.raises(ZeroDivisionError), in_place(mutant):
        _ = 1 / 0
    assert gradient(ag.exp, 0.0) == [1]


def test_every_mutant_of_a_rule_is_noticed_and_a_change_that_changes_nothing_is_not():
    def test():
        for x in (0.3, -1.2):
            np.testing.assert_allclose(gradient(lambda x: 3 * ag.tanh(x), x), 3 / np.cosh(x) ** 2, rtol=1e-12)

    target = target_of(ag.tanh, "x")
    found = list(mutants(target))
    assert len(found) > 5
    for mutant in found:
        with in_place(mutant):
            assert fails(juror(test), None, seconds=10), mutant.name
    with in_place(Mutant(target, "the same again", target.node, copy.deepcopy(target.node))):
        assert not fails(juror(test), None, seconds=10)
    assert not fails(juror(test), None, seconds=10)


def test_what_never_ends_has_failed():
    def test():
        while True:
            pass

    assert fails(juror(test), None, seconds=0.05)


def test_spies_say_what_was_run_and_change_no_result():
    targets = [target_of(ag.sin, "x"), target_of(ag.exp, "x")]
    with spied_on(targets) as reached:
        assert gradient(ag.exp, 0.0) == [1]
        assert reached == {1}


def test_examples_of_hypothesis_are_the_same_when_they_are_replayed():
    seen = []

    @given(data=st.data(), number=st.integers())
    @settings(max_examples=5, database=None)
    def test(extra, data, number):
        drawn = data.draw(st.lists(st.floats()))
        drawn.append(data.draw(st.integers()))
        seen.append((extra, repr(drawn), number))

    examples = record(test, {"extra": 7})
    first, seen[:] = list(seen), []
    for _ in range(2):
        replay(test, {"extra": 7}, examples)
    assert seen == 2 * first
    assert len(examples) == len(first)


def test_every_rule_has_mutants_each_with_a_name_of_its_own():
    names = names_of_mutants()
    assert [name for name, count in names.items() if count > 1] == []
    rows = {name.partition(":")[0] for name in names}
    assert [target.name for target in TARGETS if target.operations and target.name not in rows] == []


def test_a_rule_gets_every_kind_of_change():
    def rule(g, x, y):
        return np.sum(x - 2 * g, axis=0).T

    operation = primitive(lambda x, y: x, name="of_two", x=rule)
    target = Target("of_two.x", rule, node_of(rule), ("out", "x", "y"), [operation])
    formulas = {
        ast.unparse(copy.deepcopy(target.node, {id(mutant.old): mutant.new}).body[0].value)
        for mutant in mutants(target)
    }
    assert {
        "-np.sum(x - 2 * g, axis=0).T",  # a sign flipped
        "np.sum(x + 2 * g, axis=0).T",
        "np.sum(x - g, axis=0).T",  # a factor dropped
        "2 * np.sum(x - 2 * g, axis=0).T",  # or doubled
        "np.sum(x - 1 * g, axis=0).T",
        "np.sum(2 * g - x, axis=0).T",  # operands swapped
        "np.sum(y - 2 * g, axis=0).T",
        "np.sum(out - 2 * g, axis=0).T",  # the result for an argument
        "np.sum(x - 2 * g, axis=0)",  # a transpose removed
        "np.sum(x - 2 * g, axis=1).T",  # an axis changed
        "np.sum(x - 2 * g).T",
        "(x - 2 * g).T",  # a sum changed
        "np.mean(x - 2 * g, axis=0).T",
    } <= formulas


def test_what_is_listed_as_equivalent_is_a_mutant():
    rules_of_operations = {target.name for target in TARGETS}
    listed = {name for name in EQUIVALENT if name.partition(":")[0] in rules_of_operations}
    assert sorted(listed - set(names_of_mutants())) == []
