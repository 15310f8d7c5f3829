"""The parts of a module: which attributes they are, what can replace them, and how they are found."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any, TypeVar

from autograd_lite.nn.parameter import Buffer, Parameter
from autograd_lite.support.messages import show
from autograd_lite.support.versions import Versioned, bump

AnyOwner = TypeVar("AnyOwner", bound="Owner")

# The attribute in which an owner keeps the kinds of those of its parts that are None.
_KINDS = "_kinds_of_none"
_NOTHING = object()
_HOLDERS = (list, tuple, dict, set, frozenset, deque)


class Owner(Versioned):
    """The base of `Module`: an object whose attributes can be parts, that is, parameters, buffers, and owners."""

    def __setattr__(self, name: str, value: Any) -> None:
        # Repeats `Versioned.__setattr__`: calling it would double the time of setting an attribute, in `forward` too.
        known = self.__dict__.get(name, _NOTHING)
        if known is not value:
            if known is None or isinstance(known, _PARTS):
                _note_replacement(self, name, known, value)
            bump()
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        super().__delattr__(name)
        _remember(self, name, None)

    def register_buffer(self, name: str, tensor: Any) -> None:
        """``self.name = Buffer(tensor)``, with PyTorch's name; or None, which only a buffer can replace.

        Raises
        ------
        KeyError
            If the name is empty, contains a dot, or is the name of a method.
        """
        check_name(name, type(self), "register_buffer", "a buffer")
        self._register(name, tensor if tensor is None or isinstance(tensor, Buffer) else Buffer(tensor), Buffer)

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """``self.name = param``, with PyTorch's name; or None, which only a parameter can replace.

        Raises
        ------
        KeyError
            If the name is empty, contains a dot, or is the name of a method.
        TypeError
            If `param` is neither a parameter nor None.

        Examples
        --------
        >>> layer = Module()
        >>> layer.register_parameter("bias", None)
        >>> layer.bias = np.zeros(3)  # doctest: +ELLIPSIS
        Traceback (most recent call last):
            ...
        TypeError: Module.bias must be a Parameter or None; ndarray in its place ...
        """
        check_name(name, type(self), "register_parameter", "a parameter")
        if not isinstance(param, Parameter | None):
            raise TypeError(f"register_parameter: {name} must be a Parameter or None, not {type(param).__name__}")
        self._register(name, param, Parameter)

    def _register(self, name: str, value: Any, kind: type) -> None:
        setattr(self, name, value)
        if value is None:
            _remember(self, name, kind)


_PARTS = (Parameter, Buffer, Owner)
_CALLED = {Parameter: "Parameter", Buffer: "Buffer", Owner: "Module"}
_INSTEAD = {
    Parameter: "assign nn.Parameter(...), or its values to .data",
    Buffer: "assign nn.Buffer(...), or its values to .data",
    Owner: "assign a Module; for a function, one whose forward calls it",
}


def _kind(part: Any) -> Any:
    return next((kind for kind in _PARTS if isinstance(part, kind)), None)


def _remember(owner: Owner, name: str, kind: Any) -> None:
    """Store the kind of a part that is None, or delete it, in a new dict: shallow copies share the old one."""
    kinds = {other: known for other, known in owner.__dict__.get(_KINDS, {}).items() if other != name}
    if kind is not None:
        kinds[name] = kind
    if kinds or _KINDS in owner.__dict__:
        owner.__dict__[_KINDS] = kinds


def _note_replacement(owner: Owner, name: str, known: Any, value: Any) -> None:
    """Raise TypeError unless `value` can replace the part `known`; store the kind of `known` if `value` is None."""
    kind = owner.__dict__.get(_KINDS, {}).get(name) if known is None else _kind(known)
    if kind is None:  # `known` is None and was never a part
        return
    if value is not None and not isinstance(value, kind):
        raise TypeError(
            f"{type(owner).__name__}.{name} must be a {_CALLED[kind]} or None; {type(value).__name__} in its place "
            f"would not be a part of the module: {_INSTEAD[kind]}; or `del` the attribute first"
        )
    _remember(owner, name, kind if value is None else None)


def check_name(name: Any, owner: type, where: str, of: str) -> None:
    """Raise KeyError unless `name` can be an attribute of the class and a component of a dotted name."""
    if not isinstance(name, str) or not name or "." in name or hasattr(owner, name):
        raise KeyError(f"{where}: {show(name)} cannot be the name of {of}")


def join(prefix: str, name: str) -> str:
    """A dotted name."""
    return f"{prefix}.{name}" if prefix else name


def registered(root: AnyOwner, prefix: str) -> list[tuple[str, AnyOwner]]:
    """The owner and all owners in it with their dotted names, each once.

    Raises
    ------
    TypeError
        If a list, a dict or the like contains parts that are not attributes: they would be left out silently.
    """
    found: list[tuple[str, AnyOwner]] = []
    holders: list[tuple[Owner, str, Any]] = []
    _collect(root, prefix, found, set(), holders)
    if holders:
        own = {id(owner) for _, owner in found}
        own |= {id(value) for _, owner in found for value in vars(owner).values()}
        for owner, attribute, holder in holders:
            for part in _parts_in(holder, set()):
                if id(part) not in own:
                    _refuse_hidden(owner, attribute, holder, part)
    return found


def _collect(owner: Any, name: str, found: list[Any], seen: set[int], holders: list[Any]) -> None:
    if id(owner) in seen:
        return
    seen.add(id(owner))
    found.append((name, owner))
    for attribute, value in vars(owner).items():
        if isinstance(value, Owner):
            _collect(value, join(name, attribute), found, seen, holders)
        elif isinstance(value, _HOLDERS) and value and attribute != _KINDS:
            holders.append((owner, attribute, value))


def _parts_in(holder: Any, seen: set[int]) -> Iterator[Any]:
    """The parts in nested lists, dicts and the like."""
    if id(holder) in seen:
        return
    seen.add(id(holder))
    values = holder.values() if isinstance(holder, dict) else holder
    # `set(map(type, ...))` searches long lists of numbers at the speed of C.
    kinds = tuple(kind for kind in set(map(type, values)) if issubclass(kind, _PARTS + _HOLDERS))
    for value in values if kinds else ():
        if isinstance(value, _PARTS):
            yield value
        elif isinstance(value, kinds):
            yield from _parts_in(value, seen)


def _refuse_hidden(owner: Owner, attribute: str, holder: Any, part: Any) -> None:
    kind = "Module" if isinstance(part, Owner) else "Parameter" if isinstance(part, Parameter) else None
    container = f"nn.{kind}{'Dict' if isinstance(holder, dict) else 'List'}"
    instead = f"put them into an {container}" if kind else "make each an attribute of its own"
    raise TypeError(
        f"{type(owner).__name__}.{attribute} is a {type(holder).__name__} that holds a {type(part).__name__}; "
        f"the module does not find it there, so it would be neither trained nor saved: {instead}"
    )
