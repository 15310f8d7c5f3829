"""Every example runs, shortened, and its claims hold; the table of examples/README.md has them."""

import importlib.util
import re
from itertools import product
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from run_all import STUDIES
from scipy.optimize import minimize
from scipy.spatial.distance import cdist
from scipy.stats import multivariate_normal

import autograd_lite as al
from autograd_lite import nn

ROOT = Path(__file__).parents[2]
README = (ROOT / "examples" / "README.md").read_text()


def without_figures(text):
    """Figures differ between short and full runs, words do not."""
    return re.sub(r"[\d.,]+(e[-+]?\d+)?", "#", text)


@pytest.fixture
def run(tmp_path, capsys, monkeypatch):
    """Run a study, shortened, and check its picture and its claims; returns the result of its `main`."""
    monkeypatch.setenv("AUTOGRAD_LITE_BACKEND", "numpy")  # kernels take longer to compile than a short study runs

    def run_study(name, *arguments):
        picture = tmp_path / f"{name}.png"
        figures = importlib.import_module(name).main(["--quick", "--output", str(picture), *arguments])
        assert picture.read_bytes().startswith(b"\x89PNG")
        assert 3_000 < picture.stat().st_size < 100_000
        claims = [line for line in capsys.readouterr().out.splitlines() if line.startswith("✓")]
        assert claims
        (row,) = (line for line in README.splitlines() if f"]({name}.py) |" in line)
        for claim in claims:
            assert without_figures(claim) in without_figures(row).replace("\\|", "|")
        return figures

    return run_study


# -- the studies ---------------------------------------------------------------------------------------------------


def test_logic_gates(run):
    figures = run("logic_gates", "--table", "0111")
    assert figures["tables"] > 4 + 16 + 256
    assert [n for n, count in enumerate(figures["counts"]) if not count] == [0b0110, 0b1001]


def test_units_of_the_grid_are_counted_like_by_a_loop():
    from logic_gates import units_by_function

    counts = np.zeros(16, int)
    for w1, w2, threshold in product(np.arange(-2, 3) / 2, repeat=3):
        values = [w1 * x1 + w2 * x2 >= threshold for x1, x2 in ((0, 0), (0, 1), (1, 0), (1, 1))]
        counts[int("".join(str(int(value)) for value in values), 2)] += 1
    np.testing.assert_array_equal(units_by_function(1), counts)


def test_a_wrong_truth_table_is_explained(run, capsys):
    with pytest.raises(SystemExit):
        run("logic_gates", "--table", "011")
    assert "a truth table has 2ⁿ digits" in capsys.readouterr().err


def test_perceptron(run):
    figures = run("perceptron")
    assert 0 < figures["updates"] <= figures["bound"]
    assert figures["closest"] <= 1


def test_the_bound_of_the_perceptron_is_no_less_than_that_of_the_widest_margin():
    from perceptron import separable

    x, y, bound = separable(50, 3, 0.1, np.random.default_rng(1))
    samples, signs = np.column_stack([np.ones(50), x]), 2 * y - 1
    enough = {"type": "ineq", "fun": lambda w: signs * (samples @ w) - 1, "jac": lambda w: signs[:, None] * samples}
    widest = minimize(lambda w: w @ w, np.zeros(4), jac=lambda w: 2 * w, constraints=enough).x  # margin 1/‖w‖
    radius = np.linalg.norm(samples, axis=1).max()
    assert set(y) == {0, 1}
    assert (radius * np.linalg.norm(widest)) ** 2 <= bound <= (radius / 0.1) ** 2


def test_logistic_and_probit(run):
    figures = run("logistic_and_probit")
    assert figures["difference"] < 1e-10
    assert figures["logistic"] < 1e-3
    assert figures["probit"] < 1e-3


@pytest.mark.exhaustive
def test_per_sample(run):
    figures = run("per_sample")
    assert figures["rest"] < 1e-12
    assert figures["correlation"] > 0.98
    assert 0 < figures["enough"] < 20


