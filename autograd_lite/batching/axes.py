"""Hidden axes: which a value has, and which of them are being mapped over now."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NoReturn

_numbers = itertools.count(1)


class BatchError(TypeError):
    """A function that `vmap` maps needs the values of one element, where there are those of many.

    Attributes
    ----------
    is_final : bool
        Whether it is an error for single elements, too: a write into what they share, random numbers.
    """

    is_final = False


class Axis:
    """A hidden axis: one mapping over `size` elements. Those made later are further inside and have higher numbers.

    `randomness` says whether random numbers that the library draws are an "error", the "same" for all elements, or
    "different".
    """

    __slots__ = ("number", "randomness", "size")

    def __init__(self, size: int, randomness: str = "same") -> None:
        self.size, self.randomness, self.number = size, randomness, next(_numbers)

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Inside, the mapped function runs."""
        token = active.set(active.get() | {self})
        try:
            yield
        finally:
            active.reset(token)


active: ContextVar[frozenset[Axis]] = ContextVar("autograd_lite_batch_axes", default=frozenset())


class Shape(tuple[int, ...]):
    """The shape of one element. It knows the hidden axes, and so does a node of the graph, which keeps it."""

    axes: tuple[Axis, ...] = ()


def axes_of(shape: Any) -> tuple[Axis, ...]:
    """The hidden axes of what has this shape."""
    return getattr(shape, "axes", ())


def refuse(use: str) -> NoReturn:
    """Raise BatchError: `use` needs the values of one element."""
    raise BatchError(
        f"vmap: {use} needs the values of one element, but a batch holds many; use functions of arrays "
        "(np.where, np.zeros_like, np.stack, autograd_lite.take, ...), or do it outside of the mapped function"
    )


def refuse_write(what: str = "an array that is the same for all elements") -> NoReturn:
    """Raise BatchError: what would be written into is shared by all elements, or the user's."""
    refuse_in_mapping(
        f"{what} cannot be written into inside the mapped function; write into a copy (np.copy of an argument, "
        "np.zeros_like of a batch)"
    )


def refuse_write_while_mapping(what: str) -> None:
    """Raise BatchError if a function is being mapped: it runs once, and would write once for all elements."""
    if active.get():
        refuse_write(what)


def refuse_in_mapping(text: str) -> NoReturn:
    """Raise a BatchError that is one for single elements, too."""
    error = BatchError(f"vmap: {text}")
    error.is_final = True
    raise error
