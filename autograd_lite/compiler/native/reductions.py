"""Reductions and products: a result is prepared, accumulated in loops, and stored."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np

from autograd_lite.compiler.native.elementwise import name_of, result_of
from autograd_lite.compiler.native.loops import (
    ADD,
    ARGMAX,
    Call,
    Constant,
    Element,
    Expression,
    NotNative,
    Statement,
)
from autograd_lite.compiler.native.operands import Operands, contiguous_strides, converted, statement
from autograd_lite.compiler.tape import Instruction, Value

_KINDS: dict[Any, str] = {
    np.add: "add", np.maximum: "max", np.minimum: "min", np.sum: "add", np.max: "max", np.min: "min", np.mean: "mean",
    "sum": "add", "max": "max", "min": "min", "mean": "mean",
}  # fmt: skip
# Products with more multiplications are left to BLAS: where it has AVX-512, it takes a fifth of the time of loops for
# 32×32 by 32×32, and as long as they for 8×64 by 64×8.
LARGEST_PRODUCT = 1 << 12
# In a batch a call of BLAS costs each product little, so it is faster for smaller ones already, unless the kernel's
# innermost loop is the sum: it takes a half of the time for 12×12 by 12×12, a third for 16×8 by 8×16.
LARGEST_PRODUCT_IN_A_BATCH = 1 << 10


def lowered(instruction: Instruction, operands: Operands) -> list[Statement]:
    """The statements of a reduction over axes."""
    function, args, kwargs = instruction.function, instruction.args, dict(instruction.kwargs)
    kind = _KINDS[function if isinstance(function, str) else getattr(function, "__self__", function)]
    x = args[0]
    if not isinstance(x, Value) or len(args) > 2 or kwargs.keys() - {"axis", "keepdims", "out", "dtype", "initial"}:
        raise NotNative(f"{name_of(function)} with other arguments than an axis")
    default = 0 if isinstance(getattr(function, "__self__", None), np.ufunc) else None
    axis = args[1] if len(args) > 1 else kwargs.get("axis", default)
    axes = _normalized(axis, len(x.shape))
    target = result_of(instruction)
    dtype = target.dtype
    if kwargs.get("dtype") not in (None, dtype) or dtype.kind == "b" or (dtype != x.dtype and kind in ("max", "min")):
        raise NotNative(f"{name_of(function)} in another dtype")
    kept = tuple(1 if i in axes else n for i, n in enumerate(x.shape))
    count = math.prod(x.shape) // math.prod(kept) if math.prod(kept) else 0
    keepdims = len(target.shape) == len(x.shape)
    element = operands.element(target)
    if not keepdims:  # zeros in the place of the axes that are gone
        strides = iter(element.strides)
        element = Element(
            element.memory, element.offset, tuple(0 if i in axes else next(strides) for i in range(len(x.shape)))
        )
    accumulated = np.dtype(np.float64) if kind in ("add", "mean") and dtype.kind == "f" else dtype
    order = sorted(range(len(x.shape)), key=lambda i: -abs(x.strides[i]))  # memory is read from front to back
    shape, kept = tuple(x.shape[i] for i in order), tuple(kept[i] for i in order)
    element = _permuted(element, order)
    read = operands.expression(x, x.shape, accumulated).mapped(lambda found: _permuted(found, order))
    total = Element(operands.scratch("total", accumulated), 0, contiguous_strides(kept))
    first = _start(kind, accumulated)
    if kwargs.get("initial") is not None:
        if kind == "mean" or isinstance(kwargs["initial"], Value):
            raise NotNative(f"{name_of(function)} from an array on")
        first = operands.expression(kwargs["initial"], (), accumulated)
    combine = {"max": "maximum({0}, {1})", "min": "minimum({0}, {1})"}.get(kind, ADD)
    accumulate = statement(shape, total, read, combine, name=name_of(function))
    result: Expression = total
    if kind == "mean":
        result = Call("{0} / {1}", (total, Constant(count, accumulated)), accumulated)
    return [
        statement(kept, total, first, reads=accumulate),
        accumulate,
        statement(kept, element, converted(result, dtype)),
    ]


def _permuted(element: Element, order: list[int]) -> Element:
    return dataclasses.replace(element, strides=tuple(element.strides[level] for level in order))


def _start(kind: str, dtype: np.dtype[Any]) -> Expression:
    if kind in ("add", "mean"):
        return Constant(0, dtype)
    sign = -1 if kind == "max" else 1
    if dtype.kind == "f":
        return Constant(sign * math.inf, dtype)
    return Constant(np.iinfo(dtype).min if sign < 0 else np.iinfo(dtype).max, dtype)


def _normalized(axis: Any, ndim: int) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(ndim))
    axes = axis if isinstance(axis, tuple) else (axis,)
    if not all(isinstance(i, int | np.integer) for i in axes):
        raise NotNative("an axis that is not an integer")
    return tuple(int(i) % ndim for i in axes)


def argmax(instruction: Instruction, operands: Operands) -> list[Statement]:
    """The statements of an argmax over the last axis."""
    args, kwargs = instruction.args, instruction.kwargs
    x, target = args[0], result_of(instruction)
    axis = args[1] if len(args) > 1 else kwargs.get("axis")
    last = (-1, len(x.shape) - 1, None)[: 3 if len(x.shape) == 1 else 2]
    if not isinstance(x, Value) or kwargs.keys() - {"axis"} or axis not in last:
        raise NotNative("argmax over another axis than the last")
    if x.shape[-1] == 1:
        return [statement(target.shape, operands.element(target), Constant(0, np.dtype(np.int64)), name="argmax")]
    rows = x.shape[:-1]
    best = Element(operands.scratch("best", x.dtype), 0, (*contiguous_strides(rows), 0))
    element = operands.element(target)
    position = Element(element.memory, element.offset, (*element.strides, 0))
    read = operands.expression(x, x.shape)
    if any(length == 1 for length in rows):
        x_element = operands.element(x)
        keep = [i for i, length in enumerate(x.shape) if length != 1]
        shape = tuple(x.shape[i] for i in keep)
        read, best, position = (
            Element(e.memory, e.offset, tuple(e.strides[i] for i in keep)) for e in (x_element, best, position)
        )
    else:
        shape = x.shape
    search = Statement(shape, position, read, ARGMAX, best=best, name="argmax")
    start = _start("max", x.dtype) if x.dtype.kind != "b" else Constant(False, x.dtype)

    def without_last(found: Element) -> Element:
        return Element(found.memory, found.offset, found.strides[:-1])

    outer = shape[:-1]
    return [
        Statement(outer, without_last(best), start, related=search.related),
        Statement(outer, without_last(position), Constant(0, np.dtype(np.int64)), related=search.related),
        search,
    ]


def product(instruction: Instruction, operands: Operands) -> list[Statement]:
    """The statements of `dot` or `matmul`, if it is small."""
    args = instruction.args
    if len(args) != 2 or instruction.kwargs.keys() - {"out"} or not all(isinstance(arg, Value) for arg in args):
        raise NotNative("a product with other arguments than two arrays")
    a, b = args
    target = result_of(instruction)
    is_matmul = instruction.function is np.matmul
    if not (a.dtype == b.dtype == target.dtype) or a.dtype.kind != "f":
        raise NotNative("a product of several dtypes")
    if not a.shape or not b.shape or (not is_matmul and max(len(a.shape), len(b.shape)) > 2):
        raise NotNative("a product over other axes")
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    rows, columns = a.shape[-2:-1], b.shape[-1:] if len(b.shape) > 1 else ()
    length = a.shape[-1]
    if math.prod((*rows, *columns, length)) > LARGEST_PRODUCT and rows and columns:
        raise NotNative("a product for BLAS")
    left, right, out = operands.element(a), operands.element(b), operands.element(target)

    def laid_out(element: Element, lead: tuple[int, ...], tail: dict[str, int]) -> Element:
        """The strides over the batch axes, then over rows, columns and the axis of the sum."""
        missing = (0,) * (len(batch) - len(lead))
        order = [tail.get(name, 0) for name in names]
        return Element(element.memory, element.offset, (*missing, *lead, *order))

    names = ["i"] * bool(rows) + ["j"] * bool(columns) + ["k"]
    n_left, n_right = len(a.shape[:-2]), len(b.shape[:-2])
    tail_left = dict(zip(("i", "k") if rows else ("k",), left.strides[n_left:], strict=True))
    tail_right = dict(zip(("k", "j") if columns else ("k",), right.strides[n_right:], strict=True))
    tail_out = dict(zip([name for name in names if name != "k"], out.strides[len(batch) :], strict=True))
    names = _loop_order(names, tail_left, tail_right, tail_out)
    extents = {"i": rows[0] if rows else 1, "j": columns[0] if columns else 1, "k": length}
    are_for_blas = math.prod(extents.values()) > LARGEST_PRODUCT_IN_A_BATCH and min(extents.values()) > 1
    if math.prod(batch) > 1 and are_for_blas and names[-1] != "k":
        raise NotNative("a product for BLAS")
    shape = (*batch, *(extents[name] for name in names))
    x = laid_out(left, left.strides[:n_left], tail_left)
    y = laid_out(right, right.strides[:n_right], tail_right)
    z = laid_out(out, out.strides[: len(batch)], tail_out)
    # A product with a vector is a sum.
    dtype = a.dtype if rows and columns else np.dtype(np.float64)
    kept = tuple(1 if name == "k" else extents[name] for name in names)
    total = z
    if names[-1] == "k" or dtype != target.dtype:
        total = Element(operands.scratch("total", dtype), 0, contiguous_strides((*batch, *kept)))
    terms = Call("{0} * {1}", (converted(x, dtype), converted(y, dtype)), dtype)
    accumulate = statement(shape, total, terms, ADD, name=name_of(instruction.function))
    made = [statement((*batch, *kept), total, Constant(0, dtype), reads=accumulate), accumulate]
    if total is not z:
        made.append(statement((*batch, *kept), z, converted(total, target.dtype)))
    return made


def _loop_order(names: list[str], left: dict[str, int], right: dict[str, int], out: dict[str, int]) -> list[str]:
    """The order of the loops in which the innermost one reads memory from front to back."""
    rest = [name for name in names if name != "k"]
    if left["k"] == 1 == right["k"] or not rest:
        return [*rest, "k"]
    if "j" in rest and right.get("j") == 1:
        return [name for name in ("i", "k", "j") if name in names]
    if "i" in rest and left.get("i") == 1:
        return [name for name in ("j", "k", "i") if name in names]
    return [*rest, "k"]