def test_influences_are_derivatives_of_the_trained_weights():
    """The loss of a sample is differentiated, by differences, with respect to the weight of a training sample."""
    from per_sample import Regression, sample_loss

    rng = np.random.default_rng(0)
    x, labels = rng.normal(size=(60, 4)), rng.integers(0, 10, 60)
    model = Regression(x, labels)
    test, label, step = rng.normal(size=4), 3, 1e-3
    for i in (0, 17):
        kept = np.ones((2, 60))
        kept[:, i] += step, -step
        weights = np.repeat(model.weights[None], 2, axis=0)
        for _ in range(60):
            weights = model.many_steps(weights, kept)
        above, below = (float(sample_loss(w, test, label)) for w in weights)
        np.testing.assert_allclose(model.influence(test, label)[i], (below - above) / (2 * step), rtol=1e-4)


def test_gaussian_process(run):
    figures = run("gaussian_process")
    assert figures["difference"] < 1e-9
    assert figures["apart"] < 1e-3
    assert figures["inside"] > 0.8


def test_the_probability_of_measurements_is_that_of_a_normal_distribution():
    from gaussian_process import closed_form, draw_data, negative_log_probability, noisy

    data = draw_data(12, np.random.default_rng(0))
    theta = np.log([0.7, 1.3, 0.4])

    def value(theta):
        return -multivariate_normal(cov=noisy(theta, data.x)).logpdf(data.y)

    assert negative_log_probability(theta, data.x, data.y) == pytest.approx(value(theta))
    slopes = [(value(theta + step) - value(theta - step)) / 2e-5 for step in 1e-5 * np.eye(3)]
    np.testing.assert_allclose(closed_form(theta, data.x, data.y), slopes, rtol=1e-6)


def test_predictions_of_the_process_are_those_of_scikit_learn():
    from gaussian_process import draw_data, predict
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel

    data = draw_data(12, np.random.default_rng(0))
    process = GaussianProcessRegressor(ConstantKernel(1.3**2) * RBF(0.7), alpha=0.4**2, optimizer=None)
    expected = process.fit(data.x[:, None], data.y).predict(data.grid[:, None], return_std=True)
    np.testing.assert_allclose(predict(np.log([0.7, 1.3, 0.4]), data), expected, rtol=1e-6)


def test_a_wrong_gradient_of_the_process_ends_the_program_with_an_error(run, monkeypatch):
    import gaussian_process

    right = gaussian_process.closed_form
    monkeypatch.setattr(gaussian_process, "closed_form", lambda *inputs: right(*inputs) * (1 + 1e-6))
    with pytest.raises(SystemExit, match="does not hold: the gradients are the closed form"):
        run("gaussian_process")


def test_descents(run):
    assert run("descents")["difference"] < 1e-14


def test_the_minimum_that_losses_are_measured_from_is_one():
    from descents import newton

    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(80, 2)), rng.integers(0, 2, 80)
    w, hessian = newton(x, y)
    p = 1 / (1 + np.exp(-x @ w))
    np.testing.assert_allclose(x.T @ (p - y), 0, atol=1e-10)
    np.testing.assert_allclose(hessian, (x.T * (p * (1 - p))) @ x / 80, rtol=1e-10)


@pytest.mark.exhaustive
def test_minimizers(run):
    figures = run("minimizers")
    assert figures["difference"] < 1e-12
    assert all(counts["LBFGS"] < 60 for counts in figures["needed"])


def test_evaluations_are_counted_where_they_happen():
    from minimizers import Counter, Problem

    counter = Counter(Problem("square", lambda x: (x**2).sum(), np.array([3.0]), np.zeros(1)))
    counter.value_and_grad(np.array([3.0]))
    assert counter.product(np.array([3.0]), np.array([1.0])) == [2.0]
    for point in (1e-3, 2.0, 1e-5):
        counter.value_and_grad(np.array([point]))
    assert counter.history == [(1, 9.0), (4, 1e-6), (6, pytest.approx(1e-10))]  # the best so far
    assert counter.needed() == 6
    assert counter.point == [1e-5]


