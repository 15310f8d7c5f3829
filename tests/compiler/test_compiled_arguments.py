"""The arguments and results of compiled functions: numbers, keys, shared memory, and the number of programs."""

import collections
import gc
import itertools
import warnings
import weakref

import numpy as np
import pytest
from compiler.agreement import assert_agree

from autograd_lite import CompileError, Tensor, compile, optim

X = np.arange(1.0, 5.0)


@pytest.mark.parametrize(
    "function",
    [
        lambda x, p: x * (-2.0) ** p,
        lambda x, p: x * (p < float("inf")),
        lambda x, p: x * (p * float("nan")),
        lambda x, p: x * 10 if p in {0.5} else x,
        lambda x, p: x * {0.5: 2.0}.get(p, 3.0),
        lambda x, p: x * 2 if isinstance(p, float) else x,
        lambda x, p: x * np.full(4, p),
        lambda x, p: x * Tensor(p),
        lambda x, p: x * float(f"{p:.1f}"),
        lambda x, p: x * int(p),
        lambda x, p: x * round(p),
        lambda x, p: (x * p, p),
        lambda x, p: x * divmod(p, 2)[0],
        lambda x, p: x * np.sqrt(p),
        lambda x, p: x[: int(p)],
    ],
)
def test_a_number_is_what_it_is_in_each_call(function):
    compiled = compile(function)
    for p in 2.0, 4.0, 0.5, 3.0, 4.0, float("inf"), -0.0:
        try:
            expected = function(X, p)
        except (OverflowError, ValueError):
            continue
        for _ in range(3):
            actual = compiled(X, p)
            np.testing.assert_equal(_plain(actual), _plain(expected))


def _plain(result):
    return result.data if isinstance(result, Tensor) else result


def test_the_kind_of_a_number_matters():
    compiled = compile(lambda x, p: x * p)
    x = X.astype(np.float32)
    for p in np.float64(0.1), 0.1, np.float32(0.1), True, 1, 1.0:
        for _ in range(3):
            assert compiled(x, p).dtype == (x * p).dtype


def test_equal_arguments_are_not_the_same():
    class Key:
        def __init__(self, factor):
            self.factor = factor

        def __eq__(self, other):
            return True

        def __hash__(self):
            return 0

    compiled, keys = compile(lambda x, key: x * key.factor), [Key(2.0), Key(5.0)]
    for key in keys * 4:
        assert_agree(compiled(X, key), X * key.factor)
    keys[0].factor = 7.0
    assert_agree(compiled(X, keys[0]), X * 7)


@pytest.mark.parametrize(
    ("first", "other"),
    [
        ({0.5}, {0.25}),
        (frozenset([0.0]), frozenset([-0.0])),
        (slice(np.int64(1), None), slice(np.int64(2), None)),
        ({Tensor(1.0)}, {Tensor(1.0)}),
        ({(1, 2.0)}, {(1, 2.5)}),
        (complex(0.0, 0.0), complex(0.0, -0.0)),
    ],
)  # fmt: skip
def test_numbers_in_sets_and_slices_are_part_of_the_key(first, other):
    compiled = compile(lambda x, argument: x * 2)
    for argument, programs in (first, 1), (first, 1), (first, 1), (other, 2), (first, 2):
        assert_agree(compiled(X, argument), X * 2)
        assert len(compiled.programs) == programs


def test_named_tuples_sets_and_slices_are_arguments():
    pair = collections.namedtuple("Pair", "first second")
    compiled = compile(lambda p, names, part: p.first[part] * (2 if "a" in names else 3) + p.second)
    for names, part in itertools.product([{"a"}, frozenset("b")], [slice(2), slice(1, None)]):
        for _ in range(3):
            expected = X[part] * (2 if "a" in names else 3) + 1.0
            assert_agree(compiled(pair(X, 1.0), names, part), expected)


@pytest.mark.parametrize("argument", [np.ma.array(X, mask=[0, 1, 0, 1]), iter([1.0])])
def test_arguments_that_a_program_cannot_read_are_refused(argument):
    with pytest.raises(CompileError, match="cannot read"):
        compile(lambda x: np.sum(x * 2))(argument)


def test_a_view_of_a_call_that_is_not_made_twice():
    """A regression: its memory was reused while the view was still needed."""

    def function(x):
        first = np.exp(x)
        square = first * first
        view = np.exp(x)[:2]
        other = np.tanh(x + 3)
        another = other * other + 1
        return square.sum() + view * 3 + (another * another - other)[:2]

    compiled = compile(function, audit=False)
    for shift in range(5):
        assert_agree(compiled(X + shift), function(X + shift))


def _writing(a, b):
    before = b * 2
    a += 1
    return before, b * 2


@pytest.mark.parametrize("made", ["the same", "overlapping", "apart"])
def test_arguments_may_share_memory(made):
    def arguments():
        memory = np.arange(6.0)
        return {"the same": (memory, memory), "overlapping": (memory[:4], memory[2:]), "apart": (X.copy(), X)}[made]

    compiled = compile(_writing)
    for _ in range(4):
        for kind in (made, "apart"):
            expected = _writing(*arguments()) if kind == made else _writing(X.copy(), X)
            actual = compiled(*arguments()) if kind == made else compiled(X.copy(), X)
            assert_agree(actual, expected)


def test_memory_of_a_parameter_may_be_an_argument():
    def step_of(w, optimizer):
        def step(x):
            optimizer.zero_grad()
            first = x * 2
            (w * w).sum().backward()
            optimizer.step()
            return first, x * 2

        return step

    tensors = [Tensor(np.ones(4), requires_grad=True) for _ in range(2)]
    steps = [step_of(w, optim.SGD([w], lr=0.1)) for w in tensors]
    compiled = compile(steps[1])
    for _ in range(5):
        assert_agree(compiled(tensors[1].data), steps[0](tensors[0].data))
        assert_agree(compiled(X), steps[0](X))


def test_results_share_memory_only_as_those_of_the_function_do():
    shared = compile(lambda x: (lambda y: (y, y[:2], y))(x * 2))
    apart = compile(lambda x: (x * 2, x * 2, (x * 2)[:2]))
    earlier = []
    for _ in range(5):
        one, part, other = shared(X)
        assert np.shares_memory(one, part)
        assert np.shares_memory(one, other)
        results = apart(X)
        assert not any(np.shares_memory(a, b) for a, b in itertools.combinations(results, 2))
        assert not any(np.shares_memory(a, b) for a in (one, *results) for b in earlier)
        earlier += [one, *results]


def test_programs_are_few_and_a_warning_names_what_keeps_changing():
    compiled = compile(lambda x, number: x * number)
    for number in range(32):
        compiled(X, number)
    with pytest.warns(UserWarning, match=r"recorded 32 times.*number keeps changing"):
        compiled(X, 32)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # said once
        for number in range(33, 100):
            assert_agree(compiled(X, number), X * number)
    assert len(compiled.programs) <= 32


def test_compiled_methods_keep_no_object_alive():
    class Scaled:
        def __init__(self, factor):
            self.factor = factor

        @compile
        def times(self, x):
            return x * self.factor

    for factor in 2.0, 3.0:
        made = Scaled(factor)
        for _ in range(4):
            assert_agree(made.times(X), X * factor)
        made.factor = 5.0
        assert_agree(made.times(X), X * 5)
        reference = weakref.ref(made)
        del made
        gc.collect()
        assert reference() is None
