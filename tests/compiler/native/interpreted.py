"""Kernels run as plain Python, on memory that is checked: thousands of programs without a compiler."""

from __future__ import annotations

import ctypes
import math
from contextlib import contextmanager
from unittest import mock

import numpy as np

from autograd_lite.compiler.native import kernel_source, neighbours, partition, program
from autograd_lite.support import threads

_MODULES = {
    "inf": math.inf, "nan": math.nan, "float32": np.float32, "float64": np.float64, "int32": np.int32,
    "int64": np.int64, "uint8": np.uint8, "add": lambda total, term: total + term, "maximum": np.maximum,
    "minimum": np.minimum, "fmax": np.fmax, "fmin": np.fmin, "floor": np.floor, "ceil": np.ceil, "trunc": np.trunc,
    "rint": np.rint, "sqrt": np.sqrt, "copysign": np.copysign, "sign": np.sign, "clear_flags": lambda: None,
    "flags": lambda: 0,
}  # fmt: skip
_FUNCTIONS = ("exp", "expm1", "log", "log1p", "log2", "log10", "exp2", "tanh", "sin", "cos", "logaddexp")


class Pointer:
    """Memory from the first element of an array on; a position outside of the memory of its owner is an error."""

    def __init__(self, array):
        owner = array
        while isinstance(owner.base, np.ndarray):
            owner = owner.base
        self.dtype = np.dtype(np.uint8) if array.dtype == np.bool_ else array.dtype
        low, high = np.lib.array_utils.byte_bounds(owner)
        self.first = (array.ctypes.data - low) // self.dtype.itemsize
        raw = (ctypes.c_byte * (high - low)).from_address(low)
        self.flat = np.frombuffer(raw, self.dtype, (high - low) // self.dtype.itemsize)

    def _position(self, i):
        position = self.first + int(i)
        if not 0 <= position < len(self.flat):
            raise MemoryError(f"position {i} is outside of the array")
        return position

    def __getitem__(self, i):
        return self.flat[self._position(i)]

    def __setitem__(self, i, value):
        assert np.asarray(value).dtype == self.dtype or not isinstance(value, np.generic), (value.dtype, self.dtype)
        self.flat[self._position(i)] = value


def interpreted(sources, title):
    """In the place of `build`: the kernels as Python functions."""
    del title
    namespace = dict(_MODULES, pointer=Pointer)
    for name in _FUNCTIONS:
        namespace |= {f"{name}_float32": getattr(np, name), f"{name}_float64": getattr(np, name)}
        namespace |= {f"quiet_{name}_float32": getattr(np, name), f"quiet_{name}_float64": getattr(np, name)}
    kernels = []
    for source in sources:
        text = source.text[source.text.index("\ndef ") :]
        found = dict(namespace)
        exec(compile(text, source.name, "exec"), found)
        kernels.append(_quiet(found[source.name]))
    return kernels


def _quiet(kernel):
    def run(*args):
        with np.errstate(all="ignore"):
            return kernel(*args)

    return run


@contextmanager
def without_compiler():
    """Inside, new native programs run as Python, and short loops have the blocks and threads of long ones."""
    with (
        mock.patch.object(program, "build", interpreted),
        mock.patch.multiple(neighbours, UNROLLED=2, _BLOCK=2, _MOST_BLOCKS=2),
        mock.patch.object(kernel_source, "UNROLLED", 2),
        mock.patch.object(partition, "LONG", 1),
        mock.patch.object(threads, "_number", 3),
    ):
        yield