@pytest.mark.parametrize("workers", ["0", pytest.param("2", marks=pytest.mark.exhaustive)])
def test_large_data(run, workers):
    pytest.importorskip("dask.array", reason="Dask is an extra")
    pytest.importorskip("distributed", reason="Dask's scheduler is an extra")
    figures = run("large_data", "--workers", workers)
    assert figures["newton"] < 1e-9
    assert figures["steps"] < 10


def test_chunks_are_added_in_their_order_whichever_is_ready_first():
    import time

    da = pytest.importorskip("dask.array", reason="Dask is an extra")
    from large_data import over_chunks

    def late(weights, x, y):
        time.sleep(0.05 * (x[0, 0] == 0))
        return (float(x.sum()),)

    terms = np.array([1e16, 1.0, -1e16, 1.0])
    x = da.from_array(np.column_stack([np.zeros(4), terms]), chunks=(1, 2))
    assert over_chunks(late, None, x, x[:, 1]) == [sum(terms.tolist())] == [1.0]
    assert sum(terms[::-1].tolist()) == 0.0  # another order has another sum


def test_formulas_of_logistic_regression_are_those_of_differences():
    from large_data import FEATURES, by_formula, loss

    rng = np.random.default_rng(0)
    x, y, weights = rng.normal(size=(50, FEATURES)), rng.integers(0, 2, 50), rng.normal(size=FEATURES + 1)
    _, gradient, hessian = by_formula(weights, x, y)
    for direction in np.eye(FEATURES + 1):
        up, down = weights + 1e-5 * direction, weights - 1e-5 * direction
        assert gradient @ direction == pytest.approx(float(loss(up, x, y) - loss(down, x, y)) / 2e-5, rel=1e-6)
        curvature = (by_formula(up, x, y)[1] - by_formula(down, x, y)[1]) / 2e-5
        np.testing.assert_allclose(hessian @ direction, curvature, rtol=1e-6, atol=1e-6)


@pytest.mark.exhaustive
def test_search(run, tmp_path):
    file = tmp_path / "results.jsonl"
    found = run("search", "--results", str(file))["results"]
    assert [result["number"] for result in found] == list(range(6))
    assert len(file.read_text().splitlines()) == 7
    if importlib.util.find_spec("distributed"):
        assert run("search", "--dask")["results"] == found
    more = run("search", "--results", str(file), "--trials", "7")["results"]
    assert more[:6] == found
    assert len(file.read_text().splitlines()) == 8
    with pytest.raises(SystemExit, match="has the results of another search"):
        run("search", "--results", str(file), "--seed", "1")
    assert len(file.read_text().splitlines()) == 8


def test_backprop_by_hand(run):
    assert run("backprop_by_hand")["worst"] < 1e-12


def test_a_wrong_recursion_ends_the_program_with_an_error(run, monkeypatch):
    import backprop_by_hand

    monkeypatch.setattr(backprop_by_hand, "sigma", lambda s: 1 / (1 + np.exp(s)))  # the sign error of E04
    with pytest.raises(SystemExit, match="does not hold: both recursions") as ended:
        run("backprop_by_hand")
    assert ended.value.code not in (0, None)


def test_derive(run):
    assert run("derive") == {"Δ⁽²⁾": "P − Y", "Δ⁽¹⁾": "(Δ⁽²⁾ W⁽²⁾) ⊙ A⁽¹⁾ ⊙ (1 − A⁽¹⁾)"}


def test_the_picture_of_a_derivation_has_its_lines():
    from derive import equations, network

    derivation = network()
    lines = equations(derivation)
    assert list(lines) == [step.gradient or step.left for step in derivation.steps]
    assert lines["∂L/∂Z⁽²⁾"].endswith(r"\Delta^{(2)} = P - Y")
    assert lines["∂L/∂W⁽¹⁾"].startswith(r"\frac{\partial L}{\partial W^{(1)}} =")


def test_universal_approximation(run):
    for errors in run("universal_approximation").values():
        assert errors == sorted(errors, reverse=True)
        assert errors[-1] < 0.15 * errors[0]


