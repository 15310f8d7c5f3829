"""The functions of `nn.functional` that are no operations of the package, as cases of the catalogue: "F.name"."""

import itertools
import math

import numpy as np

from autograd_lite.nn import functional as F  # noqa: N812
from catalogue import functional_rarer
from catalogue import samples as s
from catalogue import samples_functional as sf
from catalogue import samples_layers as sl
from catalogue.layers import convolution, transposed_convolution
from catalogue.samples import Case


def _reduced(losses, reduction):
    return {"none": lambda: losses, "sum": losses.sum, "mean": losses.mean}[reduction]()


def _sigmoid(x):
    return 1 / (1 + np.exp(-x))


def _softmax(x, dim):
    return np.exp(x) / np.exp(x).sum(axis=dim, keepdims=True)


def _prelu(x, weight):
    weight = weight.reshape(-1, *(1,) * (x.ndim - 2)) if x.ndim > 1 else weight
    return np.where(x > 0, x, weight * x)


def _glu(x, dim):
    first, second = np.split(x, 2, dim)
    return first * _sigmoid(second)


# -- pooling and borders ---------------------------------------------------------------------------------------------


def _starts(n, k, s_, p, ceil_mode):
    starts = []
    for start in itertools.count(-p, s_):
        over = start + k - (n + p)
        if over > 0 and not (ceil_mode and over < s_ and start < n):
            return starts
        starts.append(start)


def _pooled(x, function, kernel_size, stride, padding, ceil_mode):
    """One place after the other; `function` gets the elements and their number with those of the border."""
    axes = len(kernel_size)
    size = x.shape[-axes:]
    starts = [_starts(n, k, s_, p, ceil_mode) for n, k, s_, p in zip(size, kernel_size, stride, padding, strict=True)]
    out = np.empty((*x.shape[:-axes], *map(len, starts)))
    for place in np.ndindex(*map(len, starts)):
        begin = [along[i] for along, i in zip(starts, place, strict=True)]
        inside = tuple(slice(max(b, 0), b + k) for b, k in zip(begin, kernel_size, strict=True))
        count = math.prod(min(b + k, n + p) - b for b, k, n, p in zip(begin, kernel_size, size, padding, strict=True))
        out[(..., *place)] = function(x[(..., *inside)].reshape(*x.shape[:-axes], -1), count)
    return out


def _max_pool(x, kernel_size, stride, padding, dilation, ceil_mode):
    return _pooled(x, lambda patch, _: patch.max(axis=-1), kernel_size, stride, padding, ceil_mode)


def _avg_pool(x, kernel_size, stride, padding, ceil_mode, count_include_pad):
    return _pooled(x, lambda patch, count: patch.sum(axis=-1) / (count if count_include_pad else patch.shape[-1]),
                   kernel_size, stride, padding, ceil_mode)  # fmt: skip


def _adaptive(function):
    def pool(x, output_size):
        axes = len(output_size)
        size = x.shape[-axes:]
        places = [n if new is None else new for n, new in zip(size, output_size, strict=True)]
        out = np.empty((*x.shape[:-axes], *places))
        for place in np.ndindex(*places):
            seen = tuple(slice(math.floor(i * n / m), math.ceil((i + 1) * n / m))
                         for i, n, m in zip(place, size, places, strict=True))  # fmt: skip
            out[(..., *place)] = function(x[(..., *seen)], axis=tuple(range(-axes, 0)))
        return out

    return pool


