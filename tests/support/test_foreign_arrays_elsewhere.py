"""Arrays of other kinds everywhere but in operations: tensors, modules, data, files, operators of other libraries."""

import operator

import numpy as np
import pytest
from catalogue.foreign import READ, REFUSED, OnlyArray, OtherTensor, Quantity, Series, Subclass

import autograd_lite as ag
from autograd_lite import Tensor, data, grad, nn

WAYS_IN = {
    "Tensor": lambda value: Tensor(value),
    "Tensor of a list": lambda value: Tensor([value, value]),
    "Tensor with a dtype": lambda value: Tensor(value, dtype=np.float32),
    "data": lambda value: setattr(Tensor(np.ones((2, 2))), "data", value),
    "grad": lambda value: setattr(Tensor(np.ones((2, 2)), requires_grad=True), "grad", value),
    "backward": lambda value: (Tensor(np.ones((2, 2)), requires_grad=True) * 2).backward(value),
    "x[...] =": lambda value: Tensor(np.ones((2, 2))).__setitem__(..., value),
    "x +=": lambda value: Tensor(np.ones((2, 2))).__iadd__(value),
    "x <": lambda value: Tensor(np.ones((2, 2))) < value,
    "np.less": lambda value: np.less(Tensor(np.ones((2, 2))), value),
    "np.isclose": lambda value: np.isclose(Tensor(np.ones((2, 2))), value),
    "x +": lambda value: Tensor(np.ones((2, 2))) + value,
    "np.add": lambda value: np.add(Tensor(np.ones((2, 2))), value),
    "np.stack": lambda value: np.stack([Tensor(np.ones((2, 2))), value]),
    "vstack": lambda value: ag.vstack([np.ones((2, 2)), value]),
    "block": lambda value: ag.block([[value, np.ones((2, 2))]]),
    "einsum": lambda value: ag.einsum("ij,jk", value, np.ones((2, 2))),
    "grad of it": lambda value: grad(lambda x: x.sum())(value),
    "Linear": lambda value: nn.Linear(2, 1, dtype=float)(value),
    "Sequential": lambda value: nn.Sequential(nn.Linear(2, 2, dtype=float), nn.ReLU())(value),
    "LayerNorm": lambda value: nn.LayerNorm(2, dtype=float)(value),
    "BatchNorm1d": lambda value: nn.BatchNorm1d(2, dtype=float)(value),
    "Flatten": lambda value: nn.Flatten()(value),
    "Dropout": lambda value: nn.Dropout()(value),
    "RNN": lambda value: nn.RNN(2, 3, dtype=float)(value),
    "MSELoss": lambda value: nn.MSELoss()(np.ones((2, 2)), value),
    "CrossEntropyLoss": lambda value: nn.CrossEntropyLoss()(value, np.array([0, 1])),
    "Batches": lambda value: data.Batches(value, batch_size=1),
    "train_test_split": lambda value: data.train_test_split(value),
    "init": lambda value: nn.init.constant_(Tensor(np.ones((2, 2))), value),
}
VALUES = np.array([[0.5, 1.0], [0.25, 2.0]])


@pytest.mark.parametrize("way", WAYS_IN)
@pytest.mark.parametrize("kind", [kind for kind in READ if kind != "list"])
def test_whatever_takes_arrays_reads_them(way, kind):
    WAYS_IN[way](READ[kind](VALUES))


@pytest.mark.parametrize("way", WAYS_IN)
@pytest.mark.parametrize("kind", [kind for kind in REFUSED if kind != "objects"])
def test_whatever_takes_arrays_refuses_what_cannot_be_read(way, kind):
    make, message = REFUSED[kind]
    with pytest.raises(TypeError, match=message):
        WAYS_IN[way](make(VALUES))


@pytest.mark.parametrize("kind", REFUSED)
def test_nothing_is_saved_without_its_mask_units_or_gradient(kind, tmp_path):
    with pytest.raises(TypeError, match=r"save: state\['x'\]"):
        ag.save(tmp_path / "state.npz", {"x": REFUSED[kind][0](VALUES)})
    assert not list(tmp_path.iterdir())


def test_a_subclass_is_saved_as_an_array(tmp_path):
    ag.save(tmp_path / "state.npz", VALUES.view(Subclass))
    loaded = ag.load(tmp_path / "state.npz")
    assert type(loaded) is np.ndarray
    np.testing.assert_array_equal(loaded, VALUES)


