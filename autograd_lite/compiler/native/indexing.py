"""Copies, parts and gathers: calls that move elements."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from autograd_lite.compiler.native.elementwise import name_of, result_of
from autograd_lite.compiler.native.loops import Call, Checked, Constant, Element, Expression, NotNative, Statement
from autograd_lite.compiler.native.operands import Operands, contiguous_strides, converted, ordered, statement
from autograd_lite.compiler.tape import Instruction, Value, values_in
from autograd_lite.support.addresses import address

_INT = np.dtype(np.int64)


def copy(instruction: Instruction, operands: Operands) -> list[Statement]:
    """A copy in the same shape, perhaps in another dtype: `copy`, `astype`."""
    x, target = instruction.args[0], result_of(instruction)
    read = converted(operands.expression(x, target.shape), target.dtype)
    return [ordered(statement(target.shape, operands.element(target), read, name=name_of(instruction.function)))]


def reshape(instruction: Instruction, operands: Operands) -> list[Statement]:
    """A copy in another shape, in C order: `reshape`, `ravel`, `flatten`."""
    x, target = instruction.args[0], result_of(instruction)
    orders = [instruction.kwargs.get("order", "C")] + [arg for arg in instruction.args if isinstance(arg, str)]
    if any(order != "C" for order in orders) or not target.is_contiguous:
        raise NotNative("another order than C")
    element = operands.element(target)
    written = Element(element.memory, element.offset, contiguous_strides(x.shape))
    return [statement(x.shape, written, operands.expression(x, x.shape), name=name_of(instruction.function))]


def concatenate(instruction: Instruction, operands: Operands) -> list[Statement]:
    """`concatenate` and `stack`: each part is copied into its place."""
    parts, args, kwargs = instruction.args[0], instruction.args, instruction.kwargs
    target = result_of(instruction)
    axis = args[1] if len(args) > 1 else kwargs.get("axis", 0)
    if not isinstance(axis, int) or len(args) > 2 or kwargs.keys() - {"axis", "out"}:
        raise NotNative(f"{name_of(instruction.function)} with other arguments than an axis")
    axis %= len(target.shape)
    element, start, made = operands.element(target), 0, []
    steps = [s // target.dtype.itemsize for s in target.strides]
    for part in parts:
        is_stack = instruction.function is np.stack
        shape = (*part.shape[:axis], 1, *part.shape[axis:]) if is_stack else part.shape
        read = operands.element(part)
        if is_stack:
            read = Element(read.memory, read.offset, (*read.strides[:axis], 0, *read.strides[axis:]))
        strides = tuple(step if n > 1 else 0 for step, n in zip(steps, shape, strict=True))
        place = Element(element.memory, element.offset + start * steps[axis], strides)
        if 0 not in shape:
            made.append(statement(shape, place, converted(read, target.dtype), name=name_of(instruction.function)))
        start += shape[axis]
    if not made:
        raise NotNative("arrays without elements")
    return made


def fill(instruction: Instruction, operands: Operands) -> list[Statement]:
    """`zeros_like`, `ones_like`, `full_like`, and `fill`."""
    function, args = instruction.function, instruction.args
    target = args[0] if function == "fill" else result_of(instruction)
    value: Any = {np.zeros_like: 0, np.ones_like: 1}.get(function) if function != "fill" else args[1]
    if function is np.full_like:
        value = args[1] if len(args) > 1 else instruction.kwargs["fill_value"]
    if instruction.kwargs.keys() - {"dtype", "fill_value", "shape", "order", "subok"}:
        raise NotNative(f"{name_of(function)} with {', '.join(instruction.kwargs)}")
    written = operands.expression(value, target.shape, target.dtype)
    return [ordered(statement(target.shape, operands.element(target), written, name=name_of(function)))]


def take(instruction: Instruction, operands: Operands) -> list[Statement]:
    """``x.take(indices)`` of flat elements, and ``np.take(x, indices, axis)``."""
    args, kwargs = instruction.args, instruction.kwargs
    x, index = args[0], args[1]
    axis = args[2] if len(args) > 2 else kwargs.get("axis")
    if kwargs.keys() - {"axis", "out"} or len(args) > 3 or not (axis is None or isinstance(axis, int)):
        raise NotNative("take with other arguments than indices and an axis")
    target = result_of(instruction)
    if axis is None:
        if not x.is_contiguous:
            raise NotNative("take from an array that is not contiguous")
        everything = tuple(range(len(x.shape)))
        return _gathered(instruction, operands, target, x, [(index, math.prod(x.shape), 1)], everything, 0)
    axis %= len(x.shape)
    step = x.strides[axis] // x.dtype.itemsize
    return _gathered(instruction, operands, target, x, [(index, x.shape[axis], step)], (axis,), axis)


def _gathered(
    instruction: Instruction,
    operands: Operands,
    target: Value,
    x: Value,
    parts: list[Any],
    axes: tuple[int, ...],
    at: int,
) -> list[Statement]:
    """``target = x[..., indices, ...]``, with the axes of the indices in the place `at`."""
    element = _indexed(operands, x, parts, axes, at, target.shape)
    read = converted(element, target.dtype)
    return [statement(target.shape, operands.element(target), read, name=name_of(instruction.function))]


def _indexed(
    operands: Operands, x: Value, parts: list[Any], axes: tuple[int, ...], at: int, shape: tuple[int, ...]
) -> Element:
    """The element of `x` in loops over `shape`, in which the axes of the indices stand in the place of `axes`."""
    element = operands.element(x)
    kept = [s for axis, s in enumerate(element.strides) if axis not in axes]
    index_shape = np.broadcast_shapes(*(index.shape if isinstance(index, Value) else () for index, _, _ in parts))
    ndim = len(index_shape)
    strides = (*kept[:at], *(0,) * ndim, *kept[at:])
    if len(strides) != len(shape):
        raise NotNative("an index over other axes")
    gathers = []
    for index, length, step in parts:
        read = operands.expression(index, index_shape)
        if read.dtype.kind not in "iu":
            raise NotNative(f"an index of dtype {read.dtype}")

        def spread(found: Element) -> Element:
            return Element(
                found.memory, found.offset, ((0,) * at + found.strides + (0,) * (len(shape) - at - ndim)), found.gathers
            )

        gathers.append((Checked(converted(read, _INT).mapped(spread), length, True), step))
    return Element(element.memory, element.offset, strides, tuple(gathers))


def getitem(instruction: Instruction, operands: Operands) -> list[Statement]:
    """``x[index]`` with arrays of integers, or of a single number."""
    x, index = instruction.args
    target = result_of(instruction)
    element = _part(operands, x, index)[1] if _is_basic(index) else _at(operands, x, index, target.shape)
    return [statement(target.shape, operands.element(target), converted(element, target.dtype), name="getitem")]


def setitem(instruction: Instruction, operands: Operands) -> list[Statement]:
    """``x[index] = value``."""
    x, index, value = instruction.args
    if _is_basic(index):
        shape, place = _part(operands, x, index)
    else:
        shape = _shape_at(x, index)
        place = _at(operands, x, index, shape)
    if isinstance(value, Value) and len(value.shape) > len(shape):
        raise NotNative("a value with more axes than the part")
    written = operands.expression(value, shape, x.dtype)
    made = statement(shape, place, written, name="setitem")
    return [made if place.gathers else ordered(made)]


def _is_basic(index: Any) -> bool:
    parts = index if isinstance(index, tuple) else (index,)
    return all(part is None or part is Ellipsis or isinstance(part, slice) or type(part) is int for part in parts)


def _part(operands: Operands, x: Value, index: Any) -> tuple[tuple[int, ...], Element]:
    """The shape and the element of a basic index, found by indexing an array of the same layout."""
    parts = index if isinstance(index, tuple) else (index,)
    if values_in(parts):
        raise NotNative("a slice whose bounds are arrays")
    whole = as_strided(np.empty(1, x.dtype), x.shape, x.strides)
    part = whole[parts if Ellipsis in parts else (*parts, Ellipsis)]
    memory, start = operands.memory(x)
    size = x.dtype.itemsize
    strides = tuple(s // size if n > 1 else 0 for s, n in zip(part.strides, part.shape, strict=True))
    return part.shape, Element(memory, start + (address(part) - address(whole)) // size, strides)


def _index_parts(x: Value, index: Any) -> list[Any]:
    """The parts of an index of leading integer arrays and integers; whole slices may follow."""
    parts = list(index) if isinstance(index, tuple) else [index]
    while parts and isinstance(parts[-1], slice) and parts[-1] == slice(None):
        parts.pop()
    if not parts or not all(isinstance(part, Value) or type(part) is int for part in parts):
        raise NotNative("an index that mixes arrays and slices")
    if any(isinstance(part, Value) and part.dtype.kind not in "iu" for part in parts) or len(parts) > len(x.shape):
        raise NotNative("a mask as an index")
    return parts


def _shape_at(x: Value, index: Any) -> tuple[int, ...]:
    parts = _index_parts(x, index)
    lead = np.broadcast_shapes(*(part.shape for part in parts if isinstance(part, Value)))
    return (*lead, *x.shape[len(parts) :])


def _at(operands: Operands, x: Value, index: Any, shape: tuple[int, ...]) -> Element:
    parts = _index_parts(x, index)
    size = x.dtype.itemsize
    given = [(part, x.shape[axis], x.strides[axis] // size) for axis, part in enumerate(parts)]
    return _indexed(operands, x, given, tuple(range(len(parts))), 0, shape)


def put(instruction: Instruction, operands: Operands) -> list[Statement]:
    """``x.put(indices, values)`` of flat elements."""
    if len(instruction.args) != 3 or instruction.kwargs:
        raise NotNative("put with a mode")
    x, index, value = instruction.args
    if not x.is_contiguous or not isinstance(index, Value):
        raise NotNative("put into an array that is not contiguous")
    if isinstance(value, Value) and math.prod(value.shape) not in (1, math.prod(index.shape)):
        raise NotNative("put with fewer values than indices")
    if isinstance(value, Value) and value.shape and value.shape != index.shape:
        raise NotNative("put with values of another shape")
    everything = tuple(range(len(x.shape)))
    place = _indexed(operands, x, [(index, math.prod(x.shape), 1)], everything, 0, index.shape)
    return [statement(index.shape, place, operands.expression(value, index.shape, x.dtype), name="put")]


def add_at(instruction: Instruction, operands: Operands) -> list[Statement]:
    """``np.add.at(x, index, value)``."""
    x, index, value = instruction.args
    shape = _shape_at(x, index)
    place = _at(operands, x, index, shape)
    return [statement(shape, place, operands.expression(value, shape, x.dtype), "{0} + {1}", name="add_at")]


def ravel_multi_index(instruction: Instruction, operands: Operands) -> list[Statement]:
    """The flat index of several indices, which must not be negative."""
    if len(instruction.args) != 2 or instruction.kwargs:
        raise NotNative("ravel_multi_index with a mode or an order")
    indices, dims = instruction.args
    target = result_of(instruction)
    total: Expression = Constant(0, _INT)
    for index, length, stride in zip(indices, dims, contiguous_strides(tuple(dims)), strict=True):
        read = Checked(converted(operands.expression(index, target.shape), _INT), length, False)
        term = Call("{0} * {1}", (read, Constant(stride, _INT)), _INT)
        total = Call("{0} + {1}", (total, term), _INT)
    return [statement(target.shape, operands.element(target), total, name="ravel_multi_index")]
