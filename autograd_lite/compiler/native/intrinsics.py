"""What the elementary functions need of numba: the bits of floats, selection without branches, polynomials."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from llvmlite.ir import FunctionType
from numba import njit, types
from numba.extending import intrinsic

Inlined = Callable[..., Any]

# A function that is copied into the loop that calls it, so that LLVM can vectorise the loop.
_OPTIONS: dict[str, Any] = {"forceinline": True, "nogil": True, "error_model": "numpy", "_nrt": False}
inlined_as_written: Callable[[Inlined], Inlined] = partial(njit, **_OPTIONS)
# A product and a sum may be one instruction, which is faster and more exact. Nothing else may be rearranged.
inlined: Callable[[Inlined], Inlined] = partial(njit, fastmath={"contract"}, **_OPTIONS)
_intrinsic: Callable[[Callable[..., Any]], Inlined] = intrinsic


def _integer(real: Any) -> Any:
    """The signed integer type of the width of a float type."""
    return types.int32 if real == types.float32 else types.int64


@_intrinsic
def bits(context: Any, x: Any) -> Any:
    """The bits of a float, as an integer of its width."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.bitcast(arguments[0], context.get_value_type(signature.return_type))

    return _integer(x)(x), generate


@_intrinsic
def from_bits(context: Any, integer: Any, like: Any) -> Any:
    """The float of the type of `like` whose bits are the lowest ones of an integer."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        value, _ = arguments
        if integer.bitwidth > like.bitwidth:
            value = builder.trunc(value, context.get_value_type(_integer(like)))
        return builder.bitcast(value, context.get_value_type(like))

    return like(integer, like), generate


@_intrinsic
def select(context: Any, condition: Any, x: Any, y: Any) -> Any:
    """x where the condition holds, else y; both are computed, so there is no branch."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.select(*arguments)

    return (x(types.boolean, x, x), generate) if x == y and condition == types.boolean else None


_CHAIN = 8  # up to so many coefficients, a chain of dependent operations is short enough


def _evaluate(builder: Any, x: Any, coefficients: list[Any]) -> Any:
    """Horner's rule. A long polynomial is even(x²) + x · odd(x²), because its operations would wait for each other."""
    if len(coefficients) > _CHAIN:
        square = builder.fmul(x, x)
        even, odd = (_evaluate(builder, square, coefficients[start::2]) for start in (0, 1))
        return builder.fadd(even, builder.fmul(x, odd))
    *rest, result = coefficients
    for coefficient in reversed(rest):
        result = builder.fadd(coefficient, builder.fmul(result, x))
    return result


@_intrinsic
def polynomial(context: Any, x: Any, coefficients: Any) -> Any:
    """c₀ + c₁x + c₂x² + …"""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        x, values = arguments
        return _evaluate(builder, x, [builder.extract_value(values, i) for i in range(coefficients.count)])

    return (x(x, coefficients), generate) if coefficients.dtype == x else None


def instruction(name: str, *types_of_arguments: Any) -> Any:
    """The type and the code of an operation of LLVM on floats of one type."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        real = arguments[0].type
        signature_in_llvm = FunctionType(real, [real] * len(arguments))
        return builder.call(builder.module.declare_intrinsic(name, [real], signature_in_llvm), arguments)

    return types_of_arguments[0](*types_of_arguments), generate


@_intrinsic
def copysign(context: Any, x: Any, sign: Any) -> Any:
    """|x| with the sign of another float."""
    return instruction("llvm.copysign", x, sign)


@_intrinsic
def fma(context: Any, x: Any, y: Any, z: Any) -> Any:
    """x y + z, rounded once: an instruction of most processors, a slow call on others."""
    return instruction("llvm.fma", x, y, z)


@_intrinsic
def floor(context: Any, x: Any) -> Any:
    """The largest integer that is not greater, as a float."""
    return instruction("llvm.floor", x)
