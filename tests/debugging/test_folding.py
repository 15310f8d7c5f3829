"""Pictures of large networks: what becomes one box, and what stays."""

import itertools

import numpy as np
import pytest

import autograd_lite as al
from autograd_lite import Tensor, draw, nn


class Block(nn.Module):
    def __init__(self, seed):
        self.first, self.second = nn.Linear(4, 6, rng=seed), nn.Linear(6, 4, rng=seed + 1)

    def forward(self, x):
        return x + self.second(al.tanh(self.first(x)))


class Network(nn.Module):
    def __init__(self, depth=2):
        self.blocks = nn.ModuleList([Block(i) for i in range(depth)])
        self.head = nn.Linear(4, 3, rng=9)

    def forward(self, x):
        for block in self.blocks:
            x = al.relu(block(x))
        return self.head(x)


X = np.ones((5, 4), np.float32)


def boxes(drawing):
    return [box.lines for box in drawing._picture.boxes.values()]


def arrows(drawing):
    picture = drawing._picture
    return sorted((picture.boxes[a.start].lines[0], picture.boxes[a.end].lines[0], a.label) for a in picture.arrows)


def test_the_operations_from_the_first_to_the_last_use_of_parameters_are_one_box():
    model = Network()
    drawing = draw(model(Tensor(X, name="X")).sum(), model, depth=2)
    assert ["blocks.0: Block", "(5, 4)", "3 operations, 4 parameters"] in boxes(drawing)
    assert arrows(drawing) == [
        ("X", "blocks.0: Block", ""),
        ("add", "relu", ""),
        ("add", "relu", ""),
        ("blocks.0: Block", "add", "y"),
        ("blocks.1: Block", "add", "y"),
        ("head: Linear", "sum", ""),
        ("relu", "add", "x"),
        ("relu", "blocks.1: Block", ""),
        ("relu", "head: Linear", ""),
    ]  # X itself is added to the first block, but the graph does not save what no derivative needs


MODULES = {
    "BatchNorm1d": (nn.BatchNorm1d(4), X),
    "BatchNorm2d": (nn.BatchNorm2d(2), np.ones((5, 2, 3, 3), np.float32)),
    "LayerNorm": (nn.LayerNorm(4), X),
    "GroupNorm": (nn.GroupNorm(2, 2), np.ones((5, 2, 3, 3), np.float32)),
    "Linear": (nn.Linear(4, 3, rng=0), X),
    "Conv2d": (nn.Conv2d(2, 3, 3, rng=0), np.ones((5, 2, 3, 3), np.float32)),
}


@pytest.mark.parametrize("kind", MODULES)
@pytest.mark.parametrize("is_constant", [True, False])
def test_the_box_of_a_module_holds_all_that_uses_its_parameters_and_its_input_is_outside(kind, is_constant):
    module, x = MODULES[kind]
    model = nn.ModuleDict({"part": module})
    given = Tensor(x, requires_grad=not is_constant, name="input")
    drawing = draw((model["part"](given) ** 2).sum(), model, depth=1)
    *found, last = [box[0] for box in boxes(drawing)]  # the input has its name unless an operation reshapes it first
    assert found == ["sum", "power", f"part: {kind}"]
    assert (last, f"part: {kind}", "") in arrows(drawing)


class Transposed(nn.Module):
    """A linear map with a normalized weight that is computed from parameters in several steps."""

    def __init__(self):
        self.direction = nn.Parameter(np.ones((3, 4), np.float32))
        self.length = nn.Parameter(np.ones((3, 1), np.float32))

    def forward(self, x):
        weight = self.length * self.direction / np.sqrt((self.direction * self.direction).sum(1, keepdims=True))
        return x @ weight.T


def test_what_is_computed_from_parameters_alone_counts_as_a_parameter():
    model = nn.Sequential(Transposed(), nn.ReLU(), nn.Linear(3, 2, rng=0))
    drawing = draw(model(Tensor(X, name="X")).sum(), model, depth=1)
    assert [box[0] for box in boxes(drawing)] == ["sum", "2: Linear", "relu", "0: Transposed", "X"]


def test_what_is_computed_from_data_does_not_count_as_a_parameter():
    model = nn.Sequential(nn.Linear(4, 3, rng=0), nn.Tanh(), nn.Linear(3, 2, rng=0))
    x = Tensor(X, requires_grad=True)
    y = model(x)
    drawing = draw((y * y).sum() + (model[0].weight ** 2).sum(), model, depth=1)
    found = [box[0] for box in boxes(drawing)]
    assert found.count("tanh") == found.count("multiply") == found.count("add") == 1


