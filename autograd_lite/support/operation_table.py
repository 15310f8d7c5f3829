"""The table of the operations that NumPy's functions call, with families that are imported when first needed."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


class OperationTable(dict[Any, Any]):
    """Operations by function. A function that is missing may belong to a family that has not been imported yet.

    A user's operation takes the place of that of a family, whichever was declared first.

    Attributes
    ----------
    families : dict of str to callable
        What imports a family, by the module of a library whose functions the family differentiates. It is called
        when a function is missing and the module of the library has been imported.
    with_keywords : callable
        What calls the operation of a ufunc with the keywords that all ufuncs have, such as `dtype`.
    """

    with_keywords: Callable[..., Any]

    def __init__(self) -> None:
        super().__init__()
        self.families: dict[str, Callable[[], Any]] = {}
        self._of_families: set[Any] = set()
        self._thread = threading.local()

    @contextmanager
    def family(self) -> Iterator[None]:
        """Operations that are declared inside belong to a family."""
        before, self._thread.is_importing = self._is_importing, True
        try:
            yield
        finally:
            self._thread.is_importing = before

    @property
    def _is_importing(self) -> bool:
        return getattr(self._thread, "is_importing", False)

    def _import_families(self) -> None:
        """Import what is due. A family stays listed until it is complete, so that other threads wait for the import."""
        with self.family():
            for library, import_family in list(self.families.items()):
                if library in sys.modules:
                    import_family()
                    self.families.pop(library, None)

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
