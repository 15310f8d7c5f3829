"""Lists and dictionaries of modules."""

import numpy as np
import pytest

from autograd_lite import nn


def linears(n):
    return [nn.Linear(1, 1) for _ in range(n)]


def names(container):
    return [name for name, _ in container.named_modules()][1:]


def test_a_list_of_modules_behaves_like_a_list():
    a, b, c, d = parts = linears(4)
    modules = nn.ModuleList(iter([a, b]))
    assert modules.append(c) is modules
    assert modules.extend([d]) is modules
    assert list(modules) == parts
    assert (len(modules), modules[0], modules[-1]) == (4, a, d)
    assert list(modules[1:3]) == [b, c]
    assert names(modules[1:3]) == ["0", "1"]
    e = nn.ReLU()
    modules.insert(1, e)
    del modules[0]
    modules[-1] = a
    assert list(modules) == [e, b, c, a]
    assert names(modules) == ["0", "1", "2", "3"]
    del modules[::2]
    assert list(modules) == [b, a]
    assert (b in modules, e in modules) == (True, False)
    assert list(modules.state_dict()) == ["0.weight", "0.bias", "1.weight", "1.bias"]
    with pytest.raises(IndexError):
        modules[2]
    with pytest.raises(TypeError, match="ModuleList does not define forward"):
        modules(np.ones(1))


def test_a_list_inside_a_module_is_found_and_trained():
    class Deep(nn.Module):
        def __init__(self):
            self.layers = nn.ModuleList(linears(2))

    model = Deep().eval()
    assert [name for name, _ in model.named_parameters()] == [
        "layers.0.weight", "layers.0.bias", "layers.1.weight", "layers.1.bias",
    ]  # fmt: skip
    assert not model.layers[1].training
    model.layers.append(nn.ReLU())
    assert len(model.layers) == 3


def test_a_dictionary_of_modules_behaves_like_a_dictionary():
    a, b, c = linears(3)
    modules = nn.ModuleDict([("first", a)])
    modules.update({"second": b})
    modules["third"] = c
    assert modules.items() == [("first", a), ("second", b), ("third", c)]
    assert (modules.keys(), modules.values()) == (["first", "second", "third"], [a, b, c])
    assert list(modules) == modules.keys()
    assert ("second" in modules, "training" in modules, len(modules)) == (True, False, 3)
    modules["first"] = c
    assert list(modules.values()) == [c, b, c]
    assert modules.pop("second") is b
    del modules["third"]
    assert modules.keys() == ["first"]
    assert list(modules.state_dict()) == ["first.weight", "first.bias"]
    for missing in ("second", "training", "forward"):
        with pytest.raises(KeyError):
            modules[missing]
        with pytest.raises(KeyError):
            del modules[missing]
    modules.clear()
    assert len(modules) == 0


@pytest.mark.parametrize("name", ["", "a.b", "forward", "keys", "training", 3])
def test_names_that_would_hide_something_are_refused(name):
    modules = nn.ModuleDict()
    with pytest.raises(KeyError, match="cannot be the name of a module"):
        modules.update({"good": nn.ReLU(), name: nn.ReLU()})
    assert len(modules) == 0


def test_only_modules_go_in_and_a_failed_change_changes_nothing():
    modules, a = nn.ModuleList([nn.ReLU()]), nn.ReLU()
    for change in (lambda: modules.append(np.tanh), lambda: modules.extend([a, 3]), lambda: modules.insert(0, None)):
        with pytest.raises(TypeError, match="ModuleList must be made of modules"):
            change()
    assert len(modules) == 1
    with pytest.raises(TypeError, match="ModuleDict must be made of modules, not str"):
        nn.ModuleDict({"a": "b"})
    with pytest.raises(TypeError, match="Sequential must be made of modules, not int"):
        nn.Sequential(3)
