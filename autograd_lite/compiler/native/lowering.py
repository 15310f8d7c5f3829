"""Lowering: which calls become loops, and how."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite.compiler.calls import Assumption
from autograd_lite.compiler.native import elementwise, indexing, reductions
from autograd_lite.compiler.native.loops import Call, Checked, Element, NotNative, Statement
from autograd_lite.compiler.native.operands import Operands, contiguous_strides, converted
from autograd_lite.compiler.tape import Instruction, called_name

_RULES: dict[Any, Callable[[Instruction, Operands], list[Statement]]] = {
    **dict.fromkeys(elementwise.UFUNCS, elementwise.lowered),
    **dict.fromkeys((np.sum, np.max, np.min, np.mean, "sum", "max", "min", "mean"), reductions.lowered),
    **dict.fromkeys(("argmax", np.argmax), reductions.argmax),
    **dict.fromkeys((np.dot, "dot", np.matmul), reductions.product),
    **dict.fromkeys(("copy", "astype", np.copy), indexing.copy),
    **dict.fromkeys(("reshape", "ravel", "flatten", np.reshape, np.ravel), indexing.reshape),
    **dict.fromkeys((np.concatenate, np.stack), indexing.concatenate),
    **dict.fromkeys((np.zeros_like, np.ones_like, np.full_like, "fill"), indexing.fill),
    **dict.fromkeys(("take", np.take), indexing.take),
    "__getitem__": indexing.getitem,
    "__setitem__": indexing.setitem,
    "put": indexing.put,
    np.ravel_multi_index: indexing.ravel_multi_index,
}
# Computed for arguments up to a bound. NumPy computes the others, which the flag for invalid values tells.
_BOUNDED = (np.sin, np.cos)
_UFUNC_METHODS = {"reduce": reductions.lowered, "at": indexing.add_at}


def lower(instruction: Instruction, operands: Operands, can_restart: bool) -> list[Statement]:
    """The statements of a call; raises NotNative if it must stay a call.

    If the program can be restarted, floating-point errors are of no concern: the NumPy calls tell which are ignored.
    """
    if isinstance(instruction.function, Assumption):
        return [_assumption(instruction, operands)]
    function = instruction.function
    rule = _RULES.get(function) if isinstance(function, str) or callable(function) else None
    ufunc = getattr(function, "__self__", None)
    if isinstance(ufunc, np.ufunc) and not isinstance(function, str):
        rule = _UFUNC_METHODS.get(function.__name__)
        if function.__name__ == "at" and ufunc is not np.add:
            rule = None
        if function.__name__ == "reduce" and ufunc not in (np.add, np.maximum, np.minimum):
            rule = None
    if rule is None or instruction.keep or instruction.dynamic_shape:
        raise NotNative(f"{called_name(function)} has no loops")
    if not can_restart and function in _BOUNDED:
        raise NotNative(f"{called_name(function)} after a change, of arguments that may be too large")
    if not can_restart and not _is_quiet(instruction):
        raise NotNative(f"{called_name(function)} with an error handling of its own")
    return _separated(rule(instruction, operands), operands)


def _separated(statements: list[Statement], operands: Operands) -> list[Statement]:
    """The statements with a temporary array where the result overlaps an operand, as NumPy makes one."""
    if not statements:
        raise NotNative("arrays without elements")
    last = statements[-1]
    writers = [made for made in statements if made.target.memory is last.target.memory]
    if not any(_clash(element, made, writer) for made in statements for element in made.read for writer in writers):
        return statements
    if len(statements) > 1 or last.combine:
        raise NotNative("a result that overlaps an operand")
    strides = contiguous_strides(last.extents)
    copy = Element(operands.scratch("copy", last.target.dtype), 0, strides)
    return [
        Statement(last.extents, copy, converted(last.expression, last.target.dtype), name=last.name),
        Statement(last.extents, last.target, copy),
    ]


def _clash(element: Element, made: Statement, writer: Statement) -> bool:
    """Whether an element that `made` reads may have been written by another iteration of `writer`."""
    target = writer.target
    if element.memory is not target.memory:
        return False
    if element.gathers or target.gathers:
        return True
    if made is writer and (element.offset, element.strides) == (target.offset, target.strides):
        return False
    (low, high), (start, stop) = element.span(made.extents, 0), target.span(writer.extents, 0)
    return low <= stop and start <= high


def _assumption(instruction: Instruction, operands: Operands) -> Statement:
    """A check that an array without dimensions is as true as it was."""
    (value,) = instruction.args
    truth = converted(operands.expression(value, value.shape), np.dtype(np.bool_))
    if value.shape:
        raise NotNative("the truth of an array with dimensions")
    met = Call("{0} == " + repr(instruction.function.expected), (truth,), np.dtype(np.bool_))
    index = Call("int64({0}) - 1", (met,), np.dtype(np.int64))
    unused = Element(operands.scratch("assumed", np.dtype(np.int64)), 0, ())
    return Statement((), unused, Checked(index, 1, False), name="assume")


def _is_quiet(instruction: Instruction) -> bool:
    """Whether the floating-point error handling is the usual one, or the function is written without the errors."""
    changed = instruction.errstate or {}
    return not changed or (instruction.function is np.exp and changed == {"over": "ignore"})
