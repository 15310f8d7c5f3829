"""Activations, losses and layers of networks, as cases of the catalogue. Definitions are loops over places."""

import itertools
import math

import numpy as np

import autograd_lite as ag
from catalogue import samples as s
from catalogue import samples_layers as sl
from catalogue.samples import Case


def _reduced(losses, reduction):
    if reduction == "batchmean":
        return losses.sum() / len(losses)
    return {"none": lambda: losses, "sum": losses.sum, "mean": losses.mean}[reduction]()


def _normal_distribution(x):
    return (1 + np.vectorize(math.erf, otypes=[float])(x / math.sqrt(2))) / 2


def _gelu(x, approximate):
    if approximate == "none":
        return x * _normal_distribution(x)
    return x / 2 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def _huber(x, target, reduction, delta):
    d = np.abs(x - target)
    return _reduced(np.where(d <= delta, d**2 / 2, delta * (d - delta / 2)), reduction)


def _kl(x, target, reduction, log_target):
    p = np.exp(target) if log_target else target
    return _reduced(p * (np.log(p) - x), reduction)


# -- convolutions ----------------------------------------------------------------------------------------------------


def convolution(x, weight, bias, stride, padding, dilation, groups):
    """One place after the other, one group after the other."""
    axes = weight.ndim - 2
    stride = (stride,) * axes if isinstance(stride, int) else stride
    extents = [d * (k - 1) + 1 for d, k in zip(dilation, weight.shape[2:], strict=True)]
    same = [((e - 1) // 2, e - 1 - (e - 1) // 2) for e in extents]
    border = same if padding == "same" else [(p, p) for p in padding]
    x = np.pad(x, [(0, 0), (0, 0), *border])
    places = [(n - e) // s + 1 for n, e, s in zip(x.shape[2:], extents, stride, strict=True)]
    out = np.zeros((len(x), len(weight), *places))
    inputs, outputs = weight.shape[1], len(weight) // groups
    matrix = weight.reshape(len(weight), -1)
    for place in np.ndindex(*places):
        seen = tuple(slice(p * s, p * s + e, d) for p, s, e, d in zip(place, stride, extents, dilation, strict=True))
        for group in range(groups):
            patch = x[(slice(None), slice(group * inputs, (group + 1) * inputs), *seen)]
            rows = slice(group * outputs, (group + 1) * outputs)
            out[(slice(None), rows, *place)] = patch.reshape(len(x), -1) @ matrix[rows].T
    return out + bias.reshape(-1, *(1,) * axes)


def transposed_convolution(x, weight, bias, stride, padding, output_padding, groups, dilation):
    """Every element of x adds its multiple of the kernel to the result, whose border is cut off in the end."""
    extents = [d * (k - 1) + 1 for d, k in zip(dilation, weight.shape[2:], strict=True)]
    size = [(n - 1) * s + e + o for n, s, e, o in zip(x.shape[2:], stride, extents, output_padding, strict=True)]
    inputs, outputs, shape = len(weight) // groups, weight.shape[1], weight.shape[1:]
    matrix = weight.reshape(len(weight), -1)
    out = np.zeros((len(x), outputs * groups, *size))
    for place in np.ndindex(*x.shape[2:]):
        seen = tuple(slice(p * s, p * s + e, d) for p, s, e, d in zip(place, stride, extents, dilation, strict=True))
        for group in range(groups):
            channels = slice(group * inputs, (group + 1) * inputs)
            stamp = x[(slice(None), channels, *place)] @ matrix[channels]
            out[(slice(None), slice(group * outputs, (group + 1) * outputs), *seen)] += stamp.reshape(-1, *shape)
    kept = tuple(slice(p, n - p) for p, n in zip(padding, size, strict=True))
    return out[(..., *kept)] + bias.reshape(-1, *(1,) * len(size))


# -- pooling and sizes -----------------------------------------------------------------------------------------------


def _pool_places(n, k, s, p, d, ceil_mode):
    """Where the kernel begins: inside, and at the end as far as its kind of rounding lets it hang over."""
    extent, starts = d * (k - 1) + 1, []
    for start in itertools.count(-p, s):
        over = start + extent - (n + p)
        if over > 0 and not (ceil_mode and over < s and start < n):
            return starts
        starts.append(start)


def _pooled(x, function, kernel_size, stride, padding, dilation, ceil_mode):
    options = zip(x.shape[-2:], kernel_size, stride, padding, dilation, strict=True)
    starts = [_pool_places(*option, ceil_mode) for option in options]
    out = np.empty((*x.shape[:-2], *map(len, starts)))
    for place in np.ndindex(*map(len, starts)):
        seen = [range(starts[a][i], starts[a][i] + dilation[a] * (kernel_size[a] - 1) + 1, dilation[a])
                for a, i in enumerate(place)]  # fmt: skip
        inside = [[i for i in along if 0 <= i < n] for along, n in zip(seen, x.shape[-2:], strict=True)]
        in_border = [[i for i in along if i < n + p] for along, n, p in zip(seen, x.shape[-2:], padding, strict=True)]
        out[(..., *place)] = function(x[..., inside[0], :][..., inside[1]], len(in_border[0]) * len(in_border[1]))
    return out


def max_pool(x, kernel_size, stride, padding, dilation, ceil_mode):
    return _pooled(x, lambda patch, _: patch.max(axis=(-2, -1)), kernel_size, stride, padding, dilation, ceil_mode)


def average_pool(x, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override):
    def average(patch, with_border):
        count = with_border if count_include_pad else patch.shape[-1] * patch.shape[-2]
        return patch.sum(axis=(-2, -1)) / (divisor_override or count)

    return _pooled(x, average, kernel_size, stride, padding, (1, 1), ceil_mode)


def interpolated(x, mode, size=None, scale_factor=None, align_corners=False):
    for axis in range(2, x.ndim):
        n = x.shape[axis]
        new = size[axis - 2] if size else math.floor(n * scale_factor)
        step = n / new if size else 1 / scale_factor
        matrix = np.zeros((new, n))
        for i in range(new):
            if mode == "nearest":
                matrix[i, i // 2 if new == 2 * n else min(math.floor(i * step), n - 1)] = 1
                continue
            at = i * (n - 1) / max(new - 1, 1) if align_corners else max((i + 0.5) * step - 0.5, 0)
            left = min(math.floor(at), n - 1)
            share = min(at - left, 1)
            matrix[i, left] += 1 - share
            matrix[i, min(left + 1, n - 1)] += share
        x = np.moveaxis(np.tensordot(matrix, x, (1, axis)), 0, axis)
    return x


# -- normalization and tables ----------------------------------------------------------------------------------------


def batch_normalized(x, weight, bias, eps):
    out = np.empty_like(x)
    for c in range(x.shape[1]):
        values = x[:, c]
        out[:, c] = (values - values.mean()) / math.sqrt(((values - values.mean()) ** 2).mean() + eps)
        out[:, c] = out[:, c] * weight[c] + bias[c]
    return out


def layer_normalized(x, weight, bias, normalized_shape, eps):
    out = np.empty_like(x)
    for sample in np.ndindex(x.shape[: x.ndim - len(normalized_shape)]):
        deviation = x[sample] - x[sample].mean()
        out[sample] = deviation / math.sqrt((deviation**2).mean() + eps) * weight + bias
    return out


_RUNNING = (np.array([0.5, -1.0]), np.array([0.3, 2.0]))


def _with_running(x, weight, bias, eps):
    shape = (-1, *(1,) * (x.ndim - 2))
    mean, variance = (np.resize(statistic, x.shape[1]) for statistic in _RUNNING)
    spread = np.sqrt(variance + eps)
    return (x - mean.reshape(shape)) / spread.reshape(shape) * weight.reshape(shape) + bias.reshape(shape)


def _with_running_ours(x, weight, bias, eps):
    mean, variance = (np.resize(statistic, x.shape[1]) for statistic in _RUNNING)
    return ag.batch_norm(x, mean, variance, weight, bias, eps=eps)


_KINK_FREE = s.grid(0.15)

CASES: list[Case] = [
    Case("leaky_relu", ag.leaky_relu, lambda x, negative_slope: np.where(x > 0, x, negative_slope * x),
         sl.with_static(s.elementwise(_KINK_FREE), negative_slope=0.3)),
    Case("elu", ag.elu, lambda x, alpha: np.where(x > 0, x, alpha * (np.exp(x) - 1)),
         sl.with_static(s.elementwise(_KINK_FREE), alpha=0.7)),
    Case("silu", ag.silu, lambda x: x / (1 + np.exp(-x)), s.elementwise(s.real)),
    Case("gelu", ag.gelu, _gelu, sl.with_static(s.elementwise(s.real), approximate="none")),
    Case("gelu: by tanh", ag.gelu, _gelu, sl.with_static(s.elementwise(s.real), approximate="tanh")),
    Case("hardtanh", ag.hardtanh, lambda x, min_val, max_val: np.maximum(np.minimum(x, max_val), min_val),
         sl.with_static(s.elementwise(s.grid(0.0)), min_val=-0.75, max_val=1.05)),
    Case("l1_loss", ag.l1_loss, lambda x, target, reduction: _reduced(np.abs(x - target), reduction),
         s.compared(s.grid(0.0), _KINK_FREE)),
    Case("huber_loss", ag.huber_loss, _huber, sl.with_static(s.compared(s.grid(0.0), _KINK_FREE), delta=0.9)),
    Case("kl_div", ag.kl_div, _kl, sl.with_static(s.compared(s.negative, s.probability), log_target=False)),
    Case("kl_div: of logarithms", ag.kl_div, _kl, sl.with_static(s.compared(s.negative, s.negative), log_target=True)),
    Case("kl_div: by samples", ag.kl_div, _kl, sl.with_static(
        s.compared(s.negative, s.probability).filter(lambda sample: sample.arrays[0].ndim), log_target=False,
        reduction="batchmean")),
    Case("hinge_loss", ag.hinge_loss, lambda x, target, reduction: _reduced(np.maximum(0, 1 - target * x), reduction),
         sl.scored()),
    Case("conv1d", ag.conv1d, convolution, sl.convolved(1)),
    Case("conv2d", ag.conv2d, convolution, sl.convolved(2)),
    Case("conv_transpose2d", ag.conv_transpose2d, transposed_convolution, sl.convolved(2, transposed=True)),
    Case("max_pool2d", ag.max_pool2d, max_pool, sl.pooled(dilated=True)),
    Case("avg_pool2d", ag.avg_pool2d, average_pool, sl.pooled(dilated=False)),
    Case("interpolate", ag.interpolate, interpolated, sl.with_static(sl.resized(2, linear=False), mode="nearest")),
    Case("interpolate: linear", ag.interpolate, interpolated,
         sl.with_static(sl.resized(1, linear=True), mode="linear")),
    Case("interpolate: bilinear", ag.interpolate, interpolated,
         sl.with_static(sl.resized(2, linear=True), mode="bilinear")),
    Case("batch_norm", lambda x, weight, bias, eps: ag.batch_norm(x, None, None, weight, bias, training=True, eps=eps),
         batch_normalized, sl.batches()),
    Case("batch_norm: with running statistics", _with_running_ours, _with_running, sl.batches()),
    Case("layer_norm", lambda x, weight, bias, normalized_shape, eps: ag.layer_norm(
        x, normalized_shape, weight, bias, eps), layer_normalized, sl.layers()),
    Case("embedding", lambda weight, indices: ag.embedding(indices, weight), lambda weight, indices: weight[indices],
         sl.looked_up()),
]  # fmt: skip
