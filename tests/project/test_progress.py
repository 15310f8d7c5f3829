"""The progress of trainings: what is counted, printed and plotted, and silence in tests."""

import io
import math
import sys

import numpy as np
import pytest

from progress import Progress, course


def test_the_course_of_values_is_that_of_their_means():
    assert course([0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]) == "▁▂▃▄▅▆▇█"
    assert course(np.repeat([3.0, 1.0, 2.0], 100).tolist(), width=3) == "█▁▅"
    assert course([2.0]) == "▁"
    assert course([2.0, 2.0]) == "▁▁"
    assert course([1.0, math.nan]) == ""


def test_values_are_kept_and_counted(monkeypatch):
    monkeypatch.setattr(sys, "stderr", file := io.StringIO())
    with Progress("training", 3) as report:
        for value in (3.0, 2.0, 1.0):
            report(value)
    assert report.values == [3.0, 2.0, 1.0]
    assert "training: 100%" in file.getvalue()
    assert "3/3" in file.getvalue()


def test_a_quiet_one_prints_nothing(capsys):
    with Progress("training", 2, quiet=True) as report:
        report(1.0)
    assert capsys.readouterr() == ("", "")


def test_a_bar_is_closed_when_the_training_raises(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with pytest.raises(ZeroDivisionError), Progress("training", 2) as report:
        raise ZeroDivisionError
    assert report.bar.disable


def test_in_a_notebook_the_plot_is_updated_in_place():
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    source = f"""
import sys; sys.path.insert(0, {str(next(p for p in sys.path if p.endswith("examples")))!r})
from progress import Progress
with Progress("training", 3) as report:
    for value in (3.0, 2.0, 1.0):
        report.drawn = 0  # a plot in each step
        report(value)
"""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    nbclient.NotebookClient(notebook, timeout=120).execute()
    pictures = [output for output in notebook.cells[0].outputs if output.output_type == "display_data"]
    assert [set(picture.data) >= {"image/png"} for picture in pictures] == [True]
