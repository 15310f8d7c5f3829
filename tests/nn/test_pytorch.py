"""Layers, losses and optimizers against PyTorch: the same state, numbers and gradients. Needs PyTorch."""

import numpy as np
import pytest

from autograd_lite import Tensor, nn, optim

torch = pytest.importorskip("torch", reason="PyTorch is not installed; it is not needed, only agreed with")

RNG = np.random.default_rng(0)


def normal(*shape):
    return RNG.normal(size=shape)


# The name of a layer, its arguments, and the input.
LAYERS = [
    ("Linear", (3, 2), {}, (5, 3)),
    ("Conv1d", (2, 4, 3), {"padding": "same", "dilation": 2}, (2, 2, 7)),
    ("Conv2d", (4, 6, (3, 2)), {"stride": (2, 1), "padding": (0, 1), "dilation": (1, 2), "groups": 2}, (2, 4, 7, 6)),
    ("Conv2d", (2, 3, 3), {"padding": 2, "padding_mode": "reflect"}, (2, 2, 5, 4)),
    ("Conv2d", (2, 3, 3), {"padding": "same", "padding_mode": "circular"}, (2, 2, 5, 4)),
    ("Conv2d", (2, 3, 3), {"padding": (1, 2), "padding_mode": "replicate"}, (2, 5, 4)),
    ("ConvTranspose2d", (4, 6, (3, 2)), {"stride": 2, "padding": 1, "output_padding": 1, "groups": 2}, (2, 4, 4, 3)),
    ("ConvTranspose2d", (2, 3, 2), {"dilation": 3, "output_padding": 2, "bias": False}, (2, 2, 4, 3)),
    ("MaxPool2d", (3,), {"stride": 2, "padding": 1, "ceil_mode": True}, (2, 3, 7, 6)),
    ("MaxPool2d", ((2, 3),), {"dilation": 2}, (3, 7, 6)),
    ("AvgPool2d", (3,), {"stride": 2, "padding": 1, "ceil_mode": True}, (2, 3, 8, 6)),
    ("AvgPool2d", (2,), {"padding": 1, "count_include_pad": False}, (2, 3, 7, 6)),
    ("AvgPool2d", (2,), {"divisor_override": 3}, (2, 3, 7, 6)),
    ("Flatten", (), {}, (2, 3, 4)),
    ("Flatten", (0, 1), {}, (2, 3, 4)),
    ("Upsample", (), {"scale_factor": (2, 1.7)}, (2, 3, 4, 5)),
    ("Upsample", ((3, 7),), {}, (2, 3, 4, 5)),
    ("Upsample", (), {"scale_factor": 1.7, "mode": "bilinear"}, (2, 3, 4, 5)),
    ("Upsample", ((3, 7),), {"mode": "bilinear", "align_corners": True}, (2, 3, 4, 5)),
    ("Upsample", (9,), {"mode": "linear"}, (2, 3, 4)),
    ("Dropout", (0.0,), {}, (2, 3)),
    ("BatchNorm1d", (3,), {}, (4, 3)),
    ("BatchNorm1d", (3,), {"momentum": None, "eps": 0.1}, (4, 3, 2)),
    ("BatchNorm2d", (3,), {"affine": False}, (2, 3, 4, 5)),
    ("BatchNorm2d", (3,), {"track_running_stats": False}, (2, 3, 4, 5)),
    ("LayerNorm", (4,), {}, (2, 3, 4)),
    ("LayerNorm", ((3, 4),), {"eps": 0.1, "bias": False}, (2, 3, 4)),
    *((name, (), {}, (3, 4)) for name in ("ReLU", "Sigmoid", "Tanh", "LeakyReLU", "ELU", "GELU", "SiLU", "Hardtanh")),
    ("LeakyReLU", (0.3,), {}, (3, 4)),
    ("ELU", (0.7,), {}, (3, 4)),
    ("GELU", ("tanh",), {}, (3, 4)),
    ("Hardtanh", (-0.5, 0.3), {}, (3, 4)),
    ("Softplus", (2.0,), {}, (3, 4)),
    ("Softmax", (0,), {}, (3, 4)),
    ("LogSoftmax", (1,), {}, (3, 4)),
    *((name, (3, 4), options, (5, 2, 3)) for name in ("RNN", "GRU", "LSTM")
      for options in ({}, {"num_layers": 2, "bidirectional": True}, {"bias": False, "batch_first": True})),
    ("RNN", (3, 4), {"nonlinearity": "relu", "num_layers": 2}, (5, 3)),
]  # fmt: skip


