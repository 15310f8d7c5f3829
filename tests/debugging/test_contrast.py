"""Pictures of graphs have the contrast that WCAG 2.1 asks for (level AA): 4.5 for texts, 3 for lines, on any page."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

import autograd_lite as al
from autograd_lite import Tensor, draw, nn
from autograd_lite.debugging.picture import Box, Picture
from autograd_lite.debugging.svg import svg

SVG = "{http://www.w3.org/2000/svg}"


def luminance(color):
    channels = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ [0.2126, 0.7152, 0.0722])


def contrast(one, other):
    lower, higher = sorted([luminance(one), luminance(other)])
    return (higher + 0.05) / (lower + 0.05)


def test_the_contrast_is_that_of_the_standard():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)  # just under the limit


def drawings():
    model = nn.Sequential(nn.Linear(4, 3, rng=0), nn.BatchNorm1d(3))
    x = Tensor(np.ones((5, 4), np.float32), name="x")
    loss = al.cross_entropy(model(x), np.array([0, 1, 2, 0, 1]))
    yield draw(loss, model, depth=1).svg
    yield draw(loss, model, values=True).svg
    yield svg(Picture({0: Box("released", ["exp", "released"])}, []))


@pytest.mark.parametrize("picture", [*drawings()], ids=["folded", "values", "released"])
def test_texts_and_lines_stand_out_from_what_is_behind_them(picture):
    ground, *parts = (part for part in ElementTree.fromstring(picture) if part.tag != f"{SVG}title")
    assert ground.tag == f"{SVG}rect"
    view = [float(number) for number in ElementTree.fromstring(picture).get("viewBox").split()]
    assert [float(ground.get(name)) for name in ("x", "y", "width", "height")] == view  # it covers the page
    behind = ground.get("fill")
    found = {"text": 0, "line": 0}
    for part in parts:
        if part.tag == f"{SVG}rect":
            assert contrast(part.get("stroke"), ground.get("fill")) >= 3
            behind = part.get("fill")
        elif part.tag == f"{SVG}text":
            assert contrast(part.get("fill"), behind) >= 4.5, part.text
        elif part.get("stroke"):
            assert contrast(part.get("stroke"), ground.get("fill")) >= 3
            found["line"] += 1
        else:
            assert contrast(part.get("fill"), ground.get("fill")) >= 4.5  # heads of arrows, and names of arguments
            found["text"] += 1
    assert found == {"text": 1, "line": 1}


def test_the_source_for_graphviz_has_the_same_greys_on_white():
    x = Tensor([1.0, 2.0], requires_grad=True)
    colors = set(re.findall(r'(?:font)?color="(#\w{6})"', str(draw((x * x).sum()))))
    for color in colors - {"#f3f3ee", "#d0ddea"}:  # grounds of boxes
        assert contrast(color, "#ffffff") >= 3
    edge = next(line for line in str(draw(x.sum())).splitlines() if line.strip().startswith("edge"))
    assert contrast(re.search(r'fontcolor="(#\w{6})"', edge)[1], "#ffffff") >= 4.5
