"""What notebooks show: the numbers and facts of the object, and never an error."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import autograd_lite as al
from autograd_lite import Tensor, nn
from autograd_lite.support.notebook import details_html, shown


def cells(text):
    """The text of each cell; the HTML is also XML."""
    return [[cell.text or "" for cell in row.iter("td")] for row in ET.fromstring(text).iter("tr")]


def test_a_matrix_has_its_numbers_in_its_places():
    x = Tensor([[1.0, -2.5], [3.0, np.nan]], requires_grad=True, name="<x>")
    text = x._repr_html_()
    assert cells(text) == [["1", "−2.5"], ["3", "nan"]]
    assert "Tensor · &lt;x&gt; · (2, 2) float64 · requires_grad=True<" in text
    x.sum().backward()
    assert "has a gradient" in x._repr_html_()
    assert "result of exp" in al.exp(x)._repr_html_()


def test_a_large_array_has_its_corners():
    text = Tensor(np.arange(400.0).reshape(4, 5, 20))._repr_html_()
    rows = cells(text)
    assert len(rows) == len(rows[0]) == 11
    assert (rows[0][0], rows[0][-1], rows[-1][0], rows[-1][-1]) == ("0", "19", "380", "399")
    assert rows[5] == ["⋯"] * 11
    assert len(Tensor(np.zeros((2000, 2000)))._repr_html_()) < 20_000


@given(
    hnp.arrays(
        st.sampled_from([np.float64, np.float32, np.float16, np.int64, np.bool_]),
        hnp.array_shapes(min_dims=0, min_side=0),
    )
)
def test_every_array_is_shown(values):
    rows = cells(Tensor(values)._repr_html_())
    assert sum(cell != "⋯" for row in rows for cell in row) <= max(values.size, 1)
    if values.size and max(values.shape, default=1) <= 3:
        assert len([cell for row in rows for cell in row if cell != "⋯"]) >= min(values.size, 3)


def test_the_shades_are_in_proportion_and_the_text_keeps_the_colour_of_the_page():
    text = Tensor([4.0, -2.0, 0.0, np.inf])._repr_html_()
    assert re.findall(r"rgba\(([\d,.]+)\)", text) == ["68,119,170,0.45", "204,102,119,0.23"]
    assert set(re.findall(r"[;']color:(\w+)", text)) == {"inherit"}


def test_the_numbers_at_the_ends_are_shown():
    assert shown(11) == list(range(11))
    assert shown(12) == [0, 1, 2, 3, 4, None, 7, 8, 9, 10, 11]


def test_a_tensor_inside_vmap_has_no_table():
    seen = []
    w = Tensor([1.0, 2.0], requires_grad=True)
    al.vmap(lambda x: seen.append((w * x)._repr_html_()) or x)(np.ones((3, 2)))
    assert seen == [None]


def test_a_module_is_a_table_of_its_parts():
    model = nn.Sequential(nn.Linear(4, 3), nn.Tanh())
    (_, first, second, third) = cells(model._repr_html_())
    assert first == ["Sequential()", "15"]
    assert second == ["  (0): Linear(in_features=4, out_features=3)", "15"]
    assert third == ["  (1): Tanh()", ""]
    large = nn.Sequential(*(nn.Tanh() for _ in range(500)))
    assert cells(large._repr_html_())[-1][0] == "... and 401 more"


def test_a_compiled_function_has_its_programs():
    double = al.compile(lambda x: 2 * x)
    assert "0 programs" in double._repr_html_()
    double(np.ones(3))
    text = double._repr_html_()
    assert len(list(ET.fromstring(text).iter("details"))) == len(double.programs) == 1
    assert "multiply" in text


@pytest.mark.parametrize("text", ["<script>", "a & b", "'\"", "</pre>"])
def test_texts_are_escaped(text):
    assert "".join(ET.fromstring(details_html(text, text)).itertext()) == 2 * text
