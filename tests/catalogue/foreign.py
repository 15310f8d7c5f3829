"""Arrays of other kinds, by name: those that are read, and those that are refused with the message of the error."""

import numpy as np

from autograd_lite import Tensor


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
