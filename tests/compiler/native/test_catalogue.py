"""Every operation of the catalogue in a native program, forward and backward; which NumPy calls remain is listed."""

import numpy as np
import pytest
from catalogue import CASES
from hypothesis import given, settings

from autograd_lite import CompileError, Tensor, compile

pytest.importorskip("numba", reason="native programs are compiled by numba")

from compiler.native.interpreted import without_compiler

ROUNDING = {np.float32: 1e-4, np.float64: 1e-10}
# What may depend on values in Python, outside of any operation.
REFUSED = {
    "average", "cov: with weights", "piecewise", "trim_zeros", "unique", "qr", "qr: r", "cond", "cond: sums",
}  # fmt: skip
# NumPy functions and operations that stay calls, because no loops are written for them.
_CALLS = """
    __getitem__ add.reduceat add_reduceat_rules any arccos arccosh arcsin arcsinh arctan2 arctanh argpartition argsort
    binary_cross_entropy_with_logits broadcast_to cbrt check check_signs check_variances cholesky choose conjugate
    convolve count_nonzero cumprod cumsum deg2rad degrees det eigh eigvalsh einsum expand_dims expm expm_rules fabs
    first_largest flip float_power floor_divide fmod frexp heaviside hypot interp interp_rules inv isneginf isposinf
    ldexp linear_rules linspace logaddexp2 lstsq matrix_power maximum.accumulate median median_rules
    minimum.accumulate modf nan_to_num nanmax nanmean nanmedian nanmedian_rules nanmin nanpercentile
    nanpercentile_rules nanquantile nanquantile_rules nanstd nanvar norm pad percentile percentile_rules pinv prod qr
    quantile quantile_rules rad2deg radians refuse_sum_of_0 remainder roll round running_max_rules running_min_rules
    select setitem signbit sinc sinc_derivative slogdet solve solve_triangular solve_triangular_rules squeeze std svd
    svdvals take_along_axis take_along_axis_rules tan tile trace tril triu vander var vecdot
"""
# Others stay calls for these reasons.
REASONS = {
    "arrays without elements", "powers whose exponent is not a constant", "the power", "a product over other axes",
    "take with other arguments than indices and an axis", "put into an array that is not contiguous",
    "concatenate with other arguments than an axis", "an index that mixes arrays and slices",
    "numbers of dtype uint8", "argmax over another axis than the last",
}  # fmt: skip


def cast(case, sample, dtype):
    """The arrays of a sample in a dtype, and the same a little smaller, which stay inside of every domain."""
    arrays = [np.asarray(array).astype(dtype) for array in sample.arrays]
    is_probability = "binary_cross_entropy" in case.name
    return arrays, [(array * (1 - 2**-6) if is_probability else array * (1 + 2**-6)).astype(dtype) for array in arrays]


@pytest.fixture(autouse=True)
def _native(monkeypatch):
    monkeypatch.delenv("AUTOGRAD_LITE_BACKEND", raising=False)


@pytest.mark.exhaustive
@pytest.mark.filterwarnings("ignore:.* encountered in")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_kernels_compute_what_the_operation_and_its_rules_compute(case):
    has_kernel = []

    @given(case.samples)
    @settings(max_examples=20, derandomize=True)
    def check(sample):
        if has_kernel or not any(array.size for array in sample.arrays):
            return  # one sample with elements is enough

        def value_and_gradients(*arrays):
            tensors = [Tensor(array, requires_grad=True) for array in arrays]
            out = case.operation(*tensors, **sample.static)
            out.backward(np.cos(np.arange(out.size)).reshape(out.shape))
            return [out, *(tensor.grad for tensor in tensors)]

        for dtype, rounding in ROUNDING.items():
            arrays, others = cast(case, sample, dtype)
            compiled = compile(value_and_gradients, verify=False, audit=False, backend="native")
            with without_compiler():
                try:
                    compiled(*arrays)
                except CompileError:
                    assert case.name in REFUSED
                    has_kernel.append(False)
                    continue
                found = compiled(*others)
            for ours, theirs in zip(found, value_and_gradients(*others), strict=True):
                ours, theirs = np.asarray(getattr(ours, "data", ours)), np.asarray(getattr(theirs, "data", theirs))
                largest = np.max(np.abs(theirs), initial=0, where=np.isfinite(theirs))
                np.testing.assert_allclose(ours, theirs, rtol=rounding, atol=rounding * largest)
                assert ours.dtype == theirs.dtype
            has_kernel.append(compiled.program.backend == "native")
            calls = [reason.split(": ") for reason in compiled.program.reasons]
            assert not [
                call for call in calls if call[0] not in _CALLS.split() and not call[-1].startswith(tuple(REASONS))
            ]

    check()
    assert any(has_kernel) or case.name in REFUSED