def _pad(x, pad, mode, value=0.0):
    """The element of each place, found by its index."""
    pairs = [(0, 0)] * (x.ndim - len(pad) // 2) + list(zip(pad[::2], pad[1::2], strict=True))[::-1]
    out = np.empty([n + before + after for n, (before, after) in zip(x.shape, pairs, strict=True)])
    for place in np.ndindex(*out.shape):
        source = [i - before for i, (before, _) in zip(place, pairs, strict=True)]
        if mode == "circular":
            source = [i % n for i, n in zip(source, x.shape, strict=True)]
        elif mode == "replicate":
            source = [min(max(i, 0), n - 1) for i, n in zip(source, x.shape, strict=True)]
        elif mode == "reflect":
            source = [n - 1 - abs(n - 1 - abs(i)) for i, n in zip(source, x.shape, strict=True)]
        inside = all(0 <= i < n for i, n in zip(source, x.shape, strict=True))
        out[place] = x[tuple(source)] if inside else value
    return out


# -- normalization ---------------------------------------------------------------------------------------------------


def _grouped(x, weight, bias, num_groups, eps):
    out = np.empty_like(x)
    size = x.shape[1] // num_groups
    for sample, group in np.ndindex(len(x), num_groups):
        channels = slice(group * size, (group + 1) * size)
        values = x[sample, channels]
        out[sample, channels] = (values - values.mean()) / math.sqrt(values.var() + eps)
    shape = (-1, *(1,) * (x.ndim - 2))
    return out * weight.reshape(shape) + bias.reshape(shape)


def _root_mean_square(x, weight, normalized_shape, eps):
    out = np.empty_like(x)
    for sample in np.ndindex(x.shape[: x.ndim - len(normalized_shape)]):
        out[sample] = x[sample] / math.sqrt((x[sample] ** 2).mean() + eps) * weight
    return out


# -- losses ----------------------------------------------------------------------------------------------------------


def _weighted_nll(log_p, target, weight, reduction, ignore_index=-100, label_smoothing=0.0):
    """Sample by sample: (1 − ε) w_y l_y + ε/K Σ_k w_k l_k; the mean is over the weights of the labels."""
    if log_p.ndim == 1:
        log_p, target = log_p[None], np.asarray(target)[None]
    classes, terms, total = log_p.shape[1], np.zeros(target.shape), 0.0
    for place in np.ndindex(*target.shape):
        label = target[place]
        if label == ignore_index:
            continue
        losses = -log_p[(place[0], slice(None), *place[1:])] * weight
        terms[place] = (1 - label_smoothing) * losses[label] + label_smoothing / classes * losses.sum()
        total += weight[label]
    if reduction == "mean":
        return terms.sum() / total
    return terms.sum() if reduction == "sum" else terms


def _cross_entropy(x, weight, target, reduction, ignore_index=-100, label_smoothing=0.0):
    log_p = np.log(_softmax(x, 0 if x.ndim == 1 else 1))
    out = _weighted_nll(log_p, target, weight, reduction, ignore_index, label_smoothing)
    return out[0] if x.ndim == 1 and reduction == "none" else out


def _nll(x, weight, target, reduction, ignore_index=-100):
    out = _weighted_nll(x, target, weight, reduction, ignore_index)
    return out[0] if x.ndim == 1 and reduction == "none" else out


def _soft_cross_entropy(x, target, weight, reduction, label_smoothing):
    axis = 0 if x.ndim == 1 else 1
    smooth = (1 - label_smoothing) * target + label_smoothing / x.shape[axis]
    weight = weight.reshape(-1, *(1,) * (x.ndim - axis - 1))
    return _reduced(-(weight * smooth * np.log(_softmax(x, axis))).sum(axis=axis), reduction)


def _bce(p, target, weight, reduction):
    return _reduced(-weight * (target * np.log(p) + (1 - target) * np.log(1 - p)), reduction)


def _bce_of_logits(z, target, weight, pos_weight, reduction):
    p = _sigmoid(z)
    return _reduced(-weight * (pos_weight * target * np.log(p) + (1 - target) * np.log(1 - p)), reduction)


def _smooth_l1(x, y, reduction, beta):
    d = np.abs(x - y)
    return _reduced(np.where(d < beta, d**2 / (2 * beta), d - beta / 2), reduction)


def _gaussian(x, y, var, full, reduction):
    var = var[..., None] if var.ndim < x.ndim else var
    constant = math.log(2 * math.pi) / 2 if full else 0
    return _reduced((np.log(var) + (x - y) ** 2 / var) / 2 + constant, reduction)


def _poisson(x, y, log_input, full, reduction):
    rate = np.exp(x) if log_input else x
    terms = rate - y * (x if log_input else np.log(rate + 1e-8))
    if full:
        terms = terms + np.where(y > 1, y * np.log(y) - y + np.log(2 * math.pi * y) / 2, 0)
    return _reduced(terms, reduction)


def _cosine(x, y, axis=-1):
    return (x * y).sum(axis) / np.sqrt((x**2).sum(axis) * (y**2).sum(axis))


def _distance(x, y, p=2.0):
    return (np.abs(x - y + 1e-6) ** p).sum(-1) ** (1 / p)


def _multi_margin(x, weight, target, p, margin, reduction):
    rows, labels = (x[None], np.asarray(target)[None]) if x.ndim == 1 else (x, target)
    terms = np.zeros(len(rows))
    for i, (row, label) in enumerate(zip(rows, labels, strict=True)):
        terms[i] = sum(max(0, margin - row[label] + row[k]) ** p for k in range(len(row)) if k != label)
        terms[i] *= weight[label] / len(row)
    return _reduced(terms[0] if x.ndim == 1 else terms, reduction)


_KINK_FREE = s.grid(0.15)
_WIDE = s.elementwise(sf.scaled(_KINK_FREE, 2))
_UNARY = s.elementwise(s.real)
_BESIDE_ZERO = s.elementwise(_KINK_FREE)
_INSTANCES = lambda x, weight, bias, eps: F.instance_norm(x, weight=weight, bias=bias, eps=eps)  # noqa: E731

CASES: list[Case] = [
    Case("F.relu6", F.relu6, lambda x: np.minimum(np.maximum(x, 0), 6), s.elementwise(sf.scaled(_KINK_FREE, 4))),
    Case("F.hardsigmoid", F.hardsigmoid, lambda x: np.where(np.abs(x) < 3, x / 6 + 0.5, x > 0), _WIDE),
    Case("F.hardswish", F.hardswish, lambda x: x * np.where(np.abs(x) < 3, x / 6 + 0.5, x > 0), _WIDE),
    Case("F.hardshrink", F.hardshrink, lambda x, lambd: np.where(np.abs(x) > lambd, x, 0),
         sl.with_static(_BESIDE_ZERO, lambd=0.5)),
    Case("F.softshrink", F.softshrink, lambda x, lambd: np.where(np.abs(x) > lambd, x - lambd * np.sign(x), 0),
         sl.with_static(_BESIDE_ZERO, lambd=0.5)),
    Case("F.threshold", F.threshold, lambda x, threshold, value: np.where(x > threshold, x, value),
         sl.with_static(_BESIDE_ZERO, threshold=0.5, value=-2.0)),
    Case("F.celu", F.celu, lambda x, alpha: np.where(x > 0, x, alpha * (np.exp(x / alpha) - 1)),
         sl.with_static(_BESIDE_ZERO, alpha=0.7)),
    Case("F.selu", F.selu, lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * (np.exp(x) - 1)),
         _BESIDE_ZERO),
    Case("F.prelu", F.prelu, _prelu, sf.sloped()),
    Case("F.mish", F.mish, lambda x: x * np.tanh(np.log(1 + np.exp(x))), _UNARY),
    Case("F.softsign", F.softsign, lambda x: x / (1 + np.abs(x)), _BESIDE_ZERO),
    Case("F.tanhshrink", F.tanhshrink, lambda x: x - np.tanh(x), _UNARY),
    Case("F.logsigmoid", F.logsigmoid, lambda x: np.log(_sigmoid(x)), _UNARY),
    Case("F.glu", F.glu, _glu, sf.halved()),
    Case("F.softmax", F.softmax, _softmax, sf.halved()),
    Case("F.log_softmax", F.log_softmax, lambda x, dim: np.log(_softmax(x, dim)), sf.halved()),
    Case("F.softmin", F.softmin, lambda x, dim: _softmax(-x, dim), sf.halved()),
    Case("F.softplus", F.softplus, lambda x, beta: np.log(1 + np.exp(beta * x)) / beta,
         sl.with_static(_UNARY, beta=2.5)),
    *(Case(f"F.pad: {mode}", F.pad, _pad, sf.bordered(mode)) for mode in ("constant", "reflect", "replicate",
                                                                         "circular")),
    Case("F.max_pool1d", F.max_pool1d, _max_pool, sf.windows(1, dilated=True)),
    Case("F.max_pool3d", F.max_pool3d, _max_pool, sf.windows(3, dilated=True)),
    Case("F.avg_pool1d", F.avg_pool1d, _avg_pool, sf.windows(1, dilated=False)),
    Case("F.avg_pool3d", F.avg_pool3d, _avg_pool, sf.windows(3, dilated=False)),
    *(Case(f"F.adaptive_{kind}_pool{n}d", getattr(F, f"adaptive_{kind}_pool{n}d"), _adaptive(function), sf.adapted(n))
      for kind, function in (("max", np.max), ("avg", np.mean)) for n in (1, 2, 3)),
    Case("F.conv3d", F.conv3d, convolution, sl.convolved(3)),
    Case("F.conv_transpose1d", F.conv_transpose1d, transposed_convolution, sl.convolved(1, transposed=True)),
    Case("F.conv_transpose3d", F.conv_transpose3d, transposed_convolution, sl.convolved(3, transposed=True)),
    Case("F.group_norm", lambda x, weight, bias, num_groups, eps: F.group_norm(x, num_groups, weight, bias, eps),
         _grouped, sf.channels(instances=False)),
    Case("F.instance_norm", _INSTANCES, lambda x, weight, bias, eps: _grouped(x, weight, bias, x.shape[1], eps),
         sf.channels(instances=True)),
    Case("F.rms_norm", lambda x, weight, normalized_shape, eps: F.rms_norm(x, normalized_shape, weight, eps),
         _root_mean_square, sf.scaled_samples()),
    Case("F.bilinear", F.bilinear, lambda x, y, weight, bias: np.einsum("...i,oij,...j->...o", x, weight, y) + bias,
         sf.bilinear_pairs()),
    Case("F.cosine_similarity", F.cosine_similarity, lambda x1, x2, dim: _cosine(x1, x2, dim),
         sf.vectors(2, dim=-1)),
    Case("F.pairwise_distance", F.pairwise_distance, _distance, sf.vectors(2, p=3.0)),
    Case("F.normalize", F.normalize, lambda x, dim: x / np.sqrt((x**2).sum(dim, keepdims=True)), sf.vectors(1, dim=-1)),
    Case("F.cross_entropy", lambda x, weight, target, **options: F.cross_entropy(x, target, weight, **options),
         _cross_entropy, sf.weighted()),
    Case("F.cross_entropy: probabilities", F.cross_entropy, _soft_cross_entropy, sf.weighted(probabilities=True)),
    Case("F.nll_loss", lambda x, weight, target, **options: F.nll_loss(x, target, weight, **options), _nll,
         sf.weighted(smoothed=False)),
    Case("F.binary_cross_entropy", F.binary_cross_entropy, _bce, sf.weighted_pairs(s.probability, 1)),
    Case("F.binary_cross_entropy_with_logits", lambda z, y, weight, pos_weight, reduction:
         F.binary_cross_entropy_with_logits(z, y, weight, reduction=reduction, pos_weight=pos_weight), _bce_of_logits,
         sf.weighted_pairs(_KINK_FREE, 2)),
    Case("F.smooth_l1_loss", F.smooth_l1_loss, _smooth_l1, sl.with_static(s.compared(s.grid(0.0), _KINK_FREE),
                                                                          beta=0.9)),
    *(Case(f"F.gaussian_nll_loss: full={full}", F.gaussian_nll_loss, _gaussian, sf.observed(full))
      for full in (False, True)),
    Case("F.poisson_nll_loss", F.poisson_nll_loss, _poisson,
         sl.with_static(s.compared(s.positive, s.positive), log_input=False, full=False)),
    Case("F.poisson_nll_loss: of logarithms", F.poisson_nll_loss, _poisson,
         sl.with_static(s.compared(s.real, s.grid(0.15)).map(lambda sample: s.Sample(
             (sample.arrays[0], np.abs(sample.arrays[1])), sample.static)), log_input=True, full=True)),
    Case("F.cosine_embedding_loss", F.cosine_embedding_loss, lambda x, y, target, margin, reduction: _reduced(
        np.where(target > 0, 1 - _cosine(x, y), np.maximum(0, _cosine(x, y) - margin)), reduction),
        sf.vectors(2, signs=True, margin=-1.5)),
    Case("F.margin_ranking_loss", F.margin_ranking_loss, lambda x, y, target, margin, reduction: _reduced(
        np.maximum(0, margin - target * (x - y)), reduction), sf.ranked(s.grid(0.0), s.grid(0.1), margin=0.3)),
    Case("F.triplet_margin_loss", F.triplet_margin_loss, lambda a, p, n, margin, swap, reduction: _reduced(
        np.maximum(0, margin + _distance(a, p) - np.minimum(_distance(a, n), _distance(p, n))), reduction),
        sf.vectors(3, margin=20.0, swap=True)),
    Case("F.hinge_embedding_loss", F.hinge_embedding_loss, lambda x, target, margin, reduction: _reduced(
        np.where(target > 0, x, np.maximum(0, margin - x)), reduction), sf.ranked(s.grid(0.0), margin=0.5)),
    Case("F.soft_margin_loss", F.soft_margin_loss, lambda x, target, reduction: _reduced(
        np.log(1 + np.exp(-target * x)), reduction), sf.ranked(s.real)),
    Case("F.multilabel_soft_margin_loss", F.multilabel_soft_margin_loss, lambda z, target, weight, reduction: _reduced(
        -(weight * (target * np.log(_sigmoid(z)) + (1 - target) * np.log(1 - _sigmoid(z)))).mean(-1), reduction),
        sf.weighted_pairs(_KINK_FREE, 1)),
    Case("F.multi_margin_loss", lambda x, weight, target, p, margin, reduction: F.multi_margin_loss(
        x, target, p, margin, weight, reduction=reduction), _multi_margin, sf.multi_margin()),
    *functional_rarer.CASES,
]  # fmt: skip

# Random numbers, and numbers without a derivative.
# Tested in tests/nn: what is random, and attention.
WITHOUT_CASE = {"alpha_dropout", "dropout", "dropout1d", "dropout2d", "dropout3d", "feature_alpha_dropout", "one_hot",
                "scaled_dot_product_attention"}  # fmt: skip
