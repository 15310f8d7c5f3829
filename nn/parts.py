"""What belongs to a module: which attributes are its parts, what can take their place, and how they are found."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any, TypeVar

from autograd_lite.nn.parameter import Buffer, Parameter
from autograd_lite.support.versions import Versioned, bump

AnyOwner = TypeVar("AnyOwner", bound="Owner")

# Where an owner keeps the kinds of those of its parts that are None.
_KINDS = "_kinds_of_none"
_NOTHING = object()
_HOLDERS = (list, tuple, dict, set, frozenset, deque)


class Owner(Versioned):
    """What a module is before it computes: its attributes can be parts, which are parameters, buffers, and owners."""

    def __setattr__(self, name: str, value: Any) -> None:
        # Once more what `Versioned` does: a call of that would take as long as all of it, in `forward` too.
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
        """``self.name = Buffer(tensor)``, as PyTorch writes it; or None, in whose place only a buffer can be set.

        Raises
        ------
        KeyError
            If a name contains a dot, is empty, or is one of the methods.
        """
        check_name(name, type(self), "register_buffer", "a buffer")
        self._register(name, tensor if tensor is None or isinstance(tensor, Buffer) else Buffer(tensor), Buffer)

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """``self.name = param``, as PyTorch writes it; or None, in whose place only a parameter can be set.

        Raises
        ------
        KeyError
            If a name contains a dot, is empty, or is one of the methods.
        TypeError
            If it is neither a parameter nor None.

        Examples
        --------
        >>> layer = Module()
        >>> layer.register_parameter("bias", None)
        >>> layer.bias = np.zeros(3)  # doctest: +ELLIPSIS
        Traceback (most recent call last):
            ...
        TypeError: Module.bias is a Parameter or None; ndarray in its place ...
        """
        check_name(name, type(self), "register_parameter", "a parameter")
        if not isinstance(param, Parameter | None):
            raise TypeError(f"register_parameter: {name} is a Parameter or None, not {type(param).__name__}")
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
    Owner: "assign a Module; one whose forward calls a function, if it is one",
}


def _kind(part: Any) -> Any:
    return next((kind for kind in _PARTS if isinstance(part, kind)), None)


def _remember(owner: Owner, name: str, kind: Any) -> None:
    """Note the kind of a part that is None, or forget it; in a new dict, because a shallow copy has the old one too."""
    kinds = {other: known for other, known in owner.__dict__.get(_KINDS, {}).items() if other != name}
    if kind is not None:
        kinds[name] = kind
    if kinds or _KINDS in owner.__dict__:
        owner.__dict__[_KINDS] = kinds


def _note_replacement(owner: Owner, name: str, known: Any, value: Any) -> None:
    """Raise TypeError unless `value` can take the place of the part `known`; remember what it was if that is None."""
    kind = owner.__dict__.get(_KINDS, {}).get(name) if known is None else _kind(known)
    if kind is None:  # None that has never been a part
        return
    if value is not None and not isinstance(value, kind):
        raise TypeError(
            f"{type(owner).__name__}.{name} is a {_CALLED[kind]} or None; {type(value).__name__} in its place would be "
            f"no part of the module any more: {_INSTEAD[kind]}; or `del` it first, if that is meant"
        )
    _remember(owner, name, kind if value is None else None)


def check_name(name: Any, owner: type, where: str, of: str) -> None:
    """Raise KeyError unless `name` can be an attribute of modules of the class, and part of a dotted name."""
    if not isinstance(name, str) or not name or "." in name or hasattr(owner, name):
        raise KeyError(f"{where}: {name!r} cannot be the name of {of}")


def join(prefix: str, name: str) -> str:
    """A dotted name."""
    return f"{prefix}.{name}" if prefix else name


def registered(root: AnyOwner, prefix: str) -> list[tuple[str, AnyOwner]]:
    """The owner and all within it with their dotted names, each once.

    Raises
    ------
    TypeError
        If there are parts in a list, a dict or the like that no attribute holds: they would be left out silently.
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
    # Long lists of numbers are looked through at the speed of C.
    kinds = tuple(kind for kind in set(map(type, values)) if issubclass(kind, _PARTS + _HOLDERS))
    for value in values if kinds else ():
        if isinstance(value, _PARTS):
            yield value
        elif isinstance(value, kinds):
            yield from _parts_in(value, seen)


def _refuse_hidden(owner: Owner, attribute: str, holder: Any, part: Any) -> None:
    instead = "ModuleDict" if isinstance(holder, dict) else "ModuleList"
    instead = f"put them into an nn.{instead}" if isinstance(part, Owner) else "make each an attribute of its own"
    raise TypeError(
        f"{type(owner).__name__}.{attribute} is a {type(holder).__name__} that holds a {type(part).__name__}; "
        f"there the module does not find it, so it would be neither trained nor saved: {instead}"
    )
