"""The rarer functions of `nn.functional` as cases of the catalogue: channels, p-norms, several labels."""

import hypothesis.strategies as st
import numpy as np

from autograd_lite.nn import functional as F  # noqa: N812
from catalogue import samples as s
from catalogue.samples import Case, Sample

# -- samples ---------------------------------------------------------------------------------------------------------


@st.composite
def images(draw: st.DrawFn, name: str, channels: tuple[int, int], size: tuple[int, int]) -> Sample:
    """Images with lengths that are multiples of a factor, the option of this name."""
    rng, factor = draw(s.generators), draw(st.integers(1, 2))
    shape = (draw(st.integers(1, 2)) * factor ** channels[1], *(draw(st.integers(1, 2)) * factor**p for p in size))
    samples = draw(st.sampled_from([(), (2,), (1, 2)])) if channels[0] else (2,)
    return Sample((s.real(rng, (*samples, *shape)),), {name: factor})


@st.composite
def responses(draw: st.DrawFn) -> Sample:
    rng, shape = draw(s.generators), draw(st.sampled_from([(1, 3, 2), (2, 2, 1), (1, 4, 1, 2)]))
    static = {"size": draw(st.integers(1, 4)), "alpha": 0.7, "beta": draw(st.sampled_from([0.75, 2.0])), "k": 1.5}
    return Sample((s.nonzero(rng, shape),), static)


@st.composite
def powers(draw: st.DrawFn, axes: int) -> Sample:
    """What is pooled: positive numbers for odd powers, any but 0 for even ones."""
    rng, p = draw(s.generators), draw(st.sampled_from([1.5, 2, 3]))
    kernel, stride = (tuple(draw(st.integers(1, 2)) for _ in range(axes)) for _ in range(2))
    size = tuple(k + draw(st.integers(0, 2 if axes == 1 else 1)) for k in kernel)
    values = (s.nonzero if p == 2 else s.positive)(rng, (*draw(st.sampled_from([(1, 2), (2,)])), *size))
    return Sample((values,), {"norm_type": p, "kernel_size": kernel, "stride": stride})


@st.composite
def label_sets(draw: st.DrawFn) -> Sample:
    """Scores whose differences are not close to the margin 1, with up to three labels for each."""
    rng, shape = draw(s.generators), draw(st.sampled_from([(3,), (2, 3), (1, 4)]))
    labels = np.full(shape, -1)
    for row in np.reshape(labels, (-1, shape[-1])):
        chosen = rng.permutation(shape[-1])[: rng.integers(0, shape[-1] + 1)]
        row[: len(chosen)] = chosen
    return Sample((s.grid(0.0)(rng, shape),), {"target": labels, "reduction": draw(s.reductions)})


@st.composite
def linear_labels(draw: st.DrawFn) -> Sample:
    """Inputs, weights and biases, with labels of which one can be ignored."""
    rng, further = draw(s.generators), draw(st.sampled_from([(), (2,), (1, 2)]))
    samples = draw(st.sampled_from([(2,), (3,)] if further else [(), (2,)]))
    labels = rng.integers(0, 3, samples + further)
    if labels.size > 1:
        labels.flat[0], labels.flat[1] = draw(st.sampled_from([-100, 0])), 1
    arrays = (s.real(rng, (*samples, 4)), s.real(rng, (3, *further, 4)), s.real(rng, (3, *further)))
    return Sample(arrays, {"target": labels, "reduction": draw(s.reductions)})


# -- definitions -----------------------------------------------------------------------------------------------------


