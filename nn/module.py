"""Module: a network, its modes and its state."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from operator import attrgetter
from typing import Any, NamedTuple, Protocol, Self, TypeVar, overload

import numpy as np

from autograd_lite.core.tensor import Tensor
from autograd_lite.core.writes import overwrite
from autograd_lite.nn.hooks import Hookable
from autograd_lite.nn.parameter import Buffer, Parameter
from autograd_lite.nn.parts import join, registered
from autograd_lite.ops.composition import naming
from autograd_lite.support.checks import no_state
from autograd_lite.support.conversion import NumberArray, as_state
from autograd_lite.support.exact import fault
from autograd_lite.support.messages import show

AnyPart = TypeVar("AnyPart", Parameter, Buffer)
AnyForward = TypeVar("AnyForward", bound=Callable[..., Any])
AnyForward_co = TypeVar("AnyForward_co", bound=Callable[..., Any], covariant=True)


class IncompatibleKeys(NamedTuple):
    """The names that `load_state_dict` misses in the state, and the names there that the module does not have."""

    missing_keys: list[str]
    unexpected_keys: list[str]


class _HasForward(Protocol[AnyForward_co]):
    @property
    def forward(self) -> AnyForward_co: ...


class _Call(Protocol):
    """The type of `Module.__call__`: a module has the signature of its `forward`."""

    @overload
    def __get__(self, module: None, owner: Any) -> Callable[..., Any]: ...
    @overload
    def __get__(self, module: _HasForward[AnyForward], owner: Any) -> AnyForward: ...


class _Forward(property):
    """Calling a module calls the `forward` that it has at that moment.

    A method that passes the arguments on would make a small training step 4 % slower.
    """

    def __call__(self, module: Module, *args: Any, **kwargs: Any) -> Any:
        """``Module.__call__(module, x)``."""
        return module.forward(*args, **kwargs)


def _undefined(self: Any, *args: Any, **kwargs: Any) -> Any:
    """What the module computes; defined by subclasses, with any signature."""
    raise TypeError(f"{type(self).__name__} does not define forward, so it cannot be called")


class Module(Hookable):
    """The base of all networks and layers.

    A subclass defines `forward`; calling the module calls it. Attributes that are parameters, buffers or modules are
    parts of the module, in the order in which they were set; no registration is needed.

    A part can be set to another one of its kind or to None, or be deleted. Setting it to anything else raises a
    TypeError, because the new value would be neither learned nor saved. Modules and parameters in plain lists and dicts
    are not found, so `parameters`, `state_dict` and the like raise a TypeError; use `ModuleList` and `ModuleDict`.

    Examples
    --------
    >>> class Regression(Module):
    ...     def __init__(self, features):
    ...         self.weight = Parameter(np.zeros(features))
    ...     def forward(self, x):
    ...         return x @ self.weight
    >>> model = Regression(3)
    >>> [name for name, _ in model.named_parameters()]
    ['weight']
    >>> model(np.ones((2, 3)))
    Tensor([0., 0.], operation=matmul)
    """

    training: bool = True
    forward: Callable[..., Any] = _undefined
    __call__: _Call = _Forward(attrgetter("forward"))
    _shown: tuple[str, ...] = ()  # the attributes that `extra_repr` shows

    def versioned_parts(self) -> Iterator[tuple[Any, dict[str, Any]]]:
        """This module and all modules in it, each with its attributes."""
        for module in self.modules():
            yield module, {**vars(module), "training": module.training}

    # -- the parts -------------------------------------------------------------------------------------------------

    def named_modules(self, *, prefix: str = "", remove_duplicate: bool = True) -> Iterator[tuple[str, Module]]:
        """This module and all modules in it with their dotted names, each once, or under each of its names."""
        found = registered(self, prefix)  # raises if there are parts in lists or dicts
        start = (prefix,) if prefix else ()
        return iter(found if remove_duplicate else [(".".join(start + path), module) for path, module in _paths(self)])

    def modules(self) -> Iterator[Module]:
        """This module and all modules in it, each once."""
        return (module for _, module in self.named_modules())

    def named_parameters(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Parameter]]:
        """All parameters with their dotted names. A shared parameter comes once, under its first name.

        Parameters
        ----------
        prefix : str, default ""
            What the names begin with.
        recurse : bool, default True
            Whether those of the modules in this one come too.
        remove_duplicate : bool, default True
            If False, a shared parameter comes under each of its names.
        """
        return self._named_parts(Parameter, prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """All parameters, each once; without `recurse` not those of the modules in this one."""
        return (parameter for _, parameter in self.named_parameters(recurse=recurse))

    def named_buffers(
        self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
    ) -> Iterator[tuple[str, Buffer]]:
        """All buffers with their dotted names; the options are those of `named_parameters`."""
        return self._named_parts(Buffer, prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Buffer]:
        """All buffers, each once; without `recurse` not those of the modules in this one."""
        return (buffer for _, buffer in self.named_buffers(recurse=recurse))

    def _named_parts(self, kind: type[AnyPart], prefix: str, deep: bool, once: bool) -> Iterator[tuple[str, AnyPart]]:
        seen: set[int] = set()
        owners = self.named_modules(prefix=prefix, remove_duplicate=once)
        for name, module in owners if deep else islice(owners, 1):
            for attribute, value in vars(module).items():
                if isinstance(value, kind) and not (once and id(value) in seen):
                    seen.add(id(value))
                    yield join(name, attribute), value

    # -- modes -----------------------------------------------------------------------------------------------------

    def train(self, mode: bool = True) -> Self:
        """Switch this module and all modules in it to training (with False: to evaluation)."""
        if not isinstance(mode, bool | np.bool_):
            raise TypeError(f"train: mode must be True or False, not {show(mode)}")
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Switch this module and all modules in it to evaluation."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Set whether the parameters collect gradients; False freezes them."""
        for parameter in self.parameters():
            parameter.requires_grad = requires_grad
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Set the gradients of all parameters to None; with ``set_to_none=False`` those that exist to zeros."""
        for parameter in self.parameters():
            if set_to_none or parameter.grad is None:
                parameter.zero_grad()
            else:
                parameter.grad = np.zeros(parameter.shape, parameter.dtype)

    def _tensors(self, kind: type[AnyPart]) -> Iterator[AnyPart]:
        return (part for _, part in self._named_parts(kind, "", True, True))

    # -- state -----------------------------------------------------------------------------------------------------

    def state_dict(
        self, *, destination: dict[str, Any] | None = None, prefix: str = "", keep_vars: bool = False
    ) -> dict[str, Any]:
        """A copy of every parameter and buffer by its dotted name, shared ones under each of their names.

        Parameters
        ----------
        destination : dict, optional
            A dict to add them to.
        prefix : str, default ""
            What the names begin with.
        keep_vars : bool, default False
            Whether the tensors themselves are returned, not copies of their arrays.
        """
        state = {prefix + name: tensor if keep_vars else tensor.data.copy() for name, tensor in self._named_state()}
        if destination is None:
            return state
        destination.update(state)
        return destination

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True) -> IncompatibleKeys:
        """Overwrite the parameters and buffers with those of `state_dict`, all or none of them.

        Parameters
        ----------
        state_dict : mapping of str to array
            What `state_dict` returns, in this library or in PyTorch.
        strict : bool, default True
            Whether missing and unexpected names are errors. Wrong shapes and lost digits always are.

        Returns
        -------
        IncompatibleKeys
            The missing and the unexpected names; none if strict.

        Raises
        ------
        KeyError
            If names are missing or unexpected, and `strict`.
        ValueError
            If a shape is wrong, if the dtype of the model cannot hold the numbers exactly (`astype` converts a model),
            or if a tensor with several names has different values under them. Nothing is loaded then.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"load_state_dict: the state must be a dict of names to arrays, not {no_state(state_dict)}")
        own = dict(self._named_state())
        missing = [name for name in own if name not in state_dict]
        unexpected = [name for name in state_dict if name not in own]
        if strict and (missing or unexpected):
            raise KeyError(f"load_state_dict: missing {missing}, unexpected {unexpected}; nothing was loaded")
        new = {}
        for name in own:
            if name in state_dict:
                with naming(f"load_state_dict: {name}"):
                    new[name] = as_state(state_dict[name])
        wrong = [f"{name} has shape {values.shape}, expected {own[name].shape}"
                 for name, values in new.items() if values.shape != own[name].shape]  # fmt: skip
        wrong += [f"{name} has {lost}" for name, values in new.items()
                  if (lost := fault(state_dict[name], values, own[name].dtype))]  # fmt: skip
        wrong = wrong or _split(own, new)
        if wrong:
            raise ValueError(f"load_state_dict: {'; '.join(wrong)}; nothing was loaded")
        for name, values in new.items():
            overwrite(own[name].data, values, "load_state_dict")
        return IncompatibleKeys(missing, unexpected)

    def _named_state(self) -> Iterator[tuple[str, Parameter | Buffer]]:
        registered(self, "")  # raises if there are parts in lists or dicts
        for path, module in _paths(self):
            for name, value in vars(module).items():
                if isinstance(value, Parameter | Buffer):
                    yield ".".join([*path, name]), value

    # -- representation ------------------------------------------------------------------------------------------------

    def extra_repr(self) -> str:
        """The text between the parentheses in the line of this module; subclasses can override it."""
        return ", ".join(_option(self, name) for name in self._shown)

    def __repr__(self) -> str:
        return "\n".join(_line(path, module) for path, module in _paths(self))


