"""Sparse Jacobians are those of the definition, and a pattern that misses an entry is always noticed."""

import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import autograd_lite as ag
from autograd_lite import CompileError, Tensor, compile, grad, hessian, jacobian, nn, no_grad, primitive, vmap
from autograd_lite.transforms.sparse_matrices import Sparsity

sparse = pytest.importorskip("scipy.sparse")

SHAPES = st.tuples(st.integers(0, 6), st.integers(0, 6))
PATTERNS = hnp.arrays(bool, SHAPES)
RNG = np.random.default_rng(0)


def function_of(pattern):
    """A function with this pattern, and its Jacobian by the formula W ∘ cos(x)."""
    weights = np.where(pattern, np.random.default_rng(1).uniform(0.5, 2, pattern.shape), 0)
    return lambda x: weights @ np.sin(x), lambda x: weights * np.cos(x)


def banded(n, *offsets):
    return sum(np.eye(n, k=k) for k in offsets) != 0


def check(found, pattern, expected):
    """An array in CSR format that stores exactly the entries of the pattern."""
    assert isinstance(found, sparse.csr_array)
    assert found.has_canonical_format
    stored = np.zeros(found.shape, bool)
    stored[np.repeat(np.arange(found.shape[0]), np.diff(found.indptr)), found.indices] = True
    np.testing.assert_array_equal(stored, pattern)
    np.testing.assert_allclose(found.toarray(), expected, rtol=1e-13, atol=1e-15)


# -- right patterns ------------------------------------------------------------------------------------------------


@given(PATTERNS, st.sampled_from([None, 1, 2, 100]))
def test_the_jacobian_of_a_random_pattern(pattern, chunk_size):
    function, formula = function_of(pattern)
    x = np.random.default_rng(2).normal(size=pattern.shape[1])
    found = jacobian(function, sparsity=pattern, chunk_size=chunk_size)(x)
    check(found, pattern, formula(x))
    np.testing.assert_allclose(found.toarray(), jacobian(function)(x), rtol=1e-13, atol=1e-15)


@given(PATTERNS)
def test_a_pattern_may_have_more_entries(pattern):
    function, formula = function_of(pattern)
    larger = pattern | (np.random.default_rng(3).uniform(size=pattern.shape) < 0.3)
    x = np.random.default_rng(2).normal(size=pattern.shape[1])
    check(jacobian(function, sparsity=larger)(x), larger, formula(x))


