"""Covariances, correlations and polynomials, as cases of the catalogue."""

import hypothesis.strategies as st
import numpy as np

from catalogue import samples as s
from catalogue.ordering import case
from catalogue.samples import Sample


def _pairs(rows, weights, freedom):
    """Σ w (x − mean)(y − mean) / freedom of every pair of rows, one after the other."""
    total = sum(weights)
    means = [sum(w * v for w, v in zip(weights, row, strict=True)) / total for row in rows]
    return np.array([
        [sum(w * (a - m) * (b - n) for w, a, b in zip(weights, x, y, strict=True)) / freedom
         for y, n in zip(rows, means, strict=True)]
        for x, m in zip(rows, means, strict=True)
    ])  # fmt: skip


def _cov(m, rowvar=True, bias=False, ddof=None):
    rows = m[None] if m.ndim < 2 else m if rowvar else m.T
    n, ddof = rows.shape[1], (0 if bias else 1) if ddof is None else ddof
    return np.squeeze(_pairs(rows, np.ones(n), n - ddof))


def _cov_of_two(m, y, rowvar):
    rows = [x[None] if x.ndim < 2 else x if rowvar or len(x) == 1 else x.T for x in (m, y)]
    return _cov(np.concatenate(rows))


def _cov_weighted(m, aweights, fweights, ddof):
    f = np.ones(m.shape[1]) if fweights is None else np.array(fweights)
    w = f * aweights
    return np.squeeze(_pairs(m, w, sum(w) - ddof * sum(w * aweights) / sum(w)))


def _corrcoef(x, rowvar=True):
    c = np.atleast_2d(_cov(x, rowvar))
    return np.squeeze([[c[i, j] / np.sqrt(c[i, i] * c[j, j]) for j in range(len(c))] for i in range(len(c))])


@st.composite
def _variables(draw, **options):
    rng, shape = draw(s.generators), draw(st.sampled_from([(3,), (1, 3), (2, 4), (3, 3), (4, 3)]))
    static = {name: draw(st.sampled_from(values)) for name, values in options.items()}
    return Sample((s.real(rng, shape),), static)


@st.composite
def _two(draw):
    rng, rowvar = draw(s.generators), draw(st.booleans())
    shapes = draw(st.sampled_from([((3,), (3,)), ((2, 3), (3,)), ((2, 3), (1, 3)), ((2, 4), (3, 4))]))
    arrays = [s.real(rng, shape) for shape in shapes]
    if not rowvar:
        arrays = [np.ascontiguousarray(x.T) if x.ndim > 1 and len(x) > 1 else x for x in arrays]
    return Sample(tuple(arrays), {"rowvar": rowvar})


@st.composite
def _weighted(draw):
    rng = draw(s.generators)
    fweights = draw(st.none() | st.just([1, 2, 3, 1]))
    arrays = (s.real(rng, (draw(st.integers(1, 3)), 4)), s.positive(rng, (4,)))
    return Sample(arrays, {"fweights": fweights, "ddof": draw(st.sampled_from([0, 1]))})


@st.composite
def _polynomial(draw):
    rng = draw(s.generators)
    x = s.real(rng, draw(s.shapes(max_dims=2)))
    return Sample((s.real(rng, (draw(st.integers(1, 4)),)), x), {})


CASES = [
    case("cov", lambda m: m.cov, _variables(rowvar=[True, False], bias=[False, True], ddof=[None, 0]).filter(
        lambda sample: sample.static["rowvar"] or sample.arrays[0].ndim < 2 or len(sample.arrays[0]) > 1), _cov),
    case("cov: of two", lambda m: m.cov, _two(), _cov_of_two),
    case("cov: with weights", lambda m: lambda x, aweights, **options: m.cov(x, aweights=aweights, **options),
         _weighted(), _cov_weighted),
    case("corrcoef", lambda m: m.corrcoef, _variables(rowvar=[True]), _corrcoef),
    case("polyval", lambda m: m.polyval, _polynomial(),
         lambda p, x: sum((c * x**k for k, c in enumerate(p[::-1])), np.zeros_like(x))),
]  # fmt: skip
