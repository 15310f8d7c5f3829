"""check_primitive: the tests of this library's operations, for operations of users."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from autograd_lite.core.graph import Node
from autograd_lite.core.tensor import Tensor
from autograd_lite.ops.composition import naming
from autograd_lite.support.checks import check
from autograd_lite.support.conversion import NumberArray
from autograd_lite.support.messages import show
from autograd_lite.testing.comparing.inputs import read_inputs
from autograd_lite.testing.comparing.unmodified import refuse_modifying_rules
from autograd_lite.testing.gradients import EXCLUDE, check_gradients
from autograd_lite.testing.mismatch import GradientMismatch
from autograd_lite.testing.rule_formula import explained_rule

Sample = tuple[Any, ...]


def check_primitive(
    operation: Callable[..., Any],
    samples: Iterable[Sample],
    *,
    order: int = 2,
    elementwise: bool | None = None,
    rtol: float = 1e-6,
    float32_rtol: float = 1e-3,
    **options: Any,
) -> int:
    """Check that an operation meets the requirements for operations of this library.

    For each sample: the values are those of the forward function; the gradients of every floating-point argument are
    right to the given order; strides do not matter; float32 stays float32 and agrees with float64; read-only inputs are
    accepted, no input is changed, and no rule modifies what it is given; a gradient has the shape and dtype of its
    argument and shares memory with no other array. An elementwise operation is also checked on numbers, on empty
    arrays, and with broadcast arguments.

    Parameters
    ----------
    operation : callable
        An operation made by `primitive`.
    samples : iterable of tuples
        Positional arguments at which the operation is smooth. Floating-point arrays and numbers are differentiated,
        everything else is passed unchanged.
    order : 0, 1 or 2, default 2
        The highest order of derivatives to check: 1 for an operation that cannot be differentiated twice, 0 for one
        whose gradient differs from its derivative on purpose (a straight-through estimator, a reversal).
    elementwise : bool, optional
        Whether the operation is elementwise; by default, whether its forward function is a ufunc.
    rtol, float32_rtol : float
        Relative tolerances for derivatives, and for float32 against float64.
    **options
        Keyword arguments for every call: numbers and arrays that are not differentiated, such as ``scale=2.0``.

    Returns
    -------
    int
        The number of checked samples, derived ones included.

    Raises
    ------
    GradientMismatch
        If a derivative is wrong. The explanations of a first derivative hold for the rule: at several inputs, and for
        several gradients `g` that it was called with.
    AssertionError
        If another requirement is not met; the message names it and the sample.
    TypeError
        If a sample is not a tuple of arguments, or holds a floating-point number or array for an argument without rule.
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
        raise TypeError(f"check_primitive: {show(operation)} is not an operation made by primitive()")
    primitive = operation.primitive
    if elementwise is None:
        elementwise = isinstance(primitive.forward, np.ufunc)
    check("check_primitive", "0, 1 or 2", lambda value: value in (0, 1, 2), order=order)
    given = _read(operation, samples, options)
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
            error.add_note(f"check_primitive: {primitive.name}, with the sample {show(arguments, 240)}")
            raise
        for i in range(1, order + 1):
            if any(np.size(argument) for argument in arguments if _is_float(argument)):
                try:
                    check_gradients(call, *arguments, order=i, rtol=rtol)
                except GradientMismatch as error:
                    smooth = _advising_samples(error)
                    if i == 1:
                        raise explained_rule(smooth, primitive, read_inputs(call, arguments), options) from None
                    raise smooth from None
    return len(given)


def _read(operation: Any, samples: Any, options: dict[str, Any]) -> list[Sample]:
    """The samples as tuples; TypeError if the operation cannot be called with one, or not be differentiated there."""
    primitive, where = operation.primitive, f"check_primitive: {operation.primitive.name}"
    example = f"check_primitive({primitive.name}, [(array,)]"
    is_sample = isinstance(samples, Tensor | np.ndarray) or not isinstance(samples, Iterable)
    given = [samples] if is_sample else list(samples)
    for sample in given:
        if not isinstance(sample, tuple | list):
            what = type(sample).__name__
            raise TypeError(f"check_primitive: a sample must be a tuple of arguments, not {what}; write {example})")
        with naming(where):  # a ufunc would use an extra argument as out=
            bound = inspect.signature(operation).bind(*sample, **options).arguments
        for name in bound.keys() - options.keys() - primitive.rules.keys() - {primitive.variadic}:
            if _is_float(bound[name]):
                raise TypeError(
                    f"{where}: floating-point numbers in a sample are differentiated, but {name!r} has no rule; "
                    f"pass it by keyword: {example}, {name}={show(bound[name], 20)})"
                )
    return [tuple(sample) for sample in given]


def _advising_samples(error: GradientMismatch) -> GradientMismatch:
    """The mismatch with advice for kinks that can be followed here: this check has no mask of elements."""
    subject, reference, argument, actual, expected, tolerance, findings = error.args
    advised = [replace(f, text=f.text.replace(EXCLUDE, "choose samples at which fn is smooth")) for f in findings]
    return GradientMismatch(subject, reference, argument, actual, expected, tolerance, advised)


