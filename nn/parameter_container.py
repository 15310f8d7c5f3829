"""Containers of parameters: a list and a dictionary that a module finds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self, overload

from autograd_lite.core.tensor import Tensor
from autograd_lite.nn.module import Module
from autograd_lite.nn.parameter import Parameter
from autograd_lite.nn.parts import check_name
from autograd_lite.ops.composition import naming
from autograd_lite.support.messages import show


def _parameter(container: Module, value: Any) -> Parameter:
    """The parameter itself, or one with the values of a tensor or an array."""
    if isinstance(value, Parameter):
        return value
    if isinstance(value, Tensor) and value._node is not None and not value.is_leaf:
        raise TypeError(f"{type(container).__name__}: the result of an operation cannot be a parameter; detach() it")
    if not hasattr(value, "dtype"):
        raise TypeError(f"{type(container).__name__} must be made of parameters or arrays, not {show(value)}")
    return Parameter(value)


class ParameterList(Module):
    """A list of parameters, named "0", "1", ... by their places; tensors and arrays become parameters.

    Raises
    ------
    TypeError
        If an item is neither a parameter nor an array.

    Examples
    --------
    >>> weights = ParameterList(np.ones(n) for n in (2, 3))
    >>> weights.append(Parameter(np.zeros(1)))
    ParameterList()  # 6 parameters
    >>> [name for name, _ in weights.named_parameters()], weights[-1].shape
    (['0', '1', '2'], (1,))
    """

    def __init__(self, values: Iterable[Any] = ()) -> None:
        with naming("ParameterList"):
            given = list(values)
        self.extend(given)

    def __len__(self) -> int:
        return sum(isinstance(value, Parameter) for value in vars(self).values())

    def __iter__(self) -> Iterator[Parameter]:
        return iter([getattr(self, str(i)) for i in range(len(self))])

    def __contains__(self, parameter: object) -> bool:
        return any(own is parameter for own in self)

    @overload
    def __getitem__(self, idx: int) -> Any: ...
    @overload
    def __getitem__(self, idx: slice) -> ParameterList: ...
    def __getitem__(self, idx: int | slice) -> Any:
        with naming(f"ParameterList of {len(self)} parameters"):
            found = list(self)[idx]
        return ParameterList(found) if isinstance(found, list) else found

    def __setitem__(self, idx: int, param: Any) -> None:
        with naming(f"ParameterList of {len(self)} parameters"):
            place = range(len(self))[idx]
        setattr(self, str(place), _parameter(self, param))

    def append(self, value: Any) -> Self:
        """Add a parameter at the end."""
        return self.extend([value])

    def extend(self, values: Iterable[Any]) -> Self:
        """Add parameters at the end, all or none of them."""
        for number, parameter in enumerate([_parameter(self, value) for value in values], start=len(self)):
            setattr(self, str(number), parameter)
        return self


class ParameterDict(Module):
    """A dictionary of parameters, in the order of insertion; tensors and arrays become parameters.

    Raises
    ------
    KeyError
        If a name is empty, contains a dot, or is the name of a method.
    TypeError
        If a value is neither a parameter nor an array.

    Examples
    --------
    >>> weights = ParameterDict({"left": np.ones(2), "right": np.zeros(3)})
    >>> weights["left"].shape, list(weights.keys())
    ((2,), ['left', 'right'])
    """

    def __init__(self, parameters: Mapping[str, Any] | Iterable[tuple[str, Any]] = ()) -> None:
        self.update(parameters)

    def update(self, parameters: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> None:
        """Set parameters by name, all or none of them; those of the same names are replaced."""
        with naming("ParameterDict"):
            given = dict(parameters.items() if isinstance(parameters, ParameterDict) else parameters)
        new = {name: _parameter(self, value) for name, value in given.items()}
        for name in new:
            check_name(name, ParameterDict, "ParameterDict", "a parameter")
        for name, parameter in new.items():
            setattr(self, name, parameter)

    def items(self) -> list[tuple[str, Parameter]]:
        """Names and parameters."""
        return [(name, value) for name, value in vars(self).items() if isinstance(value, Parameter)]

    def keys(self) -> list[str]:
        """The names."""
        return [name for name, _ in self.items()]

    def values(self) -> list[Parameter]:
        """The parameters."""
        return [parameter for _, parameter in self.items()]

    def __len__(self) -> int:
        return len(self.items())

    def __iter__(self) -> Iterator[str]:
        return iter(self.keys())

    def __contains__(self, key: object) -> bool:
        return key in self.keys()

    def __getitem__(self, key: str) -> Any:
        if key not in self:
            raise KeyError(f"ParameterDict: there is no {show(key)} among {self.keys()}")
        return getattr(self, key)

    def __setitem__(self, key: str, value: Any) -> None:
        self.update({key: value})

    def __delitem__(self, key: str) -> None:
        self[key]  # a KeyError if there is none
        delattr(self, key)

    def get(self, key: str, default: Any = None) -> Any:
        """The parameter of this name, or `default` if there is none."""
        return dict(self.items()).get(key, default)

    def pop(self, key: str) -> Parameter:
        """Remove a parameter and return it."""
        parameter: Parameter = self[key]
        del self[key]
        return parameter

    def clear(self) -> None:
        """Remove all parameters."""
        for name in self.keys():
            delattr(self, name)
