"""The table of the operations that NumPy's functions call, with families that are imported when first needed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


class OperationTable(dict[Any, Any]):
    """Operations by function. A function that is missing may belong to a family that has not been imported yet.

    A user's operation takes the place of that of a family, whichever was declared first.

    Attributes
    ----------
    families : dict of str to callable
        What imports a family, by the module of a library whose functions the family differentiates. It is called once,
        when a function is missing and the module of the library has been imported.
    """

    def __init__(self) -> None:
        super().__init__()
        self.families: dict[str, Callable[[], Any]] = {}
        self._of_families: set[Any] = set()
        self._is_importing = False

    @contextmanager
    def family(self) -> Iterator[None]:
        """Operations that are declared inside belong to a family."""
        before, self._is_importing = self._is_importing, True
        try:
            yield
        finally:
            self._is_importing = before

    def _import_families(self) -> None:
        with self.family():
            for library in [library for library in self.families if library in sys.modules]:
                self.families.pop(library)()

    def is_taken(self, function: Any) -> bool:
        """Whether a function has an operation that no other one can replace."""
        return super().__contains__(function) and not self._is_importing and function not in self._of_families

    def __setitem__(self, function: Any, operation: Any) -> None:
        if not self._is_importing:
            self._of_families.discard(function)
        elif super().__contains__(function):
            return
        else:
            self._of_families.add(function)
        super().__setitem__(function, operation)

    def __contains__(self, function: object) -> bool:
        if self.families and not super().__contains__(function):
            self._import_families()
        return super().__contains__(function)

    def get(self, function: Any, default: Any = None) -> Any:
        """The operation for a function, or `default`."""
        if self.families and not super().__contains__(function):
            self._import_families()
        return super().get(function, default)
