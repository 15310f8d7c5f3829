"""The layout of pictures: properties of random graphs, from the definition of each."""

from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autograd_lite.debugging.layout import arrange
from autograd_lite.debugging.picture import Arrow, Box, Picture
from autograd_lite.debugging.svg import svg


@st.composite
def graphs(draw):
    """Sizes of boxes, arrows without a circle in a random numbering, and the room for the label of each arrow."""
    count = draw(st.integers(1, 14))
    sizes = draw(st.lists(st.tuples(st.floats(10, 200), st.floats(10, 90)), min_size=count, max_size=count))
    numbers = draw(st.permutations(range(count)))
    ends = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1)).filter(lambda pair: pair[0] != pair[1])
    pairs = [sorted(pair) for pair in draw(st.lists(ends, max_size=25))] if count > 1 else []
    arrows = [(numbers[start], numbers[end]) for start, end in pairs]
    rooms = draw(st.lists(st.floats(0, 60), min_size=len(arrows), max_size=len(arrows)))
    for box in range(count):
        entry = sum(room for (_, end), room in zip(arrows, rooms, strict=True) if end == box)
        sizes[box] = (max(sizes[box][0], entry), sizes[box][1])
    return sizes, arrows, rooms


def rectangles(sizes, layout):
    return [(x, y, x + width, y + height) for (x, y), (width, height) in zip(layout.boxes, sizes, strict=True)]


@given(graphs())
def test_boxes_do_not_overlap_and_are_inside_the_picture(graph):
    sizes, arrows, rooms = graph
    layout = arrange(sizes, arrows, rooms)
    boxes = rectangles(sizes, layout)
    for one, other in combinations(boxes, 2):
        apart_x, apart_y = max(one[0], other[0]) - min(one[2], other[2]), max(one[1], other[1]) - min(one[3], other[3])
        assert apart_x > 15 or apart_y > 15
    for left, top, right, bottom in boxes:
        assert left > -1e-6
        assert top > -1e-6
        assert right < layout.width + 1e-6
        assert bottom < layout.height + 1e-6


@given(graphs())
def test_each_arrow_goes_down_from_its_box_to_its_box(graph):
    sizes, arrows, rooms = graph
    layout = arrange(sizes, arrows, rooms)
    boxes = rectangles(sizes, layout)
    assert len(layout.arrows) == len(arrows)
    for (start, end), points in zip(arrows, layout.arrows, strict=True):
        assert layout.layers[start] < layout.layers[end]
        assert len(points) == 2 + 2 * (layout.layers[end] - layout.layers[start])
        assert points[0][1] == boxes[start][3]
        assert points[-1][1] == boxes[end][1]
        assert boxes[start][0] <= points[0][0] <= boxes[start][2]
        assert boxes[end][0] - 1e-6 <= points[-1][0] <= boxes[end][2] + 1e-6
        assert all(upper[1] <= lower[1] for upper, lower in pairwise(points))
        assert all(upper[0] == lower[0] for upper, lower in list(pairwise(points))[::2])


@given(graphs())
def test_no_arrow_passes_through_a_box(graph):
    """A vertical line meets no box; a curve with vertical ends stays in its rectangle, which meets no box either."""
    sizes, arrows, rooms = graph
    layout = arrange(sizes, arrows, rooms)
    boxes = rectangles(sizes, layout)
    for points in layout.arrows:
        for (x, y), (to_x, to_y) in pairwise(points):
            for left, top, right, bottom in boxes:
                assert max(x, to_x) < left or min(x, to_x) > right or to_y <= top + 1e-6 or y >= bottom - 1e-6


@given(graphs())
def test_labels_of_a_box_do_not_meet(graph):
    sizes, arrows, rooms = graph
    layout = arrange(sizes, arrows, rooms)
    for box in range(len(sizes)):
        taken = sorted(
            (points[-1][0], points[-1][0] + room)
            for (_, end), points, room in zip(arrows, layout.arrows, rooms, strict=True)
            if end == box
        )
        assert all(end <= start + 1e-6 for (_, end), (start, _) in pairwise(taken))


@given(graphs())
def test_the_same_graph_gives_the_same_picture(graph):
    assert arrange(*graph) == arrange(*graph)


@settings(max_examples=40)
@given(graphs(), st.text(max_size=60))
def test_every_box_and_every_arrow_is_drawn_once(graph, text):
    import xml.etree.ElementTree as ET

    sizes, arrows, _ = graph
    boxes = {3 * i: Box("operation", [f"{text}{i}", "(2, 3)"]) for i in range(len(sizes))}
    picture = Picture(boxes, [Arrow(3 * start, 3 * end, "x") for start, end in arrows])
    root = ET.fromstring(svg(picture))
    tags = [element.tag.rpartition("}")[2] for element in root.iter()]
    assert tags.count("rect") == 1 + len(sizes)  # the ground comes first
    assert tags.count("path") == 2 * len(arrows)  # a line and a head for each
    widths = {float(r.get("x")): float(r.get("width")) for r in root.iter() if r.tag.endswith("rect")}
    for element in root.iter():
        if element.get("text-anchor") == "middle":
            middle, length = float(element.get("x")), float(element.get("textLength"))
            assert any(x < middle - length / 2 and middle + length / 2 < x + w for x, w in widths.items())


def test_a_graph_without_crossings_is_drawn_without():
    """Two chains that the order of numbering would cross."""
    layout = arrange([(40, 20)] * 6, [(0, 3), (1, 2), (3, 5), (2, 4)])
    x = [corner[0] for corner in layout.boxes]
    assert (x[0] < x[1]) == (x[3] < x[2]) == (x[5] < x[4])


def test_a_parameter_is_beside_the_operation_before_its_user():
    layout = arrange([(40, 20)] * 5, [(0, 1), (1, 2), (2, 3), (4, 3)])
    assert layout.layers == [0, 1, 2, 3, 2]


def test_a_circle_is_refused():
    with pytest.raises(ValueError, match="form a circle"):
        arrange([(10, 10)] * 2, [(0, 1), (1, 0)])


def test_no_boxes():
    assert arrange([], []).width == 0
