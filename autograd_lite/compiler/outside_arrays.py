"""The arrays of a finished recording: which existed before the call, and which the function has made itself."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

from autograd_lite.compiler.recorder import Recorder
from autograd_lite.compiler.tape import Instruction, Storage, Value, parts
from autograd_lite.support.addresses import address, memory_owner


def release_arrays(recorder: Recorder) -> bool:
    """Release all arrays of this run; those that are freed then were made by the function.

    If such an array was overwritten, each replay makes it again from its initial contents. Otherwise it is a constant
    of the program. Of the attributes that were read, those of objects that still exist are kept.

    Returns
    -------
    bool
        Whether the function has made arrays or NumPy scalars from something that is not recorded.
    """
    tape = recorder.tape
    described = [(v, weakref.ref(memory_owner(a)), _layout(a), v.storage.is_lasting) for v, a in tape.arrays.items()]
    lasting = {value: array for value, array in tape.arrays.items() if value.storage.is_lasting}
    read = [(weakref.ref(owner), name) for owner, name, _ in recorder.attributes.values()]
    for tracer in recorder.tracers:
        tracer._concrete = np.broadcast_to(np.zeros((), tracer.dtype), tracer.shape)
    recorder.arrays.clear()
    recorder.attributes.clear()
    tape.arrays.clear()
    for storage in recorder.storages.values():
        storage.owner = storage.owner if storage.is_lasting else None
    existing = [(reference(), name) for reference, name in read]
    recorder.read_attributes = [(owner, name, getattr(owner, name)) for owner, name in existing if owner is not None]
    made_constants = any(isinstance(part, np.generic) for i in tape.instructions for part in parts((i.args, i.kwargs)))
    made: list[Instruction] = []
    for value, reference, layout, is_lasting in described:
        owner = reference()  # None if nothing else refers to it
        made_constants |= owner is None
        if owner is None and value.storage.write_count:
            made += _making(recorder, value, layout)
        elif is_lasting:
            tape.arrays[value], value.storage.owner = lasting[value], owner
        else:
            value.storage.owner = value.storage.initial if owner is None else owner
            tape.arrays[value] = _viewed(value.storage.owner, layout)
    tape.instructions[:0] = made
    for storage in recorder.storages.values():  # copies of all parameters
        storage.initial = storage.content = None
    return made_constants


def _viewed(owner: Any, layout: dict[str, Any]) -> Any:
    """The array of a layout in the memory of its owner; without elements it needs none, and may have any strides."""
    if 0 in layout["shape"]:
        return np.empty(layout["shape"], layout["dtype"])
    return np.ndarray(buffer=_in_memory_order(owner), **layout)


def _making(recorder: Recorder, value: Value, layout: dict[str, Any]) -> list[Instruction]:
    """The instructions that make an array that the function has made and overwritten."""
    storage, made = value.storage, []
    if storage.whole is None:
        initial = _in_memory_order(storage.initial)
        layout_of_whole = (initial.shape, initial.dtype, initial.strides)
        constant = Value(recorder.new_name("array"), *layout_of_whole, Storage("array", initial))
        recorder.tape.arrays[constant] = initial
        copy = Instruction("copy", (constant, "K"), {})
        whole = Value(recorder.new_name("array"), *layout_of_whole, storage, copy)
        storage.kind, storage.whole, copy.results = "result", whole, (whole,)
        made.append(copy)
    place = (layout["shape"], layout["dtype"], storage.whole, layout["offset"], layout["strides"])
    value.origin = Instruction(np.ndarray, place, {}, results=(value,), is_view=True)
    return [*made, value.origin]


def _in_memory_order(owner: Any) -> Any:
    """An array that owns its memory, with the axes in the order of the memory: `np.ndarray` takes no other buffer."""
    if not isinstance(owner, np.ndarray):
        return owner
    return owner.transpose(sorted(range(owner.ndim), key=lambda axis: -owner.strides[axis]))


def _layout(array: Any) -> dict[str, Any]:
    """The position of an array in the memory of its owner."""
    offset = address(array) - address(memory_owner(array))
    return {"shape": array.shape, "dtype": array.dtype, "offset": offset, "strides": array.strides}