def both(name, arguments, options):
    """The layer of either library, in double precision and with the same state."""
    theirs = getattr(torch.nn, name)(*arguments, **options).double()
    ours = getattr(nn, name)(*arguments, **options).astype(np.float64)
    state = theirs.state_dict()
    assert list(ours.state_dict()) == list(state)
    assert ours.load_state_dict(state) == ([], [])
    theirs.load_state_dict({key: torch.from_numpy(values) for key, values in ours.state_dict().items()})
    return ours, theirs


def first(results):
    return results[0] if isinstance(results, tuple) else results


def close(ours, theirs):
    np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize(("name", "arguments", "options", "shape"), LAYERS)
def test_layers_agree_in_training_and_evaluation_and_so_do_their_gradients(name, arguments, options, shape):
    ours, theirs = both(name, arguments, options)
    for training in (True, False):
        ours.train(training)
        theirs.train(training)
        values = normal(*shape)
        x, t = Tensor(values, requires_grad=True), torch.tensor(values, requires_grad=True)
        out, expected = first(ours(x)), first(theirs(t))
        close(out.data, expected)
        g = normal(*out.shape)
        ours.zero_grad()
        theirs.zero_grad()
        out.backward(g)
        expected.backward(torch.from_numpy(g))
        close(x.grad, t.grad)
        for own, other in zip(ours.parameters(), theirs.parameters(), strict=True):
            close(own.grad, other.grad)
        for key, value in theirs.state_dict().items():
            close(ours.state_dict()[key], value)


def test_ties_in_pooling_go_to_the_same_element():
    values = RNG.integers(0, 2, (2, 3, 8, 8)).astype(float)
    x, t = Tensor(values, requires_grad=True), torch.tensor(values, requires_grad=True)
    nn.MaxPool2d(3, 2, 1)(x).sum().backward()
    torch.nn.MaxPool2d(3, 2, 1)(t).sum().backward()
    close(x.grad, t.grad)


@pytest.mark.parametrize("padding", [None, 1, -1])
def test_embeddings_agree(padding):
    ours, theirs = both("Embedding", (5, 3), {"padding_idx": padding})
    indices, g = RNG.integers(0, 5, (4, 6)), normal(4, 6, 3)
    ours(indices).backward(g)
    theirs(torch.from_numpy(indices)).backward(torch.from_numpy(g))
    close(ours.weight.grad, theirs.weight.grad)


def probabilities(*shape):
    p = RNG.uniform(0.1, 1, shape)
    return p / p.sum(axis=1, keepdims=True)


LOSSES = [
    ("MSELoss", {}, normal(4, 3), normal(4, 3)),
    ("L1Loss", {}, normal(4, 3), normal(4, 3)),
    ("HuberLoss", {"delta": 0.7}, normal(4, 3), normal(4, 3)),
    ("KLDivLoss", {}, np.log(probabilities(4, 3)), probabilities(4, 3)),
    ("KLDivLoss", {"log_target": True}, np.log(probabilities(4, 3)), np.log(probabilities(4, 3))),
    ("KLDivLoss", {}, np.log(probabilities(2, 2)), np.array([[1.0, 0.0], [0.5, 0.5]])),
    ("CrossEntropyLoss", {}, normal(4, 3, 2), RNG.integers(0, 3, (4, 2))),
    ("NLLLoss", {}, -np.abs(normal(4, 3)), RNG.integers(0, 3, 4)),
    ("BCELoss", {}, RNG.uniform(0, 1, 5), RNG.uniform(0, 1, 5)),
    ("BCEWithLogitsLoss", {}, normal(5), RNG.uniform(0, 1, 5)),
]


@pytest.mark.parametrize(("name", "options", "x", "target"), LOSSES)
@pytest.mark.parametrize("reduction", ["mean", "sum", "none", "batchmean"])
@pytest.mark.filterwarnings("ignore:reduction. 'mean' divides")
def test_losses_agree(name, options, x, target, reduction):
    if reduction == "batchmean" and name != "KLDivLoss":
        return
    own, other = Tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    ours = getattr(nn, name)(reduction=reduction, **options)(own, target)
    theirs = getattr(torch.nn, name)(reduction=reduction, **options)(other, torch.from_numpy(target))
    close(ours.data, theirs)
    ours.sum().backward()
    theirs.sum().backward()
    close(own.grad, other.grad)


def pair():
    values = normal(4, 3)
    return Tensor(values, requires_grad=True), torch.tensor(values, requires_grad=True)


def step(own, other, ours, theirs, g):
    own.grad, other.grad = g, torch.from_numpy(g)
    ours.step()
    theirs.step()