@pytest.mark.parametrize(
    ("pattern", "count", "by_rows"),
    [
        (banded(40, -1, 0, 1), 3, True),
        (banded(40, -2, -1, 0, 1, 2), 5, True),
        (np.kron(np.eye(5), np.ones((3, 3))), 3, True),
        (np.kron(np.eye(5), np.ones((2, 4))), 2, True),
        (np.kron(np.eye(5), np.ones((4, 2))), 2, False),
        (np.ones((2, 30)), 2, True),
        (np.ones((30, 2)), 2, False),
        (np.ones((6, 6)), 6, True),
        (np.zeros((4, 3)), 1, True),
        (np.vstack([np.ones((1, 9)), np.eye(9)]), 2, True),  # a full row
        (np.hstack([np.ones((9, 1)), np.eye(9)]), 2, False),  # a full column
    ],
)
def test_the_cheaper_side_is_colored(pattern, count, by_rows):
    """Counted where it matters: in the batch that reaches the rule of an operation, or the rule of its rule."""
    sizes = []

    def note(g):
        if hasattr(g, "axis"):
            sizes.append(g.axis.size)
        return g * 1

    passed = primitive(lambda x: x.copy(), x=note, name="passed")
    noted = primitive(lambda x: x.copy(), x=note if by_rows else lambda g: passed(g), name="noted")
    function, formula = function_of(pattern != 0)
    x = RNG.normal(size=pattern.shape[1])
    for chunk_size, expected in ((None, [count + 1]), (2, [2] * ((count + 1) // 2) + [1] * ((count + 1) % 2))):
        sizes.clear()
        found = jacobian(lambda x: noted(function(x)), sparsity=pattern, chunk_size=chunk_size)(x)
        check(found, pattern != 0, formula(x))
        assert sizes == expected  # with one to compare with
    assert Sparsity([pattern]).by_rows is by_rows


def test_the_residual_of_a_differential_equation_takes_three_vectors():
    """u″ − u³, with differences of second order."""
    n = 60
    pattern = banded(n, -1, 0, 1)

    def residual(u):
        padded = np.concatenate([np.zeros(1), u, np.zeros(1)])
        return (padded[2:] - 2 * u + padded[:-2]) * (n + 1) ** 2 - u**3

    u = RNG.normal(size=n)
    expected = (n + 1) ** 2 * (np.eye(n, k=1) + np.eye(n, k=-1) - 2 * np.eye(n)) - 3 * np.diag(u**2)
    assert Sparsity([pattern]).colors.max() == 2
    check(jacobian(residual, sparsity=pattern)(u), pattern, expected)


@pytest.mark.parametrize("outputs", [(3, 2), (6,)])
def test_arrays_are_counted_in_c_order(outputs):
    x = RNG.normal(size=(2, 3))
    found = jacobian(lambda x: (x.T**2).reshape(outputs), sparsity=np.eye(6)[[0, 3, 1, 4, 2, 5]])(x)
    np.testing.assert_allclose(found.toarray(), np.reshape(jacobian(lambda x: x.T**2)(x), (6, 6)))


def test_numbers():
    assert jacobian(lambda x: x * 3, sparsity=[[True]])(2.0).toarray().tolist() == [[3]]
    assert jacobian(lambda x: 2.0, sparsity=[[True]])(2.0).toarray().tolist() == [[0]]
    assert jacobian(np.sum, sparsity=np.ones((1, 3)))(np.ones(3)).toarray().tolist() == [[1, 1, 1]]


@pytest.mark.parametrize("form", ["csr", "csc", "coo", "lil", "dok", "dia", "bsr"])
@pytest.mark.parametrize("kind", [sparse.csr_array, sparse.csr_matrix])
def test_patterns_of_all_sparse_formats(form, kind):
    pattern = banded(6, -1, 0)
    function, formula = function_of(pattern)
    given = kind(pattern.astype(float)).asformat(form)
    x = RNG.normal(size=6)
    np.testing.assert_allclose(jacobian(function, sparsity=given)(x).toarray(), formula(x), rtol=1e-13)


def test_what_is_stored_is_the_pattern():
    """Repeated entries, entries out of order, and stored zeros."""
    rows, columns = np.array([1, 0, 1, 1]), np.array([1, 0, 1, 0])
    given = sparse.coo_array((np.array([0.0, 1.0, 0.0, -1.0]), (rows, columns)), shape=(2, 2))
    found = jacobian(lambda x: np.cumsum(x**2), sparsity=given)(np.array([1.0, 2.0]))
    check(found, np.tril(np.ones((2, 2), bool)), [[2, 0], [2, 4]])
    assert given.nnz == 4


@pytest.mark.parametrize("kind", [np.array, sparse.csr_array, sparse.coo_array])
def test_later_changes_of_pattern_and_result_change_nothing(kind):
    pattern = kind(np.ones((3, 3), bool))
    run = jacobian(lambda x: x**2, sparsity=pattern)
    for array in [pattern] if kind is np.array else [pattern.data, pattern.tocsr().indices]:
        array[:] = 0
    first = run(np.ones(3))
    first.eliminate_zeros()
    first.data[:] = 5
    check(run(np.ones(3)), np.ones((3, 3), bool), 2 * np.eye(3))


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [(np.float16, np.float32), (np.float32, np.float32), (np.float64, np.float64), (np.longdouble, np.longdouble)],
)
@pytest.mark.parametrize("shape", [(4, 9), (9, 4)])
def test_dtypes(dtype, expected, shape):
    weights = RNG.integers(1, 4, shape).astype(dtype) * (RNG.uniform(size=shape) < 0.6)
    found = jacobian(lambda x: weights @ x, sparsity=weights != 0)(np.ones(shape[1], dtype))
    assert found.dtype == expected
    np.testing.assert_array_equal(found.toarray(), weights)


def test_tensors_give_arrays_of_scipy():
    found = jacobian(lambda x: x**2, sparsity=np.eye(2))(Tensor([1.0, 2.0]))
    check(found, np.eye(2) != 0, np.diag([2.0, 4.0]))


def test_several_arguments_share_the_vectors():
    x, y = RNG.normal(size=5), RNG.normal(size=(5, 1))
    patterns = (banded(5, 0, 1), np.eye(5))

    def function(scale, x, y):
        return scale * (x + np.append(x[1:], 0)) ** 2 * y[:, 0]

    dense = jacobian(function, (1, -1))(2.0, x, y)
    found = jacobian(function, (1, -1), sparsity=patterns)(2.0, x, y)
    for one, pattern, expected in zip(found, patterns, dense, strict=True):
        check(one, pattern != 0, expected.reshape(5, 5))
    (alone,) = jacobian(function, [1], sparsity=patterns[:1])(2.0, x, y)
    check(alone, patterns[0], dense[0])
    with pytest.raises(ValueError, match=r"pattern in sparsity\[1\] misses entries: row 2, column 2 "):
        jacobian(function, (1, -1), sparsity=(patterns[0], np.diag([1, 1, 0, 1, 1])))(2.0, x, y)


def test_the_hessian_of_a_chain():
    """Of Σ 100 (xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)²."""
    n = 30
    x = RNG.normal(size=n)

    def chain(x):
        return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()

    diagonal = np.zeros(n)
    diagonal[:-1] = 1200 * x[:-1] ** 2 - 400 * x[1:] + 2
    diagonal[1:] += 200
    expected = np.diag(diagonal) - 400 * (np.diag(x[:-1], 1) + np.diag(x[:-1], -1))
    pattern = banded(n, -1, 0, 1)
    check(hessian(chain, sparsity=pattern)(x), pattern, expected)
    np.testing.assert_allclose(hessian(chain)(x), expected, rtol=1e-12, atol=1e-12)
    with pytest.raises(ValueError, match=r"misses entries: row \d+, column \d+"):
        hessian(chain, sparsity=np.triu(pattern))(x)


# -- wrong patterns ------------------------------------------------------------------------------------------------


@given(PATTERNS.filter(np.any), st.data())
def test_a_missing_entry_is_named(pattern, data):
    """Whether its place is taken for another entry of its color or for nothing."""
    function, formula = function_of(pattern)
    row, column = data.draw(st.sampled_from(np.argwhere(pattern).tolist()))
    wrong = pattern.copy()
    wrong[row, column] = False
    x = np.random.default_rng(2).normal(size=pattern.shape[1])
    value = f"{formula(x)[row, column]:.6g}"
    with pytest.raises(ValueError, match=rf"misses entries: row {row}, column {column} of the Jacobian is {value}"):
        jacobian(function, sparsity=wrong, chunk_size=data.draw(st.sampled_from([None, 1])))(x)


@pytest.mark.parametrize("shape", [(8, 8), (8, 20), (20, 8)])
@pytest.mark.parametrize("size", [1e-10, 1e-3, 1e12])
def test_missing_entries_of_other_sizes(shape, size):
    weights = np.where(RNG.uniform(size=shape) < 0.3, RNG.uniform(1, 2, shape), 0)
    pattern = weights != 0
    weights[3, 5] = size
    pattern[3, 5] = False
    with pytest.raises(ValueError, match="row 3, column 5 of the Jacobian"):
        jacobian(lambda x: weights @ x, sparsity=pattern)(np.ones(shape[1]))


def test_an_entry_counts_where_it_is_not_zero():
    run = jacobian(lambda x: x**2, sparsity=np.diag([1, 0, 1]))
    check(run(np.array([1.0, 0.0, 3.0])), np.diag([1, 0, 1]) != 0, np.diag([2.0, 0, 6]))
    with pytest.raises(ValueError, match=r"row 1, column 1 of the Jacobian is 0\.002"):
        run(np.array([1.0, 0.001, 3.0]))


@pytest.mark.parametrize("by_rows", [True, False])
def test_rounding_errors_are_no_missing_entries(by_rows):
    """Sums of large terms that cancel: the two ways to compute a product differ by far more than the last place."""
    terms = np.array([1e12, 1 / 3, -1e12])
    shape = (6, 9) if by_rows else (9, 6)
    pattern = RNG.uniform(size=shape) < 0.6

    def function(x):
        return pattern @ sum(term * x for term in terms)

    x = RNG.normal(size=shape[1])
    assert Sparsity([pattern]).by_rows is by_rows
    np.testing.assert_allclose(jacobian(function, sparsity=pattern)(x).toarray(), jacobian(function)(x), atol=1e-3)
    wrong = pattern.copy()
    wrong[tuple(np.argwhere(pattern)[4])] = False
    with pytest.raises(ValueError, match="misses entries"):
        jacobian(function, sparsity=wrong)(x)


@pytest.mark.filterwarnings("ignore:divide by zero")
def test_infinite_slopes_and_nan():
    found = jacobian(lambda x: 1 / x, sparsity=np.eye(3))(np.array([0.0, 1.0, 2.0]))
    check(found, np.eye(3) != 0, np.diag([-np.inf, -1, -0.25]))
    x = np.array([np.nan, 1.0, 2.0])
    check(jacobian(lambda x: x**2, sparsity=np.eye(3))(x), np.eye(3) != 0, np.diag(2 * x))
    with pytest.raises(ValueError, match="row 1, column 2 of the Jacobian is 4"):
        jacobian(lambda x: x**2 + x[2] ** 2 * np.array([0, 1, 0]), sparsity=np.eye(3))(x)
    with pytest.raises(ValueError, match="row 2, column 0 of the Jacobian is nan"):
        jacobian(lambda x: x * np.array([0, 1, 1]) + np.array([0, 0, np.nan]) * x[0], sparsity=np.eye(3))(np.ones(3))


# -- where it can be called ----------------------------------------------------------------------------------------


def square(x):
    return jacobian(lambda x: x**2, sparsity=np.eye(3))(x)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: compile(square)(x), CompileError, "which a program cannot compute"),
        (lambda x: compile(lambda x: square(np.ones(3)).toarray() @ x)(x), CompileError, "a program cannot compute"),
        (lambda x: vmap(square)(np.stack([x, x])), TypeError, "which vmap cannot map"),
        (lambda x: vmap(lambda c: jacobian(lambda x: c * x, sparsity=np.eye(3))(x))(x), TypeError, "vmap cannot map"),
        (lambda x: grad(lambda x: square(x).sum())(x), TypeError, "cannot be differentiated"),
        (lambda x: jacobian(square)(x), TypeError, "cannot be differentiated"),
        (lambda x: square(Tensor(x, requires_grad=True)), TypeError, "cannot be differentiated"),
    ],
)
def test_results_of_scipy_are_refused(call, error, message):
    with pytest.raises(error, match=message):
        call(np.ones(3))


