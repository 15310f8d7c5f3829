"""The programs of README.md and docs/ run as printed and show what the pages claim."""

import json
import math
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import package_page
import pytest
from run_all import STUDIES
from vmap_tables import page_with_tables

from suite.tables import three_digits

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def programs_of(name: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", (ROOT / name).read_text(encoding="utf-8"), re.DOTALL)


PAGES_OF_PROGRAMS = ("README.md", "docs/tour.md", "docs/vmap.md", "docs/programs.md")
SEPARATE = {f"{name}, {i}": text for name in PAGES_OF_PROGRAMS for i, text in enumerate(programs_of(name))}


def run(program: str) -> str:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True
    ).stdout


def output_of(part: str) -> str:
    """The output of the only program that contains this part."""
    (program,) = [program for program in SEPARATE.values() if part in program]
    return run(program)


def test_the_program_of_native_code_shows_its_loops():
    pytest.importorskip("numba", reason="native programs need numba")
    printed = run(programs_of("docs/native.md")[0])
    assert printed.startswith("native\n")
    assert "for i in range" in printed


def test_the_loop_of_adam_is_as_printed():
    pytest.importorskip("numba", reason="native programs need numba")
    program, loop = programs_of("docs/native.md")
    assert textwrap.indent(loop, "    ") in run(program)


def test_the_programs_on_scaling_run_and_show_the_closed_form():
    pytest.importorskip("dask.array", reason="Dask is an extra")
    batches, derivatives = programs_of("docs/scaling.md")
    assert run(batches) == ""
    assert float(run(derivatives)) < 1e-11


@pytest.mark.parametrize("program", SEPARATE.values(), ids=SEPARATE)
def test_program_runs(program):
    assert run(program)


def test_first_program_shows_the_closed_form_to_rounding():
    assert float(run(programs_of("README.md")[0])) < 1e-14


def test_rules_of_the_one_idea_give_derivatives_of_first_and_second_order():
    assert [float(number) for number in output_of("sigmoid = primitive").split()] == pytest.approx([0.5, 0.5])


def test_wrong_derivation_is_diagnosed():
    printed = output_of("except AssertionError as mismatch")
    assert "it is 5 times too large" in printed
    assert "the length of axis 0 of 'X'" in printed


def test_the_smallest_counterexample_is_printed_with_its_diagnosis():
    assert "2 times too small" in output_of("find_counterexample(")


def test_derivatives_of_higher_order_are_those_of_the_comments():
    third, hessian = output_of("hessian(").split("\n", 1)
    assert float(third) == -1
    assert hessian.split()[0].startswith("[[")
    assert "0.2222" in hessian


def test_the_derivation_of_softmax_regression_is_that_of_the_documents():
    printed = output_of("print(derive(")
    assert "∂L/∂W = Xᵀ ∂L/∂Z = Xᵀ(P − Y)" in printed
    assert "= 1ᵀ(P − Y)" in printed


def test_the_anomaly_is_named():
    assert "log gives -inf at index (1,)" in output_of("with anomaly()")


def test_network_learns():
    assert float(output_of("nn.Tanh(), nn.Linear(16, 2").split()[-1]) > 0.95


def test_new_operation_has_the_right_gradient():
    # d/dx 2 √(x/(1 + x)) = (x/(1 + x))^(−1/2) / (1 + x)²
    values = [float(number) for number in output_of("geometric_mean = primitive").strip(" []\n").split()]
    assert values == pytest.approx([(x / (1 + x)) ** -0.5 / (1 + x) ** 2 for x in (1, 3)])


def test_a_resumed_training_gives_what_an_undisturbed_one_gives():
    (program,) = [program for program in programs_of("docs/tour.md") if "checkpoint.resume()" in program]
    assert run(program) == run(program.replace("train(10)\n", ""))


def test_the_two_set_up_commands_are_there_once():
    commands = re.findall(r"^pip install.*$", README, re.MULTILINE)
    assert len(commands) == 2
    assert any("pytest" in command for command in commands)


def test_the_ratios_in_the_table_are_those_of_the_saved_run():
    saved = json.loads((ROOT / "benchmarks" / "results" / "benchmark.json").read_text(encoding="utf-8"))
    cases = {case["title"]: case["engines"] for case in saved["steps"].values()}
    (table,) = re.findall(r"^\| case.*?\n\n", README, re.MULTILINE | re.DOTALL)
    head, _, *rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.strip().splitlines()]
    for title, *ratios in rows:
        assert ratios == [three_digits(cases[title][engine]["ratio"]) for engine in head[1:]]


