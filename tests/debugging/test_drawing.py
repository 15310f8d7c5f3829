"""Pictures of the graph: what is in the graph is in the text, once, connected as it was computed."""

import re
import shutil
import subprocess

import numpy as np
import pytest

import autograd_lite as al
from autograd_lite import Tensor, draw, nn, no_grad

graphviz = pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")


def read(drawing):
    """The labels of the boxes by number, and the arrows (from, to, label)."""
    boxes, arrows = {}, []
    for line in str(drawing).splitlines():
        if found := re.fullmatch(r'  (\d+) -> (\d+)(?: \[label="(.*)"\])?', line):
            arrows.append((int(found[1]), int(found[2]), found[3]))
        elif found := re.match(r'  (\d+) \[label="((?:\\.|[^"\\])*)"', line):
            boxes[int(found[1])] = found[2].split("\\n")
    return boxes, arrows


def arrows_by_label(drawing):
    boxes, arrows = read(drawing)
    return sorted((boxes[start][0], label, boxes[end][0]) for start, end, label in arrows)


@pytest.fixture
def network():
    model = nn.Sequential(nn.Linear(4, 3, rng=0), nn.Tanh())
    x = Tensor(np.ones((5, 4), np.float32), name="X")
    return model, x, model(x).sum()


def test_a_network_with_the_names_of_its_parameters(network):
    model, _, loss = network
    drawing = draw(loss, names=model)
    assert arrows_by_label(drawing) == [
        ("0.bias", "bias", "linear"),
        ("0.weight", "weight", "linear"),
        ("X", "x", "linear"),
        ("linear", None, "tanh"),
        ("tanh", None, "sum"),
    ]
    boxes = list(read(drawing)[0].values())
    assert ["0.weight", "(3, 4) float32"] in boxes
    assert ["linear", "(5, 3)"] in boxes
    assert ["X", "(5, 4) float32"] in boxes


def test_names_by_a_dict_name_results_and_constants_too():
    x, c = Tensor([1.0, 2.0], requires_grad=True), np.array([3.0, 4.0])
    y = x * c
    drawing = draw(y.sum(), names={"x": x, "c": c, "y": y})
    assert arrows_by_label(drawing) == [("c", "y", "y"), ("x", "x", "y"), ("y", None, "sum")]


IDS, CHOSEN = np.array([0, 2, 1]), np.array([True, False, True])


@pytest.mark.parametrize(
    ("argument", "operation"),
    [
        ("indices", lambda w: al.embedding(IDS, w)),
        ("index", lambda w: w[IDS]),
        ("indices", lambda w: np.take(w, IDS, 0)),
        ("condition", lambda w: np.where(CHOSEN, w, np.ones(3))),
        ("condition", lambda w: np.compress(CHOSEN, w, 1)),
        ("target", lambda w: al.nll_loss(-w[:3], IDS)),
    ],
)
def test_arguments_without_a_rule_are_not_drawn_named_or_not(argument, operation):
    w = Tensor(np.ones((4, 3)), requires_grad=True, name="w")
    result = operation(w)
    assert argument not in result._node.operation.rules
    for names in (None, {"ids": IDS, "chosen": CHOSEN}):
        text = str(draw(result, names))
        assert not any(word in text for word in ("dashed", "ids", "chosen"))


@pytest.mark.parametrize("depth", [0, 1])
def test_the_data_of_a_linear_layer_is_drawn_and_the_indices_of_an_embedding_are_not(depth):
    x, rng = np.ones((2, 3)), np.random.default_rng(0)
    linear = nn.Sequential(nn.Linear(3, 3, rng=rng), nn.Linear(3, 1, rng=rng))
    table = nn.Sequential(nn.Embedding(4, 3, rng=rng), nn.Linear(3, 1, rng=rng))
    assert str(draw(linear(x), linear, depth=depth)).count("dashed") == 1
    assert str(draw(table(IDS), table, depth=depth)).count("dashed") == 0


def test_a_name_that_was_given_to_a_result():
    y = Tensor([1.0], requires_grad=True) * 2
    y.name = "twice"
    assert read(draw(y))[0][0] == ["twice", "multiply", "(1,)"]


def test_what_is_used_twice_is_drawn_once():
    x = Tensor([1.0], requires_grad=True)
    y = al.exp(x)
    boxes, arrows = read(draw(y * y))
    assert len(boxes) == 3
    assert sorted(label for _, _, label in arrows if label) == ["x", "y"]
    assert len({(start, end) for start, end, _ in arrows}) == 2


def test_operands_of_one_operation_are_numbered():
    x, y = Tensor([1.0], requires_grad=True), Tensor([2.0], requires_grad=True)
    drawing = draw(al.concatenate([x, y, x]), names={"x": x, "y": y})
    assert arrows_by_label(drawing) == [
        ("x", "arrays[0]", "concatenate"),
        ("x", "arrays[2]", "concatenate"),
        ("y", "arrays[1]", "concatenate"),
    ]


def test_several_results_of_one_operation():
    both = al.primitive(lambda x: (x + 1, 2 * x), name="both", outputs=2, x=lambda g: g[0] + 2 * g[1])
    first, second = both(Tensor([1.0, 2.0], requires_grad=True))
    boxes, arrows = read(draw((first * second).sum(), values=True))
    labels = [box[0] for box in boxes.values()]
    assert sorted(labels) == ["(2,) float64", "both", "both[0]", "both[1]", "multiply", "sum"]
    assert ["both", "(2,), (2,)"] in boxes.values()
    assert len(arrows) == 6


