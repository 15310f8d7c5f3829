"""What is patched while a function is recorded: three attributes, and the functions of NumPy that create arrays.

**For how long.** From the start to the end of a recording: the first two calls with new shapes, and a call whose audit
has found a difference. All threads run the replacements meanwhile, but only the recording thread has a recorder; in the
others the replacements do what the originals do.

**Why nothing simpler gives the same guarantee.** Tensors, leaves and optimizers are read and written without NumPy
calls (`attributes`), and NumPy has no protocol for ``np.eye(3)[labels]`` (`creation`). No tensor that a function reads
may be missed, because its values would become constants of the program. Considered for the attributes were

- a test in each access, without patching: as properties with a single test, `Tensor._data` and `Leaf.grad` make an
  eager training step of an MLP (64-32-10, batch of 20) 7 to 10 % slower, also for programs that never call `compile`;
- a subclass, or tracers in the place of the arrays, before the call: this needs a list of all tensors that the function
  will read, but they can be reached through any object, and fetched or created while it runs;
- the source code: it contains names, and does not show which objects they refer to.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import numpy as np

from autograd_lite.compiler.attributes import PatchedAttribute
from autograd_lite.compiler.creation import ORIGINALS, recorded_creation
from autograd_lite.core.graph import Leaf
from autograd_lite.core.tensor import Tensor
from autograd_lite.optim.optimizer import Optimizer
from autograd_lite.support.interrupts import undoing

_ATTRIBUTES: list[tuple[type, str]] = [(Tensor, "_data"), (Leaf, "grad"), (Optimizer, "param_groups")]
# Owner, name, original, replacement.
PATCHES: list[tuple[Any, str, Any, Any]] = [
    *((owner, name, vars(owner)[name], PatchedAttribute(name, vars(owner)[name])) for owner, name in _ATTRIBUTES),
    *((np, name, original, recorded_creation(name)) for name, original in ORIGINALS.items()),
]
_lock = threading.RLock()
_active: dict[object, None] = {}  # one key per recording in any thread; everything else follows from it


@contextmanager
def patched() -> Iterator[None]:
    """Inside, the replacements are in place."""
    key = object()

    def leave() -> None:
        _active.pop(key, None)
        _update()

    with undoing(leave):
        _active[key] = None
        _update()
        yield


def _update() -> None:
    """Install the replacements if a recording is active, and the originals if none is."""
    with undoing(_unlock):
        _lock.acquire()
        for owner, name, original, replacement in PATCHES:
            setattr(owner, name, replacement if _active else original)


def _unlock() -> None:
    """Release the lock as often as this thread has acquired it; an interrupt can come before or after `acquire`."""
    with suppress(RuntimeError):  # not acquired
        while True:
            _lock.release()
