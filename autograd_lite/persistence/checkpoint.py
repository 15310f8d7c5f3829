"""Checkpoint: the whole state of a training run in one file, so that it can be resumed exactly."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from autograd_lite.nn.module import Module
from autograd_lite.persistence.files import show_path
from autograd_lite.persistence.generators import SAVABLE, Generator, generators_of
from autograd_lite.persistence.saving import CorruptedFileError, load, save
from autograd_lite.random import generator, get_state, set_state
from autograd_lite.support.checks import LARGEST_COUNT, is_integer
from autograd_lite.support.messages import show

_FILE = re.compile(r"checkpoint-(\d{10,})\.npz")
_LEFT_BEHIND = re.compile(r"\.checkpoint-\d+\.npz\.[0-9a-f]{16}\.tmp")  # of a killed process


class Checkpoint:
    """The state of a training run: all its parts are saved together and resumed together.

    A run that is killed at any instant and resumed continues bit for bit as if it had never been stopped: with the same
    batches, losses and weights. This takes everything that changes from step to step: the model (with the random
    generators of its dropout, and those in lists, dicts and objects of its modules), the optimizer, the schedule, the
    data order, and other random generators. The common generator of the library is always included. Gradients are not:
    save between ``optimizer.step()`` and the next ``backward()``. Nor are the global generators of `np.random` and of
    the module `random`.

    With several processes all ranks call `save` and `resume`. Rank 0 writes and reads, and the others wait for it, at
    most the timeout of the communicator; an error of rank 0 is raised on all ranks. The random generators of rank 0 are
    saved. The run can continue on another number of ranks.

    Parameters
    ----------
    folder : str or path
        The folder of the files, "checkpoint-0000000100.npz" after step 100; it is created if necessary. Each run needs
        a folder of its own.
    keep : int, default 3
        The number of last checkpoints to keep.
    comm : distributed.Communicator, optional
        By default that of the parts: of a `distributed.Optimizer`, or of ``Batches(..., shard=comm)``.
    **parts : Module, Optimizer, schedule, Batches, numpy.random.Generator or RandomState
        Under names of your choice; or any other object with `state_dict` and `load_state_dict`.

    Raises
    ------
    TypeError
        If a part has no state, or a module holds a generator that cannot be saved (a ``random.Random``, or in a set).
    ValueError
        If there is no part, `keep` is not positive, or the parts have different communicators.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> def train(steps):
    ...     model = nn.Linear(2, 1, rng=0)
    ...     optimizer = optim.Adam(model.parameters(), lr=0.1)
    ...     checkpoint = Checkpoint(folder, model=model, optimizer=optimizer)
    ...     start = checkpoint.resume()["step"]
    ...     for step in range(start, steps):
    ...         optimizer.zero_grad()
    ...         (model(np.ones(2)) ** 2).sum().backward()
    ...         optimizer.step()
    ...         checkpoint.save(step + 1)
    ...     return start, model.bias.item()
    >>> train(5)[0]
    0
    >>> start, bias = train(20)  # takes 15 more steps, with the result of 20 uninterrupted steps
    >>> start, train(20) == (20, bias)
    (5, True)
    """

    def __init__(self, folder: str | os.PathLike[str], *, keep: int = 3, comm: Any = None, **parts: Any) -> None:
        if not is_integer(keep) or keep < 1:
            raise ValueError(f"Checkpoint: keep must be a positive integer, not {show(keep)}")
        if not isinstance(folder, str | os.PathLike):
            what = show(folder)
            raise TypeError(f"Checkpoint: the folder must be a path, not {what}; write Checkpoint(folder, model=...)")
        if not parts:
            raise ValueError("Checkpoint: at least one part is needed, model=... for instance")
        for name, part in parts.items():
            if isinstance(part, type):
                raise TypeError(f"Checkpoint: {name} is the class {part.__name__}, not an instance of it")
            if not isinstance(part, SAVABLE) and not hasattr(part, "load_state_dict"):
                raise TypeError(f"Checkpoint: {name} is {type(part).__name__}, which has no load_state_dict")
        self.folder, self.keep, self.parts = os.path.abspath(folder), keep, parts
        self.comm = _communicator(comm, parts)
        self._unreadable: set[int] = set()
        self._generators()  # raises for those that cannot be saved
        try:
            os.makedirs(self.folder, exist_ok=True)
        except OSError as error:
            reason = "there is a file" if os.path.exists(self.folder) else error.strerror
            where = show_path(self.folder)
            raise OSError(error.errno, f"Checkpoint: the folder {where} cannot be made: {reason}") from error

    def save(self, step: int, **counters: Any) -> str:
        """Write a checkpoint after `step` steps, remove the oldest ones, and return the path.

        Parameters
        ----------
        step : int
        **counters : number, string, array, or nested dict, list or tuple of them
            Further values that `resume` returns: the epoch, the best loss, ...

        Raises
        ------
        OSError
            If the file cannot be written (disk full, no permission, folder gone). No checkpoint and no part has
            changed, so the run can continue and save later.
        FileExistsError
            If the folder has checkpoints of later steps, from another run.
        TypeError
            If a counter cannot be saved.
        """
        if not is_integer(step) or not 0 <= step <= LARGEST_COUNT:
            raise ValueError(f"Checkpoint.save: step must be the number of steps so far, not {show(step)}")
        call, details = "Checkpoint.save", f"step {int(step)} of {list(self.parts)}"
        path: str = self._on_rank_0(call, details, partial(self._write, int(step), counters))
        return path

    def _write(self, step: int, counters: dict[str, Any]) -> str:
        later = [number for number in self._steps() if number > step and number not in self._unreadable]
        if later:
            raise FileExistsError(
                f"Checkpoint.save: step {step}, but {self.folder} has a checkpoint of step {max(later)}; "
                "call resume() before training, or use a separate folder for each run"
            )
        path = self._path(step)
        save(path, {"step": step, "counters": counters, **self._state()})
        self._unreadable.discard(step)
        for old in [number for number in self._steps() if number <= step][: -self.keep]:
            if not os.path.isdir(self._path(old)):  # a folder with such a name is not a checkpoint
                os.unlink(self._path(old))
        for name in os.listdir(self.folder):
            if _LEFT_BEHIND.fullmatch(name):
                os.unlink(os.path.join(self.folder, name))
        return path

    def resume(self) -> dict[str, Any]:
        """Load the newest readable checkpoint into all parts, or into none.

        Returns
        -------
        dict
            "step" and the saved counters; {"step": 0} if there is no checkpoint yet.

        Raises
        ------
        CorruptedFileError
            (a ValueError) If there are checkpoints, but none can be read. Each unreadable one is a warning.
        ValueError
            If the checkpoint does not fit: names, shapes or options of parts differ; or a part accepts no state now,
            such as `Batches` in the middle of an epoch. No part has changed then.
        """
        found = self._on_rank_0("Checkpoint.resume", f"the parts {list(self.parts)}", self._read)
        if found is None:
            return {"step": 0}
        step, state = found
        self._restore(state, step)
        return {"step": step, **state["counters"]}

    def _on_rank_0(self, call: str, details: str, function: Callable[[], Any]) -> Any:
        return function() if self.comm is None else self.comm.on_rank_0(call, details, function)

    def _read(self) -> tuple[int, Any] | None:
        """The step and the state of the newest readable checkpoint; None if there is no checkpoint."""
        failure: Exception | None = None
        for step in reversed(self._steps()):
            try:
                state = load(self._path(step))
            except (CorruptedFileError, OSError) as error:
                warnings.warn(f"Checkpoint.resume: {error}; trying the one before", stacklevel=4)
                self._unreadable.add(step)
                failure = error
            else:
                return step, state
        if failure is not None:
            raise CorruptedFileError(f"Checkpoint.resume: no checkpoint in {self.folder} can be read") from failure
        return None

    def _restore(self, state: Any, step: int) -> None:
        before = self._state()
        dicts = {"counters", "parts", "generators"}
        whole = isinstance(state, dict) and set(state) == {"step", *dicts} and state["step"] == step
        if not whole or not all(isinstance(state[name], dict) for name in dicts):
            raise ValueError(f"Checkpoint.resume: {self._path(step)} is not a checkpoint of step {step}")
        for kind, what in (("parts", "parts"), ("generators", "random generators")):
            if set(state[kind]) != set(before[kind]):
                raise ValueError(
                    f"Checkpoint.resume: {self._path(step)} has the {what} {list(state[kind])}, "
                    f"expected {list(before[kind])}"
                )
        receivers = self._receivers()
        try:
            for (kind, name), receive in receivers.items():
                receive(state[kind][name])
        except BaseException as error:
            for (kind, name), receive in receivers.items():
                with suppress(Exception):  # a part that accepts no state now has not changed
                    receive(before[kind][name])
            if not isinstance(error, Exception):
                raise
            raise ValueError(
                f"Checkpoint.resume: {self._path(step)} does not fit; no part has changed: "
                f"{type(error).__name__}: {error}"
            ) from error

    def _state(self) -> dict[str, Any]:
        return {
            "parts": {
                name: get_state(part) if isinstance(part, SAVABLE) else part.state_dict()
                for name, part in self.parts.items()
            },
            "generators": {name: get_state(rng) for name, rng in self._generators().items()},
        }

    def _receivers(self) -> dict[tuple[str, str], Callable[[Any], object]]:
        """The function that loads each entry of `_state`."""
        found: dict[tuple[str, str], Callable[[Any], object]] = {}
        for name, part in self.parts.items():
            is_generator = isinstance(part, SAVABLE)
            found["parts", name] = partial(set_state, part) if is_generator else part.load_state_dict
        for name, rng in self._generators().items():
            found["generators", name] = partial(set_state, rng)
        return found

    def _generators(self) -> dict[str, Generator]:
        """The common generator of the library, and the generators that modules hold, by their dotted names."""
        found: dict[str, Generator] = {"": generator()}
        for name, part in self.parts.items():
            if isinstance(part, Module):
                found |= generators_of(part, name)
        return found

    def _path(self, step: int) -> str:
        return os.path.join(self.folder, f"checkpoint-{step:010d}.npz")

    def _steps(self) -> list[int]:
        """The steps of all checkpoints, in ascending order."""
        found = [_FILE.fullmatch(name) for name in os.listdir(self.folder)]
        return sorted(int(match[1]) for match in found if match)


def _communicator(comm: Any, parts: dict[str, Any]) -> Any:
    """The communicator, or that of the parts; None if there is one process."""
    if comm is not None:
        if isinstance(comm, type) or not hasattr(comm, "on_rank_0"):
            raise TypeError(f"Checkpoint: comm must be what distributed.communicator() returns, not {show(comm)}")
        return comm
    known = [getattr(part, name, None) for part in parts.values() for name in ("comm", "shard")]
    found = {id(comm): comm for comm in known if hasattr(comm, "on_rank_0")}
    if len(found) > 1:
        raise ValueError("Checkpoint: the parts have different communicators; pass the one of all ranks as comm=")
    return next(iter(found.values()), None)