def test_the_staircase_has_the_error_of_a_step():
    from universal_approximation import FINE, largest_error, staircase

    # Half a step of x ↦ x, 1/2q, but where a unit is just rising.
    assert largest_error(lambda x: x, staircase(lambda x: x, 10), FINE) == pytest.approx(0.05, abs=1e-3)


@pytest.mark.exhaustive
def test_convolution(run):
    figures = run("convolution")
    assert figures["accuracy"] > 0.95
    assert figures["difference"] < 1e-5


def test_shifted_images_are_moved_by_a_pixel_and_zeros_come_in():
    from convolution import shifted

    images = np.random.default_rng(0).uniform(1, 2, (200, 1, 8, 8))
    padded, moves = np.pad(images, ((0, 0), (0, 0), (1, 1), (1, 1))), set()
    for before, after in zip(padded, shifted(images, np.random.default_rng(1)), strict=True):
        found = [
            (i, j) for i, j in product(range(3), repeat=2) if np.array_equal(before[:, i : i + 8, j : j + 8], after)
        ]
        assert len(found) == 1
        moves |= set(found)
    assert len(moves) == 9


@pytest.mark.exhaustive
def test_autoencoder(run):
    figures = run("autoencoder")
    assert figures["network, 2"] < 0.9 * figures["PCA, 2"]


def test_principal_components_are_those_of_scikit_learn():
    from autoencoder import principal_components, project
    from sklearn.decomposition import PCA

    x = np.random.default_rng(0).normal(size=(30, 6)) @ np.random.default_rng(1).normal(size=(6, 6))
    reference = PCA(2).fit(x)
    expected = reference.inverse_transform(reference.transform(x))
    np.testing.assert_allclose(project(x, *principal_components(x, 2)), expected, atol=1e-12)


@pytest.mark.exhaustive
def test_gan(run):
    assert run("gan")["confidence"] > 0.5


def test_the_nearest_image_is_that_of_all_distances():
    from gan import nearest

    rng = np.random.default_rng(0)
    images, others = rng.uniform(size=(20, 1, 8, 8)), rng.uniform(size=(30, 1, 8, 8))
    distances = cdist(images.reshape(20, 64), others.reshape(30, 64))
    assert nearest(images, others) == pytest.approx(np.median(distances.min(axis=1)))


@pytest.mark.exhaustive
def test_vae(run):
    figures = run("vae")
    assert figures["worst"] < 1e-6
    assert abs(figures["estimate"] - figures["exact"]) < 4 * figures["error"]
    assert figures["error"] < 0.03


def test_integrals_over_codes_are_those_of_a_linear_decoder():
    from vae import divergence, integrate, log_normal

    rng = np.random.default_rng(0)
    directions, centre = np.linalg.qr(rng.normal(size=(5, 2)))[0] * [2.0, 0.7], rng.normal(size=5)
    model = SimpleNamespace(decoder=lambda z: al.Tensor(z @ directions.T + centre), log_noise=np.log(0.5))
    x, noise = rng.normal(size=(3, 5)), 0.5**2
    variances = noise / (noise + (directions**2).sum(axis=0))  # of the posterior; the directions are orthogonal
    means = (x - centre) @ directions / (noise + (directions**2).sum(axis=0))
    wrong = means + 0.1, np.log(variances) + 0.2
    found = integrate(model, x, *wrong[:1], np.broadcast_to(wrong[1], (3, 2)), 0.05)
    exact = multivariate_normal(centre, directions @ directions.T + noise * np.eye(5)).logpdf(x)
    np.testing.assert_allclose([integrals.log_p for integrals in found], exact)
    np.testing.assert_allclose([integrals.to_prior for integrals in found], divergence(*wrong))
    apart = 0.01 / variances + np.exp(0.2) - 1 - 0.2  # of two normal distributions, in each of two directions
    np.testing.assert_allclose([integrals.to_posterior for integrals in found], apart.sum() / 2)
    for integrals, mean in zip(found, means, strict=True):
        largest = np.exp(log_normal(mean, mean, np.log(variances)))
        assert integrals.posterior.max() == pytest.approx(largest, rel=0.01)


