"""The benchmark suite compares like with like: engines that agree are timed, others are refused or skipped by name.

Nothing here looks at a time, except that there is one.
"""

import doctest
import json
import sys
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import run

from suite import resources, scaling, tables
from suite.cases import CASES, Network
from suite.engine import Engine, load
from suite.processes import Processes
from suite.timing import contestants, interleaved, start_here, summary

(HAND, OURS), _ = load(["hand", "autograd_lite"])
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


@pytest.mark.parametrize("update", ["sgd", "momentum", "adam"])
def test_the_losses_fall_but_cannot_reach_zero(update):
    """Were the data learnt by heart, later steps would compute with ever smaller numbers."""
    case = Network("small", (20, 30, 10), 16, update)
    (contestant,), _ = contestants(case, [HAND])
    first = np.mean(contestant.losses(8))
    contestant.block(2000)
    last = np.mean(contestant.losses(8))
    assert 0.3 < last < first


def test_gradients_keep_their_size_through_a_thousand_layers():
    """From a critical start; from an ordinary one they would have sunk to 0 after a hundred."""
    weights = Network("deep", (32,) * 1001, 32, "sgd", critical=True).weights()
    signal, delta = np.full(32, 0.501), np.ones(32)
    for weight, bias in zip(weights[::2], weights[1::2], strict=True):
        signal = 1 / (1 + np.exp(-(signal @ weight + bias)))
        delta = (delta @ weight) * signal * (1 - signal)
    assert 1e-6 < np.abs(delta).max() < 1e6


def frozen(case):
    """Right in its first loss, but its weights never change."""

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


def test_what_stops_an_engine_is_told():
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
        for engine in (HAND, OURS):  # a new contestant begins anew, in the process that is there already
            assert start(engine, CASES["scalar"]).losses(2) == start_here(engine, CASES["scalar"]).losses(2)
        with pytest.raises(RuntimeError, match="KeyError: 'backwards'"):
            start(HAND, replace(CASES["mlp"], update="backwards"))


def test_a_ratio_is_that_within_a_round():
    found = summary({"by hand": [1.0, 10.0, 2.0], "other": [3.0, 10.0, 4.0]})
    assert found["other"]["seconds"] == 4  # whose ratio to the other median is 2, as it happens; in the rounds 3, 1, 2
    assert found["other"]["ratio"] == 2
    assert found["other"]["ratio_quartiles"] == [1.5, 2.5]
    assert summary({"by hand": [1.0, 9.0, 2.0], "other": [3.0, 3.0, 6.0]})["other"]["ratio"] == 3  # medians: 3 / 2


def test_scaling_has_a_time_for_every_value_unless_a_library_is_not_asked(monkeypatch):
    monkeypatch.setitem(scaling.AXES, "batch", ("samples", (1, 8), scaling.AXES["batch"][2]))
    monkeypatch.setitem(scaling.LONGEST, ("autograd_lite", "batch"), 1)
    found = scaling.measure("batch", [HAND, OURS], 1, 1e-4)
    assert found["values"] == [1, 8]
    assert found["refused"] == {}
    assert all(seconds > 0 for seconds in found["seconds"]["by hand"])
    assert found["seconds"]["autograd_lite"][1] is None


@pytest.mark.skipif(not resources.STATUS.exists(), reason="memory is measured on Linux only")
def test_memory_is_that_of_the_weights_at_least():
    found = resources.memory(["hand"], ["mnist"])["mnist"]["by hand"]
    weights = sum(weight.nbytes for weight in CASES["mnist"].weights())
    assert 3 * weights < found["steps"] < 2**30  # Adam keeps two numbers beside each weight
    assert found["imported"] > 0


def test_the_command_writes_tables_json_and_a_picture_and_names_what_is_missing(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "micrograd.nn", None)
    monkeypatch.delitem(sys.modules, "suite.engines.micrograd", raising=False)
    command = ["--quick", "--rounds", "2", "--seconds", "1e-4", "--output", str(tmp_path)]
    assert run.main([*command, "--cases", "softmax,mlp", "--engines", "autograd_lite,micrograd"]) == 0
    printed = capsys.readouterr().out
    assert "skipped: micrograd (" in printed
    assert "softmax 64→10, batch 32, SGD" in printed

    results = json.loads((tmp_path / "benchmark.json").read_text())
    assert set(results) == {"environment", "engines", "missing", "settings", "steps"}
    assert results["environment"]["versions"]["numpy"] == np.__version__
    assert results["engines"] == ["by hand", "autograd_lite"]
    assert set(results["missing"]) == {"micrograd"}
    assert set(results["steps"]) == {"softmax", "mlp"}
    for case in results["steps"].values():
        assert case["refused"] == {}
        assert set(case["engines"]) == {"by hand", "autograd_lite"}
        assert case["engines"]["by hand"]["ratio"] == 1
        for found in case["engines"].values():
            assert set(found) == {"seconds", "ratio", "ratio_quartiles"}
            assert found["seconds"] > 0
    assert (tmp_path / "benchmark.png").read_bytes().startswith(b"\x89PNG")

    saved = str(tmp_path / "benchmark.json")
    assert run.main(["--load", saved, "--markdown", "--output", str(tmp_path / "again")]) == 0
    assert (
        "| case | by hand | autograd_lite |\n| --- | ---: | ---: |\n| softmax 64→10, batch 32, SGD |"
        in capsys.readouterr().out
    )
    assert (tmp_path / "again" / "benchmark.png").exists()


def test_the_command_ends_with_an_error_if_an_engine_was_refused(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(run, "load", lambda names: ([HAND, Engine("frozen", frozen)], {}))
    monkeypatch.setattr(run, "Processes", lambda: nullcontext(start_here))  # there it is not known
    assert (
        run.main(["--quick", "--rounds", "1", "--seconds", "1e-4", "--cases", "softmax", "--output", str(tmp_path)])
        == 1
    )
    assert "REFUSED frozen, case softmax: its loss in step 2" in capsys.readouterr().out


def test_the_command_refuses_names_that_it_does_not_know(capsys):
    with pytest.raises(SystemExit):
        run.main(["--cases", "softmax,large"])
    assert "large: not among scalar, softmax" in capsys.readouterr().err


def test_the_examples_in_the_tables_are_right():
    assert doctest.testmod(tables).failed == 0


def test_the_table_on_the_front_page_is_that_of_the_saved_run():
    root = Path(__file__).parents[2]
    results = json.loads((root / "benchmarks" / "results" / "benchmark.json").read_text(encoding="utf-8"))
    page = (root / "README.md").read_text(encoding="utf-8")
    for line in tables.markdown_report(results).splitlines():
        assert line in page
