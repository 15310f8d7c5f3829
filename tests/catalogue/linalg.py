"""Linear algebra, as cases of the catalogue. The definitions are from text books, and slow.

What depends on a choice of signs (singular vectors, eigenvectors) is compared through functions that do not.
"""

import numpy as np

import autograd_lite as ag
from catalogue import samples_linalg as sl
from catalogue.samples import Case

# -- definitions ---------------------------------------------------------------------------------------------------


def _t(x):
    return np.swapaxes(x, -1, -2)


def _minor(a, i, j):
    rows, columns = ([k for k in range(a.shape[-1]) if k != left_out] for left_out in (i, j))
    return a[..., rows, :][..., columns]


def det(a):
    """Laplace's expansion along the first row."""
    if a.shape[-1] < 2:
        return a[..., 0, 0] if a.shape[-1] else np.ones(a.shape[:-2])
    return sum((-1) ** j * a[..., 0, j] * det(_minor(a, 0, j)) for j in range(a.shape[-1]))


def inv(a):
    """Cramer's rule."""
    n, adjugate = a.shape[-1], np.empty_like(a)
    for i in range(n):
        for j in range(n):
            adjugate[..., j, i] = (-1) ** (i + j) * det(_minor(a, i, j))
    return adjugate / det(a)[..., None, None]


def _solve(a, b):
    return inv(a) @ b


def _matrix_power(a, n):
    power = np.broadcast_to(np.eye(a.shape[-1]), a.shape)
    for _ in range(abs(n)):
        power = power @ (inv(a) if n < 0 else a)
    return power


def _tensorinv(a, ind):
    flat = a.reshape(int(np.prod(a.shape[:ind])), -1)
    return inv(flat).reshape(a.shape[ind:] + a.shape[:ind])


def _tensorsolve(a, b, axes):
    moved = a if axes is None else np.moveaxis(a, axes[0], -1)
    return np.tensordot(_tensorinv(moved, b.ndim), b, b.ndim)


def _symmetric(a):
    return (a + _t(a)) / 2


def _cholesky(a, upper):
    """Row by row; NumPy's two functions for it agree with this on symmetric matrices."""
    a, n = _symmetric(a), a.shape[-1]
    low = np.zeros_like(a)
    for i in range(n):
        for j in range(i + 1):
            rest = a[..., i, j] - np.sum(low[..., i, :j] * low[..., j, :j], axis=-1)
            low[..., i, j] = np.sqrt(rest) if i == j else rest / low[..., j, j]
    return _t(low) if upper else low


def _joined(q, r):
    """Q and R in one array, with the signs that make the diagonal of R positive."""
    signs = np.sign(np.diagonal(getattr(r, "data", r), axis1=-2, axis2=-1))
    q, r = q * signs[..., None, :], r * signs[..., None]
    return np.concatenate([q, r], axis=-2 if q.shape[-1] == r.shape[-1] else -1)


def _gram_schmidt(a, mode="reduced"):
    rows, columns = a.shape[-2:]
    q = np.zeros((*a.shape[:-1], min(rows, columns)))
    for j in range(q.shape[-1]):
        rest = a[..., j] - np.sum(q * np.sum(q * a[..., j, None], axis=-2, keepdims=True), axis=-1)
        q[..., j] = rest / np.sqrt(np.sum(rest**2, axis=-1, keepdims=True))
    return np.triu(_t(q) @ a) if mode == "r" else _joined(q, _t(q) @ a)


def _positive(r):
    signs = np.sign(np.diagonal(getattr(r, "data", r), axis1=-2, axis2=-1))
    return r * signs[..., None]


def _weights(n):
    return np.cos(np.arange(n, dtype=np.float32))  # exact in both precisions


def _mixed(v):
    """V diag(c) Vᵀ for fixed weights: it depends on every vector, on none of their signs."""
    return np.matmul(v * _weights(v.shape[-1]), _t(v))


def _cubed(u, s, vh):
    return np.matmul(u * np.expand_dims(s * s * s, -2), vh)


def _eigh_cubed(a, UPLO):
    w, v = ag.eigh(_symmetric(a), UPLO)
    return _cubed(v, w, _t(v))


def _svd_cubed(a):
    return _cubed(*ag.svd(a, full_matrices=False))


def _svd_mixed(a):
    u, _, vh = ag.svd(a, full_matrices=False)
    return np.matmul(_mixed(u), a) + np.matmul(a, _mixed(_t(vh)))


def _svd_mixed_reference(a):
    rank = min(a.shape[-2:])
    u, v = (np.linalg.eigh(x)[1][..., ::-1][..., :rank] for x in (a @ _t(a), _t(a) @ a))
    return _mixed(u) @ a + a @ _mixed(v)


