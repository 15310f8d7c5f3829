"""Sums that the library makes itself are as exact as adding in pairs, along any axes and in any layout."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Tensor, compile, grad, nn
from autograd_lite.support import sums
from autograd_lite.support.sums import PARTS, SHORT, add_at, sum_of_rows, sum_over

SINGLE, TENTH = np.float32, np.float32(0.1)
PAIRS = 32 * np.finfo(SINGLE).eps  # the worst that adding in pairs does to 10⁶ positive numbers


@given(st.data())
def test_sums_over_any_axes_in_any_layout_are_sums(data):
    shape = data.draw(st.lists(st.sampled_from([1, 2, 3, 5, PARTS, SHORT + 5, 300]), min_size=1, max_size=3))
    axes = data.draw(st.lists(st.sampled_from(range(len(shape))), min_size=1, unique=True).map(tuple))
    order = data.draw(st.permutations(range(len(shape))))
    rng = np.random.default_rng(data.draw(st.integers(0, 99)))
    x = rng.integers(-9, 10, [shape[axis] for axis in order]).transpose(np.argsort(order)).astype(float)
    if data.draw(st.booleans()):
        x = np.repeat(x, 2, axis=-1)[..., ::-2]  # with gaps
    for axis, keepdims in itertools.product((axes, axes[0], axes[0] - x.ndim, None), (False, True)):
        expected = x.sum(axis=axis, keepdims=keepdims)  # exact, as all are small integers
        for result in (sum_over(x, axis, keepdims), sum_over(Tensor(x), axis, keepdims)):
            assert result.shape == expected.shape
            np.testing.assert_array_equal(result, expected)
    if x.ndim == 2:
        np.testing.assert_array_equal(sum_of_rows(x), x.sum(axis=0))


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_the_axes_that_stay_keep_their_order(order):
    x = np.arange(300 * 2 * 3.0).reshape([(300, 2, 3)[axis] for axis in order]).transpose(np.argsort(order))
    for axes in [(0,), (1,), (2,), (0, 1), (1, 2), (0, 2), (0, 1, 2)]:
        for part in (x, x[::-1, :, ::2], x[:129], x[:128]):
            np.testing.assert_array_equal(sum_over(part, axes), part.sum(axis=axes))


@pytest.mark.parametrize("rows", [1, 15, SHORT, SHORT + 1, 1000, PARTS * SHORT + 1, 1_000_000])
@pytest.mark.parametrize("kind", ["constant", "random", "Fortran", "broadcast", "float16"])
def test_sums_of_rows_are_as_exact_as_sums_in_pairs(rows, kind):
    x = np.full((rows, 2), TENTH) if kind != "random" else np.random.default_rng(0).random((rows, 2), SINGLE)
    x = {"Fortran": np.asfortranarray, "float16": lambda x: x.astype(np.float16)}.get(kind, lambda x: x)(x)
    x = np.broadcast_to(x[:1], x.shape) if kind == "broadcast" else x
    exact = x.sum(axis=0, dtype=float)
    for found in (sum_of_rows(x), sum_over(x, 0), sum_over(x[None], (0, 1)), sum_over(x.T, 1)):
        assert found.dtype == SINGLE
        np.testing.assert_allclose(found, exact, rtol=PAIRS)
        np.testing.assert_array_equal(found, found[::-1] if kind != "random" else found)


def test_sums_do_not_depend_on_the_layout_of_long_columns():
    x = np.random.default_rng(0).normal(size=(5000, 7)).astype(SINGLE)
    np.testing.assert_array_equal(sum_of_rows(x), sum_of_rows(np.repeat(x, 3, axis=1)[:, ::3]))
    np.testing.assert_array_equal(sum_over(x, 0), sum_over(np.stack([x, x])[1], 0))


def test_infinite_and_nan_terms_stay_in_their_column():
    x = np.ones((5000, 4))
    x[4000, 1], x[17, 2], x[4999, 3], x[3, 3] = np.inf, np.nan, np.inf, -np.inf
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(sum_of_rows(x), [5000, np.inf, np.nan, np.nan])
        np.testing.assert_array_equal(sum_of_rows(x[:200]), [200, 200, np.nan, -np.inf])


ROWS = 300_000
COLUMN = np.full((ROWS, 2), TENTH)
BROADCASTING = {
    "add": lambda b: ((0 * COLUMN + b) * TENTH).sum(),
    "multiply a row": lambda b: (COLUMN * b[None]).sum(),
    "multiply a column": lambda b: (COLUMN.T * b[:, None]).sum(),
    "multiply in Fortran's order": lambda b: (np.asfortranarray(COLUMN) * b).sum(),
    "multiply over two axes": lambda b: (COLUMN.reshape(300, -1, 2) * b).sum(),
    "broadcast_to": lambda b: (np.broadcast_to(b, COLUMN.shape) * COLUMN).sum(),
    "tile": lambda b: (np.tile(b, (ROWS, 1)) * COLUMN).sum(),
    "repeat": lambda b: (np.repeat(b[None], ROWS, axis=0) * COLUMN).sum(),
    "where": lambda b: (np.where(COLUMN > 0, b, 0) * COLUMN).sum(),
    "linear": lambda b: (ag.linear(COLUMN, np.zeros((2, 2), SINGLE), b) * TENTH).sum(),
    "linear, three axes": lambda b: (ag.linear(COLUMN.reshape(-1, 3, 2), np.zeros((2, 2), SINGLE), b) * TENTH).sum(),
    "conv1d": lambda b: (ag.conv1d(COLUMN[:, :1].reshape(-1, 1, 100), np.zeros((2, 1, 1), SINGLE), b) * TENTH).sum(),
    "layer_norm": lambda b: (ag.layer_norm(COLUMN, 2, b, b) * TENTH).sum(),
    "batch_norm": lambda b: (ag.batch_norm(COLUMN, None, None, None, b, training=True) * TENTH).sum(),
    "getitem": lambda b: (b[np.arange(2 * ROWS) % 2] * TENTH).sum(),
    "embedding": lambda b: (ag.embedding(np.zeros(ROWS, int), b[None]) * TENTH).sum(),
    "clip": lambda b: (np.clip(COLUMN, b, None) * TENTH).sum(),
}


@pytest.mark.parametrize("name", BROADCASTING)
def test_gradients_of_what_was_broadcast_over_many_rows_are_exact(name):
    gradient = grad(BROADCASTING[name])(np.ones(2, SINGLE))
    np.testing.assert_allclose(gradient, float(TENTH) * ROWS, rtol=PAIRS)
    if name in ("add", "linear", "conv1d", "embedding"):
        recorded = grad(lambda b: grad(BROADCASTING[name])(b) @ np.array([1, 0], SINGLE) + b[0])(np.ones(2, SINGLE))
        np.testing.assert_array_equal(recorded, [1, 0])  # linear in b, and the gradient is a tensor all the same


@pytest.mark.parametrize("rows", [200, 5000])
def test_a_recorded_gradient_and_a_program_have_the_same_bits(rows):
    x = np.random.default_rng(0).normal(size=(rows, 3)).astype(SINGLE)

    def gradients(create_graph):
        layer, scale = nn.Linear(3, 2, rng=0), Tensor(np.ones(2, SINGLE), requires_grad=True)

        def step(x):
            layer.zero_grad(), scale.zero_grad()
            loss = (layer(x) * scale).mean()
            loss.backward(create_graph=create_graph)
            return loss

        return step, lambda: [t.grad.numpy() if isinstance(t.grad, Tensor) else t.grad for t in (layer.bias, scale)]

    plain, found = gradients(False)
    recorded, found_recorded = gradients(True)
    compiled, found_compiled = gradients(False)
    compiled = compile(compiled)
    for _ in range(3):
        plain(x), recorded(x), compiled(x)
    for a, b, c in zip(found(), found_recorded(), found_compiled(), strict=True):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(a, c)


@pytest.mark.parametrize("function", [ag.softmax, ag.log_softmax])
def test_normalizing_along_the_first_axis_is_as_exact_as_along_the_last(function):
    x = np.random.default_rng(0).normal(size=(ROWS, 2)).astype(SINGLE)
    value, exact = function(x, 0), function(x.astype(float), 0)
    np.testing.assert_allclose(value, exact, rtol=2e-5)
    np.testing.assert_allclose(
        grad(lambda x: (function(x, 0) * COLUMN * x).sum())(x),
        grad(lambda x: (function(x, 0) * COLUMN * x).sum())(x.astype(float)),
        rtol=1e-3, atol=1e-5,
    )  # fmt: skip


def test_the_sum_of_a_tensor_keeps_the_numbers_of_numpy():
    np.testing.assert_array_equal(np.sum(Tensor(COLUMN), axis=0).data, np.sum(COLUMN, axis=0))
    assert np.sum(Tensor(COLUMN.astype(np.float16)[:10])).dtype == np.float16


i, j = np.array([0, -1, 2, 0, 1]), np.array([[3, 0], [-4, 3]])
INDICES = {
    "rows": i,
    "a list of rows": [2, 0, 2],
    "a matrix of rows": j % 3,
    "few of many rows": np.array([400, 7, 400, -500]),
    "elements": (i, i[::-1], -i),
    "broadcast against each other": (i[:, None], np.arange(4)),
    "a number and columns": (1, j),
    "columns": (slice(None), i),
    "columns in steps": (slice(None, None, 2), j),
    "the last axis": (..., i),
    "around a slice": (i, slice(1, 3), i),
    "a new axis": (i, None),
    "a mask and columns": (np.array([True, False, True]), np.array([3, 3])),
    "unsigned": i.astype(np.uint8) % 3,
}


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble])
@pytest.mark.parametrize("length", [3, 30, 9001, 9002])
@pytest.mark.parametrize("name", INDICES)
def test_elements_named_several_times_receive_the_sum_in_double_precision(name, length, dtype):
    shape, index = (500, 2, length % 100) if "few" in name else (3, 4, 4, length), INDICES[name]
    x = np.random.default_rng(0).normal(size=np.zeros(shape)[index].shape).astype(dtype)
    wide = np.result_type(dtype, np.float64)
    expected = np.zeros(shape, wide)
    np.add.at(expected, index, x.astype(wide))
    found = add_at(shape, index, x)
    assert found.dtype == dtype
    if x.size > SHORT:
        np.testing.assert_array_equal(found, expected.astype(dtype))
    else:
        np.testing.assert_allclose(found.astype(wide), expected, atol=10 * np.finfo(dtype).eps)


@pytest.mark.parametrize("width", [0, 1, 2, 7, 8])
@pytest.mark.parametrize("few", [False, True])
def test_sums_of_named_rows_depend_neither_on_blocks_nor_on_the_order_in_memory(width, few):
    shape, rows = (500 if few else 20, 3, width), np.arange(90) * 7 % 13
    x = np.random.default_rng(0).integers(-9, 10, (90, 3, width)).astype(SINGLE)  # sums are exact
    expected = np.zeros(shape)
    np.add.at(expected, rows, x)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sums, "SHORT", 3)
        for block, terms in itertools.product(
            (1, 2, 50, 1 << 15), (x, np.asfortranarray(x), np.repeat(x, 2, 2)[..., ::2])
        ):
            patch.setattr(sums, "_BLOCK", block)
            np.testing.assert_array_equal(add_at(shape, rows, terms), expected)


def test_numbers_of_both_signs_and_kinds_name_elements_around_a_slice():
    index = np.array([0, -1, 2, 0, 1]), slice(1, 3), np.array([3, 0, 3, 3, 1], np.uint8)
    x, expected = np.random.default_rng(0).integers(-9, 10, (5, 2, 40)).astype(float), np.zeros((3, 4, 4, 40))
    np.add.at(expected, index, x)
    np.testing.assert_array_equal(add_at(expected.shape, index, x), expected)


def test_a_program_adds_the_rows_of_each_call():
    rows, rng = np.arange(200) % 3, np.random.default_rng(0)
    scale = Tensor(rng.normal(size=(3, 5)), requires_grad=True)

    @compile
    def step(x):
        scale.grad = None
        loss = (scale[rows] * x).sum()
        loss.backward()
        return loss

    for _ in range(3):
        x = rng.normal(size=(200, 5))
        step(x)
        np.testing.assert_allclose(scale.grad, [x[rows == row].sum(axis=0) for row in range(3)], rtol=1e-12)


def test_numbers_for_all_elements_that_an_index_names_are_broadcast():
    np.testing.assert_array_equal(add_at((300, 2), np.zeros(200, int), np.ones((200, 1)))[0], [200, 200])
    with pytest.raises(ValueError, match="broadcast"):
        add_at((300, 2), np.zeros(200, int), np.ones((150, 2)))


@pytest.mark.parametrize("index", [[300] * 200, ([0] * 200, [-3] * 200), (slice(None), [2] * 200), ([0] * 200,) * 3])
def test_many_numbers_at_an_index_out_of_range_are_an_error(index):
    with pytest.raises(IndexError, match=r"out of bounds|too many"):
        add_at((300, 2), index, np.ones(200))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.longdouble, np.int64])
@pytest.mark.parametrize("length", [0, 1, 7, SHORT, SHORT + 1])
def test_sums_along_short_rows_are_sums(dtype, length):
    x = np.random.default_rng(0).integers(-9, 10, (4, 50, length)).astype(dtype)  # sums are exact
    for axis in (-1, 2, (2,), (-1,)):
        for keepdims in (False, True):
            for layout in (x, x[::2], np.asfortranarray(x), x[0], Tensor(x.astype(float))):
                place = axis if layout.ndim == 3 else -1
                found = sum_over(layout, place, keepdims)
                np.testing.assert_array_equal(found, np.sum(np.asarray(layout), axis=place, keepdims=keepdims))
    with_gaps = np.where(x == 3, np.inf, x.astype(float))
    np.testing.assert_array_equal(sum_over(with_gaps, -1), with_gaps.sum(-1))


def test_short_rows_of_integers_do_not_overflow():
    np.testing.assert_array_equal(sum_over(np.full((4, 50), 100, np.int8), -1), [5000] * 4)
    np.testing.assert_array_equal(sum_over(np.ones((4, 50), bool), -1), [50] * 4)
