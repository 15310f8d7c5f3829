"""The table of the operations that NumPy's functions call, with families that are imported when first needed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any


class OperationTable(dict[Any, Any]):
    """Operations by function. A function that is missing may belong to a family that has not been imported yet.

    Attributes
    ----------
    families : dict of str to callable
        What imports a family, by the module of a library whose functions the family differentiates. It is called once,
        when a function is missing and the module of the library has been imported.
    """

    def __init__(self) -> None:
        super().__init__()
        self.families: dict[str, Callable[[], Any]] = {}

    def _import_families(self) -> None:
        for library in [library for library in self.families if library in sys.modules]:
            self.families.pop(library)()

    def __contains__(self, function: object) -> bool:
        if self.families and not super().__contains__(function):
            self._import_families()
        return super().__contains__(function)

    def get(self, function: Any, default: Any = None) -> Any:
        """The operation for a function, or `default`."""
        if self.families and not super().__contains__(function):
            self._import_families()
        return super().get(function, default)
