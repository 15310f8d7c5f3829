"""How error messages show a value: one line of bounded length, whatever the value is.

The `repr` of a foreign class is never called: it may raise, return something else than a string, print megabytes or
take minutes. Containers are walked only as far as there is room for their items.
"""

from __future__ import annotations

import types
from collections.abc import Iterable
from functools import singledispatch
from typing import Any

import numpy as np

LIMIT = 80  # characters of one value
LINE = 250  # characters of all arguments together, or of the message of a foreign error
_DEPTH = 4  # of nested containers


def show(value: Any, limit: int = LIMIT) -> str:
    """A value as error messages show it: its `repr` if that is short, else the beginning, the shape or the type.

    Examples
    --------
    >>> show("abc" * 1000, 20), show([1, 2.5, (3,)])
    ("'abcabcabcabcabca...", '[1, 2.5, (3,)]')
    >>> show(-(10**400)), show(np.zeros((30, 40))), show(object())
    ('a negative integer of 401 digits', 'float64 (30, 40)', '<object object>')
    """
    return shorten(_show(value, limit, _DEPTH), limit)


def one_line(text: object, limit: int = LINE) -> str:
    """The message of a foreign error, on one line and no longer than `limit`.

    Examples
    --------
    >>> one_line(ValueError("two\\nlines"))
    'two lines'
    """
    try:
        found = str(text)
    except Exception:
        return f"<{_name(type(text))}>"
    return shorten(" ".join(found[: 4 * limit].split()), limit) if len(found) > limit or "\n" in found else found


def is_from_repr(error: BaseException) -> bool:
    """Whether an error was raised by the `repr` of a value, called for the message of another error."""
    return _last_frame(error).f_code.co_name in ("__repr__", "__str__", "__format__")


def is_from(error: BaseException, *packages: str) -> bool:
    """Whether an error was raised by the code of one of the packages itself, not by a function that it called."""
    return _last_frame(error).f_globals.get("__name__", "").partition(".")[0] in packages


def _last_frame(error: BaseException) -> Any:
    traceback: Any = error.__traceback__
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    return traceback.tb_frame


def shorten(text: str, limit: int = LIMIT) -> str:
    """`text`, or its beginning if it is longer than `limit`."""
    return text if len(text) <= limit else f"{text[: limit - 3]}..."


def _show(value: Any, limit: int, depth: int) -> str:
    try:
        shown: str = shown_as.dispatch(type(value))(value, limit, depth)
    except Exception:  # a subclass may do anything
        return _fallback(value, limit, depth)
    return shown


def _fallback(value: Any, limit: int, depth: int) -> str:
    """A value of a type that is not registered: its type."""
    return f"<{_name(type(value))} object>"


def _name(kind: type) -> str:
    """The name of a class, without calling its metaclass."""
    return shorten(type.__dict__["__name__"].__get__(kind))


# Types are registered with `shown_as.register`: a function of the value, the limit and the depth that is left.
shown_as = singledispatch(_fallback)


@shown_as.register(int)
def _(value: int, limit: int, depth: int) -> str:
    if int.bit_length(value) <= 256:
        return int.__repr__(value)
    digits = int(int.bit_length(value) * 0.30103) + 1  # Python refuses to print more than 4,300 digits
    return f"{'a negative' if value < 0 else 'an'} integer of {digits} digits"


@shown_as.register(bool)
@shown_as.register(type(None))
@shown_as.register(type(...))
@shown_as.register(type(NotImplemented))
@shown_as.register(np.dtype)
@shown_as.register(np.number)
@shown_as.register(np.bool_)
@shown_as.register(np.ufunc)
def _(value: Any, limit: int, depth: int) -> str:
    return " ".join(repr(value).split())


@shown_as.register(float)
def _(value: float, limit: int, depth: int) -> str:
    return float.__repr__(value)


@shown_as.register(complex)
def _(value: complex, limit: int, depth: int) -> str:
    return complex.__repr__(value)


@shown_as.register(str)
def _(value: str, limit: int, depth: int) -> str:
    return str.__repr__(str.__getitem__(value, slice(limit)))


@shown_as.register(bytes)
def _(value: bytes, limit: int, depth: int) -> str:
    return bytes.__repr__(bytes.__getitem__(value, slice(limit)))


@shown_as.register(types.FunctionType)
@shown_as.register(types.BuiltinFunctionType)
@shown_as.register(types.MethodType)
def _(value: Any, limit: int, depth: int) -> str:
    return f"<{type(value).__name__} {value.__name__}>"


@shown_as.register(type)
def _(value: type, limit: int, depth: int) -> str:
    return f"<class {_name(value)!r}>"


@shown_as.register(types.ModuleType)
def _(value: types.ModuleType, limit: int, depth: int) -> str:
    return f"<module {value.__name__!r}>"


@shown_as.register(range)
@shown_as.register(slice)
def _(value: Any, limit: int, depth: int) -> str:
    return f"{type(value).__name__}{_items((value.start, value.stop, value.step), limit, depth, '()')}"


@shown_as.register(list)
def _(value: list[Any], limit: int, depth: int) -> str:
    return _items(list.__iter__(value), limit, depth, "[]")


@shown_as.register(tuple)
def _(value: tuple[Any, ...], limit: int, depth: int) -> str:
    return _items(tuple.__iter__(value), limit, depth, "()", "," * (tuple.__len__(value) == 1))


@shown_as.register(set)
@shown_as.register(frozenset)
def _(value: Any, limit: int, depth: int) -> str:
    base = set if isinstance(value, set) else frozenset
    return _items(base.__iter__(value), limit, depth, "{}") if base.__len__(value) else f"{base.__name__}()"


@shown_as.register(dict)
def _(value: dict[Any, Any], limit: int, depth: int) -> str:
    pairs = (_Pair(key, item) for key, item in dict.items(value))
    return _items(pairs, limit, depth, "{}")


class _Pair:
    """A key and a value of a dict."""

    def __init__(self, key: Any, value: Any) -> None:
        self.key, self.value = key, value


@shown_as.register(_Pair)
def _(pair: _Pair, limit: int, depth: int) -> str:
    return f"{_show(pair.key, limit, depth)}: {_show(pair.value, limit, depth)}"


@shown_as.register(np.ndarray)
def _(value: np.ndarray[Any, Any], limit: int, depth: int) -> str:
    if type(value) is np.ndarray and value.size <= 8 and value.dtype.kind in "biufc":
        return " ".join(np.array_repr(value).split())
    return f"{shorten(str(value.dtype), 40)} {value.shape}"


def _items(items: Iterable[Any], limit: int, depth: int, brackets: str, end: str = "") -> str:
    """As many items of a container as there is room for."""
    found: list[str] = []
    room = limit
    for item in items:
        if room < 0 or not depth:
            found.append("...")
            break
        found.append(_show(item, limit, depth - 1))
        room -= len(found[-1]) + 2
    return f"{brackets[0]}{', '.join(found)}{end}{brackets[1]}"
