"""What the source of a kernel calls besides Python's operators: pointers, sums in any order, error flags."""

from __future__ import annotations

import platform
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from autograd_lite.compiler.native.intrinsics import instruction

Function = Callable[..., Any]
_intrinsic: Callable[[Function], Function] = intrinsic

# Bits of the floating-point status that become warnings: invalid, divide by zero, overflow.
_BITS = (1, 2, 4) if platform.machine().lower() in ("arm64", "aarch64") else (1, 4, 8)
INVALID, DIVIDE, OVERFLOW = _BITS


@_intrinsic
def pointer(context: Any, array: Any) -> Any:
    """The address of the first element: ``pointer(x)[i]`` is the i-th element after it. Booleans are bytes."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return context.make_array(signature.args[0])(context, builder, args[0]).data

    return types.CPointer(types.uint8 if array.dtype == types.bool_ else array.dtype)(array), generate


@_intrinsic
def add(context: Any, total: Any, term: Any) -> Any:
    """A step of a sum whose terms may be added in any order, several at once in a vector."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        if isinstance(signature.return_type, types.Float):
            return builder.fadd(*args, flags=("reassoc", "contract"))
        return builder.add(*args)

    return total(total, total), generate


def _of_two(name: str, compare: str) -> Function:
    """The larger or the smaller of two numbers; floats by an operation of LLVM."""

    def typed(context: Any, x: Any, y: Any) -> Any:
        if isinstance(x, types.Float):
            return instruction(f"llvm.{name}", x, x)

        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return builder.select(builder.icmp_signed(compare, *args), *args)

        return x(x, x), generate

    typed.__name__ = name
    return _intrinsic(typed)


maximum, minimum = _of_two("maximum", ">="), _of_two("minimum", "<=")  # NaN if one is
fmax, fmin = _of_two("maxnum", ">="), _of_two("minnum", "<=")  # the other one if one is NaN


def _of_one(name: str) -> Function:
    def typed(context: Any, x: Any) -> Any:
        return instruction(f"llvm.{name}", x)

    typed.__name__ = name
    return _intrinsic(typed)


floor, ceil, trunc, rint, sqrt = map(_of_one, ("floor", "ceil", "trunc", "rint", "sqrt"))


@_intrinsic
def copysign(context: Any, x: Any, sign: Any) -> Any:
    """|x| with the sign of another float."""
    return instruction("llvm.copysign", x, x)


@_intrinsic
def sign(context: Any, x: Any) -> Any:
    """-1, 0 or 1; NaN remains."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        real = context.get_value_type(signature.return_type)
        (number,) = args
        positive = builder.select(builder.fcmp_ordered(">", number, real(0)), real(1), number)
        return builder.select(builder.fcmp_ordered("<", number, real(0)), real(-1), positive)

    return x(x), generate


def _status(name: str) -> Function:
    """A function of the C library that clears or reads the floating-point status."""

    def typed(context: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            word = ir.IntType(32)
            function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(word, [word]), name)
            return builder.sext(builder.call(function, [word(sum(_BITS))]), ir.IntType(64))

        return types.int64(), generate

    typed.__name__ = name
    return _intrinsic(typed)


clear_flags, flags = _status("feclearexcept"), _status("fetestexcept")


def kernel(signature: str) -> Callable[[Function], Function]:
    """A decorator that compiles a kernel, for sources that run by themselves."""
    decorator: Callable[[Function], Function] = njit(
        signature, boundscheck=False, error_model="numpy", _nrt=False, nogil=True, fastmath={"contract"}
    )
    return decorator