def test_a_layer_of_which_the_parameters_are_frozen_is_constant():
    model = nn.Linear(2, 2, rng=0).requires_grad_(False)
    x = Tensor(np.ones((1, 2), np.float32), requires_grad=True)
    assert ("weight", "weight", "linear") in arrows_by_label(draw(model(x), names=model))


def test_several_tensors_share_what_they_have_in_common():
    x = Tensor([1.0], requires_grad=True)
    y = al.exp(x)
    boxes, _ = read(draw([y.sum(), y.mean()]))
    assert sorted(box[0] for box in boxes.values()) == ["(1,) float64", "exp", "mean", "sum"]


# -- values --------------------------------------------------------------------------------------------------------


def test_values_are_data_and_gradients():
    x = Tensor([1.0, 2.0], requires_grad=True, name="x")
    y = x * x
    boxes, _ = read(draw((3 * y).sum(), names={"y": y}, values=True))
    shown = {box[0]: box for box in boxes.values()}
    assert shown["x"][2:] == ["data [1., 2.]", "gradient [ 6., 12.]"]
    assert shown["y"][3:] == ["data [1., 4.]", "gradient [3., 3.]"]
    assert shown["sum"][2:] == ["data 15", "gradient 1"]
    assert x.grad is None


def test_large_values_are_told_by_their_range():
    x = Tensor(np.arange(100.0), requires_grad=True)
    boxes, _ = read(draw(al.log(al.exp(x)).sum(), names={"x": x}, values=True))
    assert "data from 0 to 99, mean 49.5" in next(box for box in boxes.values() if box[0] == "x")


def test_without_one_scalar_gradients_are_those_collected():
    x = Tensor([1.0, 2.0], requires_grad=True)
    x.grad = [5.0, 7.0]
    boxes, _ = read(draw(x * 2, values=True))
    assert any("gradient [5., 7.]" in box for box in boxes.values())


def test_the_graph_can_be_used_after_it_was_drawn():
    x = Tensor([1.0, 2.0], requires_grad=True)
    y = (x * x).sum()
    draw(y, values=True)
    y.backward()
    np.testing.assert_array_equal(x.grad, [2, 4])


# -- what cannot be drawn ------------------------------------------------------------------------------------------


def test_a_released_graph_is_refused():
    y = (Tensor([1.0], requires_grad=True) * 2).sum()
    y.backward(retain_graph=True)
    assert len(read(draw(y))[0]) > 2
    y.backward()
    with pytest.raises(RuntimeError, match="'sum' was released by backward"):
        draw(y)


def test_a_released_part_of_a_graph_is_marked():
    x = Tensor([1.0], requires_grad=True)
    y = al.exp(x)
    y.sum().backward()
    boxes, arrows = read(draw(y * 2))
    assert ["exp", "(1,)", "released"] in boxes.values()
    assert len(arrows) == 1


def test_what_was_not_recorded_is_refused():
    with no_grad():
        y = Tensor([1.0], requires_grad=True) * 2
    with pytest.raises(RuntimeError, match="nothing was recorded for this tensor of shape \\(1,\\)"):
        draw(y)


def test_other_things_are_refused():
    with pytest.raises(TypeError, match="the first argument must be a tensor or a list, not ndarray"):
        draw(np.ones(2))
    with pytest.raises(TypeError, match="a module or a dict of names to tensors, not list"):
        draw(Tensor(1.0, requires_grad=True), names=["x"])


def test_graphs_of_any_depth():
    x = y = Tensor(1.0, requires_grad=True)
    for _ in range(100_000):
        y = -y
    lines = str(draw(y)).splitlines()
    assert sum('label="negative' in line for line in lines) == 100_000
    assert sum(" -> " in line for line in lines) == 100_000
    assert x.grad is None


# -- text and pictures ---------------------------------------------------------------------------------------------

AWKWARD = 'a "name" with \\N, {braces|<and>}\nand lines'


def test_saving_text(tmp_path, network):
    drawing = draw(network[2])
    for ending in ("dot", "gv"):
        drawing.save(tmp_path / f"graph.{ending}")
        assert (tmp_path / f"graph.{ending}").read_text() == str(drawing)
    with pytest.raises(ValueError, match="has no suffix; the format is one of"):
        drawing.save(tmp_path / "graph")


@graphviz
def test_graphviz_reads_any_name():
    drawing = draw(al.exp(Tensor([1.0], requires_grad=True, name=AWKWARD)))
    done = subprocess.run(["dot", "-Tplain"], input=str(drawing), capture_output=True, text=True, check=True)
    assert done.stdout.count("\nnode ") == 2
    assert done.stdout.count("\nedge ") == 1


@graphviz
def test_saving_pictures(tmp_path, network):
    drawing = draw(network[2], values=True)
    drawing.save(tmp_path / "graph.svg")
    drawing.save(tmp_path / "graph.png")
    assert b"<svg" in (tmp_path / "graph.svg").read_bytes()
    assert (tmp_path / "graph.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(RuntimeError, match="Graphviz failed to write strange"):
        drawing.save(tmp_path / "graph.strange")
    assert not (tmp_path / "graph.strange").exists()


def test_without_graphviz_there_is_svg_and_an_error_that_helps(tmp_path, network, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    drawing = draw(network[2])
    assert repr(drawing) == "<Drawing: 6 boxes, 5 arrows>"
    drawing.save(tmp_path / "graph.svg")
    assert (tmp_path / "graph.svg").read_text() == drawing.svg == drawing._repr_svg_()
    with pytest.raises(FileNotFoundError, match="needs the program `dot` of Graphviz, which was not found"):
        drawing.save(tmp_path / "graph.pdf")
    assert not (tmp_path / "graph.pdf").exists()