def test_a_warm_up_before_a_cosine_and_a_plateau_agree():
    own, other = pair()
    ours, theirs = optim.SGD([own], lr=0.5), torch.optim.SGD([other], lr=0.5)
    made = []
    for module, optimizer in ((optim.lr_scheduler, ours), (torch.optim.lr_scheduler, theirs)):
        parts = [module.LinearLR(optimizer, 0.1, total_iters=3), module.CosineAnnealingLR(optimizer, 5)]
        made.append((module.SequentialLR(optimizer, parts, milestones=[3]),
                     module.ReduceLROnPlateau(optimizer, patience=1, cooldown=1, factor=0.5)))  # fmt: skip
    for _ in range(7):
        step(own, other, ours, theirs, normal(4, 3))
        for sequence, _ in made:
            sequence.step()
        assert ours.param_groups[0]["lr"] == pytest.approx(theirs.param_groups[0]["lr"], rel=1e-12)
    for measure in RNG.uniform(0.5, 1, 20):
        for _, plateau in made:
            plateau.step(measure)
        assert ours.param_groups[0]["lr"] == pytest.approx(theirs.param_groups[0]["lr"], rel=1e-12)


@pytest.mark.parametrize("p", [1.0, 2.0, float("inf")])
def test_clipping_agrees(p):
    own, other = pair()
    g = normal(4, 3)
    own.grad, other.grad = g, torch.from_numpy(g.copy())
    assert nn.utils.clip_grad_norm_([own], 0.5, p) == pytest.approx(
        torch.nn.utils.clip_grad_norm_([other], 0.5, p).item(), rel=1e-12
    )
    close(own.grad, other.grad)
    nn.utils.clip_grad_value_([own], 0.1)
    torch.nn.utils.clip_grad_value_([other], 0.1)
    close(own.grad, other.grad)


BY_POSITION = [
    ("SGD", (0.1, 0.5, 0.2, 0.03, False)),
    ("SGD", (0.1, 0.9, 0, 0.03, True)),
    ("Adam", (0.1, (0.8, 0.9), 1e-3, 0.02)),
    ("AdamW", (0.1, (0.8, 0.9), 1e-3, 0.02)),
    ("RMSprop", (0.1, 0.8, 1e-3, 0.02, 0.5, True)),
    ("Adagrad", (0.1, 0.2, 0.03, 0.4, 1e-3)),
    ("Adam", (0.1, (0.8, 0.9), 1e-3, 0.02, True)),
    ("RMSprop", (0.1, 0.8, 1e-3, 0.02, 0.5, True, False, None, True, False)),
    ("Adamax", (0.1, (0.8, 0.9), 1e-3, 0.02)),
    ("NAdam", (0.1, (0.8, 0.9), 1e-3, 0.02, 0.1, True)),
    ("RAdam", (0.1, (0.8, 0.9), 1e-3, 0.02, True)),
    ("Adadelta", (0.1, 0.8, 1e-3, 0.02)),
    ("ASGD", (0.1, 0.2, 0.5, 3, 0.02)),
    ("Rprop", (0.1, (0.3, 1.3), (1e-3, 0.3))),
]


@pytest.mark.parametrize(("name", "arguments"), BY_POSITION, ids=[f"{name}{a}" for name, a in BY_POSITION])
def test_optimizers_take_the_same_arguments_by_position(name, arguments):
    start = normal(3, 2)
    w, t = Tensor(start, requires_grad=True), torch.tensor(start, requires_grad=True)
    ours, theirs = getattr(optim, name)([w], *arguments), getattr(torch.optim, name)([t], *arguments)
    for _ in range(4):
        w.grad = normal(3, 2)
        t.grad = torch.from_numpy(w.grad.copy())
        ours.step()
        theirs.step()
        np.testing.assert_allclose(w.data, t.detach().numpy(), rtol=1e-6, atol=1e-9)


def test_parameters_have_the_dtypes_of_pytorch():
    for dtype in (np.float16, np.float32, np.float64):
        array = np.ones(2, dtype)
        theirs = torch.nn.Parameter(torch.from_numpy(array))
        assert nn.Parameter(array).dtype == theirs.detach().numpy().dtype == dtype
    assert nn.Parameter([0.1]).dtype == torch.nn.Parameter(torch.tensor([0.1])).detach().numpy().dtype
    with pytest.raises(RuntimeError):
        torch.nn.Parameter(torch.from_numpy(np.array([1])))
    with pytest.raises(TypeError):
        nn.Parameter(np.array([1]))


def test_the_same_assignments_are_refused():
    for value in ("array", "tensor", "list", "number"):
        ours, theirs = nn.Linear(2, 2), torch.nn.Linear(2, 2)
        given = {"array": np.ones((2, 2)), "tensor": Tensor(np.ones((2, 2))), "list": [1.0], "number": 1.0}[value]
        with pytest.raises(TypeError):
            ours.weight = given
        with pytest.raises(TypeError):
            theirs.weight = torch.ones(2, 2) if value == "tensor" else given
