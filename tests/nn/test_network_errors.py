"""Wrong calls to networks, losses, optimizers and data: the error names the mistake, and nothing is changed."""

import numpy as np
import pytest

from autograd_lite import Tensor, nn, optim
from autograd_lite.data import Batches, train_test_split

NAN, INF = float("nan"), float("inf")
X34, X3 = np.zeros((3, 4)), np.zeros(3)


# -- layers and losses ---------------------------------------------------------------------------------------------

NETWORK = [
    ("no inputs", lambda: nn.Linear(0, 2), ValueError, "in_features must be a positive integer, not 0"),
    ("half an output", lambda: nn.Linear(2, 1.5), ValueError, "out_features must be a positive integer, not 1.5"),
    ("integer weights", lambda: nn.Linear(2, 2, dtype=int), TypeError, "floating-point"),
    ("other features", lambda: nn.Linear(3, 2)(X34), ValueError, r"\(3, 4\) and weight of shape \(2, 3\)"),
    ("0-d input", lambda: nn.Linear(3, 2)(np.float64(1)), ValueError, r"\(\.\.\., in_features\)"),
    ("integer parameter", lambda: nn.Parameter([1], dtype=int), TypeError, "floating-point"),
    ("text parameter", lambda: nn.Parameter(["a"], dtype=None), TypeError, "strings"),
    ("astype to integers", lambda: nn.Linear(1, 1).astype(int), TypeError, "not int64"),
    ("a function as module", lambda: nn.Sequential(np.tanh), TypeError, "must be made of modules, not ufunc"),
    ("a list of modules", lambda: nn.Sequential([nn.ReLU()]), TypeError, "must be made of modules, not list"),
    ("a mapping of other things", lambda: nn.Sequential({"a": 1}), TypeError, "must be made of modules, not int"),
    ("appending a class", lambda: nn.Sequential().append(nn.ReLU), TypeError, "must be made of modules, not type"),
    ("setting None", lambda: nn.Sequential(nn.ReLU()).__setitem__(0, None), TypeError, "not NoneType"),
    ("setting beyond the end", lambda: nn.Sequential().__setitem__(0, nn.ReLU()), IndexError, "out of range"),
    ("softplus beta 0", lambda: nn.Softplus(0), ValueError, "beta must be positive, not 0"),
    ("softplus beta NaN", lambda: nn.Softplus(NAN), ValueError, "beta must be a number, not nan"),
    ("reduction", lambda: nn.MSELoss(reduction="avg"), ValueError, "\"mean\", \"sum\" or \"none\", not 'avg'"),
    ("reduction of cross-entropy", lambda: nn.CrossEntropyLoss(reduction="max"), ValueError, "CrossEnt.*'max'"),
    ("label too large", lambda: nn.CrossEntropyLoss()(X34, [0, 1, 4]), ValueError, "from 0 to 4.*numbered 0 to 3"),
    ("negative label", lambda: nn.CrossEntropyLoss()(X34, [0, -1, 0]), ValueError, "from -1 to 0"),
    ("negative label nll", lambda: nn.NLLLoss()(X34, [0, -1, 0]), ValueError, "from -1 to 0"),
    ("real labels", lambda: nn.CrossEntropyLoss()(X34, np.zeros(3)), TypeError, "labels must be integers, not float64"),
    ("boolean labels", lambda: nn.NLLLoss()(X34, np.zeros(3, bool)), TypeError, "labels must be integers, not bool"),
    ("labels as column", lambda: nn.CrossEntropyLoss()(X34, np.zeros((3, 1), int)), ValueError, "do not broadcast"),
    ("too few labels", lambda: nn.CrossEntropyLoss()(X34, [0, 1]), ValueError, r"\(2,\); for scores of shape \(3, 4\)"),
    ("one label for all", lambda: nn.CrossEntropyLoss()(X34, 0), ValueError, r"target of shape \(\)"),
    ("probabilities to nll", lambda: nn.NLLLoss()(X34, X34), ValueError, r"labels of shape \(3,\)"),
    ("too few rows", lambda: nn.CrossEntropyLoss()(X34, np.zeros((1, 4))), ValueError, "do not broadcast"),
    ("p above one", lambda: nn.BCELoss()(np.array([1.5]), np.array([1.0])), ValueError, "p holds 1.5; probabilities"),
    ("p NaN", lambda: nn.BCELoss()(np.array([NAN]), np.array([1.0])), ValueError, "p holds nan"),
]  # fmt: skip
for _loss in (nn.MSELoss, nn.BCELoss, nn.BCEWithLogitsLoss):
    for _one, _two in [((3, 1), (3,)), ((3,), (3, 1)), ((3,), ()), ((3, 4), (1, 4)), ((2, 2), (4,))]:
        _call = lambda loss=_loss, one=_one, two=_two: loss()(np.ones(one), np.ones(two))  # noqa: E731
        NETWORK.append((f"{_loss.__name__} of {_one} against {_two}", _call, ValueError, "do not broadcast"))

