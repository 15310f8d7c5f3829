"""Products of sparse matrices of SciPy with tensors are those of the dense matrices, in both orders."""

import numpy as np
import pytest

from autograd_lite import Tensor, compile, grad, hessian, jacobian, vmap

sparse = pytest.importorskip("scipy.sparse")

DENSE = np.array([[0.0, 2.0, 0.0, -1.0], [3.0, 0.0, 0.0, 0.5], [0.0, 0.0, 4.0, 0.0]])
MAKERS = [
    getattr(sparse, f"{name}_{kind}")
    for name in ("csr", "csc", "coo", "bsr", "dia", "dok", "lil")
    for kind in ("array", "matrix")
]
RNG = np.random.default_rng(0)
every_format = pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)


def check(result, leaf, expected, gradient_of):
    assert type(result) is Tensor
    np.testing.assert_allclose(result.data, expected, rtol=1e-14)
    assert result.shape == expected.shape
    g = RNG.normal(size=result.shape)
    result.backward(g)
    np.testing.assert_allclose(leaf.grad, gradient_of(g), rtol=1e-14)


@every_format
@pytest.mark.parametrize("shape", [(4,), (4, 1), (4, 3), (4, 0)])
def test_on_the_left(make, shape):
    x = Tensor(RNG.normal(size=shape), requires_grad=True)
    check(make(DENSE) @ x, x, DENSE @ x.data, lambda g: DENSE.T @ g)
    assert type(make(DENSE) @ x.detach()) is Tensor


@every_format
@pytest.mark.parametrize("shape", [(3,), (1, 3), (2, 3), (0, 3)])
def test_on_the_right(make, shape):
    x = Tensor(RNG.normal(size=shape), requires_grad=True)
    check(x @ make(DENSE), x, x.data @ DENSE, lambda g: g @ DENSE.T)
    assert type(x.detach() @ make(DENSE)) is Tensor


@pytest.mark.skipif(not hasattr(sparse, "coo_array"), reason="SciPy has no sparse arrays")
def test_sparse_vectors():
    vector = np.array([1.0, 0.0, -2.0])
    try:
        s = sparse.coo_array(vector)
    except ValueError:
        pytest.skip("this SciPy has no sparse vectors")
    for shape in ((3,), (3, 2)):
        x = Tensor(RNG.normal(size=shape), requires_grad=True)
        check(s @ x, x, np.asarray(vector @ x.data), lambda g: np.multiply.outer(vector, g))
    x = Tensor(RNG.normal(size=(2, 3)), requires_grad=True)
    check(x @ s, x, x.data @ vector, lambda g: np.multiply.outer(g, vector))


def test_float32_stays_and_the_gradient_has_the_dtype_of_the_tensor():
    x = Tensor(np.ones(4, np.float32), requires_grad=True)
    assert (sparse.csr_matrix(DENSE.astype(np.float32)) @ x).dtype == np.float32
    result = sparse.csr_matrix(DENSE) @ x
    assert result.dtype == np.float64
    result.sum().backward()
    assert x.grad.dtype == np.float32


def test_transforms():
    matrix, x = sparse.csr_matrix(DENSE), RNG.normal(size=4)
    np.testing.assert_allclose(jacobian(lambda x: matrix @ x)(x), DENSE)
    np.testing.assert_allclose(jacobian(lambda x: x @ matrix.T)(x), DENSE)
    np.testing.assert_allclose(hessian(lambda x: ((matrix @ x) ** 2).sum())(x), 2 * DENSE.T @ DENSE)
    rows = RNG.normal(size=(5, 4))
    for function in (lambda x: matrix @ x, lambda x: x @ matrix.T):
        np.testing.assert_allclose(vmap(function)(rows), rows @ DENSE.T)
        np.testing.assert_allclose(
            vmap(grad(lambda x, f=function: (f(x) ** 2).sum()))(rows), 2 * rows @ DENSE.T @ DENSE
        )


def test_compiled_functions():
    matrix = sparse.csr_matrix(DENSE)

    def value_and_gradient(x):
        x = Tensor(x, requires_grad=True)
        value = ((matrix @ x) ** 3).sum() + (x @ matrix.T).sum()
        value.backward()
        return value, x.grad

    compiled = compile(value_and_gradient)
    for _ in range(4):
        x = RNG.normal(size=4)
        for found, expected in zip(compiled(x), value_and_gradient(x), strict=True):
            np.testing.assert_array_equal(
                np.asarray(getattr(found, "data", found)), getattr(expected, "data", expected)
            )


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s, x: s @ x[:3], "mismatch"),
        (lambda s, x: x @ s, "mismatch"),
        (lambda s, x: s @ x.reshape(1, 4, 1), r"vectors and matrices, not with x of shape \(1, 4, 1\)"),
        (lambda s, x: s @ x[0], r"vectors and matrices, not with x of shape \(\)"),
    ],
)
def test_shapes_that_do_not_match(call, message):
    with pytest.raises(ValueError, match=message):
        call(sparse.csr_matrix(DENSE), Tensor(np.ones(4), requires_grad=True))


def test_what_is_not_a_product_of_matrices_is_refused():
    matrix, x = sparse.csr_array(DENSE), Tensor(np.ones(4), requires_grad=True)
    for call in (lambda: matrix * x, lambda: x * matrix, lambda: matrix + x, lambda: np.matmul(x, matrix)):
        with pytest.raises(TypeError):
            call()
    with pytest.raises(TypeError, match="complex"):
        sparse.csr_array(DENSE * 1j) @ x
