"""The benchmark suite times engines whose losses agree; it refuses or skips the others and names them.

No test asserts how long anything takes.
"""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from suite import resources, scaling
from suite.cases import CASES, Network
from suite.engine import Engine, load
from suite.processes import THREADS, Processes, limited
from suite.program import PROGRAMS
from suite.timing import contestants, interleaved, start_here, summary

(HAND, OURS, VECTORISED, PRODUCTS, TRAFFIC), _ = load(["hand", "autograd_lite", "vectorised", "products", "traffic"])
CHAINS = [
    Network(f"chain by {update}", sizes, 6, update, critical)
    for update in ("sgd", "momentum", "adam")
    for sizes, critical in (((5, 3), False), ((5, 4, 4, 3), False), ((4, 4, 4, 4, 3), True))
]


@pytest.mark.parametrize(
    "case", [CASES["scalar"], CASES["softmax"], CASES["mlp"], *CHAINS], ids=lambda case: case.title
)
def test_the_step_by_hand_and_the_engine_have_the_same_losses(case):
    field, refused = contestants(case, [HAND, OURS], tolerance=1e-5)
    assert refused == {}
    assert [contestant.engine for contestant in field] == [HAND, OURS]


def test_the_demo_with_matrices_has_the_losses_of_the_demo_with_numbers():
    _, refused = contestants(CASES["scalar"], [HAND, VECTORISED], tolerance=1e-12)
    assert refused == {}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_has_the_same_losses_in_pytorch(name):
    """The second loss depends on the gradients and the update of the first step."""
    pytest.importorskip("torch", reason="PyTorch is an extra of the benchmark")
    (theirs,), _ = load(["pytorch"])
    ours, expected = (start_here(engine, PROGRAMS[name]).losses(2) for engine in (OURS, theirs))
    assert ours == pytest.approx(expected, rel=1e-5)
    assert ours[0] != pytest.approx(ours[1], rel=1e-4)


def test_a_limit_is_timed_but_has_no_losses():
    field, refused = contestants(CASES["mlp"], [HAND, PRODUCTS, TRAFFIC])
    assert refused == {}
    assert all(min(seconds) > 0 for seconds in interleaved(field, 2, 1e-4).values())


def test_the_matrix_products_of_a_step_are_those_of_its_formulas(monkeypatch):
    """Multiplications of a step: N·inputs·outputs in each of A W, Aᵀ Δ and, above the first layer, Δ Wᵀ."""
    counted = []

    def matmul(left, right, out=None):
        counted.append(left.shape[0] * left.shape[1] * right.shape[1])
        return np.dot(left, right, out)

    step_of_products = PRODUCTS.step(Network("small", (7, 5, 3), 4, "sgd"))
    monkeypatch.setattr(np, "matmul", matmul)
    step_of_products(None, None)
    assert sorted(counted) == sorted([4 * 7 * 5] * 2 + [4 * 5 * 3] * 3)


@pytest.mark.parametrize(("number", "update"), [(10**3, "sgd"), (10**5, "adam")])
def test_the_number_of_parameters_is_that_of_the_weights(number, update):
    case = replace(scaling.with_parameters(number), update=update)
    assert case.parameters == sum(weight.size for weight in case.weights())
    assert case.parameters == pytest.approx(number, rel=0.3)


@pytest.mark.parametrize("update", ["sgd", "momentum", "adam"])
def test_the_losses_fall_but_cannot_reach_zero(update):
    """If the data could be memorized, later steps would compute with smaller and smaller numbers."""
    case = Network("small", (20, 30, 10), 16, update)
    (contestant,), _ = contestants(case, [HAND])
    first = np.mean(contestant.losses(8))
    contestant.block(2000)
    last = np.mean(contestant.losses(8))
    assert 0.3 < last < first


def test_gradients_keep_their_size_through_a_thousand_layers():
    """With critical weights; with ordinary ones they would be 0 after a hundred layers."""
    weights = Network("deep", (32,) * 1001, 32, "sgd", critical=True).weights()
    signal, delta = np.full(32, 0.501), np.ones(32)
    for weight, bias in zip(weights[::2], weights[1::2], strict=True):
        signal = 1 / (1 + np.exp(-(signal @ weight + bias)))
        delta = (delta @ weight) * signal * (1 - signal)
    assert 1e-6 < np.abs(delta).max() < 1e6


def frozen(case):
    """An engine with a correct first loss whose weights never change."""

    def step(x, labels):
        build = HAND.network(case)
        return build(x, labels)

    return step


def test_an_engine_that_does_not_train_as_the_others_do_is_refused():
    field, refused = contestants(CASES["softmax"], [HAND, Engine("frozen", frozen), OURS])
    assert [contestant.engine.name for contestant in field] == ["by hand", "autograd_lite"]
    assert "its loss in step 2 is" in refused["frozen"]


