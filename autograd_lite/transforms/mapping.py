"""vmap: a function of one element becomes one of a batch, computed for all elements at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

import numpy as np

from autograd_lite.batching.axes import Axis, BatchError
from autograd_lite.batching.batch import Batch, has, owns_memory
from autograd_lite.core.tensor import Tensor
from autograd_lite.ops.arrays.shape import concatenate
from autograd_lite.support.checks import check_positive_integer
from autograd_lite.support.conversion import as_numbers
from autograd_lite.support.messages import show
from autograd_lite.support.tree import leaves, map_leaves, rebuild
from autograd_lite.transforms.differentiated_call import Function, check_function
from autograd_lite.transforms.hidden_axes import enter, leave

_RANDOMNESS = ("error", "same", "different")


def vmap(
    function: Function,
    in_axes: Any = 0,
    out_axes: Any = 0,
    chunk_size: int | None = None,
    randomness: str = "error",
) -> Function:
    """The function for a batch: ``vmap(f)(x)[i]`` is ``f(x[i])``, computed for all i at once.

    `f` is written for one element, and runs once. In it, arrays have the shapes of one element, and NumPy functions
    compute for all elements: a loop in NumPy instead of one in Python. A function that NumPy cannot compute for a batch
    is called for one element after the other; docs/vmap.md lists them.

    Parameters
    ----------
    function : callable
        Takes and returns arrays or tensors, or nested tuples, lists and dicts of them.
    in_axes : int, None, or nested tuples, lists and dicts of them, default 0
        The axis of the elements in each positional argument, None for what is the same for all. One for all arguments,
        or a tuple with an entry for each: one for all arrays in the argument, or a structure like it. Keyword arguments
        are the same for all elements.
    out_axes : int, or nested tuples, lists and dicts of them, default 0
        The axis of the elements in the results.
    chunk_size : int, optional
        How many elements are computed at once, by default all. It bounds the memory.
    randomness : {"error", "same", "different"}, default "error"
        Whether random numbers that the library draws (dropout, initialization) are an error, the same for all elements,
        or drawn for each. Draws from NumPy's own generators are the same for all.

    Returns
    -------
    callable
        Takes and returns arrays with one axis more. The results are tensors where those of the function are.

    Raises
    ------
    BatchError
        In a call, if the function needs the values of one element: in a branch, in ``float(x)``, as a length, to select
        a number of elements that differs (``x[x > 0]``). The way out is `np.where`. Also if it writes into an argument
        or into an array from outside, draws random numbers, or calls `backward` for a leaf outside.
    ValueError
        In a call, if arguments do not have these axes, or have different lengths there.

    Notes
    -----
    It nests, with itself and with all transforms: ``vmap(grad(f))`` are the gradients for each sample. The name and
    the arguments are those of JAX and PyTorch.

    Examples
    --------
    >>> x = np.array([[1.0, 2.0], [3.0, 4.0]])
    >>> vmap(np.dot)(x, x)
    array([ 5., 25.])
    >>> vmap(np.dot, in_axes=(0, None))(x, np.array([1.0, 10.0]))
    array([21., 43.])
    >>> from autograd_lite import grad
    >>> vmap(grad(lambda w, x: (w @ x) ** 2), in_axes=(None, 0))(np.array([1.0, 0.0]), x)
    array([[ 2.,  4.],
           [18., 24.]])
    """
    check_function("vmap", function)
    if randomness not in _RANDOMNESS:
        raise ValueError(f"vmap: randomness must be one of {', '.join(_RANDOMNESS)}, not {show(randomness)}")
    if chunk_size is not None:
        check_positive_integer("vmap", chunk_size=chunk_size)

    @wraps(function)
    def mapped(*arguments: Any, **options: Any) -> Any:
        places, values = _mapped_leaves(arguments, in_axes)
        size = _common_length(places, values)
        if chunk_size is None or size <= chunk_size:
            return _at_once(function, arguments, options, places, values, out_axes, Axis(size, randomness))
        results = []
        for start in range(0, size, chunk_size):
            part = slice(start, min(start + chunk_size, size))
            chunk = [v if p is None else v[(*(slice(None),) * p, part)] for p, v in zip(places, values, strict=True)]
            axis = Axis(part.stop - part.start, randomness)
            results.append(_at_once(function, arguments, options, places, chunk, out_axes, axis))
        return _concatenated(results, out_axes)

    return mapped


def _mapped_leaves(arguments: tuple[Any, ...], in_axes: Any) -> tuple[list[int | None], list[Any]]:
    """The axis of each leaf, from the front, and the leaves; those that are mapped as arrays."""
    if not isinstance(in_axes, tuple | list):
        in_axes = (in_axes,) * len(arguments)
    if len(in_axes) != len(arguments):
        raise ValueError(f"vmap: in_axes has {len(in_axes)} entries, but there are {len(arguments)} arguments")
    places: list[int | None] = []
    values = []
    for number, (place, argument) in enumerate(zip(in_axes, arguments, strict=True)):
        spread = list(_spread(place, argument, f"vmap: in_axes of argument {number}"))
        for along, leaf in zip(spread, leaves(argument), strict=True):
            if along is None:
                places.append(None)
                values.append(leaf)
                continue
            value = leaf if isinstance(leaf, Tensor | Batch) or hasattr(leaf, "_concrete") else as_numbers(leaf)
            ndim = len(value.shape)
            if not -ndim <= along < ndim:
                raise ValueError(
                    f"vmap: argument {number} has an array of shape {tuple(value.shape)}, without axis {along}; "
                    "None in in_axes says that an argument is the same for all elements"
                )
            places.append(along % ndim)
            values.append(value)
    return places, values


def _common_length(places: list[int | None], values: list[Any]) -> int:
    lengths = [int(v.shape[p]) for p, v in zip(places, values, strict=True) if p is not None]
    if not lengths:
        raise ValueError("vmap: no argument is mapped: in_axes is None for all, or there are no arrays")
    if len(set(lengths)) > 1:
        raise ValueError(f"vmap: the mapped axes have the lengths {lengths}; they must be equal")
    return lengths[0]


def _at_once(
    function: Function,
    arguments: Any,
    options: Any,
    places: list[int | None],
    values: list[Any],
    out_axes: Any,
    axis: Axis,
) -> Any:
    entered = [v if p is None else enter(v, axis, p) for p, v in zip(places, values, strict=True)]
    with axis.entered():
        out = function(*rebuild(arguments, entered), **options)
    spread = _spread(out_axes, out, "vmap: out_axes")
    return map_leaves(lambda value: _left(value, axis, next(spread)), out)


def _left(value: Any, axis: Axis, place: Any) -> Any:
    if not isinstance(value, Tensor | Batch | bool | int | float | np.ndarray | np.generic) and not hasattr(
        value, "dtype"
    ):
        raise BatchError(f"vmap: the function must return arrays, not {type(value).__name__}")
    ndim = len(np.shape(value)) + 1
    if place is None or not -ndim <= place < ndim:
        raise ValueError(f"vmap: out_axes is {place}, but the result has {ndim} axes with that of the batch")
    if place % ndim == 0 and has(value, axis) and owns_memory(value):
        return value.held
    left: Any = leave(value, axis, place % ndim)
    return np.array(left) if type(left) is np.ndarray else left


def _spread(places: Any, tree: Any, what: str) -> Iterator[int | None]:
    """The axis of each leaf of a tree: of a structure like it, or one for all below."""
    if places is None or (isinstance(places, int) and not isinstance(places, bool)):
        yield from [places] * len(leaves(tree))
        return
    branches: Callable[[Any], Any] = lambda node: list(node.values()) if isinstance(node, dict) else list(node)  # noqa: E731
    are_alike = (isinstance(places, dict) and isinstance(tree, dict) and places.keys() == tree.keys()) or (
        isinstance(places, tuple | list) and isinstance(tree, tuple | list) and len(places) == len(tree)
    )
    if not are_alike:
        raise ValueError(f"{what} is {show(places)}, which is neither an integer nor a structure like {_form(tree)}")
    ordered = [places[name] for name in tree] if isinstance(places, dict) else branches(places)
    for place, branch in zip(ordered, branches(tree), strict=True):
        yield from _spread(place, branch, what)


def _form(tree: Any) -> str:
    if isinstance(tree, dict | list | tuple):
        return f"a {type(tree).__name__} of {len(tree)}"
    return "an array" if hasattr(tree, "shape") else type(tree).__name__


def _concatenated(results: list[Any], out_axes: Any) -> Any:
    places = _spread(out_axes, results[0], "vmap: out_axes")
    columns = zip(*map(leaves, results), strict=True)
    joined = [_joined(list(parts), place) for parts, place in zip(columns, places, strict=True)]
    return rebuild(results[0], joined)


def _joined(parts: list[Any], place: Any) -> Any:
    join = concatenate if any(isinstance(part, Tensor) for part in parts) else np.concatenate
    return join(parts, axis=place % len(np.shape(parts[0])))
