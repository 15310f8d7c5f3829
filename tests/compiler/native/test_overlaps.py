"""Operands that overlap results, other layouts of the same memory, and reads after writes: hand-made cases."""

import numpy as np
import pytest

pytest.importorskip("numba", reason="native programs are compiled by numba")

from compiler.native.interpreted import without_compiler

from autograd_lite import compile


@pytest.fixture(autouse=True)
def _native(monkeypatch):
    monkeypatch.delenv("AUTOGRAD_LITE_BACKEND", raising=False)


def shift(x, k):
    x[1:] += x[:-1]


def shift_in_one_axis(x, k):
    x[:, 1:] = x[:, :-1]


def shift_backwards(x, k):
    x[:-1] *= x[1:]


def reverse(x, k):
    x[:] = x[::-1]


def transpose(x, k):
    x[:] = x.T


def add_the_transpose(x, k):
    x += x.T


def subtract_the_first_row(x, k):
    x -= x[0]


def divide_by_the_first_column(x, k):
    x -= x[:, :1]


def interleave(x, k):
    x[::2] += x[1::2]


def multiply_in_place(x, k):
    np.matmul(x, x, out=x)


def multiply_into_a_factor(x, k):
    np.dot(x + 1, x, out=x)


def sum_into_a_row(x, k):
    np.add.reduce(x, axis=0, out=x[0])


def largest_into_a_column(x, k):
    np.max(x, axis=1, out=x[:, 2])


def add_own_sums(x, k):
    x += x.sum(axis=0)
    x -= x.sum(axis=1)


def join_own_parts(x, k):
    np.concatenate([x[2::-1], x[:1] * 2], out=x)


def clip_by_own_numbers(x, k):
    np.clip(x, x[::-1], None, out=x)


def gather_from_itself(x, k):
    np.take(x, k, axis=0, out=x)


def scatter_into_itself(x, k):
    x[k] = x[::-1]


def add_itself_at_indices(x, k):
    np.add.at(x, k, x[::-1])


def put_own_numbers(x, k):
    y = x * 1.0
    y.put(k, y[0])
    x += y


def scatter_then_read(x, k):
    x[k] = 7
    z = x * 2
    x[k] += z[k]
    x += z[::-1]


def scatter_between_two_reads(x, k):
    before = x[0] * 1
    x[k] = before
    x[0] += before + x[k].sum(axis=0)


def read_in_two_layouts(x, k):
    y = x.T * 2
    z = y + x
    z += y.T
    x += z.sum(axis=0) + z.T.sum(axis=0)[:, None]


def write_through_a_view_and_read_the_base(x, k):
    diagonal_block = x[1:3, 1:3]
    diagonal_block += 1
    y = x * 2
    diagonal_block *= y[:2, 2:]
    x += y


def write_the_same_place_several_times(x, k):
    y = x * 2
    y += 1
    y[0] = 3
    y += x[0]
    y *= y
    x[:] = y


def stencil(x, k):
    y = np.zeros_like(x)
    y[1:-1] = x[2:] - x[:-2]
    y[0] = y[-1] = y[1]
    x += y


def four_axes_of_equal_lengths(x, k):
    y = x.reshape(2, 2, 2, 2)
    y -= y.sum(axis=(1, 3))[:, None, :, None]
    x += y.max(axis=(0, 2)).reshape(-1)


def copies(x, k):
    y = x.copy()
    x += 1
    z = y.T.copy()
    y[:] = x
    x -= z + y


CASES = [value for value in list(globals().values()) if getattr(value, "__code__", None)
         and value.__code__.co_varnames[:2] == ("x", "k")]  # fmt: skip


@pytest.mark.parametrize(("how", "is_private"), [("interpreted", False), ("interpreted", True), ("compiled", True)])
def test_results_are_those_of_numpy(how, is_private):
    """All cases in one program, on arrays of the program's own and on arguments: integers, so the results are exact."""

    def everything(k, *arrays):
        found = []
        for case, array in zip(CASES, arrays, strict=True):
            x = array * 1.0 if is_private else array
            case(x, k)
            found.append(x * 1)
        return found

    compiled = compile(everything, audit=False, backend="native")
    rng = np.random.default_rng(0)
    for call in range(6 if how == "interpreted" else 3):  # compiling these for float32 too would show no more
        arrays = rng.integers(-4, 5, size=(len(CASES), 4, 4)).astype(np.float32 if call > 2 else float)
        k = rng.integers(-4, 4, size=4)
        theirs, ours = arrays.copy(), arrays.copy()
        expected = everything(k, *theirs)
        if how == "interpreted":
            with without_compiler():
                found = compiled(k, *map(np.array, ours))
        else:
            found = compiled(k, *map(np.array, ours))
        for case, one, other in zip(CASES, found, expected, strict=True):
            np.testing.assert_array_equal(one, other, case.__name__)
    assert compiled.program.backend == "native"
    assert len(CASES) > 25
