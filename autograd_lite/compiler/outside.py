"""At the end of a recording: which arrays come from outside, and which the function has made itself."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

import numpy as np

from autograd_lite.compiler.tape import Instruction, Storage, Value, parts
from autograd_lite.core.writes import memory_owner

if TYPE_CHECKING:
    from autograd_lite.compiler.recorder import Recorder


def settle(recorder: Recorder) -> bool:
    """At the end: forget the arrays of this run, and tell arrays that the function made from those that stay.

    One that it made and wrote into starts in each run as it was made. Returned is whether the function has made arrays
    or numbers of NumPy from something that is not recorded.
    """
    arrays = [
        (v, weakref.ref(memory_owner(a)), _form(a), v.storage.is_lasting) for v, a in recorder.tape.arrays.items()
    ]
    kept = {value: array for value, array in recorder.tape.arrays.items() if value.storage.is_lasting}
    for value, tracer in recorder.tracers.items():
        tracer._concrete = np.broadcast_to(np.zeros((), value.dtype), value.shape)
    recorder.arrays.clear()
    recorder.tape.arrays.clear()
    watched = [(weakref.ref(owner), name) for owner, name, _ in recorder.attributes.values()]
    recorder.attributes.clear()
    for storage in recorder.storages.values():
        storage.owner = storage.owner if storage.is_lasting else None
    read = [(owner(), name) for owner, name in watched]  # of tensors that the function has made nothing is left
    recorder.read_attributes = [(owner, name, getattr(owner, name)) for owner, name in read if owner is not None]
    made: list[Instruction] = []
    instructions = recorder.tape.instructions
    made_constants = any(isinstance(part, np.generic) for i in instructions for part in parts((i.args, i.kwargs)))
    for value, reference, form, is_lasting in arrays:
        owner = reference()  # None: nobody else knows it
        made_constants |= owner is None
        if owner is None and value.storage.versions:
            made += _made_anew(recorder, value, form)
        elif is_lasting:
            recorder.tape.arrays[value], value.storage.owner = kept[value], owner
        else:
            value.storage.owner = value.storage.initial if owner is None else owner
            recorder.tape.arrays[value] = np.ndarray(buffer=value.storage.owner, **form)
    recorder.tape.instructions[:0] = made
    for storage in recorder.storages.values():  # copies of all parameters
        storage.initial = storage.content = None
    return made_constants


def _made_anew(recorder: Recorder, value: Value, form: dict[str, Any]) -> list[Instruction]:
    """How an array that the function has made and overwritten comes about in a program."""
    storage, made = value.storage, []
    if storage.whole is None:
        initial = storage.initial
        constant = Value(
            recorder.new_name("array"), initial.shape, initial.dtype, initial.strides, Storage("array", initial)
        )
        recorder.tape.arrays[constant] = initial
        copy = Instruction("copy", (constant, "K"), {})
        whole = Value(recorder.new_name("array"), initial.shape, initial.dtype, initial.strides, storage, copy)
        storage.kind, storage.whole, copy.results = "result", whole, (whole,)
        made.append(copy)
    place = (form["shape"], form["dtype"], storage.whole, form["offset"], form["strides"])
    value.origin = Instruction(np.ndarray, place, {}, results=(value,), is_view=True)
    return [*made, value.origin]


def _form(array: Any) -> dict[str, Any]:
    """What makes an array the view of its owner that it is."""
    offset = array.__array_interface__["data"][0] - memory_owner(array).__array_interface__["data"][0]
    return {"shape": array.shape, "dtype": array.dtype, "offset": offset, "strides": array.strides}
