"""Arrays of other kinds: read as the array of their numbers, or a TypeError that names the type and the way out."""

import operator

import numpy as np
import pytest
from catalogue.arguments import DIRECT, OTHERS, one_sample, parameters_of

import autograd_lite as ag
from autograd_lite import Tensor, data, grad, nn
from autograd_lite.nn import functional as F  # noqa: N812


class Subclass(np.ndarray):
    """An array that leaves arithmetic to NumPy."""


class Series:
    """What a Series or DataFrame of pandas, or a DataArray of xarray, is to this library."""

    __array_priority__ = 1000

    def __init__(self, values):
        self.values = np.asarray(values)
        self.dtype, self.shape, self.ndim = self.values.dtype, self.values.shape, self.values.ndim

    def to_numpy(self):
        return self.values

    def __array__(self, dtype=None, copy=None):
        return np.array(self.values, dtype=dtype, copy=copy)

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        if any(isinstance(value, Tensor) for value in inputs):
            return NotImplemented
        return Series(getattr(ufunc, method)(*[getattr(value, "values", value) for value in inputs], **kwargs))

    def __getitem__(self, index):
        raise KeyError(index)


class OnlyArray:
    """What can convert itself, and no more."""

    def __init__(self, values):
        self._values = np.asarray(values)

    def __array__(self, dtype=None, copy=None):
        return np.array(self._values, dtype=dtype, copy=copy)


class OtherTensor:
    """What a tensor of PyTorch is to this library."""

    __array_priority__ = 1000

    def __init__(self, values):
        self._values = np.asarray(values)
        self.shape, self.ndim, self.dtype = self._values.shape, self._values.ndim, "other.float64"

    def __array__(self, dtype=None, copy=None):
        return np.array(self._values, dtype=dtype, copy=copy)

    def __dlpack__(self, **options):
        return self._values.__dlpack__(**options)

    def numpy(self):
        return self._values


class Sparse:
    """What a sparse matrix of SciPy is to this library."""

    __array_priority__ = 10.1

    def __init__(self, values):
        self._values = np.asarray(values)
        self.shape, self.ndim, self.dtype = self._values.shape, self._values.ndim, self._values.dtype

    def toarray(self):
        return self._values


class Quantity(np.ndarray):
    """What an array with units is to this library."""

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        raise AssertionError("its units would be lost")


READ = {
    "subclass": lambda values: np.asarray(values).view(Subclass),
    "series": Series,
    "only __array__": OnlyArray,
    "list": lambda values: np.asarray(values).tolist(),
}
REFUSED = {
    "masked": (lambda values: np.ma.array(values, mask=np.ones(np.shape(values), bool)), "MaskedArray.*filled"),
    "matrix": (lambda values: np.asarray(values).view(np.matrix) if np.ndim(values) == 2 else None, "matrix.*asarray"),
    "other tensor": (OtherTensor, r"OtherTensor.*\.numpy\(\)"),
    "sparse": (Sparse, r"Sparse.*\.toarray\(\)"),
    "quantity": (lambda values: np.asarray(values).view(Quantity), "Quantity"),
    "objects": (lambda values: np.asarray(values).astype(object), "real numbers|object"),
}


def calls():
    """Operations with right arguments, and the names of those that are arrays."""
    for case in DIRECT:
        sample, parameters = one_sample(case), parameters_of(case.operation)
        operands = dict(zip(parameters, sample.arrays, strict=False))
        arrays = [*operands, *(name for name, value in sample.static.items() if isinstance(value, np.ndarray))]
        yield case.name, case.operation, {**operands, **sample.static}, arrays
    for name, arguments in OTHERS.items():
        function = getattr(ag, name, None) or getattr(F, name)
        arrays = [key for key, value in arguments.items() if isinstance(value, np.ndarray)]
        yield f"{name} (by name)", function, arguments, [key for key in arrays if not key.startswith("running")]


CALLS = list(calls())
every_call = pytest.mark.parametrize(
    ("function", "arguments", "arrays"), [c[1:] for c in CALLS], ids=[c[0] for c in CALLS]
)


def first(result):
    return first(result[0]) if isinstance(result, tuple | list) else result


def copied(arguments):
    return {name: value.copy() if isinstance(value, np.ndarray) else value for name, value in arguments.items()}


def values_and_gradients(function, arguments, with_tensors):
    """The result and the gradients of the arguments that are named, which are made tensors."""
    arguments = copied(arguments)
    leaves = {name: Tensor(arguments[name], requires_grad=True) for name in with_tensors}
    result = first(function(**{**arguments, **leaves}))
    if isinstance(result, Tensor):
        assert type(result._data) is np.ndarray or isinstance(result._data, np.generic)
        if result.requires_grad:
            result.backward(np.ones(result.shape))
            assert all(leaf.grad is None or type(leaf.grad) is np.ndarray for leaf in leaves.values())
    else:
        assert type(result) is np.ndarray or isinstance(result, np.generic)
    return [np.asarray(getattr(result, "data", result)), *(leaf.grad for leaf in leaves.values())]


@every_call
@pytest.mark.parametrize("kind", READ)
def test_what_can_be_read_is_read(function, arguments, arrays, kind):
    for name in arrays:
        value = arguments[name]
        if kind == "list" and (name != "x" or not value.ndim):
            continue  # options have their own meaning of lists
        foreign = {**arguments, name: READ[kind](value.copy())}
        recordable = [other for other in arrays if other != name and is_operand(function, arguments, other)]
        for tensors in ([], recordable):
            found = values_and_gradients(function, foreign, tensors)
            expected = values_and_gradients(function, arguments, tensors)
            for actual, wanted in zip(found, expected, strict=True):
                np.testing.assert_array_equal(actual, wanted)


def is_operand(function, arguments, name) -> bool:
    try:
        values_and_gradients(function, arguments, [name])
    except TypeError:
        return False
    return True


@every_call
@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_read_is_refused(function, arguments, arrays, kind):
    make, message = REFUSED[kind]
    for name in arrays:
        foreign = make(arguments[name].copy())
        if foreign is None:
            continue
        recordable = [other for other in arrays if other != name and is_operand(function, arguments, other)]
        for tensors in ([], recordable):
            if kind == "objects" and (not tensors or name not in ("x", "y", "a", "b", "target", "weight")):
                continue  # arrays in, arrays out; and NumPy reads conditions and indices of objects
            with pytest.raises(TypeError, match=message):
                values_and_gradients(function, {**arguments, name: foreign}, tensors)


# -- every other way in ----------------------------------------------------------------------------------------------

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
