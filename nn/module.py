"""Module: a network, its modes and its state."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple, Self, TypeVar

import numpy as np
from numpy.typing import DTypeLike

from autograd_lite.core.tensor import Tensor
from autograd_lite.core.writes import overwrite
from autograd_lite.nn.parameter import Buffer, Parameter
from autograd_lite.nn.parts import Owner, join, registered
from autograd_lite.ops.composition import naming
from autograd_lite.support.conversion import NumberArray, as_state
from autograd_lite.support.exact import fault
from autograd_lite.support.messages import show
from autograd_lite.support.versions import bump

AnyPart = TypeVar("AnyPart", Parameter, Buffer)


class IncompatibleKeys(NamedTuple):
    """What `load_state_dict` did not find in the state, and what it found there without a place for it."""

    missing_keys: list[str]
    unexpected_keys: list[str]


class _Forward(property):
    """What a call of a module finds as `__call__`: its `forward`, whichever it has at that moment.

    A method that passes everything on would make a small training step 4 % slower.
    """

    def __call__(self, module: Module, *args: Any, **kwargs: Any) -> Any:
        """``Module.__call__(module, x)``."""
        return module.forward(*args, **kwargs)


class Module(Owner):
    """The base of all networks and layers.

    Attributes that are parameters, buffers or modules are found by themselves, in the order in which they were set;
    nothing has to be registered. A subclass says in `forward` what it computes; calling the module calls it.

    Such an attribute can be set to another of its kind, or to None, and deleted; anything else in its place would not
    be learned or saved, and is a TypeError. Modules and parameters in lists and dicts are not found: `parameters`,
    `state_dict` and the like raise a TypeError then; `ModuleList` and `ModuleDict` are made for that.

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

    if TYPE_CHECKING:
        forward: Callable[..., Any]  # any signature: subclasses take what they need
        __call__: Callable[..., Any]
    else:

        def forward(self, *args: Any, **kwargs: Any) -> Any:
            """What the module computes."""
            raise TypeError(f"{type(self).__name__} does not define forward, so it cannot be called")

        __call__ = _Forward(attrgetter("forward"))

    def versioned_parts(self) -> Iterator[tuple[Any, dict[str, Any]]]:
        """This module and all within it, each with its attributes."""
        for module in self.modules():
            yield module, {**vars(module), "training": module.training}

    # -- the parts -------------------------------------------------------------------------------------------------

    def named_modules(self, *, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """This module and all within it with their dotted names, each once."""
        return iter(registered(self, prefix))

    def modules(self) -> Iterator[Module]:
        """This module and all within it, each once."""
        return (module for _, module in self.named_modules())

    def named_parameters(self, prefix: str = "") -> Iterator[tuple[str, Parameter]]:
        """All parameters with their dotted names. One that several modules share comes once, by its first name."""
        return self._named_parts(Parameter, prefix)

    def parameters(self) -> Iterator[Parameter]:
        """All parameters, each once."""
        return (parameter for _, parameter in self.named_parameters())

    def named_buffers(self, prefix: str = "") -> Iterator[tuple[str, Buffer]]:
        """All buffers with their dotted names, each once."""
        return self._named_parts(Buffer, prefix)

    def buffers(self) -> Iterator[Buffer]:
        """All buffers, each once."""
        return (buffer for _, buffer in self.named_buffers())

    def _named_parts(self, kind: type[AnyPart], prefix: str) -> Iterator[tuple[str, AnyPart]]:
        seen: set[int] = set()
        for name, module in registered(self, prefix):
            for attribute, value in vars(module).items():
                if isinstance(value, kind) and id(value) not in seen:
                    seen.add(id(value))
                    yield join(name, attribute), value

    # -- modes -----------------------------------------------------------------------------------------------------

    def train(self, mode: bool = True) -> Self:
        """Switch this module and all within it to training (or with False to evaluation)."""
        if not isinstance(mode, bool | np.bool_):
            raise TypeError(f"train: mode is True or False, not {show(mode)}")
        for module in self.modules():
            module.training = mode
        return self

    def eval(self) -> Self:
        """Switch this module and all within it to evaluation."""
        return self.train(False)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Whether the parameters collect gradients; False freezes them."""
        for parameter in self.parameters():
            parameter.requires_grad = requires_grad
        return self

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters."""
        for parameter in self.parameters():
            parameter.zero_grad()

    def astype(self, dtype: DTypeLike) -> Self:
        """Convert all parameters and floating-point buffers to a floating-point dtype; gradients are forgotten.

        An optimizer is made after this, not before.
        """
        if np.dtype(dtype).kind != "f":
            raise TypeError(f"astype: parameters are floating-point numbers, not {np.dtype(dtype)}")
        bump()
        for buffer in self.buffers():
            if buffer.dtype.kind == "f":
                buffer._data = buffer._data.astype(dtype)
        for parameter in self.parameters():
            parameter._data = parameter._data.astype(dtype)
            leaf = parameter._leaf()
            if leaf is not None:
                leaf.dtype, leaf.grad = parameter._data.dtype, None
        return self

    # -- state -----------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, NumberArray]:
        """A copy of every parameter and buffer by its dotted name, shared ones under each of their names."""
        return {name: tensor.data.copy() for name, tensor in self._named_state()}

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True) -> IncompatibleKeys:
        """Overwrite the parameters and buffers with those of `state_dict`; all or none.

        Parameters
        ----------
        state_dict : mapping of str to array
            As `state_dict` returns it, of this library or of PyTorch.
        strict : bool, default True
            Whether missing and unexpected names are errors. Wrong shapes always are, and lost digits.

        Returns
        -------
        IncompatibleKeys
            The names that were missing and those that were unexpected; both empty if strict.

        Raises
        ------
        KeyError
            If names are missing or unexpected, and `strict`.
        ValueError
            If a shape is wrong; if the dtype of the model cannot hold the numbers exactly (`astype` converts a model);
            or if a tensor that has several names has several values. Nothing has been loaded then.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"load_state_dict: a dict of names to arrays is needed, not {type(state_dict).__name__}")
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
        registered(self, "")  # refuses what is hidden
        return _named_state(self, "", ())

    # -- text ------------------------------------------------------------------------------------------------------

    def extra_repr(self) -> str:
        """What stands between the parentheses of this module's own line."""
        return ""

    def __repr__(self) -> str:
        return "\n".join(_tree(self, "", ()))