def test_the_linear_model_is_probabilistic_pca():
    from sklearn.decomposition import PCA
    from vae import probabilistic_pca

    x = np.random.default_rng(0).normal(size=(5000, 6)) @ np.random.default_rng(1).normal(size=(6, 6))
    assert probabilistic_pca(x[:4000], x[4000:], 2) == pytest.approx(PCA(2).fit(x[:4000]).score(x[4000:]), abs=1e-3)


def test_differential_equation(run):
    figures = run("differential_equation")
    assert figures["error"] < 0.1
    assert figures["largest"] < 0.2


def test_the_residual_is_that_of_central_differences():
    from differential_equation import Solution, residual

    rng = np.random.default_rng(0)
    u, x, t, h = Solution(5, rng), rng.uniform(-1, 1, 7), rng.uniform(0, 1, 7), 1e-4

    def value(dx=0.0, dt=0.0):
        return u(x + dx, t + dt).numpy()

    expected = (
        (value(dt=h) - value(dt=-h)) / (2 * h)
        + value() * (value(dx=h) - value(dx=-h)) / (2 * h)
        - 0.05 * (value(dx=h) - 2 * value() + value(dx=-h)) / h**2
    )
    np.testing.assert_allclose(residual(u, x, t, 0.05).numpy(), expected, atol=1e-5)


def test_the_exact_solution_solves_the_equation():
    from differential_equation import exact

    rng = np.random.default_rng(0)
    x, t, h, viscosity = rng.uniform(-1, 1, 20), rng.uniform(0.1, 1, 20), 1e-4, 0.05

    def value(dx=0.0, dt=0.0):
        return exact(x + dx, t + dt, viscosity)

    time_derivative = (value(dt=h) - value(dt=-h)) / (2 * h)
    slope, curvature = (value(dx=h) - value(dx=-h)) / (2 * h), (value(dx=h) - 2 * value() + value(dx=-h)) / h**2
    np.testing.assert_allclose(time_derivative + value() * slope, viscosity * curvature, atol=1e-5)
    np.testing.assert_allclose(exact(x, 0 * x, viscosity), -np.sin(np.pi * x), atol=1e-12)
    np.testing.assert_allclose(exact(np.array([-1.0, 1.0]), np.array([0.7, 0.7]), viscosity), 0, atol=1e-12)


@pytest.mark.exhaustive
def test_forecasting(run):
    figures = run("forecasting")
    assert figures["worst"] < 0.6
    assert figures["lost"] < 1e-4


def test_the_simulation_carries_and_damps_a_wave_as_the_equation_does():
    from forecasting import DIFFUSION, SIZE, simulate

    y, x = np.meshgrid(np.arange(SIZE), np.arange(SIZE), indexing="ij")
    ky, kx = 2 * np.pi * np.array([1, -2]) / SIZE
    v = np.broadcast_to(np.array([0.7, -0.4])[:, None, None], (1, 2, SIZE, SIZE))
    frames = simulate(np.cos(ky * y + kx * x)[None], v, 4)
    for t, frame in enumerate(frames[0]):
        exact = np.exp(-DIFFUSION * (ky**2 + kx**2) * t) * np.cos(ky * (y - 0.7 * t) + kx * (x + 0.4 * t))
        np.testing.assert_allclose(frame, exact, atol=1e-5)


def test_flows_have_no_sources_and_the_speed_that_is_stated():
    from forecasting import KX, KY, SPEED, derivative, flows

    v = flows(3, np.random.default_rng(0))
    np.testing.assert_allclose(derivative(v[:, 0], KY) + derivative(v[:, 1], KX), 0, atol=1e-12)
    np.testing.assert_allclose((v**2).mean(axis=(1, 2, 3)), SPEED**2)


