"""Wrong calls: each is an error of the right type whose message says what was wrong, and changes nothing."""

import inspect
import re

import numpy as np
import pytest

import autograd_lite as ag
from autograd_lite import Tensor, nn, optim


class World:
    """Fresh tensors for each wrong call."""

    def __init__(self) -> None:
        self.vector = Tensor([1.0, 2.0, 3.0], requires_grad=True)
        self.column = Tensor([[1.0], [2.0], [3.0]], requires_grad=True)
        self.matrix = Tensor([[1.0, 2.0], [3.0, 4.0]], requires_grad=True)
        self.wide = Tensor(np.arange(6.0).reshape(2, 3), requires_grad=True)
        self.scalar = Tensor(2.0, requires_grad=True)
        self.integers = Tensor([0, 1, 2])
        for tensor in (self.vector, self.column, self.matrix, self.wide, self.scalar):
            tensor.grad = np.ones(tensor.shape)

    def state(self) -> dict:
        return {
            name: (tensor.data.copy(), None if tensor.grad is None else tensor.grad.copy(), tensor.requires_grad)
            for name, tensor in vars(self).items()
        }


def released(w):
    y = w.vector.sum() * 2
    before = w.vector.grad.copy()
    y.backward()
    w.vector.grad = before
    y.backward()


def assign(w, **attributes):
    for name, value in attributes.items():
        setattr(w.vector, name, value)


def put(tensor, index, value):
    tensor[index] = value


