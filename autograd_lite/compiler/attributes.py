"""Patched attributes: while something is recorded, they are properties that notify the recorder.

Tensors, leaves and optimizers are read and written without NumPy calls, and a program depends on what they hold:

- Reading ``Tensor._data`` returns a tracer of the array; the program then reads the array in each call.
- Reading ``Leaf.grad`` is refused unless the function has set it, because a replay would find another gradient.
- Reading ``Optimizer.param_groups`` returns groups whose numbers are traced.
- Assignments are noted, so that a replay repeats them, and a refused call undoes them.
"""

from __future__ import annotations

from typing import Any

from autograd_lite.core.hooks import current_recorder


class PatchedAttribute(property):
    """A property in the place of a slot, or of an attribute with a default in the class."""

    def __init__(self, name: str, original: Any) -> None:
        is_slot = hasattr(original, "__set__")

        def get(owner: Any) -> Any:
            found = original.__get__(owner) if is_slot else owner.__dict__.get(name, original)
            recorder: Any = current_recorder()
            return found if recorder is None else recorder.read(owner, name, found)

        def set_(owner: Any, value: Any) -> None:
            recorder: Any = current_recorder()
            if recorder is not None:
                recorder.assign(owner, name, value)
            if is_slot:
                original.__set__(owner, value)
            else:
                owner.__dict__[name] = value

        super().__init__(get, set_)
