"""Buffers: each is made once, and shared by values that are never alive at the same time."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from autograd_lite.compiler.tape import Instruction, Storage, Tape, Value

# Functions and methods that take `out`, besides ufuncs and their methods.
_TAKES_OUT = {
    np.dot, np.concatenate, np.stack, np.clip, np.sum, np.mean, np.prod, np.max, np.min, np.cumsum, np.cumprod, np.take,
    np.std, np.var, np.einsum, np.all, np.any, np.around, np.choose, np.compress, np.trace,
    "all", "any", "clip", "cumprod", "cumsum", "dot", "max", "mean", "min", "prod", "round", "std", "sum", "take",
    "trace", "var",
}  # fmt: skip
# What makes an array of a number, which `np.copyto` can do in an existing one.
_COPIES = {"reshape", "ravel", "flatten", "copy"}
_UFUNC_METHODS = {"reduce", "accumulate", "reduceat", "outer"}


@dataclass
class BufferPlan:
    """Where the program keeps the values of all storages.

    Attributes
    ----------
    buffers : list of int
        The size of each buffer in bytes.
    buffer_of : dict
        The number of the buffer of a storage. Storages that are not here nor in `places` are allocated in each call.
    places : dict
        For storages that are a part of an array from outside, that array and the number of the first element.
    unshared : int
        The bytes that the values would take without sharing.
    """

    places: dict[Storage, tuple[Value, int]]
    buffers: list[int] = field(default_factory=list)
    buffer_of: dict[Storage, int] = field(default_factory=dict)
    unshared: int = 0

    @property
    def nbytes(self) -> int:
        return sum(self.buffers)

    def is_lasting(self, storage: Storage) -> bool:
        """Whether the storage has the same address in all calls, so that views of it are made once."""
        return storage.kind == "array" or storage in self.buffer_of or storage in self.places


def takes_out(instruction: Instruction) -> bool:
    """Whether the result can be written into an existing array."""
    function = instruction.function
    if instruction.several or instruction.is_view or "out" in instruction.kwargs:
        return False
    if not isinstance(function, str) and isinstance(getattr(function, "__self__", None), np.ufunc):
        return function.__name__ in _UFUNC_METHODS
    if isinstance(function, np.ufunc):
        return function.nout == 1
    return function in _TAKES_OUT or function is np.empty or copies_number(instruction)  # empty: a kernel fills it


def copies_number(instruction: Instruction) -> bool:
    """Whether the result is a new array that holds a number."""
    function = instruction.function
    return isinstance(function, str) and function in _COPIES and not instruction.args[0].shape


def is_elementwise(instruction: Instruction) -> bool:
    """Whether each element of the result depends only on the elements at the same position."""
    function = instruction.function
    elementwise = function == "clip" or (isinstance(function, np.ufunc) and function.signature is None)
    return elementwise and not instruction.kwargs.keys() - {"out"}


def allocate(tape: Tape, places: dict[Storage, tuple[Value, int]]) -> BufferPlan:
    """Assign memory to every result, in the order of the program."""
    plan = BufferPlan(places)
    pinned = {value.storage for value in tape.survivors()}
    # What the caller receives is allocated in each call; scalars are faster without an array around them.
    fresh = {value.storage for value in tape.results()} - {value.storage for value in tape.gradients.values()}
    last_use = {value.storage: i for i, instruction in enumerate(tape.instructions) for value in instruction.values()}
    free: list[int] = []
    for i, instruction in enumerate(tape.instructions):
        inherited = None
        for result in instruction.results:
            storage = result.storage
            is_fresh = (storage in fresh or not result.shape) and not storage.write_count
            if not result.is_whole or storage in places or not takes_out(instruction) or is_fresh:
                continue
            plan.unshared += result.nbytes
            if storage not in pinned:
                inherited = _dying_operand(instruction, result, i, last_use, plan, pinned)
            if inherited is not None:
                plan.buffer_of[storage] = plan.buffer_of[inherited]
            else:
                plan.buffer_of[storage] = _take(free if storage not in pinned else [], result.nbytes, plan)
        ended = dict.fromkeys(value.storage for value in instruction.values() if last_use[value.storage] == i)
        free += [plan.buffer_of[s] for s in ended if s in plan.buffer_of and s not in pinned | {inherited}]
    return plan


def _dying_operand(
    instruction: Instruction,
    result: Value,
    i: int,
    last_use: dict[Storage, int],
    plan: BufferPlan,
    pinned: set[Storage],
) -> Storage | None:
    """An operand that is used here for the last time, and whose buffer the result can take."""
    if not is_elementwise(instruction):
        return None
    operands = instruction.operands()
    for operand in operands:
        storage: Storage = operand.storage
        if (
            storage in plan.buffer_of
            and last_use[storage] == i
            and storage not in pinned
            and operand.is_whole
            and (operand.shape, operand.dtype, operand.strides) == (result.shape, result.dtype, result.strides)
            and all(other is operand for other in operands if other.storage is storage)
        ):
            return storage
    return None


def _take(free: list[int], nbytes: int, plan: BufferPlan) -> int:
    """The smallest free buffer that is large enough, or a new one."""
    fitting = [buffer for buffer in free if plan.buffers[buffer] >= nbytes]
    if fitting:
        best = min(fitting, key=plan.buffers.__getitem__)
        free.remove(best)
        return best
    plan.buffers.append(nbytes)
    return len(plan.buffers) - 1
