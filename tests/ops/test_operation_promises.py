"""What every operation of the catalogue keeps to, whatever it computes: dtypes, memory, layout."""

import gc
import typing
import weakref

import hypothesis.strategies as st
import numpy as np
from catalogue import samples
from catalogue.comparing import assert_close, every_case, leaves
from hypothesis import given, settings

import autograd_lite
from autograd_lite import Tensor
from autograd_lite.core.tensor import _wrap

PROMISES = {}
# For hundreds of operations: few examples of each show whether a promise is broken.
few = settings(max_examples=max(1, settings.default.max_examples // 2))


def promise(text):
    """Add a check of a case, a sample of it, and what else is drawn."""

    def add(check):
        PROMISES[text] = check

    return add


@every_case
@given(data=st.data())
@few
def test_every_promise_is_kept(case, data):
    """All on the same samples: drawing them takes longer than most checks."""
    sample = data.draw(case.samples)
    for text, check in PROMISES.items():
        try:
            check(case, sample, data)
        except Exception as error:
            error.add_note(f"the promise that is broken: {text}")
            raise


def run(case, sample, tensors, cotangent=None):
    result = case.operation(*tensors, **sample.static)
    result.backward(np.ones(result.shape, result.dtype) if cotangent is None else cotangent)
    return result


@promise("float32 stays float32 and close to float64")
def _(case, sample, data):
    if case.exported in {"corrcoef", "cov", "interp", "vander"}:
        return  # NumPy answers in float64
    if isinstance(sample.static.get("y"), np.ndarray | np.generic):
        return  # an exponent with a dtype of its own: NumPy promotes to float64, as it should
    if case.exported == "float_power" or isinstance(sample.static.get("q"), list):
        return  # always in float64; several quantiles have a dtype of their own
    single = [np.asarray(array, np.float32) for array in sample.arrays]
    narrow, wide = leaves(single), leaves([np.asarray(array, float) for array in single])
    result, expected = run(case, sample, narrow), run(case, sample, wide)
    assert result.dtype == np.float32
    assert_close(result.data, expected.data, 1e-5)
    for tensor, reference in zip(narrow, wide, strict=True):
        assert tensor.grad.dtype == np.float32
        assert_close(tensor.grad, reference.grad, 1e-4)


@promise("a gradient is an array of its tensor's shape and dtype that shares memory with nothing")
def _(case, sample, data):
    tensors = leaves(sample.arrays)
    before = [tensor.data.copy() for tensor in tensors]
    kept = case.operation(*tensors, **sample.static)
    cotangent = np.ones(kept.shape)
    run(case, sample, tensors, cotangent)
    others = [kept.data, cotangent, *(tensor.data for tensor in tensors), *sample.static.values(), *sample.arrays]
    for tensor, value in zip(tensors, before, strict=True):
        assert type(tensor.grad) is np.ndarray
        assert (tensor.grad.shape, tensor.grad.dtype) == (tensor.shape, tensor.dtype)
        assert tensor.grad.flags.writeable
        assert not any(np.shares_memory(tensor.grad, other) for other in others if isinstance(other, np.ndarray))
        np.testing.assert_array_equal(tensor.data, value)
    assert not any(
        np.shares_memory(a.grad, b.grad) for i, a in enumerate(tensors) for b in tensors[:i] if a.size and b.size
    )


@promise("a result that is not a view in NumPy is not one of the inputs")
def _(case, sample, data):
    """Only what NumPy documents as a view may share memory with an argument."""
    views = {"reshape", "ravel", "squeeze", "expand_dims", "transpose", "swapaxes", "broadcast_to", "getitem"}
    views |= {"moveaxis", "rollaxis", "permute_dims", "matrix_transpose", "atleast_1d", "atleast_2d", "atleast_3d",
              "flip", "fliplr", "flipud", "rot90", "trim_zeros", "split", "array_split", "hsplit", "vsplit", "dsplit",
              "unstack", "einsum", "real", "real_if_close", "diagonal", "diag",
              "matrix_power", "sliding_window_view"}  # fmt: skip
    if case.exported in views:
        return
    tensors = leaves(sample.arrays)
    result = case.operation(*tensors, **sample.static)
    assert not any(np.shares_memory(result.data, tensor.data) for tensor in tensors)


def _reversed(array: np.ndarray) -> np.ndarray:
    everything = (slice(None, None, -1),) * array.ndim
    return array[everything].copy()[everything]


def _strided(array: np.ndarray) -> np.ndarray:
    if not array.ndim:
        return array
    larger = np.full((*array.shape[:-1], 2 * array.shape[-1]), np.nan)
    larger[..., ::2] = array
    return larger[..., ::2]


LAYOUTS = {"negative strides": _reversed, "gaps": _strided, "Fortran order": lambda array: np.array(array, order="F")}


@promise("the layout in memory changes nothing, and read-only inputs work")
def _(case, sample, data):
    rng, layout = data.draw(samples.generators), data.draw(st.sampled_from(sorted(LAYOUTS)))
    tensors = leaves(sample.arrays)
    arranged = [_wrap(LAYOUTS[layout](array)) for array in sample.arrays]  # a Tensor copies, into another layout
    for tensor in arranged:
        tensor.data.flags.writeable = False
        tensor.requires_grad = True
    cotangent = samples.real(rng, case.operation(*tensors, **sample.static).shape)
    result = run(case, sample, arranged, LAYOUTS[layout](cotangent))
    expected = run(case, sample, tensors, cotangent)
    assert_close(result.data, expected.data, 1e-12)
    for tensor, reference in zip(arranged, tensors, strict=True):
        assert_close(tensor.grad, reference.grad, 1e-12)


@promise("only tensors that require gradients receive one")
def _(case, sample, data):
    """Each argument alone: what is saved for one gradient must not depend on another being required."""
    rng = data.draw(samples.generators)
    together = leaves(sample.arrays)
    cotangent = samples.real(rng, case.operation(*together, **sample.static).shape)
    run(case, sample, together, cotangent)
    for i, array in enumerate(sample.arrays):
        alone = Tensor(array, requires_grad=True)
        others = [Tensor(other) if j % 2 else other for j, other in enumerate(sample.arrays)]
        run(case, sample, [*others[:i], alone, *others[i + 1 :]], cotangent)
        np.testing.assert_array_equal(alone.grad, together[i].grad)
        assert all(other.grad is None for other in others if isinstance(other, Tensor))


@promise("neither arguments nor results are part of a reference cycle, which would wait for the garbage collector")
def _(case, sample, data):
    tensors = leaves(sample.arrays)
    out = case.operation(*tensors, **sample.static)
    out.backward(np.ones(out.shape))
    alive = [weakref.ref(thing) for tensor in (*tensors, out) for thing in (tensor, tensor._node)]
    gc.disable()
    try:
        del tensors, out
        assert all(reference() is None for reference in alive)
    finally:
        gc.enable()


def test_annotations_of_every_operation_can_be_resolved():
    for name in autograd_lite.__all__:
        value = getattr(autograd_lite, name)
        if str(getattr(value, "__module__", "")).startswith("autograd_lite.ops"):
            assert typing.get_type_hints(value) or isinstance(value.primitive.forward, np.ufunc), name
