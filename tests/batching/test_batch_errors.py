"""What vmap refuses: each error names what was asked for, in the shapes of one element, and the way out."""

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import BatchError, Tensor, grad, nn, no_grad, optim, vmap

X = np.random.default_rng(0).normal(size=(7, 5))
PLAIN = np.zeros(5)


def _in_place(x):
    x *= 2
    return x


def _into_a_part(x):
    part = x[1:]
    part[0] = 1
    return x


def _outside(x):
    PLAIN[...] = x
    return x


def _by_out(x):
    np.add(x, 1, out=PLAIN)
    return x


def _by_put(x):
    np.put(PLAIN, [0], x[0])
    return x


def _by_at(x):
    np.add.at(PLAIN, [0], x[0])
    return x


NEED_VALUES = {
    "a branch": (lambda x: x if x.sum() > 0 else -x, "branch of Python"),
    "and": (lambda x: (x[0] > 0) and x, "branch of Python"),
    "float": (lambda x: float(x[0]), r"float\(\)"),
    "int": (lambda x: int(x[0]), r"int\(\)"),
    "item": (lambda x: x[0].item(), r"item\(\)"),
    "tolist": (lambda x: x.tolist(), r"tolist\(\)"),
    "in": (lambda x: 1 if 0.5 in x else 2, "operator `in`"),
    "range": (lambda x: range(x.astype(int)[0]), "index or count"),
    "a selection": (lambda x: x[x > 0], "different shapes"),
    "nonzero": (lambda x: np.nonzero(x > 0), "different shapes"),
    "np.asarray": (lambda x: np.asarray(x), "plain NumPy array"),
    "np.array of several": (lambda x: np.array([x[0], x[1]]), "plain NumPy array"),
    "a plain array written": (_outside, "plain NumPy array"),
}
WRITES = {"*=": _in_place, "a part": _into_a_part, "out": _by_out, "put": _by_put, "at": _by_at}


@pytest.mark.parametrize("name", NEED_VALUES)
def test_the_values_of_one_element_are_refused(name):
    function, words = NEED_VALUES[name]
    with pytest.raises(BatchError, match=words):
        vmap(function)(X)


# Tensors refuse the others anywhere.
@pytest.mark.parametrize(
    ("name", "given"), [*((name, np.array) for name in WRITES), *((name, Tensor) for name in ("*=", "a part"))]
)
def test_nothing_outside_is_written(name, given):
    x = given(X)
    with pytest.raises(BatchError if given is np.array else (BatchError, ValueError), match=r"written|read-only"):
        vmap(WRITES[name])(x)
    np.testing.assert_array_equal(getattr(x, "data", x) if given is Tensor else x, X)
    np.testing.assert_array_equal(PLAIN, 0)


def test_state_outside_is_not_changed():
    norm = nn.BatchNorm1d(5)
    batches = np.random.default_rng(0).normal(size=(3, 6, 5))
    with pytest.raises(BatchError, match="running_mean"):
        vmap(norm)(batches)
    np.testing.assert_array_equal(norm.running_mean, 0)
    w = Tensor(np.ones(5), requires_grad=True)
    with pytest.raises(BatchError, match="leaf outside"):
        vmap(lambda x: (w * x).sum().backward())(X)
    assert w.grad is None
    w.grad = np.ones(5)
    optimizer = optim.SGD([w], lr=0.1)
    with pytest.raises(BatchError, match="parameter"):
        vmap(lambda x: (optimizer.step(), x)[1])(X)
    with pytest.raises(BatchError, match="init: an array that is the same"), no_grad():
        vmap(lambda x: (nn.init.constant_(w, 2.0), x)[1])(X)
    np.testing.assert_array_equal(w.data, 1)


def test_leaves_that_the_function_makes_collect_gradients():
    def inside(x):
        leaf = Tensor(x, requires_grad=True)
        (leaf**2).sum().backward()
        return leaf.grad

    np.testing.assert_allclose(vmap(inside)(X), 2 * X)


def test_random_numbers_are_refused():
    with pytest.raises(BatchError, match='randomness="same"'):
        vmap(nn.functional.dropout)(X)
    with pytest.raises(BatchError, match="permutation"):
        vmap(lambda x: x[ag.random.generator().permutation(5)], randomness="different")(X)


SHAPES = {
    "operands": (lambda x: x + np.ones(4), ValueError, r"\(5,\) \(4,\)"),
    "an operation": (lambda x: ag.linear(x, np.ones((2, 4))), ValueError, r"x of shape \(5,\)"),
    "an axis": (lambda x: x.sum(axis=1), np.exceptions.AxisError, "axis 1 .* dimension 1"),
    "an index": (lambda x: x[7], IndexError, "size 5"),
    "too many indices": (lambda x: x[0, 1], IndexError, "1-dimensional"),
    "reshape": (lambda x: x.reshape(2, 2), ValueError, r"size 5 into shape \(2, ?2\)"),
    "matmul": (lambda x: np.ones((3, 4)) @ x, ValueError, "5"),
    "grad": (grad(lambda x: x), TypeError, r"scalar, not shape \(5,\)"),
}


@pytest.mark.parametrize("name", SHAPES)
def test_errors_name_the_shapes_of_one_element(name):
    function, kind, words = SHAPES[name]
    with pytest.raises(kind, match=words):
        vmap(function)(X)


WRONG = {
    "entries": (lambda: vmap(np.add, (0,))(X, X), ValueError, "1 entries, but there are 2 arguments"),
    "no such axis": (
        lambda: vmap(np.add)(X, 2.0),
        ValueError,
        r"argument 1 has an array of shape \(\), without axis 0",
    ),
    "lengths": (lambda: vmap(np.add)(X, X[:2]), ValueError, r"lengths \[7, 2\]"),
    "nothing mapped": (lambda: vmap(np.exp, None)(X), ValueError, "no argument is mapped"),
    "structure": (lambda: vmap(lambda t: t["a"], ({"b": 0},))({"a": X}), ValueError, "structure like a dict"),
    "out_axes": (lambda: vmap(np.exp, 0, 2)(X), ValueError, "out_axes is 2, but the result has 2 axes"),
    "no out_axes": (lambda: vmap(np.exp, 0, None)(X), ValueError, "out_axes is None"),
    "a string": (lambda: vmap(lambda x: "a")(X), BatchError, "must return arrays, not str"),
    "no function": (lambda: vmap(3), TypeError, "must be callable"),
    "chunk_size": (lambda: vmap(np.exp, chunk_size=0), ValueError, "chunk_size must be a positive integer, not 0"),
    "randomness": (lambda: vmap(np.exp, randomness="yes"), ValueError, "randomness must be one of"),
    "strings": (lambda: vmap(np.exp)(["a"]), TypeError, "real numbers"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_calls(name):
    call, kind, words = WRONG[name]
    with pytest.raises(kind, match=words):
        call()


def test_batches_show_themselves():
    texts = []
    vmap(lambda x: (texts.extend([repr(x), str(Tensor(x)), f"{x.shape} {len(x)}"]), x)[1])(X)
    assert texts[0] == "<batch of 7 arrays of shape (5,) and dtype float64>"
    assert texts[1] == f"Tensor({texts[0]})"
    assert texts[2] == "(5,) 5"


def test_batches_by_element_need_elements():
    with pytest.raises(BatchError, match="element by element, and the batch has none"):
        vmap(lambda x: np.median(x[0]))(np.ones((0, 3)))