def _svdvals(a):
    smaller = a @ _t(a) if a.shape[-2] < a.shape[-1] else _t(a) @ a
    return np.sqrt(np.sort(np.linalg.eigvals(smaller).real, axis=-1)[..., ::-1])


def _eigenvalues(a, UPLO):
    return np.sort(np.linalg.eigvals(_symmetric(a)).real, axis=-1)


def _full_rank_pinv(a):
    return inv(_t(a) @ a) @ _t(a) if a.shape[-2] >= a.shape[-1] else _t(a) @ inv(a @ _t(a))


def _rank_one_pinv(a):
    return _t(a) / np.sum(a * a, axis=(-2, -1), keepdims=True)


def _outer(x, y):
    return np.matmul(np.expand_dims(x, -1), np.expand_dims(y, -2))


def _lstsq_x(a, b):
    return _full_rank_pinv(a) @ b


def _lstsq_squares(a, b):
    return np.atleast_1d(np.sum((b - a @ _lstsq_x(a, b)) ** 2, axis=0))


_SUMS = {
    1: lambda a: np.max(np.sum(np.abs(a), axis=-2), axis=-1),
    -1: lambda a: np.min(np.sum(np.abs(a), axis=-2), axis=-1),
    np.inf: lambda a: np.max(np.sum(np.abs(a), axis=-1), axis=-1),
    -np.inf: lambda a: np.min(np.sum(np.abs(a), axis=-1), axis=-1),
    "fro": lambda a: np.sqrt(np.sum(a * a, axis=(-2, -1))),
    "nuc": lambda a: np.sum(_svdvals(a), axis=-1),
}


def _cond(a, p):
    s = _svdvals(a)
    ratio = s[..., 0] / s[..., -1]
    return ratio if p in (None, 2) else 1 / ratio if p == -2 else _SUMS[p](a) * _SUMS[p](inv(a))


def _no_two_sums_are_close(sample):
    """The largest and the smallest sum have a kink where two are equal."""
    (a,), axis = sample.arrays, -1 if np.isinf(sample.static["p"]) else -2
    sums = [np.sort(np.sum(np.abs(m), axis=axis), axis=-1) for m in (a, inv(a))]
    return all((np.diff(each, axis=-1) > 1e-2 * each[..., 1:]).all() for each in sums)


def _triangle(a, lower, unit_diagonal):
    """The triangle that is read; the others of `sl.triangular_systems` are no zeros."""
    a = np.where(np.eye(a.shape[-1], dtype=bool), 1, a) if unit_diagonal else a
    return a * (np.tri(a.shape[-1]) if lower else np.tri(a.shape[-1]).T)


def _solve_triangular(a, b, lower, trans, unit_diagonal):
    """Cramer's rule."""
    matrix = _triangle(a, lower, unit_diagonal)
    return inv(_t(matrix) if trans in (1, 2, "T", "C") else matrix) @ b


def _cholesky_solve(b, L, upper):
    factor = _triangle(L, not upper, False)
    return inv(_t(factor) @ factor if upper else factor @ _t(factor)) @ b


def _expm(a):
    """The series."""
    out = term = np.broadcast_to(np.eye(a.shape[-1]), a.shape)
    for k in range(1, 60):
        term = term @ a / k
        out = out + term
    return out


# -- the list ------------------------------------------------------------------------------------------------------

