"""Containers: modules made of modules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Self

from autograd_lite.nn.module import Module


class Sequential(Module):
    """Modules one after the other: the output of each is the input of the next.

    Parameters
    ----------
    *modules : Module
        In order, named "0", "1", ...; or one mapping of names to modules.

    Raises
    ------
    TypeError
        If one of them is not a module.

    Examples
    --------
    >>> model = Sequential(Linear(2, 3), Sigmoid(), Linear(3, 1))
    >>> model
    Sequential()  # 13 parameters
      (0): Linear(in_features=2, out_features=3)  # 9 parameters
      (1): Sigmoid()
      (2): Linear(in_features=3, out_features=1)  # 4 parameters
    >>> model(np.ones((5, 2))).shape
    (5, 1)
    """

    def __init__(self, *modules: Module | Mapping[str, Module]) -> None:
        if len(modules) == 1 and isinstance(modules[0], Mapping):
            named = dict(modules[0])
        else:
            named = {str(i): module for i, module in enumerate(modules)}  # type: ignore[misc]
        for name, module in named.items():
            if not isinstance(name, str) or not name or "." in name or hasattr(Sequential, name):
                raise ValueError(f"Sequential: {name!r} cannot be the name of a module")
            setattr(self, name, _check(module))

    def forward(self, x: Any) -> Any:
        for module in vars(self).values():
            if isinstance(module, Module):
                x = module(x)
        return x

    def append(self, module: Module) -> Self:
        """Add a module at the end, named by the next number that is free."""
        number = len(self)
        while hasattr(self, str(number)):
            number += 1
        setattr(self, str(number), _check(module))
        return self

    def _names(self) -> list[str]:
        return [name for name, value in vars(self).items() if isinstance(value, Module)]

    def __len__(self) -> int:
        return len(self._names())

    def __iter__(self) -> Iterator[Module]:
        return (getattr(self, name) for name in self._names())

    def __getitem__(self, index: int | slice) -> Module:
        if isinstance(index, slice):
            return Sequential({name: getattr(self, name) for name in self._names()[index]})
        return getattr(self, self._names()[index])  # type: ignore[no-any-return]

    def __setitem__(self, index: int, module: Module) -> None:
        setattr(self, self._names()[index], _check(module))


def _check(module: Any) -> Module:
    if not isinstance(module, Module):
        raise TypeError(f"Sequential is made of modules, not {type(module).__name__}")
    return module