def test_parameters_of_a_module_in_no_grad():
    model, x = nn.Linear(3, 3, dtype=np.float64, rng=0), np.ones(3)
    run = jacobian(model, sparsity=np.ones((3, 3)))
    with pytest.raises(TypeError, match=r"no_grad\(\)"):
        run(x)
    with no_grad():
        np.testing.assert_allclose(run(x).toarray(), model.weight.numpy())


def test_of_a_compiled_function():
    run = jacobian(compile(lambda x: np.tanh(x)), sparsity=np.eye(3))
    for x in RNG.normal(size=(4, 3)):
        np.testing.assert_allclose(run(x).toarray(), np.diag(1 - np.tanh(x) ** 2), rtol=1e-13)


def test_without_scipy(monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy", None)
    with pytest.raises(ImportError, match=r'sparsity needs SciPy: pip install "autograd-lite\[sparse\]"'):
        ag.jacobian(np.sin, sparsity=np.eye(3))


def test_several_arrays_in_one_argument_are_refused():
    for argument in ([np.ones(3), np.ones(3)], {"a": np.ones(3), "b": np.ones(3)}):
        with pytest.raises(ValueError, match=r"expected \(3, 3\) and \(3, 3\)"):
            jacobian(lambda x: np.ones(3), sparsity=np.eye(3))(argument)
        with pytest.raises(ValueError, match="each array in the arguments, which must be arrays"):
            jacobian(lambda x: np.ones(3), [0], sparsity=[np.eye(3), np.eye(3)])(argument)
