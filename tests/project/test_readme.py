"""The programs in README.md and docs/extending.md run as they stand, and say what the pages say they do."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAMS = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)


EXTENDING = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "extending.md").read_text(), re.DOTALL)


def run(program: str) -> str:
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True
    ).stdout


@pytest.mark.parametrize("program", PROGRAMS, ids=range(len(PROGRAMS)))
def test_program_runs(program):
    assert run(program)


def test_first_program_shows_the_closed_form_to_rounding():
    assert float(run(PROGRAMS[0])) < 1e-14


def test_wrong_derivation_is_diagnosed():
    assert "it is 5 times too large" in run(PROGRAMS[1])


def test_derivatives_of_higher_order_are_those_of_the_comments():
    third, hessian = run(PROGRAMS[2]).split("\n", 1)
    assert float(third) == -1
    assert hessian.split()[0].startswith("[[")
    assert "0.2222" in hessian


def test_the_derivation_of_softmax_regression_is_that_of_the_documents():
    printed = run(PROGRAMS[3])
    assert "∂L/∂W = Xᵀ ∂L/∂Z = Xᵀ(P − Y)" in printed
    assert "= 1ᵀ(P − Y)" in printed


def test_the_anomaly_is_named():
    assert "log gives -inf at index (1,)" in run(PROGRAMS[6])


def test_network_learns():
    assert float(run(PROGRAMS[4]).split()[-1]) > 0.95


def test_new_operation_has_the_right_gradient():
    # d/dx 2 √(x/(1 + x)) = (x/(1 + x))^(−1/2) / (1 + x)²
    values = [float(number) for number in run(PROGRAMS[7]).strip(" []\n").split()]
    assert values == pytest.approx([(x / (1 + x)) ** -0.5 / (1 + x) ** 2 for x in (1, 3)])


def test_the_two_set_up_commands_are_there_once():
    commands = re.findall(r"^pip install.*$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert len(commands) == 2
    assert any("pytest" in command for command in commands)


def test_the_programs_on_extending_run_one_after_the_other():
    assert len(EXTENDING) > 8
    run("\n".join(EXTENDING))
