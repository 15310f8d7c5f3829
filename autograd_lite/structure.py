"""Nested dicts, lists and tuples of arrays and plain values, as JSON text and arrays by name; and back, strictly.

Numbers, texts, None, booleans and lists stand in the text as they are; the rest is an object with one key that says
what it is: {"dict": [[key, value], ...]}, {"tuple": [...]}, {"float": "nan"}, {"array": name}, {"scalar": name}.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd_lite.conversion import NumberArray, read
from autograd_lite.tensor import Tensor

# No state of a training is nested more deeply; a file that is wants to exhaust the stack.
DEPTH = 64

# What an array can be called in a file: its keys, if they are plain. Never a path that leads anywhere.
NAME = re.compile(r"(?=.{1,200}\Z)(?!\.+(/|\Z))[\w.-]+(/(?!\.+(/|\Z))[\w.-]+)*", re.ASCII)


class CorruptedFileError(ValueError):
    """A file is damaged, foreign, or was made to do harm. Nothing has been loaded."""


def take_apart(state: Any) -> tuple[str, dict[str, NumberArray]]:
    """The JSON text of a nested structure, and its arrays by name: their keys joined by "/", where these are plain.

    Raises
    ------
    TypeError
        For what is neither a number, a text, None, an array of numbers, a tensor nor a dict, list or tuple of them.
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
    import json  # with the rest of what saving needs, it would double the time of the import

    arrays: dict[str, NumberArray] = {}
    return json.dumps(_encode(state, (), arrays)), arrays


def _encode(value: Any, path: tuple[Any, ...], arrays: dict[str, NumberArray]) -> Any:
    if len(path) > DEPTH:
        raise ValueError(
            f"save: the state is nested more deeply than {DEPTH} levels, or contains itself: {path[:4]}..."
        )
    if isinstance(value, str):
        return str(value)
    if value is None or type(value) in (bool, int):
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
                raise TypeError(f"save: {_place(path)} has the key {key!r}; keys are texts and integers")
        return {"dict": [[_encode(key, (), {}), _encode(item, (*path, key), arrays)] for key, item in value.items()]}
    if type(value) in (list, tuple):
        items = [_encode(item, (*path, i), arrays) for i, item in enumerate(value)]
        return items if type(value) is list else {"tuple": items}
    raise TypeError(
        f"save: {_place(path)} is {_kind(value)}; what can be saved are numbers, texts, None, arrays of numbers and "
        "tensors, and dicts, lists and tuples of them"
    )


def _name(path: tuple[Any, ...], arrays: dict[str, NumberArray]) -> str:
    name = "/".join(map(str, path))
    number = len(arrays)
    while name in arrays or not NAME.fullmatch(name):
        name, number = f"array_{number}", number + 1
    return name


def _place(path: tuple[Any, ...]) -> str:
    return "state" + "".join(f"[{key!r}]" for key in path)


def _kind(value: Any) -> str:
    return f"an array of {value.dtype}" if isinstance(value, np.ndarray | np.generic) else f"of {type(value).__name__}"


def put_together(text: str | bytes, arrays: dict[str, NumberArray]) -> Any:
    """The structure that `take_apart` has taken apart.

    Raises
    ------
    CorruptedFileError
        If the text is not exactly of the form above, or does not name each array once.

    Examples
    --------
    >>> put_together('{"tuple": [1, {"float": "nan"}]}', {})
    (1, nan)
    """
    import json

    remaining = dict(arrays)
    try:
        state = _decode(json.loads(text, parse_constant=_refuse_constant), remaining, 0)
    except CorruptedFileError:
        raise
    except (ValueError, RecursionError) as error:  # not JSON, not UTF-8, an absurd number, nested without end
        raise CorruptedFileError(f"its structure cannot be read: {error}") from error
    if remaining:
        raise CorruptedFileError(f"its structure has no place for {', '.join(map(repr, [*remaining][:3]))}")
    return state


def _decode(node: Any, arrays: dict[str, NumberArray], depth: int) -> Any:
    if depth > DEPTH:
        raise CorruptedFileError(f"its structure is nested more deeply than {DEPTH} levels")
    if isinstance(node, list):
        return [_decode(item, arrays, depth + 1) for item in node]
    if not isinstance(node, dict):
        return node
    if len(node) == 1:
        ((kind, content),) = node.items()
        if kind in _KINDS and type(content) is _KINDS[kind][0]:
            return _KINDS[kind][1](content, arrays, depth + 1)
    raise CorruptedFileError(f"its structure holds {str(node)[:80]}, which says nothing")


def _decode_dict(pairs: list[Any], arrays: dict[str, NumberArray], depth: int) -> dict[str | int, Any]:
    found: dict[str | int, Any] = {}
    for pair in pairs:
        if not (isinstance(pair, list) and len(pair) == 2 and type(pair[0]) in (str, int) and pair[0] not in found):
            raise CorruptedFileError(f"its structure holds {str(pair)[:80]}, where a new key and its value belong")
        found[pair[0]] = _decode(pair[1], arrays, depth)
    return found


def _decode_tuple(items: list[Any], arrays: dict[str, NumberArray], depth: int) -> tuple[Any, ...]:
    return tuple([_decode(item, arrays, depth) for item in items])


def _decode_float(text: str, arrays: dict[str, NumberArray], depth: int) -> float:
    if text not in ("nan", "inf", "-inf"):
        raise CorruptedFileError(f"its structure holds the number {text!r:.40}")
    return float(text)


def _decode_array(name: str, arrays: dict[str, NumberArray], depth: int) -> Any:
    if name not in arrays:
        raise CorruptedFileError(f"its structure names {name!r:.80}, which is missing, or a second time")
    return arrays.pop(name)


def _decode_scalar(name: str, arrays: dict[str, NumberArray], depth: int) -> Any:
    array = _decode_array(name, arrays, depth)
    if array.shape:
        raise CorruptedFileError(f"its structure calls {name!r} of shape {array.shape} a single number")
    return array[()]


def _refuse_constant(name: str) -> Any:
    raise CorruptedFileError(f"its structure holds {name}, which is no JSON")


_KINDS: dict[str, tuple[type, Callable[[Any, dict[str, NumberArray], int], Any]]] = {
    "dict": (list, _decode_dict), "tuple": (list, _decode_tuple), "float": (str, _decode_float),
    "array": (str, _decode_array), "scalar": (str, _decode_scalar),
}  # fmt: skip
