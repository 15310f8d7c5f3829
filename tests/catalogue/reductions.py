"""Reductions, scans, order statistics and norms, as cases of the catalogue."""

from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import numpy as np

import autograd_lite as ag
from catalogue import covariance as catalogue_covariance
from catalogue import samples as s
from catalogue.samples import Case


@st.composite
def _quantiles(draw: st.DrawFn, percent: bool = False) -> s.Sample:
    sample = draw(s.reduction(s.distinct, min_side=1))
    q = draw(st.sampled_from([0.0, 0.3, 1.0, [0.7, 0.2], [[0.5], [1.0]], []]))
    return s.Sample(sample.arrays, {**sample.static, "q": np.multiply(q, 100.0 if percent else 1.0).tolist()})


def _has_axes(sample: s.Sample) -> bool:
    return sample.static["axis"] != ()


def _rows(x, axis):
    """The reduced axes as the last one, each row sorted."""
    axes = tuple(range(x.ndim)) if axis is None else tuple(a % x.ndim for a in np.atleast_1d(axis).astype(int))
    kept = [a for a in range(x.ndim) if a not in axes]
    rows = np.transpose(x, (*kept, *axes)).reshape(*[x.shape[a] for a in kept], -1)
    return np.sort(rows, axis=-1), tuple(1 if a in axes else length for a, length in enumerate(x.shape))


def _quantile(x, q, axis, keepdims):
    rows, with_ones = _rows(x, axis)
    q = np.asarray(q)
    place = q * (rows.shape[-1] - 1)
    low = np.floor(place).astype(int)
    high, fraction = np.minimum(low + 1, rows.shape[-1] - 1), place - low
    value = rows[..., low] * (1 - fraction) + rows[..., high] * fraction
    value = np.moveaxis(value, range(rows.ndim - 1, value.ndim), range(q.ndim))
    return np.reshape(value, (*q.shape, *with_ones)) if keepdims else value


def _percentile(x, q, axis, keepdims):
    return _quantile(x, np.divide(q, 100), axis, keepdims)


def _trapezoid(y, axis=-1):
    y = np.moveaxis(y, axis, -1)
    return y[..., 1:].sum(-1) / 2 + y[..., :-1].sum(-1) / 2


def _lower(n):
    return np.tril(np.ones((n, n)))


def _running(combine):
    def reference(x, axis):
        rows = np.moveaxis(x, axis, 0)
        return np.moveaxis(np.array([combine(rows[: i + 1], axis=0) for i in range(len(rows))]), 0, axis)

    return reference


def _axis_of(domain: s.Domain, min_side: int = 0) -> st.SearchStrategy[s.Sample]:
    return s.reduction(domain, several=False, min_side=min_side)


def _reduction(name: str, reference: Callable[..., Any], samples: st.SearchStrategy[s.Sample]) -> Case:
    return Case(name, getattr(ag, name.partition(":")[0]), reference, samples)


@st.composite
def _weighted(draw: st.DrawFn) -> s.Sample:
    (x,), static = draw(s.reduction(s.real, min_side=1))
    return s.Sample((x, s.positive(draw(s.generators), x.shape)), static)


@st.composite
def _matrices(draw: st.DrawFn) -> s.Sample:
    """Rows and columns whose sums of magnitudes are not close to each other."""
    rng, shape = draw(s.generators), draw(s.shapes(min_dims=2, min_side=1))
    magnitudes = 1 + rng.permutation(shape[-2])[:, None] + rng.permutation(shape[-1])
    return s.Sample((magnitudes * rng.uniform(0.95, 1.05, shape) * rng.choice([-1, 1], shape),), {})


def _traced(shape):
    n = len(shape)
    pairs = st.sampled_from([(i, j) for i in range(n) for j in range(n) if i != j])
    return st.builds(lambda offset, pair: {"offset": offset, "axis1": pair[0], "axis2": pair[1]},
                     st.integers(-3, 3), pairs)  # fmt: skip


