"""A layered layout of a directed graph: where each box and each arrow of a picture goes.

The steps are those of Sugiyama, Tagawa and Toda (Methods for visual understanding of hierarchical system structures,
IEEE Transactions on Systems, Man, and Cybernetics 11, 1981): layers by the longest path, an order inside the layers
with few crossings, coordinates. An arrow over several layers gets a place in each of them, as narrow as a line. A layer
is a horizontal band. In a band, arrows are vertical, beside the boxes; between two bands there are only arrows. So no
arrow crosses a box, whatever the graph is. Nothing depends on the machine: all steps are sums, products and sorting.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

GAP = 22.0  # between two boxes of a layer
LANE = 12.0  # between an arrow and its neighbours in a layer
BEND = 24.0  # the height between two bands at least, where arrows are curves
ENTRY = 14.0  # the height above a band in which arrows are vertical and have their labels
_SWEEPS = 12  # through the layers, down and up in turns

Point = tuple[float, float]


@dataclass
class Layout:
    """Positions, with the origin in the upper left corner and y downwards.

    Attributes
    ----------
    boxes : list of (float, float)
        The upper left corner of each box.
    arrows : list of list of (float, float)
        For each arrow the points that it passes: from the lower edge of a box to the upper edge of another. It is
        vertical from the even to the next odd point, and a curve with vertical ends from the odd to the next even one.
    layers : list of int
        The layer of each box.
    width, height : float
    """

    boxes: list[Point]
    arrows: list[list[Point]]
    layers: list[int]
    width: float
    height: float


@dataclass
class _Place:
    """What takes room in a layer: a box, or a long arrow that passes."""

    half: float  # of the width
    layer: int
    is_box: bool
    x: float = 0.0  # of the middle
    position: int = 0  # in its layer
    above: list[_Link] = field(default_factory=list)
    below: list[_Link] = field(default_factory=list)


@dataclass
class _Link:
    """A part of an arrow, from a place to one in the next layer."""

    upper: _Place
    lower: _Place
    room: float  # the width that its label needs at the upper edge of a box
    offset: float = 0.0  # from the middle of the lower place


def arrange(
    sizes: Sequence[tuple[float, float]], arrows: Sequence[tuple[int, int]], rooms: Sequence[float] | None = None
) -> Layout:
    """The layout of boxes of these widths and heights with arrows from box to box, which point downwards.

    Parameters
    ----------
    sizes : sequence of (float, float)
    arrows : sequence of (int, int)
        Numbers of boxes, from and to. Several between the same two boxes are allowed.
    rooms : sequence of float, optional
        The width that each arrow takes at its end, for a label to its right. A box is at least as wide as those of all
        arrows into it; the caller makes it so.

    Raises
    ------
    ValueError
        If the arrows form a circle.
    """
    rooms = [0.0] * len(arrows) if rooms is None else rooms
    layer_of = _layers(len(sizes), arrows)
    boxes = [_Place(width / 2, layer, True) for (width, _), layer in zip(sizes, layer_of, strict=True)]
    layers: list[list[_Place]] = [[] for _ in range(max(layer_of, default=-1) + 1)]
    for box in boxes:
        layers[box.layer].append(box)
    chains = []
    for (start, end), room in zip(arrows, rooms, strict=True):
        passed = [_Place(0.0, layer, False) for layer in range(layer_of[start] + 1, layer_of[end])]
        for place in passed:
            layers[place.layer].append(place)
        chain = [boxes[start], *passed, boxes[end]]
        chains.append([_Link(upper, lower, room) for upper, lower in pairwise(chain)])
        for link in chains[-1]:
            link.upper.below.append(link)
            link.lower.above.append(link)
    _order(layers)
    for box in boxes:
        _spread(box)
    _position(layers)
    return _coordinates(sizes, arrows, boxes, chains)


# -- layers --------------------------------------------------------------------------------------------------------


def _layers(count: int, arrows: Sequence[tuple[int, int]]) -> list[int]:
    """The layer of each box: the longest path to it, then as low as that makes the arrows shorter.

    So a parameter is beside the other arguments of the operation that uses it first, not at the top.
    """
    parents: list[list[int]] = [[] for _ in range(count)]
    children: list[list[int]] = [[] for _ in range(count)]
    for start, end in arrows:
        children[start].append(end)
        parents[end].append(start)
    missing = [len(found) for found in parents]
    order = [box for box in range(count) if not missing[box]]
    layers = [0] * count
    for box in order:  # grows inside the loop
        for child in children[box]:
            layers[child] = max(layers[child], layers[box] + 1)
            missing[child] -= 1
            if not missing[child]:
                order.append(child)
    if len(order) < count:
        raise ValueError("arrange: the arrows form a circle")
    for box in reversed(order):
        if children[box] and len(set(parents[box])) <= len(set(children[box])):
            layers[box] = min(layers[child] for child in children[box]) - 1
    top = min(layers, default=0)
    return [layer - top for layer in layers]


# -- the order in the layers ---------------------------------------------------------------------------------------


def _order(layers: list[list[_Place]]) -> None:
    """Sort each layer by the mean position of the neighbours (barycentre), down and up; keep the best order."""
    _number(layers)
    best = [list(layer) for layer in layers]
    fewest = _crossings(layers)
    for sweep in range(_SWEEPS):
        if not fewest:
            break
        down = not sweep % 2
        for layer in layers if down else reversed(layers):
            keys = {id(place): _barycentre(place, down) for place in layer}
            layer.sort(key=lambda place: (keys[id(place)], place.position))
            _number([layer])
        crossings = _crossings(layers)
        if crossings < fewest:
            fewest, best = crossings, [list(layer) for layer in layers]
    layers[:] = best
    _number(layers)


def _number(layers: list[list[_Place]]) -> None:
    for layer in layers:
        for position, place in enumerate(layer):
            place.position = position


def _barycentre(place: _Place, down: bool) -> float:
    found = [link.upper.position for link in place.above] if down else [link.lower.position for link in place.below]
    return sum(found) / len(found) if found else place.position


def _crossings(layers: list[list[_Place]]) -> int:
    """The number of pairs of arrows that cross."""
    count = 0
    for layer in layers:
        ends: list[int] = []  # of the arrows from further left, sorted
        for place in layer:
            own = sorted(link.lower.position for link in place.below)
            count += sum(len(ends) - bisect_right(ends, end) for end in own)
            for end in own:
                insort(ends, end)
    return count


def _spread(box: _Place) -> None:
    """Distribute the ends of the arrows into a box over its upper edge, from left to right as they come."""
    box.above.sort(key=lambda link: link.upper.position)
    if len(box.above) < 2:
        return
    spare = (2 * box.half - sum(link.room for link in box.above)) / len(box.above)
    left = -box.half
    for link in box.above:
        link.offset = left + spare / 2
        left += link.room + spare


# -- coordinates ---------------------------------------------------------------------------------------------------


def _position(layers: list[list[_Place]]) -> None:
    """Move each layer to where its arrows are short, down and up, keeping the order and the distances."""
    for layer in layers:
        left = 0.0
        for place in layer:
            place.x = left + place.half
            left += 2 * place.half + GAP
    for sweep in range(_SWEEPS):
        both = sweep >= _SWEEPS - 2
        down = not sweep % 2
        for layer in layers if down else reversed(layers):
            wishes = [_wish(place, both or down, both or not down) for place in layer]
            for place, x in zip(layer, _apart(layer, wishes), strict=True):
                place.x = x


def _wish(place: _Place, above: bool, below: bool) -> tuple[float, float]:
    """Where a place would like to be, and how much: the weighted mean of its neighbours, straight lines first."""
    total = weight = 0.0
    for link in place.above if above else ():
        share = 1.0 if place.is_box and link.upper.is_box else 4.0
        total += share * (link.upper.x - link.offset)
        weight += share
    for link in place.below if below else ():
        share = 1.0 if place.is_box and link.lower.is_box else 4.0
        total += share * (link.lower.x + link.offset)
        weight += share
    return (total / weight, weight) if weight else (place.x, 0.01)


def _apart(layer: list[_Place], wishes: list[tuple[float, float]]) -> list[float]:
    """The positions closest to the wishes, by weighted squares, that keep the order and the distances.

    Subtracting from each position the room to its left turns this into a regression by a sequence that does not fall;
    pooling neighbours that violate the order solves it exactly (Barlow et al., Statistical inference under order
    restrictions, 1972).
    """
    rooms = [0.0]
    for left, right in pairwise(layer):
        gap = GAP if left.is_box and right.is_box else LANE
        rooms.append(rooms[-1] + left.half + gap + right.half)
    pools: list[tuple[float, float, int]] = []  # the mean, the weight and the length of each
    for (wish, weight), room in zip(wishes, rooms, strict=True):
        mean, length = wish - room, 1
        while pools and pools[-1][0] > mean:
            other, other_weight, other_length = pools.pop()
            mean = (mean * weight + other * other_weight) / (weight + other_weight)
            weight, length = weight + other_weight, length + other_length
        pools.append((mean, weight, length))
    means = [mean for mean, _, length in pools for _ in range(length)]
    return [mean + room for mean, room in zip(means, rooms, strict=True)]


def _coordinates(
    sizes: Sequence[tuple[float, float]],
    arrows: Sequence[tuple[int, int]],
    boxes: list[_Place],
    chains: list[list[_Link]],
) -> Layout:
    """Everything to the right of the origin and below it, with bands as high as their highest boxes."""
    left = min((box.x - box.half for box in boxes), default=0.0)
    left = min([left, *(link.lower.x for links in chains for link in links)])
    right = max((box.x + box.half for box in boxes), default=0.0)
    right = max([right, *(link.lower.x for links in chains for link in links)])
    heights = [0.0] * (max((box.layer for box in boxes), default=-1) + 1)
    for box, (_, height) in zip(boxes, sizes, strict=True):
        heights[box.layer] = max(heights[box.layer], height)
    bends = [0.0] * len(heights)  # above each band; the wider the curves, the higher
    for links in chains:
        for link in links:
            distance = abs(link.upper.x - link.lower.x - link.offset)
            bends[link.lower.layer] = max(bends[link.lower.layer], BEND + min(distance / 8, BEND))
    tops, bottoms = [], [0.0]
    for height, bend in zip(heights, bends, strict=True):
        tops.append(bottoms[-1] + (bend + ENTRY if bend else 0.0))
        bottoms.append(tops[-1] + height)
    del bottoms[0]
    corners = [
        (box.x - box.half - left, tops[box.layer] + (heights[box.layer] - height) / 2)
        for box, (_, height) in zip(boxes, sizes, strict=True)
    ]
    lines = []
    for (start, end), links in zip(arrows, chains, strict=True):
        points: list[Point] = []
        for link in links:
            upper, lower = link.upper.layer, link.lower.layer
            points.append((link.upper.x - left, bottoms[upper]))
            points.append((link.lower.x + link.offset - left, tops[lower] - ENTRY))
        first, last = (points[0][0], corners[start][1] + sizes[start][1]), (points[-1][0], corners[end][1])
        lines.append([first, *points, last])
    return Layout(corners, lines, [box.layer for box in boxes], right - left, max(bottoms, default=0.0))
