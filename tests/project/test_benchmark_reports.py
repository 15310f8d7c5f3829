"""The reports of the benchmark: the command, its tables, pictures and saved runs, memory, first steps.

No test asserts how long anything takes.
"""

import doctest
import json
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import run
import step

from suite import first_steps, machines, pictures, resources, scaling, tables
from suite.cases import CASES
from suite.engine import Engine, load
from suite.timing import start_here

(HAND,), _ = load(["hand"])
WRONG = Engine("wrong", lambda case: lambda x, labels: 2.0)


@pytest.mark.skipif(not resources.STATUS.exists(), reason="memory is measured on Linux only")
def test_memory_is_that_of_the_weights_at_least():
    found = resources.memory(["hand"], ["mnist"])["mnist"]["by hand"]
    weights = sum(weight.nbytes for weight in CASES["mnist"].weights())
    assert 3 * weights < found["steps"] < 2**30  # Adam keeps two numbers beside each weight
    assert found["imported"] > 0


def test_first_steps_are_measured_with_an_empty_and_with_a_filled_cache(monkeypatch):
    seen = []

    def python(*arguments, **variables):
        cache = Path(variables["AUTOGRAD_LITE_CACHE"])
        seen.append((arguments[-2:], len(list(cache.iterdir()))))
        (cache / "kernel").touch()
        return subprocess.CompletedProcess(arguments, 0, "3.0" if seen[-1][1] == 0 else "0.5")

    monkeypatch.setattr(first_steps, "python", python)
    found = first_steps.first_steps(["compiled"], ["mnist"], 2)
    assert seen == [(("compiled", "mnist"), 0), (("compiled", "mnist"), 1)] * 2
    assert found == {"mnist": {"autograd_lite compiled": {"cold": 3.0, "warm": 0.5}}}


def test_first_steps_of_an_engine_that_fails_are_left_out(monkeypatch):
    failed = subprocess.CompletedProcess((), 1, "")
    monkeypatch.setattr(first_steps, "python", lambda *arguments, **variables: failed)
    assert first_steps.first_steps(["compiled"], ["mnist"], 1) == {}


def test_the_additional_time_is_that_of_the_first_ten_steps(monkeypatch):
    """On a clock that each step advances: 5 s for the first step, 2 s for the third, 1 s for the others."""
    clock, durations = [0.0], iter([5.0, 1.0, 2.0, *[1.0] * 17])

    def step(x, labels):
        clock[0] += next(durations)

    monkeypatch.setattr(first_steps, "load", lambda names: ([Engine("slow at first", lambda case: step)], {}))
    monkeypatch.setattr(first_steps, "time", SimpleNamespace(perf_counter=lambda: clock[0]))
    assert first_steps.measure_here("slow at first", "softmax") == 5


def saved_run(processor, seconds, threads=None):
    figures = {"seconds": seconds, "ratio": 1.0, "ratio_quartiles": [1.0, 1.0]}
    case = {"title": "softmax 64→10", "engines": {"by hand": figures}, "refused": {}}
    return {
        "environment": {
            "date": "2026-01-02", "processor": processor, "cores": 4, "load": 0.0, "system": "Linux",
            "python": "3.12.0", "blas": "openblas", "versions": {"numpy": "2.4"},
        },
        "settings": {"rounds": 25, "seconds": 0.1, "threads": threads},
        "engines": ["by hand"], "missing": {}, "steps": {"softmax": case}, "programs": {"threads: 1": {"gpt": case}},
        "memory": {"mnist": {"by hand": {"imported": 1, "steps": 3 * 2**20}}},
        "first_steps": {"mnist": {"by hand": {"cold": 1.5, "warm": 0.25}}},
    }  # fmt: skip


def test_several_runs_are_shown_side_by_side(tmp_path, capsys):
    paths = [tmp_path / "a.json", tmp_path / "b.json"]
    for path, run_there in zip(paths, (saved_run("Epyc", 2e-3), saved_run("M4", 1e-3, 1)), strict=True):
        path.write_text(json.dumps(run_there), encoding="utf-8")
    assert run.main(["--load", *map(str, paths), "--markdown"]) == 0
    printed = capsys.readouterr().out
    assert printed.count("| case | engine | Epyc, 4 cores, 2026-01-02 | M4, 4 cores, 2026-01-02, threads: 1 |") == 5
    assert printed.count("| softmax 64→10 | by hand | 2.00 ms (1.00) | 1.00 ms (1.00) |") == 2
    assert printed.count("| mnist | by hand | 3.0 | 3.0 |") == 1
    assert "| mnist | by hand | 1.50 s | 1.50 s |" in printed
    assert "| mnist | by hand | 250 ms | 250 ms |" in printed
    assert [path.name for path in tmp_path.iterdir()] == ["a.json", "b.json"]


