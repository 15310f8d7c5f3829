"""Tensors in random graphs, with valid and invalid calls, compared with plain NumPy in forward mode.

For each tensor the test computes the value and the Jacobian with respect to each leaf, by the product rule. A backward
pass must give v·J, which the engine computes in the other direction.
"""

import math
import operator

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from autograd_lite import Tensor, no_grad

SHAPE, LEAVES = (2, 3), 3
which = st.integers(0, 10**6)


class Pair:
    """A tensor with its expected value; `jacobians[i]` has its shape followed by that of leaf `i`.

    `moment` is the number of writes to leaves before the oldest part of its graph was recorded.
    """

    def __init__(self, tensor, value, jacobians, moment):
        self.tensor, self.value, self.jacobians, self.moment = tensor, value, jacobians, moment


def along(slope, jacobian):
    """The derivative of each element times its row of the Jacobian."""
    return slope.reshape(slope.shape + (1,) * len(SHAPE)) * jacobian


class Machine(RuleBasedStateMachine):
    """Leaves, and results of operations on them."""

    runs = calls = refused = 0

    @initialize(seed=st.integers(0, 99))
    def begin(self, seed):
        rng = np.random.default_rng(seed)
        self.leaves, self.results, self.moment = [], [], 0
        for i in range(LEAVES):
            value = rng.uniform(0.5, 1.5, SHAPE)
            jacobians = [np.zeros(SHAPE + SHAPE) for _ in range(LEAVES)]
            jacobians[i] = np.eye(value.size).reshape(SHAPE + SHAPE)
            self.leaves.append(Pair(Tensor(value, requires_grad=True), value.copy(), jacobians, math.inf))
        self.gradients = [None] * LEAVES

    def teardown(self):
        type(self).runs += hasattr(self, "leaves")

    def refuses(self, error, function, *arguments, match=None):
        type(self).refused += 1
        with pytest.raises(error, match=match):
            function(*arguments)

    def pick(self, number):
        known = self.leaves + self.results[-8:]
        return known[number % len(known)]

    def add(self, tensor, value, jacobians, *parents, is_view=False):
        np.testing.assert_allclose(tensor.data, value, rtol=1e-12)
        value = value if is_view else tensor.data.copy()  # with the same last bits
        self.results.append(Pair(tensor, value, jacobians, min([self.moment, *[pair.moment for pair in parents]])))

    # -- operations ------------------------------------------------------------------------------------------------

    @rule(a=which, b=which, name=st.sampled_from(["add", "subtract", "multiply", "divide"]))
    def combine(self, a, b, name):
        a, b = self.pick(a), self.pick(b)
        if name == "divide" and np.abs(b.value).min() < 0.1:
            return
        to_a, to_b = {
            "add": lambda x, y: (np.ones(SHAPE), np.ones(SHAPE)),
            "subtract": lambda x, y: (np.ones(SHAPE), -np.ones(SHAPE)),
            "multiply": lambda x, y: (y, x),
            "divide": lambda x, y: (1 / y, -x / y**2),
        }[name](a.value, b.value)
        jacobians = [along(to_a, j) + along(to_b, k) for j, k in zip(a.jacobians, b.jacobians, strict=True)]
        self.add(getattr(np, name)(a.tensor, b.tensor), getattr(np, name)(a.value, b.value), jacobians, a, b)

    @rule(a=which, name=st.sampled_from(["tanh", "sin", "square"]))
    def apply(self, a, name):
        a = self.pick(a)
        slope = {"tanh": 1 - np.tanh(a.value) ** 2, "sin": np.cos(a.value), "square": 2 * a.value}[name]
        if np.abs(a.value).max() < 10:
            jacobians = [along(slope, j) for j in a.jacobians]
            self.add(getattr(np, name)(a.tensor), getattr(np, name)(a.value), jacobians, a)

    @rule(a=which, kind=st.sampled_from(["flip", "centre", "rows"]))
    def rearrange(self, a, kind):
        a = self.pick(a)
        change = {
            "flip": lambda x: x[::-1],
            "centre": lambda x: x - x.mean(axis=1, keepdims=True),
            "rows": lambda x: x.sum(axis=0, keepdims=True) + 0 * x,  # broadcast
        }[kind]
        jacobians = [change(jacobian) for jacobian in a.jacobians]
        self.add(change(a.tensor), change(a.value), jacobians, a, is_view=kind == "flip")

    def write(self, a, b, change_tensor, change_value, jacobians):
        """A write reaches what shares memory, which NumPy's own views say here; earlier uses keep their numbers.

        Where a graph takes part, it is an operation of the graph; a leaf is not written. Else memory is overwritten.
        """
        if any(np.shares_memory(leaf.value, a.value) for leaf in self.leaves):
            self.refuses(RuntimeError, change_tensor, match="leaf")
            return
        sharing = [pair for pair in self.results if np.shares_memory(pair.value, a.value)]
        recorded = [pair for pair in [b, *sharing] if pair.tensor.requires_grad]
        change_tensor()
        for own, new in zip(a.jacobians, jacobians, strict=True):
            own[...] = new
        change_value()
        self.moment += not recorded
        for pair in sharing:
            pair.moment = min(pair.moment, b.moment) if recorded else pair.moment
            np.testing.assert_allclose(pair.tensor.data, pair.value, rtol=1e-12)

    @rule(a=which, b=which, row=st.integers(0, 1))
    def write_into_a_result(self, a, b, row):
        if self.results:
            a, b = self.results[a % len(self.results)], self.pick(b)
            jacobians = [jacobian.copy() for jacobian in a.jacobians]
            for own, other in zip(jacobians, b.jacobians, strict=True):
                own[row] = other[0]
            tensor, value, source = a.tensor, a.value, b.value[0].copy()
            self.write(
                a, b, lambda: tensor.__setitem__(row, b.tensor[0]), lambda: value.__setitem__(row, source), jacobians
            )

    @rule(a=which, b=which, name=st.sampled_from(["add", "multiply"]))
    def update_a_result(self, a, b, name):
        if not self.results:
            return
        a, b = self.results[a % len(self.results)], self.pick(b)
        if np.abs(a.value).max() > 10 or np.abs(b.value).max() > 10:
            return
        to_a, to_b = (b.value, a.value) if name == "multiply" else (np.ones(SHAPE), np.ones(SHAPE))
        jacobians = [along(to_a, j) + along(to_b, k) for j, k in zip(a.jacobians, b.jacobians, strict=True)]
        update = operator.imul if name == "multiply" else operator.iadd
        tensor, value, source = a.tensor, a.value, b.value.copy()
        self.write(a, b, lambda: update(tensor, b.tensor), lambda: update(value, source), jacobians)

    @rule(a=which)
    def detach(self, a):
        a = self.pick(a)
        self.add(a.tensor.detach() * 1, a.value, [np.zeros_like(jacobian) for jacobian in a.jacobians])

    @rule(a=which)
    def compute_without_a_graph(self, a):
        a = self.pick(a)
        with no_grad():
            result = a.tensor * 2
        assert not result.requires_grad
        self.refuses(RuntimeError, result.backward, np.ones(SHAPE))

    # -- what does not fit -----------------------------------------------------------------------------------------

    @rule(a=which, kind=st.sampled_from(["shape", "product", "index", "no seed", "seed", "object"]))
    def pass_what_does_not_fit(self, a, kind):
        tensor = self.pick(a).tensor
        if kind == "no seed" and not tensor.requires_grad:
            return
        self.refuses(*{
            "shape": (ValueError, lambda: tensor + np.ones(7)),
            "product": (ValueError, lambda: tensor @ np.ones((4, 4))),
            "index": (IndexError, lambda: tensor[5]),
            "no seed": (RuntimeError, lambda: tensor.backward()),
            "seed": ((ValueError, RuntimeError), lambda: tensor.backward(np.ones(7))),
            "object": (TypeError, lambda: tensor + "text"),
        }[kind])  # fmt: skip

    # -- gradients -------------------------------------------------------------------------------------------------

    @rule(a=which, seed=st.integers(0, 99), retain=st.booleans())
    def backward(self, a, seed, retain):
        """v·J is added to the gradients; or an error is raised, as the graph was released or a leaf overwritten."""
        a, v = self.pick(a), np.random.default_rng(seed).normal(size=SHAPE)
        try:
            a.tensor.backward(v, retain_graph=retain)
        except RuntimeError as error:
            type(self).refused += 1
            text = str(error)
            if "require" in text:
                assert not a.tensor.requires_grad
            elif "changed in place" in text:
                assert a.moment < self.moment
            else:
                assert "released" in text
                assert self.has_released
            return
        finally:
            self.has_released = self.has_released or not retain
        for i, jacobian in enumerate(a.jacobians):
            found, before = self.leaves[i].tensor.grad, self.gradients[i]
            expected = np.tensordot(v, jacobian, len(SHAPE)) + (0 if before is None else before)
            if found is None:
                assert before is None
                assert not jacobian.any()
                continue
            scale = max(1, np.abs(jacobian).max(), np.abs(expected).max())
            np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-9 * scale)
            self.gradients[i] = found.copy()

    has_released = False

    @rule(a=which)
    def forget_a_gradient(self, a):
        self.leaves[a % LEAVES].tensor.zero_grad()
        self.gradients[a % LEAVES] = None

    @rule(a=which, seed=st.integers(0, 99))
    def overwrite_a_leaf(self, a, seed):
        leaf, value = self.leaves[a % LEAVES], np.random.default_rng(seed).uniform(0.5, 1.5, SHAPE)
        with no_grad():
            leaf.tensor[...] = value
        leaf.value[...] = value  # views show it
        self.moment += 1

    # -- what must be true -----------------------------------------------------------------------------------------

    def check(self, pair):
        np.testing.assert_array_equal(pair.tensor.data, pair.value, strict=True)

    @invariant()
    def values_and_gradients_are_as_in_plain_numpy(self):
        type(self).calls += 1
        for pair in self.leaves + self.results:
            self.check(pair)
        for leaf, gradient in zip(self.leaves, self.gradients, strict=True):
            assert (leaf.tensor.grad is None) == (gradient is None)
            if gradient is not None:
                np.testing.assert_array_equal(leaf.tensor.grad, gradient, strict=True)


def test_random_graphs_have_the_derivatives_of_forward_mode(count, figure):
    Machine.runs = Machine.calls = Machine.refused = 0
    examples = count(settings().max_examples, 10 * settings().max_examples)
    run_state_machine_as_test(Machine, settings=settings(max_examples=examples, stateful_step_count=30))
    assert Machine.refused > examples
    figure(
        f"random calls of tensors: {Machine.runs:,} runs, {Machine.calls:,} calls, {Machine.refused:,} of them refused "
        "as they must be: values and gradients as in plain NumPy"
    )