def _trace(a, offset, axis1, axis2):
    a = np.moveaxis(a, (axis1, axis2), (-2, -1))
    rows = range(max(0, -offset), min(a.shape[-2], a.shape[-1] - offset))
    return sum((a[..., i, i + offset] for i in rows), np.zeros(a.shape[:-2]))


def _norm(p):
    return lambda x, axis, keepdims=False: np.sum(np.abs(x) ** p, axis=axis, keepdims=keepdims) ** (1 / p)


def _gradient(f, axis):
    f = np.moveaxis(f, axis, 0)
    later, earlier = (np.clip(np.arange(len(f)) + step, 0, len(f) - 1) for step in (1, -1))
    slopes = (f[later] - f[earlier]) / (later - earlier).reshape(-1, *[1] * (f.ndim - 1))
    return np.moveaxis(slopes, 0, axis)


_at_least_two = s.varying(lambda shape: s.axes(len(shape), False).map(lambda axis: {"axis": axis}),
                          min_dims=1, min_side=3, max_side=4, max_dims=2)  # fmt: skip

CASES: list[Case] = [
    *catalogue_covariance.CASES,
    _reduction("cumsum", _running(np.sum), _axis_of(s.real, 1)),
    Case("cumsum: flat", ag.cumsum, lambda a: _lower(a.size) @ a.ravel(), s.elementwise(s.real)),
    _reduction("cumprod", _running(np.prod), _axis_of(s.real, 1)),
    _reduction("cumprod: with zeros", _running(np.prod), _axis_of(s.with_zeros, 1)),
    Case("cumprod: flat", ag.cumprod, lambda a: np.prod(np.where(_lower(a.size), a.ravel(), 1), axis=1),
         s.elementwise(s.with_zeros)),
    _reduction("nancumsum", _running(np.sum), _axis_of(s.real, 1)),
    _reduction("nancumprod", _running(np.prod), _axis_of(s.real, 1)),
    _reduction("cumulative_sum", _running(np.sum), _axis_of(s.real, 1)),
    _reduction("cumulative_prod", _running(np.prod), _axis_of(s.real, 1)),
    Case("maximum: running", lambda x, axis: np.maximum.accumulate(x, axis), _running(np.max),
         _axis_of(s.distinct, 1)),
    Case("minimum: running", lambda x, axis: np.minimum.accumulate(x, axis), _running(np.min),
         _axis_of(s.distinct, 1)),
    _reduction("nansum", np.sum, s.reduction(s.real)),
    _reduction("nanprod", np.prod, s.reduction(s.with_zeros)),
    _reduction("nanmean", np.mean, s.reduction(s.real, min_side=1)),
    _reduction("nanmax", np.max, s.reduction(s.distinct, min_side=1)),
    _reduction("nanmin", np.min, s.reduction(s.distinct, min_side=1)),
    _reduction("nanvar", np.var, s.reduction(s.real, min_side=1, ddof=True)),
    _reduction("nanstd", np.std, s.reduction(s.distinct, min_side=1, ddof=True)),
    _reduction("ptp", lambda x, axis, keepdims: np.max(x, axis=axis, keepdims=keepdims)
               - np.min(x, axis=axis, keepdims=keepdims), s.reduction(s.distinct, min_side=1)),
    _reduction("median", lambda x, axis, keepdims: _quantile(x, 0.5, axis, keepdims),
               s.reduction(s.distinct, min_side=1)),
    _reduction("nanmedian", lambda x, axis, keepdims: _quantile(x, 0.5, axis, keepdims),
               s.reduction(s.distinct, min_side=1)),
    _reduction("quantile", _quantile, _quantiles()),
    _reduction("nanquantile", _quantile, _quantiles().filter(_has_axes)),
    _reduction("percentile", _percentile, _quantiles(True)),
    _reduction("nanpercentile", _percentile, _quantiles(True).filter(_has_axes)),
    Case("average", lambda a, w, axis, keepdims: ag.average(a, axis, w, keepdims=keepdims),
         lambda a, w, axis, keepdims: np.sum(a * w, axis=axis, keepdims=keepdims)
         / np.sum(w, axis=axis, keepdims=keepdims), _weighted()),
    _reduction("trace", _trace, s.varying(_traced, min_dims=2)),
    _reduction("diff", lambda a, axis: np.delete(a, 0, axis) - np.delete(a, -1, axis), _axis_of(s.real, 1)),
    _reduction("ediff1d", lambda a: a.ravel()[1:] - a.ravel()[:-1], s.elementwise(s.real)),
    _reduction("trapezoid", _trapezoid, _axis_of(s.real, 1)),
    Case("trapezoid: over points", ag.trapezoid, lambda y, x: np.sum((x[1:] - x[:-1]) * (y[1:] + y[:-1])) / 2,
         st.builds(lambda rng, n: s.Sample((s.real(rng, (n,)), s.real(rng, (n,))), {}), s.generators,
                   st.integers(1, 4))),
    _reduction("gradient", _gradient, _at_least_two),
    Case("norm", ag.norm, lambda x: np.sqrt(np.sum(x * x)), s.reduction(s.nonzero, min_side=1).map(
        lambda sample: s.Sample(sample.arrays, {}))),
    *(
        Case(f"norm: {p}", lambda x, axis, p=p: ag.norm(x, p, axis), _norm(p), _axis_of(s.nonzero, 1))
        for p in (1, 2, 3, 4, -1, 0.5, 2.5)
    ),
    Case("norm: 0", lambda x, axis: ag.norm(x, 0, axis), lambda x, axis: np.sum(x != 0, axis, float),
         _axis_of(s.nonzero)),
    Case("norm: inf", lambda x, axis: ag.norm(x, np.inf, axis), lambda x, axis: np.max(np.abs(x), axis),
         _axis_of(lambda rng, shape: s.distinct(rng, shape) + 0.03, 1)),
    Case("norm: -inf", lambda x, axis: ag.norm(x, -np.inf, axis), lambda x, axis: np.min(np.abs(x), axis),
         _axis_of(lambda rng, shape: s.distinct(rng, shape) + 0.033, 1)),
    Case("norm: columns", lambda x: ag.norm(x, 1, (-2, -1)), lambda x: np.abs(x).sum(-2).max(-1), _matrices()),
    Case("norm: rows", lambda x: ag.norm(x, -np.inf, (-2, -1)), lambda x: np.abs(x).sum(-1).min(-1), _matrices()),
    _reduction("vector_norm", _norm(2), s.reduction(s.nonzero, min_side=1)),
    _reduction("matrix_norm", lambda x: np.sqrt(np.sum(x * x, (-2, -1))), _matrices()),
]  # fmt: skip

# How NumPy's function is called, where not as the operation.
ADAPTED: dict[str, Callable[..., Any]] = {
    "maximum: running": lambda x, axis: np.maximum.accumulate(x, axis=axis),
    "minimum: running": lambda x, axis: np.minimum.accumulate(x, axis=axis),
    "average": lambda a, w, axis, keepdims: np.average(a, axis, w, keepdims=keepdims),
    "norm: 1": lambda x, axis: np.linalg.norm(x, 1, axis),
    "norm: 2": lambda x, axis: np.linalg.norm(x, 2, axis),
    "norm: columns": lambda x: np.linalg.norm(x, 1, (-2, -1)),
    "norm: rows": lambda x: np.linalg.norm(x, -np.inf, (-2, -1)),
}
for _p in (3, 4, -1, 0.5, 2.5, 0, np.inf, -np.inf):
    ADAPTED[f"norm: {_p}"] = lambda x, axis, p=_p: np.linalg.norm(x, p, axis)

METHODS = ("cumsum", "cumprod", "trace")
