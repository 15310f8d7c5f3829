"""Conversion of nested dicts, lists and tuples to JSON and arrays by name; and back, with strict checks.

Numbers, strings, None, booleans and lists are plain JSON. Everything else is an object whose only key is its type:
{"dict": [[key, value], ...]}, {"tuple": [...]}, {"float": "nan"}, {"array": name}, {"scalar": name}.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite.core.tensor import Tensor
from autograd_lite.support.conversion import NumberArray, read
from autograd_lite.support.messages import one_line, shorten, show

# The deepest allowed nesting. A malicious file with deeper nesting could exhaust the stack.
DEPTH = 64

# The most bits of an integer. Python parses integers of up to 4,300 digits.
_BITS = 14_000

# Allowed names of arrays: their keys joined by "/", without ".." and other path components that lead elsewhere.
NAME = re.compile(r"(?=.{1,200}\Z)(?!\.+(/|\Z))[\w.-]+(/(?!\.+(/|\Z))[\w.-]+)*", re.ASCII)


class CorruptedFileError(ValueError):
    """A file is damaged, malicious, or not written by `save`. Nothing has been loaded."""


def take_apart(state: Any) -> tuple[str, dict[str, NumberArray]]:
    """The JSON of a nested structure, and its arrays by name: their keys joined by "/", if that is an allowed name.

    Raises
    ------
    TypeError
        If it contains anything but numbers, strings, None, arrays of numbers, tensors, dicts, lists and tuples.
    ValueError
        If the structure is nested more deeply than 64 levels, or contains itself.

    Examples
    --------
    >>> text, arrays = take_apart({"weight": np.ones(2), "betas": (0.9, 0.99)})
    >>> text
    '{"dict": [["weight", {"array": "weight"}], ["betas", {"tuple": [0.9, 0.99]}]]}'
    >>> list(arrays)
    ['weight']
    """
    import json  # imported here because it slows down the import of the package

    arrays: dict[str, NumberArray] = {}
    text = json.dumps(_encode(state, (), arrays))
    return text.ljust(_least_length(text.count("["))), arrays


def _encode(value: Any, path: tuple[Any, ...], arrays: dict[str, NumberArray]) -> Any:
    if len(path) > DEPTH:
        raise ValueError(
            f"save: the state is nested more deeply than {DEPTH} levels, or contains itself: {_place(path)}"
        )
    if isinstance(value, str):
        return str(value)
    if value is None or type(value) is bool:
        return value
    if type(value) is int:
        if value.bit_length() > _BITS:
            raise ValueError(f"save: {_place(path)} is {show(value)}, which is too large to be loaded")
        return value
    if type(value) is float:
        return value if math.isfinite(value) else {"float": repr(value)}
    if isinstance(value, Tensor):
        value = value.data
    if isinstance(value, np.ndarray):
        try:
            value = read(value)
        except TypeError as error:
            raise TypeError(f"save: {_place(path)}: {error}") from error
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "biufc":
        name = _name(path, arrays)
        arrays[name] = np.asarray(value)
        return {"array" if isinstance(value, np.ndarray) else "scalar": name}
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str) and type(key) is not int:
                raise TypeError(f"save: {_place(path)} has the key {show(key)}; keys are strings and integers")
        return {"dict": [[_encode(key, (), {}), _encode(item, (*path, key), arrays)] for key, item in value.items()]}
    if type(value) in (list, tuple):
        items = [_encode(item, (*path, i), arrays) for i, item in enumerate(value)]
        return items if type(value) is list else {"tuple": items}
    raise TypeError(
        f"save: {_place(path)} is {_kind(value)}; save accepts numbers, strings, None, arrays of numbers, "
        f"tensors, and dicts, lists and tuples of them{'; write .state_dict()' * hasattr(value, 'state_dict')}"
    )


def _name(path: tuple[Any, ...], arrays: dict[str, NumberArray]) -> str:
    name = "/".join(map(str, path))
    number = len(arrays)
    while name in arrays or not NAME.fullmatch(name):
        name, number = f"array_{number}", number + 1
    return name


def _place(path: tuple[Any, ...]) -> str:
    return shorten("state" + "".join(f"[{show(key, 40)}]" for key in path), 200)


def _kind(value: Any) -> str:
    if isinstance(value, np.ndarray | np.generic):
        return f"an array of {shorten(str(value.dtype))}"
    return f"of {shorten(type(value).__name__)}"


def put_together(text: str | bytes, arrays: dict[str, NumberArray]) -> Any:
    """The nested structure from its JSON and arrays: the inverse of `take_apart`.

    Each part is converted as soon as it is parsed, so the memory is that of the result, which `_least_length` bounds.

    Raises
    ------
    CorruptedFileError
        If the JSON is not of the form above, or does not name each array once.

    Examples
    --------
    >>> put_together('{"tuple": [1, {"float": "nan"}]}', {})
    (1, nan)
    """
    import json

    lists = text.count("[") if isinstance(text, str) else text.count(b"[")
    if len(text) < _least_length(lists):
        raise CorruptedFileError(f"its structure has {lists} lists in {len(text)} bytes, which would fill the memory")
    remaining = dict(arrays)

    def decode(pairs: list[tuple[str, Any]]) -> Any:
        if len(pairs) == 1:
            ((kind, content),) = pairs
            if kind in _KINDS and type(content) is _KINDS[kind][0]:
                return _KINDS[kind][1](content, remaining)
        raise CorruptedFileError(f"its structure holds {show(dict(pairs))}, which is not allowed")

    try:
        state = json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=decode)
        _refuse_depth(state, 0)
    except CorruptedFileError:
        raise
    except (ValueError, RecursionError) as error:  # not JSON, not UTF-8, a huge number, or nested too deeply
        raise CorruptedFileError(f"its structure cannot be read: {one_line(error)}") from error
    if remaining:
        raise CorruptedFileError(f"its structure does not name {', '.join(map(show, [*remaining][:3]))}")
    return state


def _least_length(lists: int) -> int:
    """The least length of JSON with that many lists, those of dicts and tuples included.

    "[]" takes 2 bytes of JSON but 60 to 90 of memory, so a small file could fill the memory. JSON with many lists is
    therefore padded to 16 bytes for each list.
    """
    return 16 * lists if lists > 100_000 else 0


def _refuse_depth(value: Any, depth: int) -> None:
    if type(value) in (list, tuple, dict) and value:
        if depth >= DEPTH:
            raise CorruptedFileError(f"its structure is nested more deeply than {DEPTH} levels")
        for item in value.values() if type(value) is dict else value:
            if type(item) in (list, tuple, dict):
                _refuse_depth(item, depth + 1)


def _decode_dict(pairs: list[Any], arrays: dict[str, NumberArray]) -> dict[str | int, Any]:
    found: dict[str | int, Any] = {}
    for pair in pairs:
        if not (type(pair) is list and len(pair) == 2 and type(pair[0]) in (str, int) and pair[0] not in found):
            raise CorruptedFileError(f"its structure has {show(pair)} in place of a new key and its value")
        found[pair[0]] = pair[1]
    return found


def _decode_float(text: str, arrays: dict[str, NumberArray]) -> float:
    if text not in ("nan", "inf", "-inf"):
        raise CorruptedFileError(f"its structure holds the number {show(text)}")
    return float(text)


def _decode_array(name: str, arrays: dict[str, NumberArray]) -> Any:
    if name not in arrays:
        raise CorruptedFileError(f"its structure names {show(name)}, which is missing, or names it twice")
    return arrays.pop(name)


def _decode_scalar(name: str, arrays: dict[str, NumberArray]) -> Any:
    array = _decode_array(name, arrays)
    if array.shape:
        raise CorruptedFileError(f"its structure names {show(name)} of shape {array.shape} as a scalar")
    return array[()]


def _refuse_constant(name: str) -> Any:
    raise CorruptedFileError(f"its structure holds {name}, which is not JSON")


_KINDS: dict[str, tuple[type, Callable[[Any, dict[str, NumberArray]], Any]]] = {
    "dict": (list, _decode_dict), "tuple": (list, lambda items, arrays: tuple(items)), "float": (str, _decode_float),
    "array": (str, _decode_array), "scalar": (str, _decode_scalar),
}  # fmt: skip
