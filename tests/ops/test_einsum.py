"""Einstein's sum: random subscripts in every spelling against NumPy, and its errors."""

import numpy as np
import pytest
from catalogue import products as catalogue_products
from catalogue import samples, samples_products
from catalogue.comparing import assert_close, gradients, leaves, numerical_gradients
from hypothesis import given
from hypothesis import strategies as st

import autograd_lite as ag
from autograd_lite import Tensor

(EINSUM,) = (case for case in catalogue_products.CASES if case.name == "einsum")


@given(data=st.data())
def test_values_shapes_and_dtypes_are_numpys_for_any_subscripts(data):
    arrays, static = data.draw(samples_products.subscripts())
    arrays = [array.astype(data.draw(st.sampled_from([np.float32, float, int]))) for array in arrays]
    expected = np.einsum(static["subscripts"], *arrays, optimize=static["optimize"])
    result = np.einsum(static["subscripts"], *map(Tensor, arrays), optimize=static["optimize"])
    assert (result.shape, result.dtype) == (expected.shape, expected.dtype)
    assert_close(result.data, expected, 1e-5)


@given(data=st.data())
def test_integers_as_labels_are_letters(data):
    arrays, static = data.draw(samples_products.subscripts())
    inputs, arrow, output = static["subscripts"].partition("->")

    def numbers(labels):
        before, *after = labels.split("...")
        parts = ["ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".index(letter) for letter in before]
        for rest in after:
            parts += [Ellipsis, *numbers(rest)]
        return parts

    def arguments(operands):
        pairs = [part for a, labels in zip(operands, inputs.split(","), strict=True) for part in (a, numbers(labels))]
        return [*pairs, numbers(output)] if arrow else pairs

    expected = np.einsum(*arguments(arrays))
    tensors, others = leaves(arrays), leaves(arrays)
    result, same = np.einsum(*arguments(tensors)), ag.einsum(static["subscripts"], *others)
    assert_close(result.data, expected, 1e-12)
    cotangent = samples.real(np.random.default_rng(0), result.shape)
    result.backward(cotangent)
    same.backward(cotangent)
    for tensor, other in zip(tensors, others, strict=True):
        assert_close(tensor.grad, other.grad, 1e-12)


@pytest.mark.parametrize(
    ("subscripts", "shapes"),
    [
        ("ii->i", [(3, 3)]), ("ii", [(3, 3)]), ("iii->i", [(2, 2, 2)]), ("iijj->ij", [(2, 2, 3, 3)]),
        ("i->", [(3,)]), ("ij->j", [(2, 3)]), ("ij,k->i", [(2, 3), (4,)]), ("ii,ii->", [(3, 3), (3, 3)]),
        ("ij,jk->ik", [(2, 3), (1, 4)]), ("ij,jk->ik", [(2, 1), (3, 4)]), ("i,i,i->i", [(3,), (1,), (3,)]),
        ("...i,i...->...", [(2, 3), (3, 2)]), ("i...,j->j...", [(3, 1, 2), (2,)]), ("...,...", [(3, 1), (2,)]),
        ("ab,bc,cd,de->ae", [(2, 3), (3, 2), (2, 4), (4, 1)]), ("ba", [(2, 3)]), ("Ba", [(2, 3)]), (",", [(), ()]),
        ("->", [()]), ("iij,jk", [(2, 2, 3), (3, 2)]), (" i j , j k -> i k ", [(2, 3), (3, 2)]), ("i,i", [(0,), (0,)]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("optimize", [False, True, "optimal"])
def test_gradients_of_chosen_subscripts(subscripts, shapes, optimize):
    rng = np.random.default_rng(1)
    arrays = [samples.real(rng, shape) for shape in shapes]
    static = {"subscripts": subscripts, "optimize": optimize}
    cotangent = samples.real(rng, np.einsum(subscripts, *arrays).shape)
    numerical = numerical_gradients(lambda *xs: np.sum(cotangent * np.einsum(subscripts, *xs)), arrays)
    for gradient, expected in zip(gradients(EINSUM, arrays, static, cotangent), numerical, strict=True):
        assert_close(gradient, expected, 1e-7)


def test_a_path_found_before_is_taken():
    x, y, z = leaves([np.ones((2, 3)), np.ones((3, 2)), np.ones((2, 2))])
    path = np.einsum_path("ij,jk,kl", x, y, z)[0]
    np.einsum("ij,jk,kl", x, y, z, optimize=path).sum().backward()
    assert x.grad.tolist() == [[4, 4, 4], [4, 4, 4]]


def test_infinities_beside_the_diagonal_do_not_spoil_it():
    x = Tensor([[1.0, np.inf], [np.nan, 2.0]], requires_grad=True)
    np.einsum("ii,i->", x, np.array([3.0, 4.0])).backward()
    assert x.grad.tolist() == [[3, 0], [0, 4]]


@pytest.mark.parametrize(
    "arguments",
    [
        ("ij",), ("ij", 1.0), ("ij,jk", np.ones((2, 2))), ("ij->k", np.ones((2, 2))), ("ij->ii", np.ones((2, 2))),
        ("i", np.ones((2, 2))), ("ijk", np.ones((2, 2))), ("ij,jk", np.ones((2, 3)), np.ones((2, 3))),
        ("ii", np.ones((2, 3))), ("i.j", np.ones((2, 2))), ("i...j...", np.ones((2, 2))), ("i1", np.ones((2, 2))),
        ("...i->i", np.ones((2, 2))), ("ij>j", np.ones((2, 2))), ("ij->j->i", np.ones((2, 2))),
        (np.ones((2, 2)), [0, 99]), (np.ones((2, 2)), [0, "a"]), (np.ones((2, 2)), [0, 1], [2]), (), ("i,", np.ones(2)),
        (np.ones((2, 2)),), ("ii->i", np.ones((1, 3))),
    ],
    ids=repr,
)  # fmt: skip
def test_wrong_subscripts_are_refused_as_numpy_refuses_them(arguments):
    with pytest.raises((ValueError, TypeError)) as expected:
        np.einsum(*arguments)
    tensors = [Tensor(part, requires_grad=True) if isinstance(part, np.ndarray) else part for part in arguments]
    with pytest.raises(type(expected.value)):
        ag.einsum(*tensors)