def _derived(arguments: Sample) -> Iterator[Sample]:
    """Further samples for an elementwise operation: numbers, empty arrays, and broadcast arguments.

    What is no array and is not differentiated stays as it is: Python's integers take no part in dtype promotion.
    """
    chosen = [i for i, a in enumerate(arguments) if isinstance(a, np.ndarray | np.generic | Tensor) or _is_float(a)]
    arrays = [np.asarray(arguments[i]) for i in chosen]
    full = np.broadcast_shapes(*(array.shape for array in arrays))
    if not full or 0 in full:
        return

    def sample(derived: Iterable[Any]) -> Sample:
        values = list(arguments)
        for i, value in zip(chosen, derived, strict=True):
            values[i] = Tensor(value) if isinstance(arguments[i], Tensor) else value
        return tuple(values)

    first, *others = (np.broadcast_to(array, full) for array in arrays)
    yield sample(array.flat[0] for array in (first, *others))
    yield sample(array[:0] for array in (first, *others))
    if others:
        yield sample((first, *(array[:1] for array in others)))
        yield sample((first[-1:], *(array.copy() for array in others)))


def _run(call: Callable[..., Any], arguments: Iterable[Any]) -> tuple[Tensor, list[Tensor]]:
    """The result, and the leaves after a backward pass from it. Tensors are used as they are."""
    given = [Tensor(a, requires_grad=True) if _is_float(a) else a for a in arguments]
    result = call(*given)
    assert isinstance(result, Tensor), f"the result for a tensor is {type(result).__name__}, not a tensor"
    cotangent = _cotangent(result)
    if isinstance(result._node, Node):
        refuse_modifying_rules(result._node, cotangent)
    result.backward(cotangent)
    return result, _leaves(given)


def _leaves(arguments: Iterable[Any]) -> list[Tensor]:
    return [argument for argument in arguments if isinstance(argument, Tensor) and argument.requires_grad]


def _is_float(argument: Any) -> bool:
    return not isinstance(argument, Tensor) and bool(np.asarray(argument).dtype.kind == "f")


def _cotangent(result: Tensor) -> NumberArray:
    return np.cos(np.arange(result.size, dtype=result.dtype)).reshape(result.shape)


def _check_values(call: Callable[..., Any], primitive: Any, arguments: Sample, options: dict[str, Any]) -> None:
    expected = primitive.forward(*arguments, **options)
    expected = np.asarray(expected[0] if primitive.residuals else expected)
    result, _ = _run(call, arguments)
    dtypes = f"{result.dtype} for tensors and {expected.dtype} for arrays"
    assert result.dtype == expected.dtype, f"the result has dtype {dtypes}"
    np.testing.assert_array_equal(result.data, expected, "the values differ from those of the forward function")


def _check_strides(call: Callable[..., Any], arguments: Sample) -> None:
    _, expected = _run(call, arguments)
    _, tensors = _run(call, [_around(_negative_strides(a)) if _is_float(a) else a for a in arguments])
    for tensor, leaf in zip(tensors, expected, strict=True):
        message = "the gradient depends on the strides of the input"
        np.testing.assert_allclose(_grad(tensor), _grad(leaf), rtol=1e-9, atol=1e-12, err_msg=message)


def _negative_strides(argument: Any) -> Any:
    """The same values in reversed memory."""
    if not np.ndim(argument):
        return argument
    backwards = (slice(None, None, -1),) * np.ndim(argument)
    return np.array(np.asarray(argument)[backwards])[backwards]


def _around(view: Any) -> Tensor:
    """A tensor around `view` itself, with its strides: the constructor would make a contiguous copy."""
    tensor = Tensor(view)
    tensor._data = np.asarray(view)
    tensor.requires_grad = True
    return tensor


def _grad(tensor: Tensor) -> NumberArray:
    assert tensor.grad is not None
    return tensor.grad


def _check_float32(call: Callable[..., Any], arguments: Sample, rtol: float) -> None:
    wide, leaves = _run(call, arguments)
    result, narrow_leaves = _run(
        _with_float32_options(call), [np.asarray(a, np.float32) if _is_float(a) else a for a in arguments]
    )
    assert result.dtype == np.float32, f"the result for float32 has dtype {result.dtype}"
    _assert_close(result.data, wide.data, rtol, "float32 values")
    for tensor, leaf in zip(narrow_leaves, leaves, strict=True):
        gradient = _grad(tensor)
        assert gradient.dtype == np.float32, f"the gradient of a float32 argument has dtype {gradient.dtype}"
        _assert_close(gradient, _grad(leaf), rtol, "float32 gradients")


def _with_float32_options(call: Any) -> Callable[..., Any]:
    """The call with arrays of float32 among its options: those of float64 would make the result float64."""
    arrays = {name: a for name, a in call.keywords.items() if isinstance(a, np.ndarray | np.floating)}
    narrow = {name: np.asarray(a, np.float32) for name, a in arrays.items() if a.dtype.kind == "f"}
    return functools.partial(call, **narrow)


def _assert_close(narrow: NumberArray, wide: NumberArray, rtol: float, what: str) -> None:
    scale = 1 + float(np.abs(wide).max(initial=0))
    np.testing.assert_allclose(narrow, wide, rtol=rtol, atol=rtol * scale, err_msg=what)


def _check_memory(call: Callable[..., Any], arguments: Sample) -> None:
    frozen = [np.array(a) for a in arguments]
    for array in frozen:
        array.flags.writeable = False
    tensors = [_around(a) if _is_float(a) else given for a, given in zip(frozen, arguments, strict=True)]
    result = call(*tensors)
    cotangent = _cotangent(result)
    result.backward(cotangent)
    others: list[Any] = [result.data, cotangent, *frozen]
    for leaf in _leaves(tensors):
        gradient = _grad(leaf)
        assert gradient.shape == leaf.shape, f"the gradient has shape {gradient.shape}, the argument {leaf.shape}"
        for other in others:
            assert not np.shares_memory(gradient, other), "a gradient shares memory with another array"
        others.append(gradient)