DATA = [
    ("no arrays", lambda: Batches(batch_size=1), ValueError, "at least one array"),
    ("other lengths", lambda: Batches(X34, np.zeros(4), batch_size=1), ValueError, r"same number.*\(3, 4\), \(4,\)"),
    ("a number", lambda: Batches(1.0, batch_size=1), ValueError, "same number of samples"),
    ("batches of none", lambda: Batches(X3, batch_size=0), ValueError, "batch_size must be a positive integer, not 0"),
    ("negative batches", lambda: Batches(X3, batch_size=-2), ValueError, "positive integer, not -2"),
    ("half batches", lambda: Batches(X3, batch_size=1.5), ValueError, "positive integer, not 1.5"),
    ("nothing to split", lambda: train_test_split(), ValueError, "at least one array"),
    ("split of other lengths", lambda: train_test_split(X3, np.zeros(2)), ValueError, "same number of samples"),
    ("split of one sample", lambda: train_test_split([1]), ValueError, "cannot split 1 samples"),
    *[
        (
            f"fraction {fraction}",
            lambda f=fraction: train_test_split(X3, test_fraction=f),
            ValueError,
            "between 0 and 1",
        )
        for fraction in (0, 1, -0.1, 1.5, NAN, INF)
    ],
]


@pytest.mark.parametrize(("call", "error", "message"), [pytest.param(*row[1:], id=row[0]) for row in NETWORK + DATA])
def test_wrong_calls_say_what_is_wrong(call, error, message):
    with pytest.raises(error, match=message):
        call()


# -- optimizers ----------------------------------------------------------------------------------------------------


def result(w):
    return w * 2


# Each takes two parameters: what is wrong with making an optimizer of them.
MAKING = [
    ("a tensor alone", lambda v, w: optim.SGD(w, lr=0.1), TypeError, "not a tensor"),
    ("nothing", lambda v, w: optim.Adam([]), ValueError, "no parameters"),
    ("empty groups", lambda v, w: optim.Adam([{"params": []}]), ValueError, "no parameters"),
    ("no iterable", lambda v, w: optim.Adam(None), TypeError, "iterable of tensors, not NoneType"),
    ("an array", lambda v, w: optim.Adam([w, np.zeros(2)]), TypeError, "tensors, not ndarray"),
    ("names with arrays", lambda v, w: optim.Adam([("w", w.data)]), TypeError, "tensors, not ndarray"),
    ("a group alone", lambda v, w: optim.Adam({"params": [w]}), TypeError, "tensors, not str"),
    ("a result", lambda v, w: optim.Adam([w, result(v)]), ValueError, "not the result of an operation"),
    ("integers", lambda v, w: optim.Adam([w, Tensor([1])]), ValueError, "must be floating-point"),
    ("twice", lambda v, w: optim.Adam([w, v, w]), ValueError, "comes twice"),
    ("twice across groups", lambda v, w: optim.Adam([{"params": [v, w]}, {"params": [w]}]), ValueError, "comes twice"),
    ("a tensor after a group", lambda v, w: optim.Adam([{"params": [v]}, w]), TypeError, "tensors, or dicts, not both"),
    ("a group after a tensor", lambda v, w: optim.Adam([v, {"params": [w]}]), TypeError, "tensors, not dict"),
    ("an unknown option", lambda v, w: optim.Adam([{"params": [w], "momentum": 0.9}]), ValueError, "momentum"),
    ("a group without params", lambda v, w: optim.Adam([{"param": [w]}]), ValueError, "has params and lr"),
    ("an option of a group", lambda v, w: optim.Adam([{"params": [v]}, {"params": [w], "lr": -1}]), ValueError, "lr"),
    ("nesterov alone", lambda v, w: optim.SGD([w], 0.1, nesterov=True), ValueError, "nesterov needs a momentum"),
    ("nesterov dampened", lambda v, w: optim.SGD([w], 0.1, 0.9, 0.1, 0, True), ValueError, "nesterov needs a momentum"),
    ("three betas", lambda v, w: optim.Adam([w], betas=(0.1, 0.2, 0.3)), ValueError, "betas must be a pair"),
    ("one beta", lambda v, w: optim.Adam([w], betas=0.9), (TypeError, ValueError), "betas must be a pair"),
]  # fmt: skip
for _value in (-0.1, NAN, INF, -INF, "0.1", None):
    for _kind, _names in [
        (optim.SGD, ("lr", "momentum", "dampening", "weight_decay")),
        (optim.Adam, ("lr", "eps", "weight_decay")),
        (optim.AdamW, ("lr", "eps", "weight_decay")),
    ]:
        for _name in _names:
            _make = lambda v, w, k=_kind, n=_name, x=_value: k([v, w], **{"lr": 0.1, n: x})  # noqa: E731
            MAKING.append(
                (f"{_kind.__name__} {_name}={_value!r}", _make, ValueError, f"{_name} must be a number, at least 0")
            )