def test_the_sentences_on_speed_follow_from_the_saved_run():
    saved = json.loads((ROOT / "benchmarks" / "results" / "benchmark.json").read_text(encoding="utf-8"))

    def ratios(cases, engines):
        found = [saved["steps"][case]["engines"][engine]["ratio"] for case in cases for engine in engines]
        return min(found), max(found)

    def about(*bounds):
        return tuple(pytest.approx(bound, abs=0.05) for bound in bounds)

    small, large, native = ("softmax", "mlp"), ("mnist", "deep", "wide"), "autograd_lite native"
    assert ratios(small, ["autograd_lite"]) == about(1.1, 1.2)
    assert ratios(small, ["PyTorch", "MyGrad", "HIPS autograd"]) == about(2.4, 12.5)
    assert ratios(small, ["JAX"]) == about(1.6, 2.5)
    assert ratios(small, ["autograd_lite compiled"]) == about(0.7, 0.7)
    assert ratios(small, [native]) == about(0.2, 0.3)
    assert ratios(large, [native]) == about(0.4, 0.7)
    assert ratios(large, ["JAX"]) == about(0.6, 0.8)
    assert ratios(["scalar"], ["by hand, vectorised", native]) == about(0.1, 0.1)
    programs = saved["programs"]["threads: 1"]
    found = {name: program["engines"][native]["ratio"] for name, program in programs.items()}
    assert found == {
        "gpt": about(0.6)[0],
        "cnn": about(1.5)[0],
        "tagger": about(1.1)[0],
        "vae": about(0.4)[0],
        "graph": about(0.9)[0],
    }


def test_the_tables_of_vmap_are_those_of_the_saved_runs():
    page = (ROOT / "docs" / "vmap.md").read_text(encoding="utf-8")
    assert page == page_with_tables(page), "run python tests/vmap_tables.py"
    saved = json.loads((ROOT / "benchmarks" / "results" / "gradbench.json").read_text(encoding="utf-8"))["gradbench"]
    first, second = re.findall(r"^\| case \|.*?\n(?!\|)", page, re.MULTILINE | re.DOTALL)
    assert first.count("\n") == 2 + len(json.loads((ROOT / "benchmarks" / "results" / "vmap.json").read_text()))
    assert second.count("\n") == 2 + len(saved) + 2
    ratios = [program["engines"]["autograd_lite"]["ratio"] for program in saved.values()]
    mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
    assert f"geometric mean of all ({len(saved)}) | 1 | {mean:.3g} |" in second


def test_the_gallery_has_as_many_studies_as_stated():
    assert len(STUDIES) == 20
    assert "twenty studies" in README


def test_the_programs_on_extending_run_one_after_the_other():
    programs = programs_of("docs/extending.md")
    assert len(programs) > 8
    run("\n".join(programs))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_to_files(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for link in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (page.parent / link).exists(), link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_pages_name_exist(page):
    """As paths from the root, from the package or from one of its folders, or as the names of test files."""
    folders = [path for parent in ("autograd_lite", "tests") for path in (ROOT / parent).iterdir() if path.is_dir()]
    for name in re.findall(r"`([\w./-]+(?:\.py|\.md|/))`", page.read_text(encoding="utf-8")):
        assert any((root / name).exists() for root in (ROOT, ROOT / "autograd_lite", *folders)), name


def test_the_generated_code_of_an_operation_can_be_printed():
    shown = run("import inspect, autograd_lite as al; al.exp(1.0); print(inspect.getsource(al.exp))")
    assert shown.startswith("def _function(x):")


def comparison(path):
    """The table of other libraries, with the texts of its links only."""
    (table,) = re.findall(r"^\| library \|.*?\n\n", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", table)


def test_the_readme_and_the_first_page_of_the_site_compare_other_libraries_in_the_same_words():
    table = comparison(ROOT / "README.md")
    assert table == comparison(ROOT / "docs" / "start.md")
    for name in ("PyTorch", "JAX", "HIPS autograd", "MyGrad", "tinygrad", "micrograd"):
        assert f"\n| {name} |" in table


def test_the_description_of_the_package_is_the_readme_without_what_only_works_in_the_repository():
    text = package_page.PAGE.read_text(encoding="utf-8")
    assert text == package_page.page(), "run: python tests/package_page.py"
    assert not re.search(r"\]\((?!https?:)", text), "a relative link or picture"
    assert programs_of("docs/package_description.md") == programs_of("README.md")