WRONG = [
    # shapes that do not fit
    ("add", lambda w: w.matrix + w.wide, ValueError, "add: .*(2, 2).*(2, 3)"),
    ("subtract array", lambda w: w.vector - np.ones(2), ValueError, "subtract: .*(3,).*(2,)"),
    ("array on the left", lambda w: np.ones(2) * w.vector, ValueError, "multiply: .*(2,).*(3,)"),
    ("divide list", lambda w: w.vector / [1.0, 2.0], ValueError, "divide: .*(3,).*"),
    ("power", lambda w: w.matrix**w.vector, ValueError, "power: .*(2, 2).*(3,)"),
    ("maximum", lambda w: ag.maximum(w.matrix, w.vector), ValueError, "maximum: .*(2, 2).*(3,)"),
    ("where", lambda w: ag.where(np.ones(2, bool), w.vector, 0.0), ValueError, "where: .*(2,).*(3,)"),
    ("clip", lambda w: ag.clip(w.vector, np.zeros(2)), ValueError, "clip: .*(3,).*(2,)"),
    ("matmul", lambda w: w.wide @ w.wide, ValueError, "matmul: shapes (2, 3) and (2, 3) do not match: 3 != 2"),
    ("matmul vector", lambda w: w.matrix @ w.vector, ValueError, "matmul: shapes (2, 2) and (3,) do not match: 2 != 3"),
    ("matmul row", lambda w: w.vector @ w.matrix, ValueError, "matmul: shapes (3,) and (2, 2) do not match: 3 != 2"),
    ("matmul number", lambda w: w.matrix @ 2.0, ValueError, "matmul: .*(2, 2)"),
    ("matmul 0-d", lambda w: w.matrix @ w.scalar, ValueError, "matmul: .*(2, 2).*()"),
    ("matmul stacks", lambda w: ag.matmul(np.ones((2, 3, 3)), np.ones((4, 3, 3))), ValueError, "(2,3,3).*(4,3,3)"),
    ("dot", lambda w: ag.dot(w.wide, w.wide), ValueError, "dot: .*(2, 3).*(2, 3)"),
    ("linear", lambda w: ag.linear(w.vector, w.matrix), ValueError, "linear: .*(3,).*(2, 2)"),
    ("linear weight", lambda w: ag.linear(w.vector, w.vector), ValueError, "linear: .*(3,)"),
    ("linear bias", lambda w: ag.linear(w.matrix, w.matrix, w.vector), ValueError, "linear: .*bias.*(3,).*(2,)"),
    ("reshape", lambda w: w.wide.reshape(4, 2), ValueError, "reshape: .*(2, 3).*(4, 2)"),
    ("two unknown lengths", lambda w: w.wide.reshape(-1, -1), ValueError, "reshape: "),
    ("broadcast_to", lambda w: ag.broadcast_to(w.vector, (2, 2)), ValueError, "broadcast_to: .*(3,).*(2, 2)"),
    ("concatenate", lambda w: ag.concatenate([w.matrix, w.wide]), ValueError, "concatenate: .*(2, 2).*(2, 3)"),
    ("concatenate nothing", lambda w: ag.concatenate([]), ValueError, "concatenate: "),
    ("stack", lambda w: ag.stack([w.matrix, w.wide]), ValueError, "stack: .*(2, 2).*(2, 3)"),
    ("stack nothing", lambda w: ag.stack([]), ValueError, "stack: "),
    ("squeeze", lambda w: w.wide.squeeze(0), ValueError, "squeeze: .*(2, 3)"),
    ("transpose", lambda w: w.wide.transpose(0, 1, 2), ValueError, "transpose: .*(2, 3)"),
    ("transpose twice the same", lambda w: w.wide.transpose(0, 0), ValueError, "transpose: "),
    # axes and indices
    ("sum axis", lambda w: w.wide.sum(axis=2), np.exceptions.AxisError, "sum: .*2.*(2, 3)"),
    ("sum negative axis", lambda w: w.wide.sum(axis=-3), np.exceptions.AxisError, "sum: .*-3.*(2, 3)"),
    ("mean same axis twice", lambda w: w.wide.mean(axis=(0, 0)), ValueError, "mean: .*duplicate"),
    ("max of nothing", lambda w: Tensor([]).max(), ValueError, "max: .*(0,)"),
    ("min of nothing", lambda w: Tensor(np.ones((2, 0))).min(axis=1), ValueError, "min: .*(2, 0)"),
    ("softmax axis", lambda w: ag.softmax(w.vector, axis=1), np.exceptions.AxisError, "softmax: .*(3,)"),
    ("logsumexp axis", lambda w: ag.logsumexp(w.vector, axis=1), np.exceptions.AxisError, "logsumexp: .*(3,)"),
    ("swapaxes", lambda w: w.wide.swapaxes(0, 2), np.exceptions.AxisError, "swapaxes: .*(2, 3)"),
    ("expand_dims", lambda w: ag.expand_dims(w.vector, 3), np.exceptions.AxisError, "expand_dims: .*(3,)"),
    ("stack axis", lambda w: ag.stack([w.vector], axis=2), np.exceptions.AxisError, "stack: "),
    ("axis is a string", lambda w: w.wide.sum(axis="rows"), TypeError, "sum: .*rows"),
    ("index out of range", lambda w: w.vector[3], IndexError, "getitem: .*3.*(3,)"),
    ("negative index", lambda w: w.vector[-4], IndexError, "getitem: .*-4"),
    ("index list", lambda w: w.vector[[0, 5]], IndexError, "getitem: .*5"),
    ("too many indices", lambda w: w.vector[0, 0], IndexError, "getitem: .*(3,)"),
    ("float index", lambda w: w.vector[1.0], IndexError, "getitem: .*1.0"),
    ("string index", lambda w: w.vector["a"], IndexError, "getitem: .*'a'"),
    ("mask of another length", lambda w: w.vector[[True, False]], IndexError, "getitem: .*(3,)"),
    ("index a number", lambda w: w.scalar[0], IndexError, "getitem: .*()"),
    ("set out of range", lambda w: put(w.integers, 5, 1), IndexError, "5"),
    ("set another shape", lambda w: put(w.integers, slice(None), [1, 2]), ValueError, "(2,).*(3,)"),
    ("set a fraction", lambda w: put(w.integers, 0, 0.5), TypeError, "float64.*int64"),
    ("set a leaf", lambda w: put(w.vector, 0, 1.0), RuntimeError, "no_grad"),
    ("set a result another shape", lambda w: put(w.vector * 2, slice(None), [1, 2]), ValueError, "setitem: .*(2,)"),
    ("set a result out of range", lambda w: put(w.vector * 2, 5, 1.0), IndexError, "setitem: .*5"),
    ("set integers with a gradient", lambda w: put(w.integers, 0, w.scalar), TypeError, "setitem: .*float64.*int64"),
    # what is not a number
    ("add string", lambda w: w.vector + "a", TypeError, "add"),
    ("add None", lambda w: w.vector + None, TypeError, "add: .*None"),
    ("string on the left", lambda w: "a" * w.vector, TypeError, ""),
    ("multiply object", lambda w: w.vector * np.array([object()] * 3), TypeError, "multiply: "),
    ("complex result", lambda w: w.vector * 1j, TypeError, "multiply: .*complex128"),
    ("ragged", lambda w: ag.add(w.vector, [[1.0], [1.0, 2.0]]), ValueError, "add: y .*rows differ in length"),
    ("exp of a string", lambda w: ag.exp("a"), TypeError, "exp: "),
    ("astype complex", lambda w: w.vector.astype(complex), TypeError, "astype: .*complex128"),
    ("astype unknown", lambda w: w.vector.astype("number"), TypeError, "number"),
    ("unknown argument", lambda w: w.vector.sum(axes=0), TypeError, "axes"),
    ("missing argument", lambda w: ag.add(w.vector), TypeError, "add"),
    # requires_grad
    ("integers", lambda w: Tensor([1, 2], requires_grad=True), TypeError, "int64.*float"),
    ("booleans", lambda w: Tensor([True], requires_grad=True), TypeError, "bool.*float"),
    ("complex", lambda w: Tensor([1j], requires_grad=True), TypeError, "complex"),
    ("integers later", lambda w: setattr(w.integers, "requires_grad", True), TypeError, "int64.*astype"),
    ("switch off a result", lambda w: setattr(w.vector * 2, "requires_grad", False), RuntimeError, "detach"),
    # backward
    ("not a scalar", lambda w: (w.vector * 2).backward(), RuntimeError, "(3,).*.sum()"),
    ("wrong shape", lambda w: (w.vector * 2).backward(np.ones(2)), ValueError, "(2,).*(3,)"),
    ("gradient would broadcast", lambda w: (w.vector * 2).backward(1.0), ValueError, "().*(3,)"),
    ("gradient (3, 1) for (3,)", lambda w: (w.vector * 2).backward(np.ones((3, 1))), ValueError, "(3, 1).*(3,)"),
    ("gradient is a string", lambda w: w.scalar.backward("a"), TypeError, "real numbers"),
    ("nothing to differentiate", lambda w: Tensor(1.0).backward(), RuntimeError, "does not require gradients"),
    ("constant result", lambda w: w.integers.sum().backward(), RuntimeError, "does not require gradients"),
    ("released", released, RuntimeError, "retain_graph=True"),
    ("grad of another shape", lambda w: assign(w, grad=np.ones(2)), ValueError, "(2,).*(3,)"),
    ("grad of a result", lambda w: setattr(w.vector * 2, "grad", np.ones(3)), RuntimeError, "grad"),
    ("grad is a string", lambda w: assign(w, grad="abc"), (TypeError, ValueError), ""),
    ("data of another shape", lambda w: assign(w, data=np.ones(2)), ValueError, "(2,).*(3,)"),
    ("data is a string", lambda w: assign(w, data="abc"), TypeError, "real numbers"),
    ("to an array", lambda w: np.asarray(w.vector), TypeError, ".detach()"),
    # losses
    ("labels too large", lambda w: ag.cross_entropy(w.wide, [0, 3]), ValueError, "cross_entropy: .*3.*0 to 2"),
    ("labels negative", lambda w: ag.cross_entropy(w.wide, [0, -1]), ValueError, "cross_entropy: .*-1.*0 to 2"),
    ("labels float", lambda w: ag.cross_entropy(w.wide, [0.0, 1.0]), TypeError, "cross_entropy: .*float64"),
    ("labels bool", lambda w: ag.cross_entropy(w.wide, [True, False]), TypeError, "cross_entropy: .*bool"),
    ("too few labels", lambda w: ag.cross_entropy(w.wide, [0]), ValueError, "cross_entropy: .*(1,).*(2, 3)"),
    ("labels (N, 1)", lambda w: ag.cross_entropy(w.wide, [[0], [1]]), ValueError, "cross_entropy: .*(2, 1).*(2, 3)"),
    (
        "probabilities (N, K) of other K",
        lambda w: ag.cross_entropy(w.wide, np.ones((2, 2))),
        ValueError,
        "(2, 2).*(2, 3)",
    ),
    ("label of one sample", lambda w: ag.cross_entropy(w.vector, 3), ValueError, "cross_entropy: .*3.*0 to 2"),
    ("reduction", lambda w: ag.cross_entropy(w.wide, [0, 1], reduction="avg"), ValueError, "mean.*sum.*none.*'avg'"),
    (
        "reduction None",
        lambda w: ag.mse_loss(w.vector, np.ones(3), reduction=None),
        ValueError,
        "mean.*sum.*none.*None",
    ),
    ("nll labels", lambda w: ag.nll_loss(w.wide, [0, 3]), ValueError, "nll_loss: .*3.*0 to 2"),
    ("nll shape", lambda w: ag.nll_loss(w.wide, [0, 1, 2]), ValueError, "nll_loss: .*(3,).*(2, 3)"),
    ("nll float", lambda w: ag.nll_loss(w.wide, [0.0, 1.0]), TypeError, "nll_loss: .*float64"),
    ("mse (N,) and (N, 1)", lambda w: ag.mse_loss(w.vector, w.column), ValueError, "mse_loss: .*(3, 1).*(3,)"),
    ("mse number", lambda w: ag.mse_loss(w.vector, 1.0), ValueError, "mse_loss: .*().*(3,)"),
    (
        "bce above one",
        lambda w: ag.binary_cross_entropy(w.vector, np.ones(3)),
        ValueError,
        "binary_cross_entropy: .*[0, 1]",
    ),
    ("bce NaN", lambda w: ag.binary_cross_entropy(Tensor([np.nan]), [1.0]), ValueError, ": p holds nan"),
    ("bce shapes", lambda w: ag.binary_cross_entropy(Tensor([[0.5]]), [1.0]), ValueError, "(1,).*(1, 1)"),
    ("bce logits", lambda w: ag.binary_cross_entropy_with_logits(w.vector, w.column), ValueError, "(3, 1).*(3,)"),
    ("one_hot", lambda w: ag.one_hot([0, 3], 3), ValueError, "3.*0 to 2"),
    ("one_hot negative", lambda w: ag.one_hot(-1, 3), ValueError, "-1.*0 to 2"),
    ("one_hot float", lambda w: ag.one_hot([0.5], 3), TypeError, "float64"),
    # where there is no derivative
    ("condition", lambda w: ag.where(w.vector, 1.0, w.vector), TypeError, "where: .*'condition'.*detach"),
    ("index that requires gradients", lambda w: w.vector[w.scalar], TypeError, "getitem: .*'index'"),
    ("unsupported function", lambda w: np.unwrap(w.vector), TypeError, "numpy.unwrap"),
    ("out=", lambda w: np.add(w.vector, 1, out=np.empty(3)), TypeError, "add: .*out="),
    ("step without parameters", lambda w: optim.SGD([], lr=0.1), ValueError, ""),
]


