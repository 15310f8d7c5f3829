"""Attributes that the recorder observes: while something is recorded, they are properties that notify it.

Tensors, leaves and optimizers are read and written without NumPy calls, and a program depends on what they hold:

- Reading ``Tensor._data`` returns a tracer of the array; the program then reads the array in each call.
- Reading ``Leaf.grad`` is refused unless the function has set it, because a replay would find another gradient.
- Reading ``Optimizer.param_groups`` returns groups whose numbers are traced.
- Assignments are noted, so that a replay repeats them, and a refused call undoes them.

**What is patched, and for how long.** These three attributes of the classes, from the start to the end of a recording:
the first two calls with new shapes, and a call whose audit has found a difference. All threads run the properties
meanwhile, but only the recording thread has a recorder; in the others the properties read and write the original slot.

**Why nothing simpler gives the same guarantee.** No tensor that the function reads may be missed, because its values
would become constants of the program. Considered were

- a test in each access, without patching: as properties with a single test, the first two attributes alone make an
  eager training step of an MLP (64-32-10, batch of 20) 7 to 10 % slower, for all who never compile;
- a subclass, or tracers in the place of the arrays, before the call: a list of all tensors that the function will read
  is needed, but they can be reached through any object, and can be made or fetched while it runs;
- the source code: it contains names, and does not show which objects they refer to.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from autograd_lite.core.graph import Leaf
from autograd_lite.core.hooks import current_recorder
from autograd_lite.core.tensor import Tensor
from autograd_lite.optim.optimizer import Optimizer
from autograd_lite.support.interrupts import undoing

OBSERVED: list[tuple[type, str]] = [(Tensor, "_data"), (Leaf, "grad"), (Optimizer, "param_groups")]
_lock = threading.RLock()
_active: dict[object, None] = {}  # one key per context in any thread; everything else follows from it


@contextmanager
def observing_attributes() -> Iterator[None]:
    """Inside, the recorder of a thread is notified when the thread reads or writes an observed attribute."""
    key = object()

    def leave() -> None:
        _active.pop(key, None)
        _update()

    with undoing(leave):
        _active[key] = None
        _update()
        yield


def _update() -> None:
    """Make the attributes properties if a context is active, and restore them if none is.

    Correct also after an interrupted update: the class shows whether an attribute is a property, and each is replaced
    in one step.
    """
    with undoing(_unlock):
        _lock.acquire()
        for owner, name in OBSERVED:
            current = owner.__dict__[name]
            if isinstance(current, _ObservedAttribute):
                if not _active:
                    setattr(owner, name, current.original)
            elif _active:
                setattr(owner, name, _ObservedAttribute(name, current))


def _unlock() -> None:
    """Release the lock as often as this thread has acquired it; an interrupt can come before or after `acquire`."""
    with suppress(RuntimeError):  # not acquired
        while True:
            _lock.release()


class _ObservedAttribute(property):
    """A property in the place of a slot, or of an attribute with a default in the class."""

    def __init__(self, name: str, original: Any) -> None:
        self.original = original
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
