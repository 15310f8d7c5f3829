"""The programs of GradBench compute the derivatives of closed forms, and the same ones in other libraries."""

import json
from contextlib import nullcontext
from dataclasses import replace

import numpy as np
import pytest
import run

from gradbench.engines import eager
from gradbench.library import arrays
from gradbench.program import GRADBENCH
from gradbench.programs import ba, descent, gmm, ht, particle, saddle
from suite.engine import load
from suite.timing import contestants, start_here

SMALL = {name: case.reduced() for name, case in GRADBENCH.items()}
QUICK = [name for name, case in SMALL.items() if not case.branches]


def derivative(name):
    """The inputs of a program at its small size, and what this library computes from them."""
    (inputs, *_) = SMALL[name].batches()
    return inputs, SMALL[name].derivative(eager.LIBRARY)(*inputs)


def differences(function, x, step=1e-6):
    """The Jacobian by central differences."""
    units = step * np.eye(x.size).reshape(x.size, *x.shape)
    return np.stack([(function(x + unit) - function(x - unit)) / (2 * step) for unit in units], -1)


def test_hello():
    (x,), found = derivative("hello")
    assert found == 2 * x


def test_lse_is_the_softmax():
    (x,), found = derivative("lse")
    np.testing.assert_allclose(found, np.exp(x) / np.exp(x).sum(), rtol=1e-13)


def test_llsq_is_the_normal_equation():
    (x, powers, s), found = derivative("llsq")
    np.testing.assert_allclose(found, powers.T @ (powers @ x - s), rtol=1e-12)


def test_ode_is_exact_for_four_equations():
    """yᵢ(t) = x₀ ⋯ xᵢ tⁱ⁺¹/(i + 1)!, and a polynomial of degree 4 has no error in the Runge–Kutta method."""
    (x,), found = derivative("ode")
    np.testing.assert_allclose(found, x.prod() / x * 2**4 / 24, rtol=1e-12)


def test_det_is_the_matrix_of_cofactors():
    (matrix,), found = derivative("det")
    np.testing.assert_allclose(found, np.linalg.det(matrix) * np.linalg.inv(matrix).T, rtol=1e-10)


def test_a_newton_step_of_kmeans_goes_to_the_mean_of_the_nearest_points():
    (centroids, points), found = derivative("kmeans")
    nearest = ((points[:, None] - centroids) ** 2).sum(2).argmin(1)
    means = [points[nearest == i].mean(0) for i in range(len(centroids))]
    np.testing.assert_allclose(centroids - found, means, rtol=1e-9, atol=1e-12)


def posterior(alphas, means, factors, points):
    """The log-posterior of the mixture, from densities and matrices, one point and one part at a time."""
    d, k = points.shape[1], len(alphas)
    weights, total, prior = np.exp(alphas) / np.exp(alphas).sum(), 0.0, 0.0
    factor = np.zeros((k, d, d))
    for i in range(k):
        packed = iter(factors[i, d:])
        factor[i] = np.diag(np.exp(factors[i, :d]))
        for column in range(d):
            for row in range(column + 1, d):
                factor[i, row, column] = next(packed)
        prior += gmm.GAMMA**2 / 2 * (factor[i] ** 2).sum() - gmm.M * factors[i, :d].sum()
    for x in points:
        logs = [np.linalg.slogdet(f)[1] - ((f @ (x - m)) ** 2).sum() / 2 for f, m in zip(factor, means, strict=True)]
        total += np.log(weights @ np.exp(logs))
    return total + prior


def test_gmm_is_the_gradient_of_the_log_posterior():
    (alphas, means, factors, points), found = derivative("gmm")
    shapes = [a.shape for a in (alphas, means, factors)]
    cuts = np.cumsum([a.size for a in (alphas, means, factors)])[:-1]

    def of_all(v):
        return posterior(*(part.reshape(s) for part, s in zip(np.split(v, cuts), shapes, strict=True)), points)

    expected = differences(of_all, np.concatenate([alphas.ravel(), means.ravel(), factors.ravel()]))
    np.testing.assert_allclose(np.concatenate([a.ravel() for a in found]), expected, rtol=1e-6, atol=1e-7)