def _shuffled(x, upscale_factor):
    r, (*samples, channels, height, width) = upscale_factor, x.shape
    out = np.empty((*samples, channels // r**2, height * r, width * r))
    for c, h, w in np.ndindex(channels // r**2, height * r, width * r):
        out[..., c, h, w] = x[..., c * r**2 + h % r * r + w % r, h // r, w // r]
    return out


def _unshuffled(x, downscale_factor):
    r, (*samples, channels, height, width) = downscale_factor, x.shape
    out = np.empty((*samples, channels * r**2, height // r, width // r))
    for c, h, w in np.ndindex(channels, height, width):
        out[..., c * r**2 + h % r * r + w % r, h // r, w // r] = x[..., c, h, w]
    return out


def _interleaved(x, groups):
    parts = np.split(x, groups, axis=1)
    return np.stack([part[:, i] for i in range(parts[0].shape[1]) for part in parts], axis=1)


def _response(x, size, alpha, beta, k):
    out, channels = np.empty_like(x), x.shape[1]
    for c in range(channels):
        near = x[:, max(c - size // 2, 0) : min(c + (size - 1) // 2 + 1, channels)]
        out[:, c] = x[:, c] / (k + alpha / size * (near**2).sum(axis=1)) ** beta
    return out


def _norms(x, norm_type, kernel_size, stride):
    axes = len(kernel_size)
    size = [(n - k) // s_ + 1 for n, k, s_ in zip(x.shape[-axes:], kernel_size, stride, strict=True)]
    out = np.empty((*x.shape[:-axes], *size))
    for place in np.ndindex(*size):
        seen = tuple(slice(i * s_, i * s_ + k) for i, k, s_ in zip(place, kernel_size, stride, strict=True))
        out[(..., *place)] = (x[(..., *seen)] ** norm_type).sum(tuple(range(-axes, 0))) ** (1 / norm_type)
    return out


def _several_labels(x, target, reduction):
    rows = np.zeros(x.shape[:-1])
    for place in np.ndindex(x.shape[:-1]):
        labels = [*map(int, target[place])]
        labels = labels[: labels.index(-1)] if -1 in labels else labels
        others = set(range(x.shape[-1])) - set(labels)
        rows[place] = sum(max(0, 1 - x[place][j] + x[place][i]) for j in labels for i in others) / x.shape[-1]
    return {"none": lambda: rows[()], "sum": rows.sum, "mean": rows.mean}[reduction]()


def _of_logits(x, weight, bias, target, reduction):
    logits = np.moveaxis(np.tensordot(x, weight, (-1, -1)) + bias, x.ndim - 1, -1)
    losses = np.zeros(target.shape)
    for place in np.ndindex(target.shape):
        if target[place] != -100:
            losses[place] = np.log(np.exp(logits[place]).sum()) - logits[place][target[place]]
    counted = (target != -100).sum()
    return losses.sum() / counted if reduction == "mean" else losses.sum() if reduction == "sum" else losses[()]


CASES = [
    Case("F.pixel_shuffle", F.pixel_shuffle, _shuffled, images("upscale_factor", (1, 2), (0, 0))),
    Case("F.pixel_unshuffle", F.pixel_unshuffle, _unshuffled, images("downscale_factor", (1, 0), (1, 1))),
    Case("F.channel_shuffle", F.channel_shuffle, _interleaved, images("groups", (0, 1), (0, 0))),
    Case("F.local_response_norm", F.local_response_norm, _response, responses()),
    *(Case(f"F.lp_pool{n}d", getattr(F, f"lp_pool{n}d"), _norms, powers(n)) for n in (1, 2, 3)),
    Case("F.multilabel_margin_loss", F.multilabel_margin_loss, _several_labels, label_sets()),
    Case("F.linear_cross_entropy", lambda x, weight, bias, target, reduction: F.linear_cross_entropy(
        x, weight, target, linear_bias=bias, reduction=reduction), _of_logits, linear_labels()),
    Case("F.rrelu", F.rrelu, lambda x, lower, upper: np.where(x > 0, x, (lower + upper) / 2 * x),
         st.builds(lambda sample: Sample(sample.arrays, {"lower": 0.1, "upper": 0.5}), s.elementwise(s.grid(0.15)))),
]  # fmt: skip
