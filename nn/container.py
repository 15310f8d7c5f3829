"""Containers: modules made of modules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self, overload

from autograd_lite.core.tensor import Array, Tensor
from autograd_lite.nn.module import Module
from autograd_lite.nn.parts import check_name
from autograd_lite.ops.composition import naming
from autograd_lite.support.messages import show


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
                raise ValueError(f"Sequential: {show(name)} cannot be the name of a module")
            setattr(self, name, _check(self, module))

    def forward(self, input: Array) -> Tensor:
        for module in vars(self).values():
            if isinstance(module, Module):
                input = module(input)
        return input

    def append(self, module: Module) -> Self:
        """Add a module at the end, named by the next free number."""
        number = len(self)
        while hasattr(self, str(number)):
            number += 1
        setattr(self, str(number), _check(self, module))
        return self

    def _names(self) -> list[str]:
        return [name for name, value in vars(self).items() if isinstance(value, Module)]

    def __len__(self) -> int:
        return len(self._names())

    def __iter__(self) -> Iterator[Module]:
        return (getattr(self, name) for name in self._names())

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> Sequential: ...
    def __getitem__(self, index: int | slice) -> Any:
        with naming(f"Sequential of {len(self)} modules"):
            names = self._names()[index]
        if isinstance(names, list):
            return Sequential({name: getattr(self, name) for name in names})
        return getattr(self, names)

    def __setitem__(self, index: int, module: Module) -> None:
        with naming(f"Sequential of {len(self)} modules"):
            name = self._names()[index]
        setattr(self, name, _check(self, module))


class ModuleList(Module):
    """A list of modules, named "0", "1", ... by their places. The module that holds it defines how they are called.

    It has the methods of a list that PyTorch has too: indexing, slices, ``len``, ``append``, ``extend``, ``insert``.

    Raises
    ------
    TypeError
        If an item is not a module.

    Examples
    --------
    >>> layers = ModuleList(Linear(2, 2) for _ in range(3))
    >>> del layers[0]
    >>> [name for name, _ in layers.named_parameters()]
    ['0.weight', '0.bias', '1.weight', '1.bias']
    """

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        with naming("ModuleList"):
            given = list(modules)
        self._place(given)

    def _place(self, modules: list[Module]) -> None:
        """Replace the modules in the list by `modules`."""
        for module in modules:
            _check(self, module)
        for name in map(str, range(len(self))):
            delattr(self, name)
        for i, module in enumerate(modules):
            setattr(self, str(i), module)

    def __len__(self) -> int:
        return sum(isinstance(value, Module) for value in vars(self).values())

    def __iter__(self) -> Iterator[Module]:
        return iter([getattr(self, str(i)) for i in range(len(self))])

    def __contains__(self, module: object) -> bool:
        return any(own is module for own in self)

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> ModuleList: ...
    def __getitem__(self, index: int | slice) -> Any:
        with naming(f"ModuleList of {len(self)} modules"):
            found = list(self)[index]
        return ModuleList(found) if isinstance(found, list) else found

    def __setitem__(self, index: int, module: Module) -> None:
        modules = list(self)
        with naming(f"ModuleList of {len(self)} modules"):
            modules[index] = module
        self._place(modules)

    def __delitem__(self, index: int | slice) -> None:
        modules = list(self)
        with naming(f"ModuleList of {len(self)} modules"):
            del modules[index]
        self._place(modules)

    def append(self, module: Module) -> Self:
        """Add a module at the end."""
        return self.extend([module])

    def extend(self, modules: Iterable[Module]) -> Self:
        """Add modules at the end."""
        self._place([*self, *modules])
        return self

    def insert(self, index: int, module: Module) -> None:
        """Insert a module before the one at `index`."""
        modules = list(self)
        modules.insert(index, module)
        self._place(modules)


class ModuleDict(Module):
    """A dictionary of modules, in the order of insertion.

    Raises
    ------
    KeyError
        If a name is empty, contains a dot, or is the name of a method.
    TypeError
        If a value is not a module.

    Examples
    --------
    >>> choices = ModuleDict({"small": Linear(2, 1), "large": Linear(2, 8)})
    >>> choices["large"](np.ones(2)).shape
    (8,)
    """

    def __init__(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]] = ()) -> None:
        self.update(modules)

    def update(self, modules: Mapping[str, Module] | Iterable[tuple[str, Module]]) -> None:
        """Set modules by name, all or none of them; modules of the same names are replaced."""
        with naming("ModuleDict"):
            new = dict(modules)
        for name, module in new.items():
            check_name(name, ModuleDict, "ModuleDict", "a module")
            _check(self, module)
        for name, module in new.items():
            setattr(self, name, module)

    def items(self) -> list[tuple[str, Module]]:
        """Names and modules."""
        return [(name, value) for name, value in vars(self).items() if isinstance(value, Module)]

    def keys(self) -> list[str]:
        """The names."""
        return [name for name, _ in self.items()]

    def values(self) -> list[Module]:
        """The modules."""
        return [module for _, module in self.items()]

    def __len__(self) -> int:
        return len(self.items())

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __contains__(self, name: object) -> bool:
        return name in self.keys()

    def __getitem__(self, name: str) -> Any:
        if name not in self:
            raise KeyError(f"ModuleDict: there is no {show(name)} among {self.keys()}")
        return getattr(self, name)

    def __setitem__(self, name: str, module: Module) -> None:
        self.update({name: module})

    def __delitem__(self, name: str) -> None:
        self[name]  # a KeyError if there is none
        delattr(self, name)

    def pop(self, name: str) -> Module:
        """Remove a module and return it."""
        module = self[name]
        del self[name]
        return module

    def clear(self) -> None:
        """Remove all modules."""
        for name in self.keys():
            delattr(self, name)


def _check(container: Module, module: Any) -> Module:
    if not isinstance(module, Module):
        raise TypeError(f"{type(container).__name__} must be made of modules, not {type(module).__name__}")
    return module