def test_a_case_that_one_machine_lacks_is_a_dash():
    lacking = saved_run("M4", 1e-3)
    lacking["programs"] = {}
    text = machines.side_by_side([saved_run("Epyc", 2e-3), lacking])
    assert [line.split()[-1] for line in text.splitlines() if line.startswith("softmax")] == ["(1.00)", "–"]


def test_the_report_has_the_tables_of_all_parts():
    printed = tables.report(saved_run("Epyc", 2e-3))
    assert "Programs, threads: 1" in printed
    assert "1.50 s / 250 ms" in printed


def test_the_curves_are_drawn_where_they_were_measured(tmp_path):
    axes = {axis: {"title": axis, "values": [10, 10**5], "seconds": {name: [1.0, None] for name in pictures.STYLES}}
            for axis in scaling.AXES}  # fmt: skip
    (path,) = pictures.save({"steps": {}, "engines": [], "scaling": axes}, tmp_path)
    assert path.read_bytes().startswith(b"\x89PNG")


def test_the_command_writes_tables_json_and_a_picture_and_names_what_is_missing(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "micrograd.nn", None)
    monkeypatch.delitem(sys.modules, "suite.engines.micrograd", raising=False)
    command = ["--quick", "--rounds", "2", "--seconds", "1e-4", "--output", str(tmp_path)]
    assert run.main([*command, "--cases", "softmax,mlp", "--engines", "autograd_lite,micrograd"]) == 0
    printed = capsys.readouterr().out
    assert "skipped: micrograd (" in printed
    assert "softmax 64→10, batch 32, SGD" in printed

    results = json.loads((tmp_path / "benchmark.json").read_text())
    named = tmp_path / machines.file_name(results["environment"])
    assert named.read_bytes() == (tmp_path / "benchmark.json").read_bytes()
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
    monkeypatch.setattr(run, "load", lambda names: ([HAND, WRONG], {}))
    monkeypatch.setattr(run, "Processes", lambda: nullcontext(start_here))  # other processes cannot import it
    assert (
        run.main(["--quick", "--rounds", "1", "--seconds", "1e-4", "--cases", "softmax", "--output", str(tmp_path)])
        == 1
    )
    assert "REFUSED wrong, case softmax: its loss in step 1" in capsys.readouterr().out


def test_the_command_refuses_unknown_names(capsys):
    with pytest.raises(SystemExit):
        run.main(["--cases", "softmax,large"])
    assert "large: not among scalar, softmax" in capsys.readouterr().err


@pytest.mark.parametrize("module", [tables, machines], ids=lambda module: module.__name__)
def test_the_examples_in_the_tables_are_right(module):
    found = doctest.testmod(module)
    assert found.attempted
    assert found.failed == 0


def test_the_table_in_the_documents_is_that_of_the_saved_run():
    root = Path(__file__).parents[2]
    results = json.loads((root / "benchmarks" / "results" / "benchmark.json").read_text(encoding="utf-8"))
    pages = [path.read_text(encoding="utf-8") for path in (root / "README.md", *(root / "docs").glob("*.md"))]
    lines = tables.markdown_report(results).splitlines()
    assert any(all(line in page for line in lines) for page in pages)


def test_the_short_script_prints_two_ratios_for_each_case(capsys):
    assert step.main(["--rounds", "2", "--seconds", "1e-4"]) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.split()[-2:] == ["eager", "compiled"]
    assert [line[:45].rstrip() for line in lines] == [CASES["softmax"].title, CASES["mlp"].title]
    assert all(float(number) > 0 for line in lines for number in line[45:].split())


def test_the_short_script_ends_with_an_error_if_an_engine_was_refused(monkeypatch, capsys):
    monkeypatch.setattr(step, "load", lambda names: ([HAND, WRONG], {}))
    monkeypatch.setattr(step, "Processes", lambda: nullcontext(start_here))
    assert step.main([]) == 1
    assert "wrong" in capsys.readouterr().err
