"""Sparse Jacobians: lines that share no entry are computed as one, and the result is compared with a random product."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np

from autograd_lite.core.hooks import CompileError, current_recorder
from autograd_lite.core.tensor import Tensor
from autograd_lite.support.conversion import as_numbers
from autograd_lite.transforms.coloring import color_rows
from autograd_lite.transforms.differentiated_call import ARRAYS, LinearizedCall
from autograd_lite.transforms.sweeps import products, vectors_at_once

# Rounding errors of two ways to compute one product, in units of the last place. Where they are larger, whole lines
# are computed, so this number decides about time, and about how small an entry may be to be called a rounding error.
_UNITS = 100
_SCIPY = "a sparse Jacobian is a matrix of SciPy"


class Sparsity:
    """Where the entries of a Jacobian are, and which of its lines are computed together.

    Attributes
    ----------
    shapes : list of tuple
        Those of the patterns, one for each argument.
    by_rows : bool
        Whether rows share a vector u in uᵀJ; otherwise columns share a vector v in J v.
    lines : sparse matrix of bool
        The pattern of J, or of Jᵀ: the lines that share vectors are its rows.
    colors : array of int
        For each line its vector.
    """

    def __init__(self, patterns: Sequence[Any]) -> None:
        sparse = _scipy_sparse()
        matrices = [_checked(pattern, sparse) for pattern in patterns]
        self.shapes = [matrix.shape for matrix in matrices]
        if len({shape[0] for shape in self.shapes}) != 1:
            raise ValueError(f"jacobian: the patterns in sparsity must have as many rows, not the shapes {self.shapes}")
        self.ends = np.cumsum([0, *(columns for _, columns in self.shapes)]).tolist()
        whole = sparse.hstack(matrices, format="csr")
        ways = {True: whole, False: whole.T.tocsr()}
        # Lines that meet in one place need a color each.
        least = {by_rows: _most(np.bincount(lines.indices) - 1) for by_rows, lines in ways.items()}
        first = least[True] <= least[False]
        found = {first: _colors(ways[first])}
        if least[not first] < _most(found[first]):
            found[not first] = _colors(ways[not first])
        self.by_rows = min(found, key=lambda by_rows: (_most(found[by_rows]), not by_rows))
        self.lines, self.colors = ways[self.by_rows], found[self.by_rows]


def sparse_jacobians(linearized: LinearizedCall, sparsity: Sparsity, chunk_size: int | None) -> list[Any]:
    """The Jacobian for each argument as a CSR array; ValueError if it has entries outside of the pattern."""
    call, out = linearized.call, linearized.out
    if not isinstance(out, Tensor | ARRAYS | float):
        raise TypeError(f"jacobian: with sparsity the function must return an array, not {type(out).__name__}")
    _check_place(linearized)
    expected = [(np.size(out), variable.size) for variable in call.variables]
    if expected != sparsity.shapes or len(call.structure) != len(expected):
        raise ValueError(
            f"jacobian: the pattern in sparsity has the shape {_listed(sparsity.shapes)}, expected "
            f"{_listed(expected)}: the sizes of the result and of each array in the arguments, which must be arrays"
        )
    parts = list(itertools.pairwise(sparsity.ends))
    length = chunk_size or vectors_at_once(out, call.variables)

    def pull(batch: Any) -> list[Any]:
        rows = call.pull([out], [batch.reshape(np.shape(out)).astype(np.result_type(out))], retain_graph=True)
        return [np.concatenate([row.reshape(-1) for row in rows])]

    def push(batch: Any) -> list[Any]:
        given = zip(parts, call.variables, strict=True)
        tangents = [batch[a:b].reshape(variable.shape).astype(variable.dtype) for (a, b), variable in given]
        return [linearized.push(tangents, False)[0].reshape(-1)]

    def in_chunks(multiply: Callable[[Any], list[Any]], vectors: Any) -> Any:
        (found,) = products((vectors[i : i + length] for i in range(0, len(vectors), length)), False, multiply)
        if type(found) is not np.ndarray:
            raise TypeError(f"jacobian: {_SCIPY}, which vmap cannot map; leave out sparsity")
        return found.astype(np.result_type(found, np.float32), copy=False)  # SciPy has no float16

    def by_rows(vectors: Any) -> Any:
        return in_chunks(pull, vectors)

    def by_columns(vectors: Any) -> Any:
        linearized.recorded()
        return in_chunks(push, vectors)

    ways = (by_rows, by_columns) if sparsity.by_rows else (by_columns, by_rows)
    eps = max(np.finfo(np.result_type(value)).eps for value in (out, *call.variables))
    whole = _recovered(sparsity, *ways, _UNITS * float(eps), length)
    return [whole[:, a:b] for a, b in parts] if len(parts) > 1 else [whole]


def _recovered(
    sparsity: Sparsity, along: Callable[[Any], Any], across: Callable[[Any], Any], tolerance: float, length: int
) -> Any:
    """The matrix, from products with sums of its lines; `across` computes the lines that cross them."""
    lines, colors = sparsity.lines, sparsity.colors
    places = np.arange(len(colors))
    seeds = np.zeros((_most(colors) + 2, len(colors)))
    seeds[colors, places] = 1
    seeds[-1] = np.random.default_rng(0).uniform(0.5, 1.5, len(colors)) * (-1.0) ** places
    sums = along(seeds)
    values = sums[np.repeat(colors, np.diff(lines.indptr)), lines.indices]
    found = _scipy_sparse().csr_array((values, lines.indices, lines.indptr), shape=lines.shape, copy=True)
    with np.errstate(invalid="ignore", over="ignore"):
        random = seeds[-1].astype(values.dtype)
        product, size = found.T @ random, abs(found).T @ abs(random)
        agree = (abs(product - sums[-1]) <= tolerance * size) | (product == sums[-1])
    if not agree.all():
        _examine(np.flatnonzero(~agree), sparsity, found, across, tolerance, length)
    return found if sparsity.by_rows else found.T.tocsr()


def _examine(
    suspects: Any, sparsity: Sparsity, found: Any, across: Callable[[Any], Any], tolerance: float, length: int
) -> None:
    """Raise ValueError if one of the crossing lines has an entry outside of the pattern. Rounding errors are none."""
    crossing = found.T.tocsr()
    for some in np.array_split(suspects, -(-len(suspects) // length)):
        units = np.zeros((len(some), crossing.shape[0]))
        units[np.arange(len(some)), some] = 1
        for number, line in zip(some, across(units), strict=True):
            inside = crossing.indices[slice(*crossing.indptr[number : number + 2])]
            outside = line.copy()
            outside[inside] = 0
            largest = abs(line[np.isfinite(line)]).max(initial=0)
            missed = abs(outside) > tolerance * largest
            if not missed.any() and not np.isnan(line[inside]).any():  # which spreads: NaN times 0
                missed = np.isnan(outside)
            if missed.any():
                _refuse(sparsity, int(number), int(missed.argmax()), line)


def _refuse(sparsity: Sparsity, crossing: int, line: int, values: Any) -> NoReturn:
    row, column = (line, crossing) if sparsity.by_rows else (crossing, line)
    argument = int(np.searchsorted(sparsity.ends, column, "right")) - 1
    which = f"sparsity[{argument}]" if len(sparsity.ends) > 2 else "sparsity"
    raise ValueError(
        f"jacobian: the pattern in {which} misses entries: row {row}, column {column - sparsity.ends[argument]} "
        f"of the Jacobian is {values[line]:.6g}"
    )


def _check_place(linearized: LinearizedCall) -> None:
    if current_recorder() is not None:
        raise CompileError(
            f"compile: {_SCIPY}, which a program cannot compute; leave out sparsity, or call jacobian outside of the "
            "compiled function"
        )
    if linearized.call.tracked:
        raise TypeError(
            f"jacobian: {_SCIPY}, which cannot be differentiated; leave out sparsity, or call it in no_grad() if the "
            "function only uses tensors that require gradients"
        )


def _colors(lines: Any) -> Any:
    return color_rows(lines.indptr, lines.indices, lines.shape[1])


def _most(numbers: Any) -> int:
    return int(numbers.max(initial=-1))


def _listed(shapes: list[Any]) -> str:
    return " and ".join(map(str, shapes))


def _checked(pattern: Any, sparse: Any) -> Any:
    """The pattern as a CSR array of its own, in order and without repetitions."""
    if not sparse.issparse(pattern):
        pattern = as_numbers(pattern)
    if len(pattern.shape) != 2:
        raise ValueError(f"jacobian: sparsity must have two axes, not the shape {tuple(pattern.shape)}")
    given = sparse.csr_array(pattern if sparse.issparse(pattern) else pattern != 0)
    arrays = np.ones(len(given.indices), bool), given.indices, given.indptr
    found = sparse.csr_array(arrays, shape=given.shape, copy=True)
    found.sum_duplicates()
    return found


def _scipy_sparse() -> Any:
    try:
        from scipy import sparse
    except ImportError:
        raise ImportError('jacobian: sparsity needs SciPy: pip install "autograd-lite[sparse]"') from None
    return sparse
