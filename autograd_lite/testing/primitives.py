"""check_primitive: the battery that the operations of this library go through, for an operation of one's own."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from autograd_lite.core.tensor import Tensor
from autograd_lite.ops.composition import naming
from autograd_lite.support.checks import check
from autograd_lite.support.messages import show
from autograd_lite.testing.gradients import check_gradients

Operation = Callable[..., Any]
Arguments = tuple[Any, ...]


def check_primitive(
    operation: Operation,
    samples: Iterable[Arguments],
    *,
    order: int = 2,
    elementwise: bool | None = None,
    rtol: float = 1e-6,
    float32_rtol: float = 1e-3,
    **options: Any,
) -> int:
    """Put an operation through everything that this library asks of its own operations.

    For each sample: the values are those of the forward function; the gradients of every floating-point argument are
    right to the given order; strides do not matter; float32 stays float32 and agrees with float64; no input is written
    to, not even a read-only one refused; a gradient has its argument's shape and dtype and shares memory with nothing.
    An elementwise operation is also tried on numbers, on empty arrays, and with arguments that are broadcast.

    Parameters
    ----------
    operation : callable
        What `primitive` returned.
    samples : iterable of tuples
        Positional arguments at which the operation is smooth; floating-point arrays are differentiated, the rest is
        passed as it is.
    order : 0, 1 or 2, default 2
        Up to which order derivatives are checked; 1 for an operation that cannot be differentiated twice, 0 for one
        whose gradient is meant to differ from its derivative (a straight-through estimator, a reversal).
    elementwise : bool, optional
        Whether it works element by element; by default, whether its forward function is a ufunc.
    rtol, float32_rtol : float
        Relative tolerances for derivatives, and for float32 against float64.
    **options
        Keyword arguments for every call.

    Returns
    -------
    int
        The number of samples that were checked, the derived ones included.

    Raises
    ------
    GradientMismatch
        If a derivative is wrong.
    AssertionError
        If anything else is, with a message that names it and the sample.
    ValueError
        If there are no samples.

    Examples
    --------
    >>> import numpy as np
    >>> from autograd_lite import primitive
    >>> cube = primitive(lambda x: x**3, name="cube", x=lambda g, x: g * 3 * x**2)
    >>> check_primitive(cube, [(np.array([[1.0, -2.0], [0.5, 3.0]]),)], elementwise=True)
    3
    """
    if not hasattr(operation, "primitive"):
        raise TypeError(f"check_primitive: {show(operation)} is not an operation that was made by primitive()")
    primitive = operation.primitive
    if elementwise is None:
        elementwise = isinstance(primitive.forward, np.ufunc)
    check("check_primitive", "0, 1 or 2", lambda value: value in (0, 1, 2), order=order)
    given = list(samples)
    for sample in given:
        if not isinstance(sample, tuple | list):
            raise TypeError(f"check_primitive: a sample is a tuple of arguments, not {type(sample).__name__}")
        with naming(f"check_primitive: {primitive.name}"):  # a ufunc would take one too many for its out=
            inspect.signature(operation).bind(*sample, **options)
    given = [tuple(sample) for sample in given]
    if not given:
        raise ValueError("check_primitive: there are no samples")
    if elementwise:
        given += [derived for sample in list(given) for derived in _derived(sample)]
    call = functools.update_wrapper(functools.partial(operation, **options), operation)  # with its name
    for arguments in given:
        try:
            _check_values(call, primitive, arguments, options)
            _check_strides(call, arguments)
            _check_float32(call, arguments, float32_rtol)
            _check_memory(call, arguments)
        except AssertionError as error:
            error.add_note(f"check_primitive: {primitive.name}, with the sample {arguments!r}")
            raise
        for i in range(1, order + 1):
            if any(np.size(arguments[j]) for j in _floats(arguments)):
                check_gradients(call, *arguments, order=i, rtol=rtol)
    return len(given)


def _floats(arguments: Arguments) -> list[int]:
    """Which arguments are differentiated."""
    return [i for i, argument in enumerate(arguments) if np.asarray(argument).dtype.kind == "f"]


def _derived(arguments: Arguments) -> Iterator[Arguments]:
    """From a sample of an elementwise operation: numbers, nothing, and one argument broadcast along the others."""
    arrays = [np.asarray(argument) for argument in arguments]
    full = np.broadcast_shapes(*(array.shape for array in arrays))
    if not full or 0 in full:
        return
    spread = [np.broadcast_to(array, full) for array in arrays]
    yield tuple(array.flat[0] for array in spread)
    yield tuple(array[:0] for array in spread)
    if len(arrays) > 1:
        yield (spread[0], *(array[:1] for array in spread[1:]))
        yield (spread[0][-1:], *(array.copy() for array in spread[1:]))


def _run(call: Operation, arguments: Arguments) -> tuple[Any, list[Tensor], np.ndarray[Any, Any]]:
    """The result, the tensors that were differentiated, and the cotangent that was pulled back."""
    tensors = [Tensor(a, requires_grad=True) if i in _floats(arguments) else a for i, a in enumerate(arguments)]
    result = call(*tensors)
    assert isinstance(result, Tensor), f"a tensor went in and {type(result).__name__} came out"
    cotangent = np.cos(np.arange(result.size, dtype=result.dtype)).reshape(result.shape)
    leaves = [tensor for tensor in tensors if isinstance(tensor, Tensor)]
    result.backward(cotangent)
    return result, leaves, cotangent


def _check_values(call: Operation, primitive: Any, arguments: Arguments, options: dict[str, Any]) -> None:
    expected = primitive.forward(*arguments, **options)
    expected = np.asarray(expected[0] if primitive.residuals else expected)
    result = _run(call, arguments)[0]
    assert result.dtype == expected.dtype, f"the result has dtype {result.dtype}, for arrays it has {expected.dtype}"
    np.testing.assert_array_equal(result.data, expected, "the values differ from those of the forward function")


def _check_strides(call: Operation, arguments: Arguments) -> None:
    _, expected, _ = _run(call, arguments)
    strided = [np.array(a)[(slice(None, None, -1),) * np.ndim(a)] if np.ndim(a) else a for a in arguments]
    back = [s[(slice(None, None, -1),) * np.ndim(s)] if np.ndim(s) else s for s in map(np.array, strided)]
    views = [np.asarray(view) if i in _floats(arguments) else arguments[i] for i, view in enumerate(back)]
    tensors = [_over(view) if i in _floats(arguments) else view for i, view in enumerate(views)]
    result = call(*tensors)
    result.backward(np.cos(np.arange(result.size, dtype=result.dtype)).reshape(result.shape))
    leaves = [tensor for tensor in tensors if isinstance(tensor, Tensor)]
    for tensor, leaf in zip(leaves, expected, strict=True):
        message = "the gradient depends on the strides of the input"
        assert tensor.grad is not None
        assert leaf.grad is not None
        np.testing.assert_allclose(tensor.grad, leaf.grad, rtol=1e-9, atol=1e-12, err_msg=message)


def _over(view: np.ndarray[Any, Any]) -> Tensor:
    """A tensor whose memory is laid out as that of `view`, not as a copy of it would be."""
    tensor = Tensor(view)
    tensor._data = view
    tensor.requires_grad = True
    return tensor


def _check_float32(call: Operation, arguments: Arguments, rtol: float) -> None:
    wide, leaves, _ = _run(call, arguments)
    narrow = tuple(np.asarray(a, np.float32) if i in _floats(arguments) else a for i, a in enumerate(arguments))
    result, narrow_leaves, _ = _run(call, narrow)
    assert result.dtype == np.float32, f"float32 in and {result.dtype} out"
    scale = 1 + max([float(np.abs(wide.data).max(initial=0))])
    np.testing.assert_allclose(result.data, wide.data, rtol=rtol, atol=rtol * scale, err_msg="float32 values")
    for tensor, leaf in zip(narrow_leaves, leaves, strict=True):
        assert tensor.grad is not None
        assert leaf.grad is not None
        assert tensor.grad.dtype == np.float32, f"the gradient of a float32 argument has dtype {tensor.grad.dtype}"
        scale = 1 + float(np.abs(leaf.grad).max(initial=0))
        np.testing.assert_allclose(tensor.grad, leaf.grad, rtol=rtol, atol=rtol * scale, err_msg="float32 gradients")


def _check_memory(call: Operation, arguments: Arguments) -> None:
    frozen = [np.array(a) for a in arguments]
    for array in frozen:
        array.flags.writeable = False
    tensors = [_over(a) if i in _floats(arguments) else arguments[i] for i, a in enumerate(frozen)]
    result = call(*tensors)
    cotangent = np.cos(np.arange(result.size, dtype=result.dtype)).reshape(result.shape)
    result.backward(cotangent)
    leaves = [tensor for tensor in tensors if isinstance(tensor, Tensor)]
    others: list[Any] = [result.data, cotangent, *frozen]
    for leaf in leaves:
        assert leaf.grad is not None
        assert leaf.grad.shape == leaf.shape, f"the gradient has shape {leaf.grad.shape}, the argument {leaf.shape}"
        for other in others:
            assert not np.shares_memory(leaf.grad, other), "a gradient shares memory with something else"
        others.append(leaf.grad)
