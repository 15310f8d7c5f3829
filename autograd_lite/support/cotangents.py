"""The gradients of the results of an operation that has several."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

import numpy as np

Form = tuple[tuple[tuple[int, ...], np.dtype[Any]], ...]  # shape and dtype of each result


class Cotangents(tuple[Any, ...]):
    """The gradients of all results of an operation, None where none has arrived. The sweep adds them like arrays."""

    shape: Form
    dtype = None

    def __new__(cls, form: Form, gradients: Iterable[Any]) -> Self:
        self = super().__new__(cls, gradients)
        self.shape = form
        return self

    def __add__(self, other: tuple[Any, ...]) -> Cotangents:
        both = zip(self, other, strict=True)
        return Cotangents(self.shape, [b if a is None else a if b is None else a + b for a, b in both])

    def with_gradients(self, gradients: Iterable[Any]) -> Cotangents:
        """Others for the same results."""
        return Cotangents(self.shape, gradients)

    def filled(self) -> tuple[Any, ...]:
        """The gradients with zeros in place of None, as rules take them."""
        return tuple(np.zeros(*form) if g is None else g for g, form in zip(self, self.shape, strict=True))
