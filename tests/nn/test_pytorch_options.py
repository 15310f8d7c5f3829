"""Layers, activations and losses against PyTorch, with their options: values, gradients of two orders, states.

One table. Each row is tested as a module and, where there is one, as a function with the same options.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest

from autograd_lite import Tensor, nn
from autograd_lite.nn import functional

torch = pytest.importorskip("torch", reason="PyTorch is not installed; it is not needed, only agreed with")

RNG = np.random.default_rng(0)


class Row(NamedTuple):
    """A module with its arguments, and what it is called with: shapes of real numbers, or arrays."""

    module: str
    arguments: tuple[Any, ...]
    options: dict[str, Any]
    inputs: tuple[Any, ...]
    function: str | None = None  # called with the inputs, the arguments and the options


def row(module: str, *inputs: Any, arguments: tuple[Any, ...] = (), function: str | None = None, **options: Any) -> Row:
    return Row(module, arguments, options, inputs, function)


LABELS, IMAGE_LABELS = np.array([0, 2, -100, 1]), RNG.integers(0, 3, (4, 2))
P, WEIGHT = RNG.uniform(0.1, 0.9, (4, 3)), np.array([0.5, 2.0, 0.0])
SIGNS, ROW_SIGNS = RNG.choice([-1, 1], (4, 3)), np.array([1, -1, -1, 1])
X, VOLUME, IMAGE, SIGNAL = (4, 3), (2, 2, 3, 4, 3), (2, 3, 5, 4), (2, 3, 7)
P_OF = {n: RNG.uniform(0.1, 2, (2, 2, 5, 4, 3)[: n + 2]) for n in (1, 2, 3)}

ROWS = [
    # activations: at 3, -3 and 6 too, where they have kinks
    *(row(name, np.array([[-7.0, -3.0, -0.5, 0.0], [0.5, 1.5, 3.0, 6.0]]), function=function)
      for name, function in (
          ("ReLU", "relu"), ("ReLU6", "relu6"), ("SiLU", "silu"), ("Mish", "mish"),
          ("Hardsigmoid", "hardsigmoid"), ("Hardswish", "hardswish"), ("Softsign", "softsign"),
          ("LogSigmoid", "logsigmoid"), ("Tanhshrink", "tanhshrink"), ("Hardtanh", "hardtanh"), ("GELU", "gelu"),
          ("Softshrink", "softshrink"), ("Hardshrink", "hardshrink"), ("LeakyReLU", "leaky_relu"), ("GLU", "glu"),
          ("Sigmoid", "sigmoid"), ("Tanh", "tanh"), ("Softplus", "softplus"))),
    # at 0 their second derivative is that of the side x ≤ 0 here, and 0 in PyTorch
    row("SELU", X, function="selu"), row("ELU", X, alpha=1.5, function="elu"), row("CELU", X, function="celu"),
    row("CELU", X, alpha=0.25, function="celu"), row("Softshrink", X, lambd=0.2, function="softshrink"),
    row("Softplus", np.array([1.0, 9.0, 11.0]), beta=2.0, function="softplus"),
    row("Softplus", np.array([1.0, 9.0, 11.0]), beta=2.0, threshold=1.0, function="softplus"),
    row("PReLU", X), row("PReLU", IMAGE, num_parameters=3, init=0.1), row("GLU", (4, 3), dim=0, function="glu"),
    *(row(name, shape, function=function)
      for name, function in (("Softmax", "softmax"), ("LogSoftmax", "log_softmax"), ("Softmin", "softmin"))
      for shape in ((3,), (3, 4), (2, 3, 4), (2, 3, 2, 2))),
    *(row(name, IMAGE, dim=-2, function=function)
      for name, function in (("Softmax", "softmax"), ("LogSoftmax", "log_softmax"), ("Softmin", "softmin"))),
    # normalization
    row("GroupNorm", IMAGE, arguments=(3, 3)), row("GroupNorm", (2, 4, 3), arguments=(2, 4), eps=0.1, affine=False),
    row("GroupNorm", (3, 6), arguments=(2, 6)),
    row("InstanceNorm1d", SIGNAL, arguments=(3,)), row("InstanceNorm1d", (3, 7), arguments=(3,), affine=True),
    row("InstanceNorm2d", IMAGE, arguments=(3,), affine=True, track_running_stats=True, momentum=0.3),
    row("InstanceNorm2d", IMAGE, arguments=(3,), track_running_stats=True),
    row("InstanceNorm3d", VOLUME, arguments=(2,)),
    row("RMSNorm", X, arguments=(3,)), row("RMSNorm", IMAGE, arguments=((5, 4),), eps=0.1),
    row("RMSNorm", X, arguments=(3,), elementwise_affine=False), row("BatchNorm3d", VOLUME, arguments=(2,)),
    # convolutions
    row("ConvTranspose1d", (2, 4, 5), arguments=(4, 6, 3), stride=2, padding=1, output_padding=1, groups=2),
    row("ConvTranspose1d", (4, 5), arguments=(4, 2, 2), dilation=3, bias=False),
    row("Conv3d", VOLUME, arguments=(2, 3, (2, 3, 2)), stride=(1, 2, 1), padding=1),
    row("ConvTranspose3d", VOLUME, arguments=(2, 3, 2), stride=2), row("Bilinear", X, (4, 2), arguments=(3, 2, 5)),
    # pooling
    row("MaxPool1d", SIGNAL, arguments=(3,), stride=2, padding=1, ceil_mode=True),
    row("MaxPool1d", (3, 7), arguments=(2,), dilation=2),
    row("MaxPool2d", IMAGE, arguments=((3, 2),), return_indices=True),
    row("MaxPool2d", (3, 5, 4), arguments=(2,), stride=1, padding=1, dilation=2, return_indices=True),
    row("MaxPool3d", VOLUME, arguments=(2,), stride=1, return_indices=True),
    row("AvgPool1d", SIGNAL, arguments=(3,), stride=2, padding=1, ceil_mode=True),
    row("AvgPool1d", (3, 7), arguments=(2,), padding=1, count_include_pad=False),
    row("AvgPool3d", VOLUME, arguments=(2,), stride=1, padding=1, count_include_pad=False),
    row("AvgPool3d", VOLUME, arguments=((1, 2, 2),), divisor_override=3, ceil_mode=True),
    *(row(f"Adaptive{kind}Pool{n}d", shape, arguments=(size,), function=f"adaptive_{kind.lower()}_pool{n}d")
      for kind in ("Avg", "Max") for n, shape, size in (
          (1, SIGNAL, 3), (1, (3, 7), 9), (2, IMAGE, (3, None)), (2, IMAGE, 1), (2, (3, 5, 4), (2, 7)),
          (3, VOLUME, 2))),
    row("AdaptiveMaxPool2d", IMAGE, arguments=((2, 3),), return_indices=True),
    row("AdaptiveMaxPool1d", SIGNAL, arguments=(5,), return_indices=True),
    # borders
    *(row(f"{kind}Pad{n}d", shape, arguments=(pad,))
      for kind in ("Zero", "Reflection", "Replication", "Circular")
      for n, shape, pad in ((1, SIGNAL, 2), (1, (3, 7), (0, 3)), (2, IMAGE, (1, 2, 3, 0)), (2, (3, 5, 4), 2),
                            (3, VOLUME, (1, 2, 0, 1, 1, 1)))),
    row("ConstantPad1d", SIGNAL, arguments=((1, -2), 3.5)), row("ConstantPad2d", IMAGE, arguments=(2, -1.0)),
    row("ConstantPad3d", VOLUME, arguments=((1, 0, -1, 2, 0, 0), 2.0)),
    # shapes and similarities
    row("Unflatten", (4, 6), arguments=(1, (2, 3))), row("Unflatten", (4, 6), arguments=(-1, (3, -1))),
    row("CosineSimilarity", X, X, function="cosine_similarity"), row("CosineSimilarity", X, X, dim=0),
    row("PairwiseDistance", X, X, function="pairwise_distance"), row("PairwiseDistance", X, X, p=1.5, keepdim=True),
    # losses
    *(row("CrossEntropyLoss", X, LABELS, function="cross_entropy", label_smoothing=smoothing, **options)
      for smoothing in (0.0, 0.2) for options in ({}, {"weight": WEIGHT}, {"ignore_index": 2}, {"reduction": "sum"},
                                                  {"weight": WEIGHT, "reduction": "none"})
      if options.get("ignore_index") != 2),
    row("CrossEntropyLoss", X, np.array([0, 2, 2, 1]), ignore_index=2, weight=WEIGHT, function="cross_entropy"),
    row("CrossEntropyLoss", (4, 3, 2), IMAGE_LABELS, weight=WEIGHT, label_smoothing=0.1, function="cross_entropy"),
    row("CrossEntropyLoss", X, P, weight=WEIGHT, label_smoothing=0.1, function="cross_entropy"),
    row("CrossEntropyLoss", (3,), np.array(1), weight=WEIGHT, function="cross_entropy"),
    row("CrossEntropyLoss", X, np.full(4, -100), function="cross_entropy"),
    row("NLLLoss", np.log(P), LABELS, function="nll_loss"), row("NLLLoss", np.log(P), LABELS, weight=WEIGHT),
    row("NLLLoss", -np.ones((4, 3, 2)), IMAGE_LABELS, weight=WEIGHT, ignore_index=0, reduction="none",
        function="nll_loss"),
    row("BCELoss", P, P[::-1].copy(), weight=WEIGHT, function="binary_cross_entropy"),
    *(row("BCEWithLogitsLoss", X, P, function="binary_cross_entropy_with_logits", **options)
      for options in ({"weight": WEIGHT}, {"pos_weight": WEIGHT}, {"weight": P, "pos_weight": WEIGHT,
                                                                    "reduction": "none"})),
    *(row("SmoothL1Loss", X, X, beta=beta, function="smooth_l1_loss") for beta in (0.0, 0.5, 1.0)),
    row("HuberLoss", X, X, delta=0.5, reduction="sum", function="huber_loss"),
    *(row("GaussianNLLLoss", X, X, variance, full=full, function="gaussian_nll_loss")
      for full in (False, True) for variance in (P, P[:, 0], P[:, :1], P[:1], np.zeros((4, 3)))),
    *(row("PoissonNLLLoss", P, 3 * P, log_input=log_input, full=full, function="poisson_nll_loss")
      for log_input in (True, False) for full in (True, False)),
    row("CosineEmbeddingLoss", X, X, ROW_SIGNS, margin=-0.5, function="cosine_embedding_loss"),
    row("CosineEmbeddingLoss", (3,), (3,), np.array(-1), margin=-0.9, function="cosine_embedding_loss"),
    row("MarginRankingLoss", X, X, SIGNS, margin=0.5, function="margin_ranking_loss"),
    row("MarginRankingLoss", np.ones((4, 3)), np.ones((4, 3)), SIGNS, function="margin_ranking_loss"),
    row("HingeEmbeddingLoss", X, SIGNS, reduction="none", function="hinge_embedding_loss"),
    *(row("TripletMarginLoss", X, X, X, p=p, swap=swap, margin=3.0, function="triplet_margin_loss")
      for p in (1, 2, 3) for swap in (False, True)),
    row("SoftMarginLoss", X, SIGNS, function="soft_margin_loss"),
    row("MultiLabelSoftMarginLoss", X, P, weight=WEIGHT, function="multilabel_soft_margin_loss"),
    *(row("MultiMarginLoss", X, np.array([0, 2, 1, 1]), p=p, weight=WEIGHT, function="multi_margin_loss")
      for p in (1, 2)),
    *(row("MultiLabelMarginLoss", X, np.array([[2, 0, -1], [1, -1, 2], [-1, 0, 1], [0, 2, 1]]), reduction=reduction,
          function="multilabel_margin_loss") for reduction in ("none", "mean")),
    row("MultiLabelMarginLoss", (3,), np.array([1, 1, -1]), function="multilabel_margin_loss"),
    *(row("LinearCrossEntropyLoss", (4, 5), LABELS, arguments=(5, 3), **options)
      for options in ({}, {"bias": True, "weight": WEIGHT}, {"label_smoothing": 0.1, "reduction": "sum"})),
    row("LinearCrossEntropyLoss", (4, 5), IMAGE_LABELS, arguments=(5, 3), out_features=(2,), bias=True),
    row("LinearCrossEntropyLoss", (4, 5), P, arguments=(5, 3)),
    row("LinearCrossEntropyLoss", (5,), np.array(1), arguments=(5, 3), ignore_index=1),
    # channels
    row("Softmax2d", IMAGE), row("Softmax2d", IMAGE[1:]),
    row("PixelShuffle", (2, 8, 3, 2), arguments=(2,), function="pixel_shuffle"),
    row("PixelShuffle", (8, 3, 2), arguments=(2,), function="pixel_shuffle"),
    row("PixelUnshuffle", (2, 3, 4, 6), arguments=(2,), function="pixel_unshuffle"),
    row("ChannelShuffle", (2, 6, 3, 2), arguments=(3,), function="channel_shuffle"),
    *(row("LocalResponseNorm", shape, arguments=(size,), alpha=0.5, k=2.0, function="local_response_norm")
      for size in (1, 2, 3, 9) for shape in ((2, 4, 3), (2, 5, 2, 3))),
    # pooling with norms; odd powers of positive numbers
    *(row(f"LPPool{n}d", P_OF[n], arguments=(p, 2), function=f"lp_pool{n}d", **options)
      for n in (1, 2, 3) for p in (1, 2, 3.5) for options in ({}, {"stride": 1}, {"ceil_mode": True})),
    row("LPPool2d", IMAGE, arguments=(2, (2, 3)), stride=(1, 2), function="lp_pool2d"),
    # in evaluation, and where nothing is left to chance
    row("RReLU", X, lower=0.25, upper=0.25),
    row("AlphaDropout", X, p=0.0), row("AlphaDropout", X, p=1.0), row("FeatureAlphaDropout", IMAGE, p=0.0),
]  # fmt: skip

WITHOUT_SECOND = {"MultiMarginLoss", "MultiLabelMarginLoss"}  # PyTorch cannot differentiate it twice


def values(given: Any) -> Any:
    return RNG.normal(size=given) if isinstance(given, tuple) else given


def both(given: Any) -> tuple[Any, Any]:
    """An input for either library; real numbers are differentiated."""
    array = values(given)
    real = array.dtype.kind == "f"
    return Tensor(array, requires_grad=real) if real else array, torch.tensor(array, requires_grad=real)


def of_torch(value: Any) -> Any:
    return torch.from_numpy(value.copy()) if isinstance(value, np.ndarray) else value


def close(ours: Any, theirs: Any) -> None:
    ours = ours.data if isinstance(ours, Tensor) else ours
    np.testing.assert_allclose(
        ours, theirs.detach().numpy(force=True), rtol=1e-7, atol=1e-10
    )  # hardsigmoid has 1/6 in float32 there


def agree(ours: Any, theirs: Any, given: list[tuple[Any, Any]], second: bool = True) -> None:
    """The results of two functions, and the gradients of two orders with respect to all real inputs."""
    out, expected = ours(*(mine for mine, _ in given)), theirs(*(other for _, other in given))
    if isinstance(expected, tuple):
        close(out[1], expected[1])
        out, expected = out[0], expected[0]
    close(out, expected)
    real = [(mine, other) for mine, other in given if isinstance(mine, Tensor)]
    g = RNG.normal(size=out.shape)
    out.backward(g, create_graph=True)
    first = torch.autograd.grad(
        expected, [other for _, other in real], torch.from_numpy(np.asarray(g)), create_graph=True, allow_unused=True
    )
    total, goal = Tensor(0.0), torch.zeros(())
    for (mine, _), theirs_first in zip(real, first, strict=True):
        if theirs_first is None:
            continue
        close(mine.grad, theirs_first)
        v = RNG.normal(size=mine.shape)
        total, goal = total + (mine.grad * v).sum(), goal + (theirs_first * torch.from_numpy(np.asarray(v))).sum()
    for mine, _ in real:
        mine.grad = None
    if not goal.requires_grad or not total.requires_grad:
        return
    if not second:
        return
    goal.backward()
    total.backward()
    for mine, other in real:
        if other.grad is not None and mine.grad is not None:
            apart = np.isfinite(mine.grad)  # NaN where a second derivative does not exist
            np.testing.assert_allclose(mine.grad[apart], other.grad.numpy(force=True)[apart], rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("row", ROWS, ids=[f"{r.module}{r.arguments}{r.options}" for r in ROWS])
@pytest.mark.filterwarnings("ignore:Implicit dimension choice", "ignore:Using padding='same'")
def test_modules_agree(row):
    ours = getattr(nn, row.module)(*row.arguments, **row.options)
    theirs = getattr(torch.nn, row.module)(
        *row.arguments, **{name: of_torch(value) for name, value in row.options.items()}
    )
    ours, theirs = ours.astype(np.float64), theirs.double()
    assert list(ours.state_dict()) == list(theirs.state_dict())
    ours.load_state_dict(theirs.state_dict())
    for training in (True, False):
        agree(ours.train(training), theirs.train(training), [both(given) for given in row.inputs],
              row.module not in WITHOUT_SECOND)  # fmt: skip
        for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
            mine.grad = other.grad = None
    for name, value in theirs.state_dict().items():
        close(ours.state_dict()[name], value)


FUNCTIONS = [row for row in ROWS if row.function]


@pytest.mark.parametrize("row", FUNCTIONS, ids=[f"{r.function}{r.arguments}{r.options}" for r in FUNCTIONS])
@pytest.mark.filterwarnings("ignore:Implicit dimension choice")
def test_functions_agree(row):
    ours, theirs = getattr(functional, row.function), getattr(torch.nn.functional, row.function)
    options = {name: of_torch(value) for name, value in row.options.items()}
    agree(
        lambda *inputs: ours(*inputs, *row.arguments, **row.options),
        lambda *inputs: theirs(*inputs, *row.arguments, **options),
        [both(given) for given in row.inputs],
        row.module not in WITHOUT_SECOND,
    )


@pytest.mark.parametrize("pad", [(1, 2), (-1, 2), (0, 0, 2, 1), (1, -1, 0, -2, 1, 1)])
def test_constant_borders_agree(pad):
    agree(
        lambda x: functional.pad(x, pad, value=1.5), lambda x: torch.nn.functional.pad(x, pad, value=1.5), [both(IMAGE)]
    )


@pytest.mark.parametrize("p", [1.0, 2.0, 3.0])
def test_vectors_of_length_one_agree(p):
    agree(
        lambda x: functional.normalize(x, p, dim=0),
        lambda x: torch.nn.functional.normalize(x, p, dim=0),
        [both(X)],
    )


def test_one_hot_agrees_in_its_dtype_too():
    labels = RNG.integers(0, 4, (2, 3))
    for classes in (-1, 5):
        ours = functional.one_hot(labels, classes)
        theirs = torch.nn.functional.one_hot(torch.from_numpy(labels), classes).numpy()
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)


def test_what_is_written_in_place_agrees():
    """The input of a layer with inplace=True is changed, also for its other uses, and gradients are the same."""
    for name in ("ReLU", "ReLU6", "SELU", "SiLU", "Mish", "CELU", "ELU", "Hardsigmoid", "Hardswish", "LeakyReLU"):
        mine, other = both(X)
        x, t = mine * 1, other * 1
        out, expected = getattr(nn, name)(inplace=True)(x), getattr(torch.nn, name)(inplace=True)(t)
        assert out is x
        (x * out).sum().backward()
        (t * expected).sum().backward()
        close(x, t)
        close(mine.grad, other.grad)
