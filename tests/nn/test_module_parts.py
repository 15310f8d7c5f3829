"""What can replace a part of a module, and that no part is left out silently; for all modules and parts."""

import collections
import copy
import pickle

import numpy as np
import pytest
from catalogue.modules import MODULES, made

from autograd_lite import Tensor, nn, no_grad, optim
from autograd_lite.optim import lr_scheduler
from autograd_lite.support import versions

PARTS = (nn.Parameter, nn.Buffer, nn.Module)


def parts(module):
    """Every part with the module that holds it and its name there."""
    return [
        (owner, name, value)
        for owner in module.modules()
        for name, value in list(vars(owner).items())
        if isinstance(value, PARTS)
    ]


def own_kind(part):
    return next(kind for kind in PARTS if isinstance(part, kind))


# What may stand where a part was, by kind, and what may not: of a part, each is made of its values.
VALUES = {
    "array": lambda part: np.array(getattr(part, "data", 0.0)),
    "tensor": lambda part: Tensor(getattr(part, "data", 0.0)),
    "result": lambda part: part * 2 if isinstance(part, Tensor) else Tensor(1.0) * 2,
    "list": lambda part: [part],
    "number": lambda part: 0.0,
    "text": lambda part: "weight",
    "function": lambda part: np.tanh,
    "class": lambda part: nn.Tanh,
    "tuple of parameters": lambda part: (nn.Parameter([1.0]),),
    "dict of modules": lambda part: {"a": nn.Tanh()},
    "parameter": lambda part: nn.Parameter(getattr(part, "data", 0.0), requires_grad=False),
    "buffer": lambda part: nn.Buffer(getattr(part, "data", 0.0)),
    "module": lambda part: nn.Tanh(),
}
KIND_OF = {"parameter": nn.Parameter, "buffer": nn.Buffer, "module": nn.Module}


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("name", MODULES)
def test_only_its_own_kind_takes_the_place_of_a_part(name, value):
    module, _ = made(name)
    for owner, attribute, part in parts(module):
        new, kind = VALUES[value](part), own_kind(part)
        names, count = list(module.state_dict()), versions.state.count
        for emptied in (False, True):  # None remembers what it stands for
            if emptied:
                setattr(owner, attribute, None)
            count = versions.state.count
            if KIND_OF.get(value) is kind:
                setattr(owner, attribute, new)
                assert getattr(owner, attribute) is new
                assert versions.state.count != count
            else:
                with pytest.raises(TypeError, match=rf"\.{attribute} must be a {kind.__name__} or None"):
                    setattr(owner, attribute, new)
                assert getattr(owner, attribute) is (None if emptied else part)
                assert versions.state.count == count
        setattr(owner, attribute, part)
        assert sorted(module.state_dict()) == sorted(names)


@pytest.mark.parametrize("name", MODULES)
def test_a_part_that_was_deleted_leaves_its_name_free(name):
    module, _ = made(name)
    for owner, attribute, part in parts(module):
        count = versions.state.count
        delattr(owner, attribute)
        assert versions.state.count != count
        setattr(owner, attribute, 1.0)
        setattr(owner, attribute, part)
        setattr(owner, attribute, None)
        delattr(owner, attribute)
        setattr(owner, attribute, "free")
        delattr(owner, attribute)
        with pytest.raises(AttributeError):
            delattr(owner, attribute)
        setattr(owner, attribute, part)


@pytest.mark.parametrize("name", MODULES)
def test_without_one_part_a_layer_raises_or_computes_what_a_part_of_no_effect_gives(name):
    """None as a bias acts as zeros, None as the scale of a normalization as ones; any other None is an error."""
    module, x = made(name)
    for owner, attribute, part in parts(module):
        if isinstance(part, nn.Module):
            continue
        neutral = np.ones if "Norm" in type(owner).__name__ and attribute == "weight" else np.zeros
        before = part.data.copy()
        with no_grad():
            for training in (True, False):
                owner.train(training)
                setattr(owner, attribute, None)
                try:
                    found = first(module(x))
                except (TypeError, ValueError, AttributeError, RuntimeError):
                    found = None
                setattr(owner, attribute, part)
                part.data = neutral(part.shape, part.dtype)
                expected = first(module(x))
                part.data = before
                if found is not None and not ("running" in attribute or "num_batches" in attribute):
                    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def first(out):
    out = out[0] if isinstance(out, tuple) else out
    return getattr(out, "data", out)