def test_a_forecast_is_the_sum_of_the_shares_of_the_cells_around():
    from forecasting import AROUND, SIZE, Forecaster

    rng = np.random.default_rng(0)
    u, v = rng.uniform(size=(1, 1, SIZE, SIZE)), rng.normal(size=(1, 2, SIZE, SIZE))
    network = Forecaster(3, rng)
    shares, expected = network(v).numpy()[0], np.zeros((SIZE, SIZE))
    for y, x in product(range(SIZE), repeat=2):
        for k, (dy, dx) in enumerate(AROUND):
            expected[(y + dy) % SIZE, (x + dx) % SIZE] += shares[k, y, x] * u[0, 0, y, x]
    np.testing.assert_allclose(network.forecast(u, v, 1).numpy()[0, 0], expected, rtol=1e-5)


def test_characters(run):
    figures = run("characters", "--characters", "80")
    assert figures["entropy"] < 2.9
    assert len(figures["written"]) == 80


def test_the_cross_entropy_of_counts_is_that_of_the_formula():
    from characters import n_gram

    text, held_out = np.array([0, 1, 0, 2, 0, 1]), np.array([1, 0])
    ones = {0: (3 + 3 / 4) / (6 + 3), 1: (2 + 3 / 4) / (6 + 3)}  # four characters, three kinds in six places
    assert n_gram(text, held_out, 1, 4) == pytest.approx(-np.log([ones[1], ones[0]]).mean())
    after = (0 + 1 * ones[1]) / (1 + 1), (1 + 1 * ones[0]) / (1 + 1)  # 1 never follows 1, 0 follows it always: one kind
    assert n_gram(text, held_out, 2, 4) == pytest.approx(-np.log(after).mean())


def test_the_cross_entropy_of_each_character_is_given_those_before_it():
    from characters import Writer, cross_entropies

    rng = np.random.default_rng(0)
    model, text, read = Writer(5, 4, rng).eval(), rng.integers(0, 5, 6), rng.integers(0, 5, 3)
    expected, known = [], list(read)
    for character in text:
        logits = model(np.array([known]))[0].numpy()[0, -1].astype(np.float64)
        expected.append(np.log(np.exp(logits).sum()) - logits[character])
        known.append(character)
    np.testing.assert_allclose(cross_entropies(model, text, read), expected, rtol=1e-5)


@pytest.mark.exhaustive
def test_small_gpt(run):
    figures = run("small_gpt")
    assert figures["bits"] < 4.2
    assert figures["tied"] < 1e-12
    assert figures["early"] < 1e-10
    assert len(figures["written"]) == 100


def small_gpt():
    from small_gpt import GPT

    rng = np.random.default_rng(0)
    model = GPT(7, 8, 2, 2, rng).eval().double()
    for parameter in model.parameters():
        parameter.data[...] = rng.normal(size=parameter.shape)
    return model, rng.integers(0, 7, 20)


def test_a_model_that_is_not_causal_is_caught(monkeypatch):
    from small_gpt import seen_too_early

    model, text = small_gpt()
    assert seen_too_early(model, text) < 1e-10
    attend = nn.MultiheadAttention.forward
    monkeypatch.setattr(nn.MultiheadAttention, "forward", lambda *inputs, is_causal, **rest: attend(*inputs, **rest))
    assert seen_too_early(model, text) > 1e-3


def test_the_gradient_of_the_shared_table_is_that_of_central_differences():
    from small_gpt import cross_entropy, difference_of_uses

    model, text = small_gpt()
    assert model.logits.weight is model.characters.weight
    x, following, table = text[None, :-1], text[None, 1:], model.characters.weight
    assert difference_of_uses(model, x, following) < 1e-12
    cross_entropy(model, x, following).backward()
    for place in ((0, 0), (3, 5), (6, 7)):
        slope = 0.0
        for step in (1e-6, -1e-6):
            table.data[place] += step
            slope += cross_entropy(model, x, following).item() / (2 * step)
            table.data[place] -= step
        assert table.grad[place] == pytest.approx(slope, rel=1e-5)


def test_the_bits_of_each_character_are_given_those_before_it():
    from small_gpt import CONTEXT, bits

    model, text = small_gpt()
    read, known, expected = np.tile(text, 3), list(np.tile(text, 3)), []
    for character in text:
        logits = model(np.array([known[-CONTEXT:]])).numpy()[0, -1]
        expected.append(np.log2(np.exp(logits).sum()) - logits[character] / np.log(2))
        known.append(character)
    assert bits(model, text, read) == pytest.approx(np.mean(expected))