@pytest.mark.parametrize("make", [lambda x: Series(x), lambda x: x.view(Subclass), lambda x: OnlyArray(x)])
def test_no_operation_of_ones_own_makes_a_tensor_of_another_kind_of_array(make):
    double = ag.primitive(lambda x: make(2 * x), name="double", x=lambda g: 2 * g)
    x = Tensor([1.0, 2.0], requires_grad=True)
    y = double(x)
    assert type(y.data) is np.ndarray
    y.sum().backward()
    assert x.grad.tolist() == [2, 2]
    refused = ag.primitive(lambda x: np.ma.array(x), name="refused", x=lambda g: g)
    with pytest.raises(TypeError, match=r"refused: the result: .*MaskedArray"):
        refused(x)
    with pytest.raises(TypeError, match="the forward function returned a Tensor"):
        ag.primitive(lambda x: Tensor(x), name="tensor", x=lambda g: g)(x)


BINARY = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow, operator.matmul]


@pytest.mark.parametrize("operation", BINARY)
def test_pandas_and_xarray_are_read_on_both_sides(operation):
    pandas, x = pytest.importorskip("pandas"), Tensor([1.5, 2.0], requires_grad=True)
    others = [pandas.Series([1.0, 2.0]), pandas.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]}), pandas.Index([1.0, 2.0])]
    others.append(pandas.Series([1, 2], dtype="Int64"))
    try:
        import xarray
    except ImportError:
        pass
    else:
        others.append(xarray.DataArray([1.0, 2.0]))
    for other in others:
        for left, right in ((x, other), (other, x)):
            x.zero_grad()
            if left is other and operation is operator.matmul and not isinstance(other, pandas.Index):
                with pytest.raises(TypeError, match=r"np\.stack|only operates on"):  # here they ask nobody
                    operation(left, right)
                continue
            if left is other and type(other).__module__.startswith("xarray"):
                result = operation(left, right).data  # it wraps what computes by itself
            else:
                result = operation(left, right)
            assert type(result) is Tensor
            values = [value.data if value is x else value.to_numpy() for value in (left, right)]
            np.testing.assert_array_equal(result.data, operation(*values))
            result.sum().backward()
            assert type(x.grad) is np.ndarray


def test_pandas_that_holds_no_numbers_is_refused():
    pandas, x = pytest.importorskip("pandas"), Tensor([1.0, 2.0], requires_grad=True)
    for other in (pandas.Series(["a", "b"]), pandas.Series(pandas.to_datetime(["2020-01-01", "2021-01-01"])),
                  pandas.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]})):  # fmt: skip
        for call in (lambda other=other: x * other, lambda other=other: Tensor(other), lambda o=other: ag.softmax(o)):
            with pytest.raises(TypeError, match="numbers"):
                call()


@pytest.mark.parametrize("operation", BINARY)
def test_sparse_matrices_are_refused_on_both_sides(operation):
    sparse, x = pytest.importorskip("scipy.sparse"), Tensor([1.0, 2.0], requires_grad=True)
    for make in (sparse.csr_matrix, sparse.csr_array, sparse.coo_array):
        for left, right in ((x, make(np.eye(2))), (make(np.eye(2)), x)):
            if operation is operator.matmul:  # tests/ops/test_sparse.py
                assert isinstance(operation(left, right), Tensor)
                continue
            with pytest.raises((TypeError, ValueError, NotImplementedError)):
                operation(left, right)


@pytest.mark.parametrize("operation", BINARY)
def test_tensors_of_pytorch_are_refused_on_both_sides(operation):
    torch, x = pytest.importorskip("torch"), Tensor([1.0, 2.0], requires_grad=True)
    for other in (torch.ones(2), torch.ones(2, requires_grad=True)):
        for left, right in ((x, other), (other, x)):
            with pytest.raises(TypeError):
                operation(left, right)


@pytest.mark.parametrize("operation", BINARY)
def test_masks_and_matrices_are_refused_on_both_sides(operation):
    x = Tensor([1.0, 2.0], requires_grad=True)
    for other in (np.ma.array([1.0, 2.0], mask=[False, True]), np.eye(2).view(np.matrix), np.eye(2).view(Quantity)):
        for left, right in ((x, other), (other, x)):
            with pytest.raises((TypeError, AssertionError)):
                operation(left, right)


def test_a_state_of_another_library_is_loaded():
    layer, state = nn.Linear(2, 1, dtype=float), {"weight": np.array([[1.0, 2.0]]), "bias": np.array([3.0])}
    for make in (OtherTensor, Series):
        layer.load_state_dict({name: make(values) for name, values in state.items()})
        np.testing.assert_array_equal(layer.weight.data, state["weight"])
    with pytest.raises(TypeError, match="MaskedArray"):
        layer.load_state_dict({name: np.ma.array(values) for name, values in state.items()})