@pytest.mark.parametrize("option", [{"bias": False}, {"affine": False}, {"track_running_stats": False}])
def test_a_part_that_was_left_out_is_none_of_its_kind(option):
    layers = {
        "bias": [nn.Linear(2, 2, bias=False), nn.Conv2d(1, 1, 1, bias=False), nn.LayerNorm(2, bias=False)],
        "affine": [nn.BatchNorm1d(2, affine=False), nn.LayerNorm(2, elementwise_affine=False)],
        "track_running_stats": [nn.BatchNorm2d(2, track_running_stats=False)],
    }[next(iter(option))]
    for layer in layers:
        for name in [name for name, value in vars(layer).items() if value is None]:
            other = copy.copy(layer)
            setattr(other, name, nn.Buffer([1.0]) if "running" in name or "num" in name else nn.Parameter([1.0]))
            for copied in (layer, copy.copy(layer), copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
                with pytest.raises(TypeError, match=f"{name} must be a (Parameter|Buffer) or None"):
                    setattr(copied, name, np.zeros(2, np.float32))


def test_ordinary_attributes_stay_free():
    class Memory(nn.Module):
        def __init__(self):
            self.h, self.options, self.f = None, {"a": [1, (2, 3)]}, np.tanh

    module = Memory()
    for value in (Tensor([1.0]), np.ones(2), None, [np.ones(2)], 3, np.tanh, nn.Tanh(), nn.Tanh(), None):
        module.h = value
        assert module.h is value
    assert list(module.modules()) == [module]


# -- parts that nothing registers ------------------------------------------------------------------------------------


def lists(part):
    """The part inside each kind of container, with the recommended replacement."""
    pair = collections.namedtuple("Pair", "a b")
    return [
        [part], (1, part), {"a": part}, {part}, frozenset([part]), [[1, [part]]], {"a": [{"b": part}]}, pair(1, part),
        collections.deque([part]), collections.OrderedDict(a=part), [*range(1000), part],
    ]  # fmt: skip


USES = {
    "parameters": lambda module: module.parameters(),
    "named_parameters": lambda module: module.named_parameters(),
    "modules": lambda module: module.modules(),
    "named_modules": lambda module: module.named_modules(),
    "buffers": lambda module: module.buffers(),
    "state_dict": lambda module: module.state_dict(),
    "load_state_dict": lambda module: module.load_state_dict({}, strict=False),
    "train": lambda module: module.train().modules(),
    "eval": lambda module: module.eval().modules(),
    "requires_grad_": lambda module: module.requires_grad_(False).modules(),
    "zero_grad": lambda module: module.zero_grad() or (),
    "astype": lambda module: module.astype(np.float64).modules(),
    "an optimizer": lambda module: optim.SGD(module.parameters(), lr=0.1).param_groups,
}


@pytest.mark.parametrize("use", USES)
@pytest.mark.parametrize("depth", [0, 1])
def test_parts_in_lists_and_dicts_are_not_left_out_silently(use, depth):
    for part in (nn.Linear(1, 1), nn.Tanh(), nn.Parameter([1.0]), nn.Buffer([1.0])):
        for holder in lists(part):
            model, _ = made("Nested")
            owner = [model, model.inner[0]][depth]
            owner.held = holder
            before = [(p.requires_grad, p.dtype) for p in (model.scale, model.inner[0].weight)]
            with pytest.raises(TypeError, match=rf"{type(owner).__name__}\.held is a .* that holds a") as error:
                collections.deque(USES[use](model), maxlen=0)
            assert ("ModuleList" in str(error.value) or "ModuleDict" in str(error.value)) == isinstance(part, nn.Module)
            assert [(p.requires_grad, p.dtype) for p in (model.scale, model.inner[0].weight)] == before
            owner.part = part  # registered beside the list, which is all right then
            USES[use](model)


def test_a_list_that_is_filled_later_is_noticed():
    class Deep(nn.Module):
        def __init__(self):
            self.layers = []
            for _ in range(3):
                self.layers.append(nn.Linear(1, 1))

    with pytest.raises(TypeError, match=r"Deep.layers is a list that holds a Linear; .* nn.ModuleList"):
        optim.SGD(Deep().parameters(), lr=0.1)


# -- the count of changes --------------------------------------------------------------------------------------------


def optimizer():
    w = Tensor([1.0], requires_grad=True)
    made = optim.SGD([w], lr=0.1)
    w.grad = [1.0]
    made.step()
    return made


CHANGES = {
    "setattr": lambda: (nn.Linear(1, 1), lambda m: setattr(m, "in_features", 5)),
    "a new attribute": lambda: (nn.Linear(1, 1), lambda m: setattr(m, "h", Tensor([1.0]))),
    "delattr": lambda: (nn.Linear(1, 1), lambda m: delattr(m, "in_features")),
    "eval": lambda: (nn.Linear(1, 1), lambda m: m.eval()),
    "astype": lambda: (nn.Linear(1, 1), lambda m: m.astype(np.float64)),
    "register_buffer": lambda: (nn.Module(), lambda m: m.register_buffer("a", [1.0])),
    "register_parameter": lambda: (nn.Module(), lambda m: m.register_parameter("a", None)),
    "Sequential.append": lambda: (nn.Sequential(), lambda m: m.append(nn.Tanh())),
    "Sequential[]": lambda: (nn.Sequential(nn.ReLU()), lambda m: m.__setitem__(0, nn.Tanh())),
    "ModuleList.append": lambda: (nn.ModuleList(), lambda m: m.append(nn.Tanh())),
    "ModuleList.extend": lambda: (nn.ModuleList(), lambda m: m.extend([nn.Tanh()])),
    "ModuleList.insert": lambda: (nn.ModuleList(), lambda m: m.insert(0, nn.Tanh())),
    "ModuleList[]": lambda: (nn.ModuleList([nn.ReLU()]), lambda m: m.__setitem__(0, nn.Tanh())),
    "del ModuleList[]": lambda: (nn.ModuleList([nn.ReLU()]), lambda m: m.__delitem__(0)),
    "ModuleDict[]": lambda: (nn.ModuleDict(), lambda m: m.__setitem__("a", nn.Tanh())),
    "ModuleDict.update": lambda: (nn.ModuleDict(), lambda m: m.update({"a": nn.Tanh()})),
    "ModuleDict.pop": lambda: (nn.ModuleDict({"a": nn.Tanh()}), lambda m: m.pop("a")),
    "ModuleDict.clear": lambda: (nn.ModuleDict({"a": nn.Tanh()}), lambda m: m.clear()),
    "add_param_group": lambda: (optimizer(), lambda o: o.add_param_group({"params": Tensor([1.0])})),
    "load_state_dict": lambda: (optimizer(), lambda o: o.load_state_dict(o.state_dict())),
    "an attribute of an optimizer": lambda: (optimizer(), lambda o: setattr(o, "update", None)),
    "an attribute of a schedule": lambda: (
        lr_scheduler.StepLR(optimizer(), 2), lambda s: setattr(s, "gamma", 0.5)),
    "a step of a schedule": lambda: (lr_scheduler.StepLR(optimizer(), 2), lambda s: s.step()),
    "the state of a schedule": lambda: (
        lr_scheduler.StepLR(optimizer(), 2), lambda s: s.load_state_dict(s.state_dict())),
    "plateau": lambda: (lr_scheduler.ReduceLROnPlateau(optimizer()), lambda s: s.step(1.0)),
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_of_a_structure_is_counted(change):
    thing, apply = CHANGES[change]()
    count = versions.state.count
    apply(thing)
    assert versions.state.count != count


def test_what_changes_nothing_is_not_counted():
    model, x = made("Nested")
    made_optimizer = optim.Adam(model.train().parameters())
    count = versions.state.count
    for _ in range(3):
        made_optimizer.zero_grad()
        model(x).sum().backward()
        made_optimizer.step()
    made_optimizer.param_groups[0]["lr"] = 0.5  # read again in every step
    made_optimizer.step()
    model.train()  # as it was
    model.scale = model.scale
    model.state_dict()
    assert versions.state.count == count