def _split(own: Mapping[str, Tensor], new: Mapping[str, NumberArray]) -> list[str]:
    """The tensors with several names that should be overwritten with several values."""
    first: dict[int, str] = {}
    return [
        f"{first[id(own[name])]} and {name} are the same tensor, but differ in the state"
        for name, values in new.items()
        if not np.array_equal(new[first.setdefault(id(own[name]), name)], values, equal_nan=values.dtype.kind == "f")
    ]


def _named_state(module: Module, prefix: str, above: tuple[Module, ...]) -> Iterator[tuple[str, Parameter | Buffer]]:
    """Every parameter and buffer under every name; `above` stops at a module that contains itself."""
    for attribute, value in vars(module).items():
        if isinstance(value, Parameter | Buffer):
            yield join(prefix, attribute), value
    for attribute, value in vars(module).items():
        if isinstance(value, Module) and value not in (*above, module):
            yield from _named_state(value, join(prefix, attribute), (*above, module))


def _tree(module: Module, name: str, above: tuple[Module, ...]) -> Iterator[str]:
    count = sum(parameter.size for parameter in module.parameters())
    label = f"({name}): " if name else ""
    line = "  " * len(above) + f"{label}{type(module).__name__}({module.extra_repr()})"
    yield f"{line}  # {count:,} parameter{'s' * (count != 1)}" if count else line
    for attribute, value in vars(module).items():
        if isinstance(value, Module) and value not in (*above, module):
            yield from _tree(value, attribute, (*above, module))