def changed_options(module: Module, **defaults: Any) -> list[str]:
    """``name=value`` for every attribute in `defaults` that has another value."""
    return [_option(module, name) for name, default in defaults.items() if getattr(module, name) != default]


def _option(module: Module, name: str) -> str:
    value = getattr(module, name)
    return f"{name}={value!r}" if isinstance(value, str) else f"{name}={value}"


def _split(own: Mapping[str, Tensor], new: Mapping[str, NumberArray]) -> list[str]:
    """Errors for tensors that have several names and different values under them."""
    first: dict[int, str] = {}
    return [
        f"{first[id(own[name])]} and {name} are the same tensor, but differ in the state"
        for name, values in new.items()
        if not np.array_equal(new[first.setdefault(id(own[name]), name)], values, equal_nan=values.dtype.kind == "f")
    ]


def _paths(
    module: Module, path: tuple[str, ...] = (), above: tuple[Module, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Module]]:
    """Every module under each of its names; `above` ends the recursion in a module that contains itself."""
    yield path, module
    for name, value in vars(module).items():
        if isinstance(value, Module) and value not in (*above, module):
            yield from _paths(value, (*path, name), (*above, module))


def _line(path: tuple[str, ...], module: Module) -> str:
    count = sum(parameter.size for parameter in module.parameters())
    line = "  " * len(path) + (f"({path[-1]}): " if path else "") + f"{type(module).__name__}({module.extra_repr()})"
    return f"{line}  # {count:,} parameter{'s' * (count != 1)}" if count else line