for _value in (-0.1, 1.0, 1, 2.0, NAN, INF):
    for _betas in ((_value, 0.5), (0.5, _value)):
        _make = lambda v, w, betas=_betas: optim.AdamW([v, w], betas=betas)  # noqa: E731
        MAKING.append((f"betas={_betas}", _make, ValueError, r"betas must be a number in \[0, 1\)"))


@pytest.mark.parametrize(("make", "error", "message"), [pytest.param(*row[1:], id=row[0]) for row in MAKING])
def test_an_optimizer_that_cannot_be_made_leaves_parameters_alone(make, error, message):
    v, w = Tensor([1.0, 2.0], requires_grad=True), Tensor([[3.0]], requires_grad=True)
    v.grad = [4.0, 5.0]
    loss, memory = (v * v).sum(), v.data
    with pytest.raises(error, match=message):
        make(v, w)
    assert v.data is memory
    np.testing.assert_array_equal(v.data, [1, 2])
    np.testing.assert_array_equal(w.data, [[3]])
    np.testing.assert_array_equal(v.grad, [4, 5])
    loss.backward()  # nor was anything overwritten that the graph needs
    np.testing.assert_array_equal(v.grad, [6, 9])


def options(number, **changes):
    return lambda optimizer, model, new: optimizer.param_groups[number].update(changes) or optimizer.step()


def failing_closure():
    raise ArithmeticError("the closure fails")


# Each takes an optimizer of two groups, the model, and a new parameter: what goes wrong with them.
USING = [
    ("adding twice", lambda o, m, w: o.add_param_group({"params": [w, w]}), ValueError, "comes twice"),
    ("adding a known one", lambda o, m, w: o.add_param_group({"params": [w, m[0].bias]}), ValueError, "comes twice"),
    ("adding an array", lambda o, m, w: o.add_param_group({"params": [X3]}), TypeError, "not ndarray"),
    ("adding a result", lambda o, m, w: o.add_param_group({"params": [result(w)]}), ValueError, "result of an"),
    ("adding an option", lambda o, m, w: o.add_param_group({"params": [w], "speed": 1}), ValueError, "speed"),
    ("adding a rate", lambda o, m, w: o.add_param_group({"params": [w], "lr": NAN}), ValueError, "lr must be a number"),
    ("adding no group", lambda o, m, w: o.add_param_group([w]), TypeError, "dict"),
    ("lr set to NaN", options(0, lr=NAN), ValueError, "lr must be a number, at least 0, not nan"),
    ("lr of the last group", options(1, lr=-1), ValueError, "lr must be a number, at least 0, not -1"),
    ("betas set to one", options(1, betas=(1, 1)), ValueError, "betas must be a number in"),
    ("a closure that fails", lambda o, m, w: o.step(failing_closure), ArithmeticError, "the closure fails"),
]  # fmt: skip


@pytest.mark.parametrize(("use", "error", "message"), [pytest.param(*row[1:], id=row[0]) for row in USING])
def test_a_failing_call_leaves_parameters_gradients_and_state_as_they_were(use, error, message):
    model = nn.Sequential(nn.Linear(2, 2, rng=0), nn.Linear(2, 1, rng=1))
    optimizer = optim.Adam([{"params": layer.parameters()} for layer in model])
    model(np.ones((3, 2))).sum().backward()
    optimizer.step()
    values, remembered = model.state_dict(), optimizer.state_dict()["state"]
    gradients = [parameter.grad.copy() for parameter in model.parameters()]
    with pytest.raises(error, match=message):
        use(optimizer, model, Tensor([1.0], requires_grad=True))
    assert len(optimizer.param_groups) == 2
    np.testing.assert_equal(model.state_dict(), values)
    np.testing.assert_equal(optimizer.state_dict()["state"], remembered)
    np.testing.assert_equal([parameter.grad for parameter in model.parameters()], gradients)


def test_a_module_converted_after_its_optimizer_was_made_is_an_error_before_anything_is_updated():
    model = nn.Sequential(nn.Linear(2, 2, rng=0), nn.Linear(2, 1, rng=1))
    optimizer = optim.SGD([{"params": layer.parameters()} for layer in model], lr=0.1, momentum=0.9)
    model[1].astype(np.float64)
    model(np.ones((3, 2))).sum().backward()
    values, remembered = model.state_dict(), optimizer.state_dict()
    with pytest.raises(RuntimeError, match=r"make the optimizer after module.astype\(\)"):
        optimizer.step()
    np.testing.assert_equal(model.state_dict(), values)
    np.testing.assert_equal(optimizer.state_dict(), remembered)


def test_a_beta_changed_inside_a_list_is_refused_before_anything_is_updated():
    w = Tensor([1.0], requires_grad=True)
    optimizer = optim.Adam([w], betas=[0.9, 0.999])
    w.grad = [1.0]
    optimizer.step()
    value = w.data.copy()

    def change_and_step():
        optimizer.param_groups[0]["betas"][0] = 1.0
        optimizer.step()

    with pytest.raises((ValueError, TypeError)):
        change_and_step()
    np.testing.assert_array_equal(w.data, value)