@pytest.mark.parametrize("loss", [np.nan, np.inf, 2.0])
def test_an_engine_with_a_wrong_loss_is_refused(loss):
    _, refused = contestants(CASES["softmax"], [HAND, Engine("wrong", lambda case: lambda x, labels: loss)])
    assert f"its loss in step 1 is {loss:g}, not 2.5" in refused["wrong"]


def test_the_error_of_an_engine_is_reported():
    def build(case):
        raise RecursionError("too deep")

    _, refused = contestants(CASES["softmax"], [HAND, Engine("shallow", build)])
    assert refused == {"shallow": "RecursionError: too deep"}
    with pytest.raises(RecursionError):  # the baseline is not replaced by the next engine
        contestants(CASES["softmax"], [Engine("shallow", build), HAND])


@pytest.mark.parametrize("name", ["softmax", "mlp"])
def test_every_engine_gets_weights_of_its_own(name):
    case = CASES[name]
    before = case.weights()
    HAND.step(case)(*case.batches()[0])
    for weight, same in zip(case.weights(), before, strict=True):
        np.testing.assert_array_equal(weight, same)


def test_each_round_times_every_engine_once():
    field, _ = contestants(CASES["softmax"], [HAND, OURS])
    rounds = []
    times = interleaved(field, 4, 1e-4, lambda: rounds.append(1))
    assert len(rounds) == 4
    assert {name: len(seconds) for name, seconds in times.items()} == {"by hand": 4, "autograd_lite": 4}


def test_an_engine_in_a_process_of_its_own_is_the_same_contestant():
    case = CASES["softmax"]
    with Processes() as start:
        field, refused = contestants(case, [HAND, OURS], start=start)
        assert [contestant.engine for contestant in field] == [HAND, OURS]
        assert refused == {}
        assert all(seconds[0] > 0 for seconds in interleaved(field, 1, 1e-4).values())
        for engine in (HAND, OURS):  # a new contestant starts from the initial weights, in the same process
            assert start(engine, CASES["scalar"]).losses(2) == start_here(engine, CASES["scalar"]).losses(2)
        with pytest.raises(RuntimeError, match="KeyError: 'backwards'"):
            start(HAND, replace(CASES["mlp"], update="backwards"))


def test_a_ratio_is_that_within_a_round():
    found = summary({"by hand": [1.0, 10.0, 2.0], "other": [3.0, 10.0, 4.0]})
    assert found["other"]["seconds"] == 4  # whose ratio to the other median is 2, as it happens; in the rounds 3, 1, 2
    assert found["other"]["ratio"] == 2
    assert found["other"]["ratio_quartiles"] == [1.5, 2.5]
    assert summary({"by hand": [1.0, 9.0, 2.0], "other": [3.0, 3.0, 6.0]})["other"]["ratio"] == 3  # medians: 3 / 2


def test_an_engine_is_not_measured_beyond_its_first_slow_step(monkeypatch):
    monkeypatch.setitem(scaling.AXES, "batch", ("samples", (1, 8), scaling.AXES["batch"][2]))
    monkeypatch.setattr(scaling, "SLOWEST", 0)
    found = scaling.measure("batch", [HAND, OURS], 1, 1e-4)["seconds"]
    assert all(first > 0 and second is None for first, second in found.values())


def test_scaling_has_a_time_for_every_value_up_to_the_largest_of_a_library(monkeypatch):
    monkeypatch.setitem(scaling.AXES, "batch", ("samples", (1, 8), scaling.AXES["batch"][2]))
    monkeypatch.setitem(scaling.LONGEST, ("autograd_lite", "batch"), 1)
    found = scaling.measure("batch", [HAND, OURS], 1, 1e-4)
    assert found["values"] == [1, 8]
    assert found["refused"] == {}
    assert all(seconds > 0 for seconds in found["seconds"]["by hand"])
    assert found["seconds"]["autograd_lite"][1] is None


def test_processes_get_the_number_of_threads_and_this_one_its_own_back(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    monkeypatch.delenv("NPROC", raising=False)
    with limited(3):
        printed = resources.python("-c", f"import os; print([os.environ[name] for name in {THREADS}])").stdout
        with limited(None):
            assert os.environ["OMP_NUM_THREADS"] == "3"
    assert printed.strip() == str(["3"] * len(THREADS))
    assert os.environ["OMP_NUM_THREADS"] == "5"
    assert "NPROC" not in os.environ


_SAME_NUMBERS = """
import numpy as np, vmap
ours, theirs = vmap.cases(vmap.ours()), vmap.cases(vmap.hips_autograd())
assert list(ours) == list(theirs)
for case, (function, arguments) in ours.items():
    other, others = theirs[case]
    expected, found = vmap._numbers(function(*arguments)), vmap._numbers(other(*others))
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
"""


def test_hips_autograd_computes_the_derivatives_of_the_benchmark_of_vmap():
    pytest.importorskip("autograd", reason="the library beside which it is measured")
    folder = Path(__file__).parents[2] / "benchmarks"
    subprocess.run([sys.executable, "-c", f"import sys; sys.path.append({str(folder)!r})\n{_SAME_NUMBERS}"], check=True)