def lstm_loss(main, extra, state, sequence):
    """The loss, one cell at a time."""
    layers, (length, width) = len(state) // 2, sequence.shape
    state, total = state.copy(), 0.0
    for t in range(length - 1):
        x = sequence[t] * extra[0]
        for i in range(layers):
            (weight, bias), (hidden, cell) = main[2 * i : 2 * i + 2], state[2 * i : 2 * i + 2]
            for j in range(width):
                wf, wi, wo, wc = weight[j::width]
                bf, bi, bo, bc = bias[j::width]
                forget, output = (1 / (1 + np.exp(-(x[j] * w + b))) for w, b in ((wf, bf), (wo, bo)))
                cell[j] = cell[j] * forget + np.tanh(hidden[j] * wc + bc) / (1 + np.exp(-(hidden[j] * wi + bi)))
                hidden[j] = output * np.tanh(cell[j])
            x = hidden.copy()
        out = x * extra[1] + extra[2]
        total += sequence[t + 1] @ (out - np.log(np.exp(out).sum() + 2))
    return -total / ((length - 1) * width)


def test_lstm_is_the_gradient_of_the_loss():
    (main, extra, state, sequence), found = derivative("lstm")
    of_main = differences(lambda v: lstm_loss(v.reshape(main.shape), extra, state, sequence), main.ravel())
    of_extra = differences(lambda v: lstm_loss(main, v.reshape(extra.shape), state, sequence), extra.ravel())
    np.testing.assert_allclose(found[0].ravel(), of_main, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(found[1].ravel(), of_extra, rtol=1e-6, atol=1e-9)


def turn(axis, angle):
    """The rotation about a coordinate axis."""
    matrix, (i, j) = np.eye(3), [a for a in range(3) if a != axis]
    sign = -1 if axis == 1 else 1
    matrix[i, i] = matrix[j, j] = np.cos(angle)
    matrix[j, i] = sign * np.sin(angle)
    matrix[i, j] = -matrix[j, i]
    return matrix


def hand(pose, coordinates, relatives, inverses, base, weights, triangles, measured):
    """The residuals, one bone and one point at a time."""
    linalg = pytest.importorskip("scipy.linalg")
    angles, numbers = np.zeros((ht.BONES, 3)), iter(pose[8:])
    for finger in range(5):
        for joint, axes in enumerate(((0, 1), (0,), (0,))):
            for axis in axes:
                angles[4 * finger + 2 + joint, axis] = next(numbers)
    absolutes, skinned = [], 0.0
    for bone, (x, z, y) in enumerate(angles):
        local = np.eye(4)
        local[:3, :3] = turn(2, z) @ turn(1, y) @ turn(0, x)
        local = relatives[bone] @ local
        absolutes.append(local if ht.PARENTS[bone] < 0 else absolutes[ht.PARENTS[bone]] @ local)
        skinned = skinned + weights[bone] * (absolutes[bone] @ inverses[bone] @ base)[:3]
    a, b, c = pose[2:5]
    surface = linalg.expm(np.array([[0, -c, b], [c, 0, -a], [-b, a, 0]])) @ skinned + pose[5:8, None]
    found = []
    for point, (i, j, k) in enumerate(triangles.T):
        u, v = coordinates[:, point] + pose[:2]
        found.append(measured[:, point] - u * surface[:, i] - v * surface[:, j] - (1 - u - v) * surface[:, k])
    return np.concatenate(found)


def test_ht_is_the_jacobian_of_the_residuals():
    (pose, *model), found = derivative("ht")
    np.testing.assert_allclose(found, differences(lambda v: hand(v, *model), pose), rtol=1e-6, atol=1e-7)


def test_ba_has_all_nonzero_entries_of_the_jacobian():
    linalg = pytest.importorskip("scipy.linalg")
    size = SMALL["ba"].size
    (camera, place, weights, features, cameras, places), (blocks, regularization) = derivative("ba")

    def residuals(v):
        cams, positions, w = np.split(v, [camera.size, camera.size + place.size])
        found = []
        for i, (c, p) in enumerate(zip(cameras, places, strict=True)):
            cam = cams.reshape(camera.shape)[c]
            a, b, c = cam[:3]
            rotation = linalg.expm(np.array([[0, -c, b], [c, 0, -a], [-b, a, 0]]))
            x, y, z = rotation @ (positions.reshape(place.shape)[p] - cam[3:6])
            flat = np.array([x, y]) / z
            radius = flat @ flat
            flat = flat * (1 + cam[9] * radius + cam[10] * radius**2) * cam[6] + cam[7:9]
            found.append(w[i] * (flat - features[i]))
        return np.concatenate([*found, 1 - w**2])

    dense = differences(residuals, np.concatenate([camera.ravel(), place.ravel(), weights]))
    rows, columns, values = ba.sparse(blocks, regularization, cameras, places, size["cameras"], size["positions"])
    assert len(set(zip(rows, columns, strict=True))) == len(values) == 31 * len(weights)
    found = np.zeros_like(dense)
    found[rows, columns] = values
    np.testing.assert_allclose(found, dense, rtol=1e-6, atol=1e-7)


MODES = [(outer, inner) for outer in ("forward", "reverse") for inner in ("forward", "reverse")]


@pytest.mark.parametrize(("outer", "inner"), MODES)
def test_saddle_ends_at_the_origin_in_all_modes(outer, inner):
    modes = [getattr(eager.LIBRARY, mode) for mode in (outer, inner)]
    np.testing.assert_allclose(saddle.variant(eager.LIBRARY, *modes, 0.2)(np.array([1.0, 0.5])), 0, atol=1e-4)


def miss(w, position, velocity, charges, moves):
    """The square of where the path meets the axis, with the force as a formula."""
    x, v = position, velocity
    while (x + 0.1 * v)[1] > 0:
        away = x - charges - w * moves
        x, v = x + 0.1 * v, v + 0.1 * (away / (away**2).sum(1, keepdims=True) ** 1.5).sum(0)
    return (x - x[1] / v[1] * v)[0] ** 2


@pytest.mark.exhaustive
@pytest.mark.parametrize(("outer", "inner"), MODES)
def test_a_particle_passes_through_the_origin_in_all_modes(outer, inner):
    modes = [getattr(eager.LIBRARY, mode) for mode in (outer, inner)]
    charges, moves = np.array([[2.0, 3.0], [2.0, -1.0]]), np.array([[0.0, -1.0], [0.0, 0.0]])
    setting = np.array([-1.0, 2.0]), np.array([0.75, -1.0]), charges, moves
    found = particle.variant(eager.LIBRARY, *modes, 0.5)(np.array([0.0]), *setting)
    w = descent.descend(
        eager.LIBRARY, lambda f: lambda w: differences(f, w), lambda w: miss(w, *setting), np.array([0.0]), 0.5
    )[0]
    np.testing.assert_allclose(found, w, atol=1e-5)
    assert found != 0


@pytest.mark.filterwarnings("ignore:.torch.jit.script. is deprecated")  # by forward mode in PyTorch itself
@pytest.mark.parametrize("file", ["pytorch", "autograd"])
@pytest.mark.parametrize("name", QUICK)
def test_other_libraries_compute_the_same(name, file):
    pytest.importorskip("torch" if file == "pytorch" else "autograd", reason="an extra of the benchmark")
    (engine,), _ = load([file], "gradbench.engines")
    _, expected = derivative(name)
    (batch, *_) = engine.batches(SMALL[name])
    found = engine.step(SMALL[name])(*batch)
    for theirs, ours in zip(arrays(found), arrays(expected), strict=True):
        np.testing.assert_allclose(theirs, ours, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", QUICK)
def test_compiled_derivatives_are_the_same(name):
    (engine,), _ = load(["compiled"], "gradbench.engines")
    step, eager_step = engine.step(SMALL[name]), SMALL[name].derivative(eager.LIBRARY)
    for inputs in SMALL[name].batches() * 2:
        for replayed, expected in zip(arrays(step(*inputs)), arrays(eager_step(*inputs)), strict=True):
            np.testing.assert_allclose(replayed, expected, rtol=1e-12, atol=1e-14)


def test_programs_that_branch_on_numbers_are_not_compiled():
    (engine,), _ = load(["compiled"], "gradbench.engines")
    assert engine.step(SMALL["saddle"]) is None


def test_the_command_measures_the_programs_of_gradbench(tmp_path, monkeypatch, capsys):
    """In this process. A program of another kind is left out, and so is an engine that was not asked for."""
    monkeypatch.setattr(run, "Processes", lambda: nullcontext(start_here))
    command = ["--quick", "--rounds", "1", "--seconds", "1e-4", "--parts", "gradbench", "--output", str(tmp_path)]
    assert run.main([*command, "--cases", "softmax,hello,lse", "--engines", "autograd_lite,compiled"]) == 0
    found = json.loads((tmp_path / "benchmark.json").read_text())["gradbench"]
    assert set(found) == {"hello", "lse"}
    assert all(set(case["engines"]) == {"autograd_lite", "autograd_lite compiled"} for case in found.values())
    assert "Derivatives of GradBench, one thread" in capsys.readouterr().out


def test_an_engine_with_another_derivative_is_refused():
    (right,), _ = load(["eager"], "gradbench.engines")
    wrong = replace(right, name="wrong", program=lambda case: lambda x: 2 * x + 1e-6)
    _, refused = contestants(SMALL["hello"], [right, wrong], run.DERIVATIVE_TOLERANCE)
    assert set(refused) == {"wrong"}
