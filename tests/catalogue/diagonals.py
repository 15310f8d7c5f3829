"""Triangles and diagonals, as cases of the catalogue."""

import hypothesis.strategies as st
import numpy as np

from catalogue import samples as s
from catalogue import samples_arrays as sa
from catalogue.ordering import case


def _triangle(keep):
    def reference(x, k):
        rows, columns = np.indices(x.shape[-2:] if x.ndim > 1 else (len(x), len(x)))
        return x * keep(columns - rows, k)

    return reference


def _with_k(shape):
    return st.fixed_dictionaries({"k": st.integers(-3, 3)})


def _diag(x, k):
    n = len(x) + abs(k)
    out = np.zeros((n, n))
    for i, value in enumerate(x):
        out[i + max(-k, 0), i + max(k, 0)] = value
    return out


CASES = [
    case("tril", lambda m: m.tril, s.varying(_with_k, min_dims=1), _triangle(lambda above, k: above <= k)),
    case("triu", lambda m: m.triu, s.varying(_with_k, min_dims=1), _triangle(lambda above, k: above >= k)),
    case("diag", lambda m: m.diag, s.varying(_with_k, min_dims=1, max_dims=1), _diag),
    case("diag: of a matrix", lambda m: m.diag, s.varying(_with_k, min_dims=2, max_dims=2)),
    case("diagflat", lambda m: m.diagflat, s.varying(_with_k), lambda x, k: _diag(x.ravel(), k)),
    case("diagonal", lambda m: m.diagonal, s.varying(sa.diagonals, min_dims=2)),
    case("vander", lambda m: m.vander, s.varying(
        lambda shape: st.fixed_dictionaries({"N": st.none() | st.integers(0, 4), "increasing": st.booleans()}),
        min_dims=1, max_dims=1)),
]  # fmt: skip
