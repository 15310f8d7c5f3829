"""Operations called as in PyTorch: the first argument is `input`, and `inplace` overwrites it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite.core.tensor import Tensor
from autograd_lite.support.messages import show


def replaced(input: Any, out: Any, inplace: bool, name: str) -> Any:
    """The result, or, with `inplace`, the input with the result written into it.

    The graph keeps what it saved, so that gradients are right; writing into a leaf that requires gradients is an error.
    """
    if inplace is False:
        return out
    check_inplace(input, inplace, name, out.dtype)
    input[...] = out
    return input


def check_inplace(input: Any, inplace: Any, name: str, dtype: Any) -> None:
    """Raise TypeError if `inplace` is no switch, or, with it, if the input cannot hold a result of this dtype."""
    if not isinstance(inplace, bool | np.bool_):
        raise TypeError(f"{name}: inplace must be True or False, not {show(inplace)}")
    if inplace and not isinstance(input, Tensor | np.ndarray):
        raise TypeError(f"{name}: inplace=True writes into a tensor or an array, not {show(input)}")
    if inplace and not np.can_cast(dtype, input.dtype, "same_kind"):
        raise TypeError(f"{name}: inplace=True cannot write numbers of dtype {dtype} into those of {input.dtype}")


def in_pytorch_form(function: Callable[..., Any], *, inplace: bool = False) -> Callable[..., Any]:
    """The function with its first argument called `input` and, if asked for, the further argument `inplace`.

    Examples
    --------
    >>> square = in_pytorch_form(np.square, inplace=True)
    >>> x = Tensor([1.0, 3.0])
    >>> square(input=x, inplace=True) is x, x
    (True, Tensor([1., 9.]))
    """
    name = function.__name__
    if not inplace:

        @functools.wraps(function)
        def called(input: Any, *options: Any, **named: Any) -> Any:
            return function(input, *options, **named)

        return _signed(called, function, [])

    places = 0 if isinstance(function, np.ufunc) else len(inspect.signature(function).parameters) - 1

    @functools.wraps(function)
    def called_in_place(input: Any, *options: Any, inplace: Any = False, **named: Any) -> Any:
        if len(options) == places + 1:
            *options, inplace = options  # type: ignore[assignment]
        out = function(input, *options, **named)
        return out if inplace is False else replaced(input, out, inplace, name)

    own = inspect.Parameter("inplace", inspect.Parameter.POSITIONAL_OR_KEYWORD, default=False, annotation="bool")
    return _signed(called_in_place, function, [own])


def _signed(called: Any, function: Any, more: list[inspect.Parameter]) -> Any:
    """`called` with the signature of the function, its first argument renamed, and more arguments."""
    if isinstance(function, np.ufunc):
        return called
    signature = inspect.signature(function)
    first, *others = signature.parameters.values()
    parameters = [first.replace(name="input"), *others, *more]
    called.__signature__ = signature.replace(parameters=parameters)
    types = dict(getattr(function, "__annotations__", {}))
    if first.name in types:
        types = {"input": types.pop(first.name), **types}
    called.__annotations__ = types | ({"inplace": "bool"} if more else {})
    return called