def test_the_map_of_attention_is_that_of_one_head_and_causal():
    from small_gpt import attention_map

    model, text = small_gpt()
    weights, name = attention_map(model, text)
    np.testing.assert_allclose(weights.sum(axis=1), 1)
    assert not np.triu(weights, 1).any()
    assert re.fullmatch("head [12] of block [12]", name)


# -- the other examples --------------------------------------------------------------------------------------------


def test_digits(tmp_path):
    import digits

    results = digits.main(["--epochs", "3", "--output", str(tmp_path / "digits.png")])
    assert all(result.losses[-1] < 0.5 * result.losses[0] for result in results)
    assert max(result.accuracy for result in results) > 0.9
    assert (tmp_path / "digits.png").stat().st_size > 10_000


def test_new_operation():
    import new_operation

    np.testing.assert_allclose(new_operation.main(["--samples", "500"]), [0.5, 1.0, -2.0], atol=0.5)


# -- all of them ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("study", STUDIES)
def test_help_describes_the_study(study, capsys):
    module = importlib.import_module(study)
    with pytest.raises(SystemExit, match="0"):
        module.main(["--help"])
    shown = capsys.readouterr().out
    assert module.__doc__.splitlines()[0] in shown
    assert "--quick" in shown
    assert not re.search(r"===|::|``|\\", shown)  # no markup of pages


def test_all_are_run_by_one_command(tmp_path, capsys):
    import run_all

    assert run_all.main(["logic_gates", "--quick", "--pictures", str(tmp_path)]) == 0
    assert "1 of 1 studies show what they claim" in capsys.readouterr().out
    assert (tmp_path / "logic_gates.png").exists()


def test_a_study_that_fails_is_counted(tmp_path, capsys):
    import run_all

    (tmp_path / "file").touch()  # a file where the folder for the picture should be
    assert run_all.main(["logic_gates", "--quick", "--pictures", str(tmp_path / "file")]) == 1
    assert "0 of 1 studies show what they claim" in capsys.readouterr().out


def test_the_table_of_the_readme_has_the_studies_in_their_order():
    rows = re.findall(r"^\| \[(.+)\]\((\w+)\.py\) \| (✓.+) \| \d+ \|$", README, flags=re.MULTILINE)
    assert [study for _, study, _ in rows] == list(STUDIES)
    for title, study, claims in rows:
        assert title == importlib.import_module(study).__doc__.splitlines()[0]
        assert all(claim.startswith("✓ ") for claim in claims.split("<br>"))


def test_a_table_is_written_into_the_readme(tmp_path, monkeypatch):
    import run_all

    readme = tmp_path / "README.md"
    monkeypatch.setattr(run_all, "README", readme)
    for old in ("", "| an | older | row |\n"):
        readme.write_text(f"before\n\n{run_all.TABLE}{old}\nafter\n\nmore\n")
        run_all.write([run_all.row("vae", ["✓ p(x | z)", "✓ all"], 2.4)])
        title = importlib.import_module("vae").__doc__.splitlines()[0]
        row = f"| [{title}](vae.py) | ✓ p(x \\| z)<br>✓ all | 2 |\n"
        assert readme.read_text() == f"before\n\n{run_all.TABLE}{row}\nafter\n\nmore\n"


def test_the_table_of_the_readme_is_that_of_full_runs_of_all(capsys):
    import run_all

    for arguments in (["--readme", "--quick"], ["--readme", "logic_gates"]):
        with pytest.raises(SystemExit):
            run_all.main(arguments)
        assert "all studies in full" in capsys.readouterr().err


def test_links_and_commands_of_the_readme_lead_to_files():
    for link in re.findall(r"\]\(([^)#:]+)\)", README):
        assert (ROOT / "examples" / link).exists(), link
    for script in re.findall(r"python examples/(\w+\.py)", README):
        assert (ROOT / "examples" / script).exists(), script