def _pattern(fragment: str) -> str:
    """Fragments are literal except for `.*` and `|`."""
    return "|".join(".*".join(map(re.escape, part.split(".*"))) for part in fragment.split("|"))


@pytest.mark.parametrize(("call", "error", "fragment"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_a_wrong_call_is_refused_with_a_reason_and_changes_nothing(call, error, fragment):
    world = World()
    before = world.state()
    with pytest.raises(error, match=f"(?s){_pattern(fragment)}" if fragment else None):
        call(world)
    np.testing.assert_equal(world.state(), before)


def test_there_are_many_rows_and_no_name_twice():
    names = [row[0] for row in WRONG]
    assert len(names) == len(set(names)) >= 60


def test_an_error_keeps_its_cause():
    with pytest.raises(ValueError, match="matmul") as caught:
        Tensor([1.0, 2.0]) @ np.ones(3)
    assert isinstance(caught.value.__cause__, ValueError)


FUNCTIONS = {
    f"{place}.{name}": function
    for place, space in {"autograd_lite": ag, "nn.functional": nn.functional}.items()
    for name, function in vars(space).items()
    if inspect.isfunction(function) and not name.startswith("_") and function.__module__.startswith("autograd_lite.ops")
}


def test_an_unknown_keyword_is_named_as_one_whatever_its_value_is():
    values = [Tensor(1.0, requires_grad=True), Tensor(1.0), np.ma.ones(2), 1.0]
    wrong = {}
    for name, function in FUNCTIONS.items():
        if any(p.kind is p.VAR_KEYWORD for p in inspect.signature(function).parameters.values()):
            continue  # its keywords are those of another function
        messages = set()
        for value in values:
            with pytest.raises(TypeError) as caught:
                function(unheard_of=value)
            messages.add(str(caught.value))
        if len(messages) > 1 or not re.search(r"unexpected keyword argument 'unheard_of'|missing \d", messages.pop()):
            wrong[name] = messages
    assert len(FUNCTIONS) > 250
    assert not wrong