class Sentences(nn.Module):
    def __init__(self, select):
        self.select, self.words, self.places = select, nn.Embedding(7, 4, rng=0), nn.Embedding(3, 4, rng=1)
        self.head = nn.Linear(4, 2, rng=2)

    def forward(self, ids):
        words = self.select(self.words, ids) + self.select(self.places, np.arange(3))
        return self.head(al.tanh(words).sum(axis=1))


SELECTIONS = {
    "module": lambda table, ids: table(ids),
    "index": lambda table, ids: table.weight[ids],
    "take": lambda table, ids: np.take(table.weight, ids, axis=0),
    "list": lambda table, ids: table.weight[ids.tolist()],
    "with a slice": lambda table, ids: table.weight[ids, :],
}


@pytest.mark.parametrize("way", SELECTIONS)
def test_rows_that_indices_select_are_data_and_no_parameters(way):
    model = Sentences(SELECTIONS[way])
    drawing = draw(model(np.array([[1, 2, 0], [4, 4, 6]])).sum(), model, depth=1)
    operations = [box[0] for box in boxes(drawing) if box[0] in ("tanh", "add", "sum")]
    assert sorted(operations) == ["add", "sum", "sum", "tanh"]


def test_a_penalty_on_a_parameter_does_not_take_the_loss_into_the_box_of_its_module():
    model = nn.Sequential(nn.Linear(4, 3, rng=0), nn.Linear(3, 2, rng=0))
    weight = model[1].weight
    drawing = draw((model(X) ** 2).sum() + (weight * weight).sum(), model, depth=1)
    assert boxes(drawing)[0] == ["add", "()"]


def test_a_small_depth_folds_containers():
    model = Network()
    found = boxes(draw(model(X).sum(), model, depth=1))
    assert ["blocks: ModuleList", "(5, 4)", "8 operations, 8 parameters"] in found


def test_large_graphs_are_folded_and_small_ones_not():
    small, large = Network(2), Network(11)
    assert not any("operations" in line for box in boxes(draw(small(X).sum(), small)) for line in box)
    drawing = draw(large(X).sum(), large)
    assert len(boxes(drawing)) <= 40
    assert sum("operations" in box[-1] for box in boxes(drawing)) == 11
    assert len(boxes(draw(large(X).sum(), large, depth=0))) > 100


def test_a_shared_parameter_has_its_names_in_the_order_of_its_uses():
    class Tied(nn.Module):
        def __init__(self):
            self.first, self.middle, self.last = Block(0), Block(3), Block(5)
            self.last.first.weight = self.first.first.weight

        def forward(self, x):
            return self.last(self.middle(self.first(x)))

    model = Tied()
    titles = [box[0] for box in boxes(draw(model(X).sum(), model, depth=1))]
    assert {"first: Block", "middle: Block", "last: Block"} <= set(titles)


def test_a_module_that_is_called_twice_with_another_in_between_has_two_boxes():
    model = nn.ModuleDict({"a": Block(0), "b": Block(3)})
    y = model["a"](model["b"](model["a"](Tensor(X))))
    titles = [box[0] for box in boxes(draw(y.sum(), model, depth=1))]
    assert titles.count("a: Block") == 2
    assert titles.count("b: Block") == 1


def test_constants_inside_a_module_are_not_shown_but_its_input_and_those_with_names_are():
    class Masked(nn.Module):
        def __init__(self):
            self.first, self.second = nn.Linear(4, 6, rng=0), nn.Linear(6, 4, rng=1)

        def forward(self, x, scale):
            return self.second(self.first(x) * np.full(6, 2.0, np.float32) * scale)

    model = nn.ModuleDict({"masked": Masked()})
    y = model["masked"](X, Tensor(np.full(6, 3.0, np.float32), name="scale"))
    drawing = draw(y.sum(), model, depth=1)
    assert arrows(drawing) == [
        ("(5, 4) float32", "masked: Masked", ""),
        ("masked: Masked", "sum", ""),
        ("scale", "masked: Masked", ""),
    ]


def test_values_are_those_of_the_last_operation():
    model = Network()
    drawing = draw(model(X).sum(), model, values=True, depth=2)
    (box,) = (box for box in drawing._picture.boxes.values() if box.lines[0] == "blocks.1: Block")
    assert any(line.startswith("gradient from") for line in box.values)


@pytest.mark.parametrize(("depth", "seed"), list(itertools.product((1, 2, 3), range(6))))
def test_random_calls_never_make_a_circle(depth, seed):
    rng = np.random.default_rng(seed)
    model = nn.ModuleList([Block(i) for i in range(4)])
    values = [Tensor(X, requires_grad=True, name="X")]
    for _ in range(12):
        one, other = (values[int(rng.integers(len(values)))] for _ in range(2))
        values.append(model[int(rng.integers(4))](one) if rng.random() < 0.6 else one * other)
    drawing = draw(sum(value.sum() for value in values), model, depth=depth)
    assert drawing.svg.startswith("<svg")  # a circle raises
