"""Elementwise calls: NumPy's ufuncs as expressions of single numbers."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from autograd_lite.compiler.native.loops import Call, Expression, NotNative, Statement
from autograd_lite.compiler.native.operands import Operands, converted, ordered, statement
from autograd_lite.compiler.tape import Instruction, Value
from autograd_lite.compiler.traced_numbers import TracedNumber

# Of numbers of any dtype.
_ARITHMETIC: dict[Any, str] = {
    np.add: "{0} + {1}", np.subtract: "{0} - {1}", np.multiply: "{0} * {1}", np.negative: "-{0}",
    np.square: "{0} * {0}", np.positive: "{0}", np.absolute: "abs({0})", np.maximum: "maximum({0}, {1})",
    np.minimum: "minimum({0}, {1})",
}  # fmt: skip
_COMPARISONS: dict[Any, str] = {
    np.less: "{0} < {1}", np.less_equal: "{0} <= {1}", np.greater: "{0} > {1}", np.greater_equal: "{0} >= {1}",
    np.equal: "{0} == {1}", np.not_equal: "{0} != {1}",
}  # fmt: skip
_LOGIC: dict[Any, str] = {
    np.logical_and: "{0} & {1}", np.logical_or: "{0} | {1}", np.logical_xor: "{0} != {1}",
    np.logical_not: "{0} == False", np.bitwise_and: "{0} & {1}", np.bitwise_or: "{0} | {1}",
    np.bitwise_xor: "{0} != {1}", np.invert: "{0} == False",
}  # fmt: skip
# Of floats; `{d}` is the dtype.
_FLOATS: dict[Any, str] = {
    np.divide: "{0} / {1}", np.sqrt: "sqrt({0})", np.reciprocal: "{d}(1) / {0}", np.isnan: "{0} != {0}",
    np.isfinite: "abs({0}) < inf", np.isinf: "abs({0}) == inf", np.copysign: "copysign({0}, {1})",
    np.sign: "sign({0})", np.fmax: "fmax({0}, {1})", np.fmin: "fmin({0}, {1})",
    np.floor: "floor({0})", np.ceil: "ceil({0})", np.trunc: "trunc({0})", np.rint: "rint({0})",
    np.exp: "exp_{d}({0})", np.expm1: "expm1_{d}({0})", np.log: "log_{d}({0})", np.log1p: "log1p_{d}({0})",
    np.log2: "log2_{d}({0})", np.log10: "log10_{d}({0})", np.exp2: "exp2_{d}({0})", np.tanh: "tanh_{d}({0})",
    np.sinh: "sinh_{d}({0})", np.cosh: "cosh_{d}({0})", np.arctan: "arctan_{d}({0})", np.sin: "sin_{d}({0})",
    np.cos: "cos_{d}({0})", np.logaddexp: "logaddexp_{d}({0}, {1})",
}  # fmt: skip
_POWERS: dict[float, str] = {1: "{0}", 2: "{0} * {0}", 3: "{0} * {0} * {0}", 0.5: "sqrt({0})", -1: "{d}(1) / {0}"}


def lowered(instruction: Instruction, operands: Operands) -> list[Statement]:
    """The statements of a ufunc, of `where`, or of `clip`."""
    function, args = instruction.function, instruction.args
    known = {"out", "dtype"} if isinstance(function, np.ufunc) else {"out"}
    if instruction.kwargs.keys() - known:
        raise NotNative(f"{', '.join(instruction.kwargs)} as keywords")
    target = result_of(instruction)
    shape = target.shape
    if function is np.where:
        if len(args) != 3:
            raise NotNative("where without values")
        condition = operands.expression(args[0], shape, np.dtype(np.bool_))
        values = [operands.expression(arg, shape, target.dtype) for arg in args[1:]]
        expression: Expression = Call("{1} if {0} else {2}", (condition, *values), target.dtype)
    elif function in (np.clip, "clip"):
        expression = operands.expression(args[0], shape, target.dtype)
        for bound, name in zip(args[1:], ("maximum", "minimum"), strict=False):
            if bound is not None:
                limit = operands.expression(bound, shape, target.dtype)
                expression = Call(f"{name}({{0}}, {{1}})", (expression, limit), target.dtype)
    else:
        expression = _ufunc(instruction, operands, shape)
    element = operands.element(target)
    return [ordered(statement(shape, element, converted(expression, target.dtype), name=name_of(function)))]


def _ufunc(instruction: Instruction, operands: Operands, shape: tuple[int, ...]) -> Expression:
    function, args = instruction.function, instruction.args
    if function in (np.power, operator.pow):
        return _power(instruction, operands, shape)
    dtypes = _dtypes(instruction)
    dtype = dtypes[0]
    if any(other != dtype for other in dtypes[:-1]):
        raise NotNative("operands of several dtypes")
    template = _template(function, dtype, instruction.errstate)
    if template is None:
        raise NotNative(f"{function.__name__} of {dtype}")
    found = tuple(operands.expression(arg, shape, dtype) for arg in args)
    return Call(template.replace("{d}", dtype.name), found, dtypes[-1])


def _template(function: Any, dtype: np.dtype[Any], errstate: Any) -> str | None:
    if function in _COMPARISONS:
        return _COMPARISONS[function]
    if dtype.kind == "b":
        return _LOGIC.get(function)
    if dtype.kind == "f" and function in _FLOATS:
        is_quiet = errstate is not None and errstate.get("over") == "ignore"
        return "quiet_" * (is_quiet and function is np.exp) + _FLOATS[function]
    return _ARITHMETIC.get(function)


def _dtypes(instruction: Instruction) -> tuple[Any, ...]:
    """The dtypes with which NumPy computes: of the arguments, then of the result, as `dtype` asks for it."""
    function = np.power if instruction.function is operator.pow else instruction.function
    kinds, asked = tuple(map(_kind, instruction.args)), instruction.kwargs.get("dtype")
    signature = (*(None for _ in kinds), None if asked is None else np.dtype(asked))
    found: tuple[Any, ...] = function.resolve_dtypes((*kinds, None), signature=signature)
    return found


def _power(instruction: Instruction, operands: Operands, shape: tuple[int, ...]) -> Expression:
    base, exponent = instruction.args
    if type(exponent) not in (int, float):
        raise NotNative("powers whose exponent is not a constant")
    dtype = _dtypes(instruction)[-1]
    if exponent not in _POWERS or dtype.kind != "f":
        raise NotNative(f"the power {exponent} of {dtype}")
    found = operands.expression(base, shape, dtype)
    return Call(_POWERS[exponent].replace("{d}", dtype.name), (found,), dtype)


def _kind(arg: Any) -> Any:
    """What decides the dtype of a result: the dtype, or the type of a Python number."""
    if isinstance(arg, Value | np.generic):
        return arg.dtype
    if isinstance(arg, bool):  # as NumPy's bool, which it is
        return np.dtype(np.bool_)
    if type(arg) is TracedNumber:
        return type(arg._concrete)
    if isinstance(arg, int | float):
        return type(arg)
    raise NotNative(f"an argument of type {type(arg).__name__}")


def result_of(instruction: Instruction) -> Value:
    """The value that a call returns or overwrites."""
    out = instruction.kwargs.get("out")
    if out is not None:
        out = out[0] if isinstance(out, tuple) and len(out) == 1 else out
    else:
        out = instruction.results[0] if len(instruction.results) == 1 and not instruction.several else None
    if not isinstance(out, Value):
        raise NotNative("several results")
    return out


def name_of(function: Any) -> str:
    """The name of a function or method."""
    return function if isinstance(function, str) else str(function.__name__)


UFUNCS = {*_ARITHMETIC, *_COMPARISONS, *_LOGIC, *_FLOATS, np.power, operator.pow, np.where, np.clip, "clip"}
