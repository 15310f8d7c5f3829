"""The checks work where Hypothesis is not installed; only what needs it asks for it."""

import subprocess
import sys

import pytest

import autograd_lite.testing

PROGRAM = """
import sys
sys.modules["hypothesis"] = None  # as if it were not installed
from autograd_lite import sin
from autograd_lite.testing import check_closed_form, check_gradients, numerical_gradient
import numpy as np
check_closed_form(sin, np.cos, np.ones(2))
check_gradients(sin, np.ones(2), order=2)
from autograd_lite.testing import check_steps, closed_form, grade
from autograd_lite.testing.courses.declared import declaration_of
from typing import Annotated
x = np.ones(2)
check_steps(lambda x: sin(x).sum(), {"dx": lambda x: np.cos(x)}, x)
assert grade(lambda x: sin(x).sum(), {"Ada": lambda x: np.cos(x)}, x).counts == {"right": 1}
given = closed_form(of=sin, inputs=(x,))(lambda x: np.cos(x))
declaration_of(given).check(given)
import autograd_lite.testing
for name in ("find_counterexample", "strategies"):
    try:
        getattr(autograd_lite.testing, name)
    except ImportError as error:
        print(name, error.name)

@closed_form(of=sin)
def drawn(x: Annotated[np.ndarray, "N"]):
    return np.cos(x)

try:
    declaration_of(drawn).check(drawn)
except ImportError as error:
    print(error.name, str(error).startswith("closed_form: to draw inputs needs Hypothesis: pip install hypothesis"))
"""


def test_checks_work_without_hypothesis():
    finished = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert finished.stdout.split() == [
        "find_counterexample", "hypothesis", "strategies", "hypothesis", "hypothesis", "True"
    ]  # fmt: skip


def test_public_names_are_there():
    for name in autograd_lite.testing.__all__:
        assert getattr(autograd_lite.testing, name) is not None
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        autograd_lite.testing.nothing_of_the_kind  # noqa: B018
