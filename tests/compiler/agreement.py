"""Comparison of a compiled function with the function itself: to the last bit, or to rounding if kernels are forced."""

from __future__ import annotations

import os

import numpy as np

IS_NATIVE = os.environ.get("AUTOGRAD_LITE_BACKEND") == "native"
_ROUNDING = {2: 1e-2, 4: 2e-5, 8: 1e-11}


def assert_agree(found, expected, err_msg="", steps=1, itemsize=None) -> None:
    """Equal arrays; with kernels, arrays whose differences are small beside the largest number.

    `steps` is the number of steps of a training in which roundings have grown, and `itemsize` that of the least exact
    numbers that were involved.
    """
    found, expected = np.asarray(found), np.asarray(expected)
    if not IS_NATIVE or expected.dtype.kind != "f":
        np.testing.assert_array_equal(found, expected, err_msg)
        return
    assert found.dtype == expected.dtype, err_msg
    tolerance = steps * _ROUNDING[itemsize or expected.dtype.itemsize]
    largest = np.max(np.abs(expected), initial=0, where=np.isfinite(expected))
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance * largest, err_msg=err_msg)


def agree(found, expected, steps=1, itemsize=None) -> bool:
    """Whether numbers are equal, or almost equal with kernels."""
    try:
        assert_agree(found, expected, steps=steps, itemsize=itemsize)
    except AssertionError:
        return False
    return True