CASES: list[Case] = [
    Case("inv", ag.inv, inv, sl.matrices(sl.regular)),
    Case("solve", ag.solve, _solve, sl.systems()),
    Case("det", ag.det, det, sl.matrices(sl.regular)),
    Case("det: rank n - 1", ag.det, det, sl.matrices(sl.of_lower_rank(1))),
    Case("det: rank n - 2", ag.det, det, sl.matrices(sl.of_lower_rank(2))),
    Case("slogdet", lambda a: sum(ag.slogdet(a)), lambda a: np.sign(det(a)) + np.log(np.abs(det(a))),
         sl.matrices(sl.regular)),
    Case("matrix_power", ag.matrix_power, _matrix_power, sl.matrices(sl.regular, n=[-3, -2, -1, 0, 1, 2, 3, 4, 5])),
    Case("solve_triangular", ag.solve_triangular, _solve_triangular, sl.triangular_systems(
        lower=[False, True], trans=[0, 1, 2, "N", "T", "C"], unit_diagonal=[False, True])),
    Case("cholesky_solve", lambda a, b, upper: ag.cholesky_solve(b, a, upper),
         lambda a, b, upper: _cholesky_solve(b, a, upper), sl.triangular_systems(upper=[False, True])),
    Case("expm", ag.expm, _expm, sl.matrices(sl.regular)),
    Case("expm: scaled", lambda a: ag.expm(4 * a), lambda a: _expm(a) @ _expm(a) @ _expm(a) @ _expm(a),
         sl.matrices(sl.regular)),
    Case("tensorinv", ag.tensorinv, _tensorinv, sl.tensor_maps(solve=False)),
    Case("tensorsolve", ag.tensorsolve, _tensorsolve, sl.tensor_maps(solve=True)),
    Case("cholesky", lambda a, upper: ag.cholesky(_symmetric(a), upper=upper), _cholesky,
         sl.matrices(sl.positive_definite, upper=[False, True])),
    Case("qr", lambda a: _joined(*ag.qr(a)), _gram_schmidt, sl.matrices(sl.regular, sl.any_rows)),
    Case("qr: r", lambda a, mode: _positive(ag.qr(a, mode) if mode == "r" else ag.qr(a, mode)[1]),
         lambda a, mode: _gram_schmidt(a, "r"), sl.matrices(sl.regular, sl.wide, mode=["r", "complete"])),
    Case("eigh: eigenvalues", lambda a, UPLO: ag.eigh(_symmetric(a), UPLO)[0] * 1, _eigenvalues,
         sl.matrices(sl.symmetric, UPLO=["L", "U"])),
    Case("eigh: both", _eigh_cubed, lambda a, UPLO: _symmetric(a) @ _symmetric(a) @ _symmetric(a),
         sl.matrices(sl.symmetric, UPLO=["L", "U"])),
    Case("eigh: eigenvectors", lambda a: _mixed(ag.eigh(_symmetric(a))[1]),
         lambda a: _mixed(np.linalg.eigh(_symmetric(a))[1]), sl.matrices(sl.symmetric)),
    Case("eigvalsh", lambda a, UPLO: ag.eigvalsh(_symmetric(a), UPLO), _eigenvalues,
         sl.matrices(sl.symmetric, UPLO=["L", "U"])),
    Case("svd", _svd_cubed, lambda a: a @ _t(a) @ a, sl.matrices(sl.regular, sl.any_rows)),
    Case("svd: singular vectors", _svd_mixed, _svd_mixed_reference, sl.matrices(sl.regular, sl.any_rows)),
    Case("svd: singular values", lambda a: ag.svd(a, compute_uv=False), _svdvals,
         sl.matrices(sl.regular, sl.any_rows)),
    Case("svd: square", lambda a: _cubed(*ag.svd(a)), lambda a: a @ _t(a) @ a, sl.matrices(sl.regular)),
    Case("pinv", ag.pinv, _full_rank_pinv, sl.matrices(sl.regular, sl.any_rows)),
    Case("pinv: rank one", lambda x, y: ag.pinv(_outer(x, y), rcond=1e-3), lambda x, y: _rank_one_pinv(_outer(x, y)),
         sl.vector_pairs()),
    Case("pinv: hermitian", lambda a: ag.pinv(_symmetric(a), hermitian=True), lambda a: inv(_symmetric(a)),
         sl.matrices(sl.symmetric)),
    Case("lstsq", lambda a, b: ag.lstsq(a, b)[0] * 1, _lstsq_x, sl.least_squares()),
    Case("lstsq: residuals", lambda a, b: ag.lstsq(a, b)[1] * 1, _lstsq_squares, sl.least_squares(overdetermined=True)),
    Case("lstsq: all", lambda a, b: (lambda x, squares, _, s: np.sum(x) * np.sum(squares) + np.sum(s * s))(
        *ag.lstsq(a, b)), lambda a, b: np.sum(_lstsq_x(a, b)) * np.sum(_lstsq_squares(a, b)) + np.sum(a * a),
        sl.least_squares(overdetermined=True)),
    Case("cond", ag.cond, _cond, sl.matrices(sl.regular, min_side=1, p=[None, 2, -2, "fro", "nuc"])),
    Case("cond: sums", ag.cond, _cond,
         sl.matrices(sl.regular, min_side=1, p=[1, -1, np.inf, -np.inf]).filter(_no_two_sums_are_close)),
    *(
        Case(f"norm: {p!r} of singular values", lambda x, p=p: ag.norm(x, p, (-2, -1)),
             lambda x, of=of: of(_svdvals(x), -1), sl.matrices(sl.regular, sl.some_rows, min_side=1))
        for p, of in (("nuc", np.sum), (2, np.max), (-2, np.min))
    ),
    Case("svdvals", ag.svdvals, _svdvals, sl.matrices(sl.regular, sl.any_rows)),
]  # fmt: skip
