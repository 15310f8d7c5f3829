"""Random numbers that the library draws inside a mapped function: refused, the same, or different for each element."""

from __future__ import annotations

from typing import Any

from autograd_lite.batching.axes import Axis, active, refuse_in_mapping
from autograd_lite.batching.batch import Batch

# The position of the size among the arguments of a method of `numpy.random.Generator`.
_SIZES = {"random": 0, "standard_normal": 0, "uniform": 2, "normal": 2, "integers": 2, "exponential": 1}


def for_active_axes(generator: Any) -> Any:
    """The generator itself, or one that draws for each element.

    Raises
    ------
    BatchError
        If a mapping says that random numbers are an error.
    """
    axes = sorted(active.get(), key=lambda axis: axis.number)
    if any(axis.randomness == "error" for axis in axes):
        refuse_in_mapping(
            'the mapped function draws random numbers; vmap(..., randomness="same") gives all elements the same '
            'ones, randomness="different" draws for each'
        )
    different = [axis for axis in axes if axis.randomness == "different"]
    return _GeneratorOfBatches(generator, different) if different else generator


class _GeneratorOfBatches:
    """A generator whose methods draw the numbers of all elements at once."""

    def __init__(self, generator: Any, axes: list[Axis]) -> None:
        self._generator, self._axes = generator, axes

    def __getattr__(self, name: str) -> Any:
        if name not in _SIZES:
            refuse_in_mapping(f'{name}() cannot draw for each element; draw outside, or use randomness="same"')

        def draw(*args: Any, size: Any = (), **options: Any) -> Any:
            position = _SIZES[name]
            if len(args) > position:
                size, args = args[position], args[:position]
            shape = size if isinstance(size, tuple | list) else () if size is None else (size,)
            lengths = [axis.size for axis in self._axes]
            out = getattr(self._generator, name)(*args, size=(*lengths, *shape), **options)
            for axis in self._axes:  # the outermost first
                out = Batch(out, axis)
            return out

        return draw
