"""Sample inputs for the functions of `nn.functional`: borders, windows, groups of channels, labels with weights."""

from typing import Any

import hypothesis.strategies as st

from catalogue import samples as s
from catalogue.samples import Domain, Sample


def scaled(domain: Domain, factor: float) -> Domain:
    return lambda rng, shape: factor * domain(rng, shape)


@st.composite
def windows(draw: st.DrawFn, axes: int, dilated: bool) -> Sample:
    """What is pooled along 1 or 3 axes, without ties."""
    rng = draw(s.generators)
    kernel, stride = (tuple(draw(st.integers(1, 2)) for _ in range(axes)) for _ in range(2))
    padding = tuple(draw(st.integers(0, k // 2)) for k in kernel)
    size = tuple(k + draw(st.integers(0, 2 if axes == 1 else 1)) for k in kernel)
    static: dict[str, Any] = {"kernel_size": kernel, "stride": stride, "padding": padding}
    static["ceil_mode"] = draw(st.booleans())
    if dilated:
        static["dilation"] = (1,) * axes
    else:
        static["count_include_pad"] = draw(st.booleans())
    return Sample((s.distinct(rng, (*draw(st.sampled_from([(1, 2), (2,)])), *size)),), static)


@st.composite
def adapted(draw: st.DrawFn, axes: int) -> Sample:
    """What is pooled to a given size, without ties."""
    rng = draw(s.generators)
    size = tuple(draw(st.integers(1, 5 - axes)) for _ in range(axes))
    places = tuple(draw(st.sampled_from([None, 1, 2, 3])) for _ in range(axes))
    return Sample((s.distinct(rng, (*draw(st.sampled_from([(1, 2), (2,)])), *size)),), {"output_size": places})


@st.composite
def bordered(draw: st.DrawFn, mode: str) -> Sample:
    """An array and the border that it gets, from the last axis on."""
    rng, axes = draw(s.generators), draw(st.integers(1, 2))
    size = tuple(draw(st.integers(1, 3)) for _ in range(axes))
    least = -1 if mode == "constant" and min(size) > 1 else 0
    most = {"reflect": [n - 1 for n in size], "circular": size}.get(mode, [2] * axes)
    pairs = [(draw(st.integers(least, m)), draw(st.integers(0, m))) for m in reversed(most)]
    static: dict[str, Any] = {"pad": tuple(n for pair in pairs for n in pair), "mode": mode}
    if mode == "constant":
        static["value"] = draw(st.sampled_from([0.0, 1.5]))
    return Sample((s.real(rng, (2, *size)),), static)


@st.composite
def channels(draw: st.DrawFn, instances: bool) -> Sample:
    """A batch (N, C, ...) with weight and bias for its channels, and groups of them."""
    shapes = [(1, 2, 2), (2, 1, 3), (1, 2, 2, 1)] if instances else [(2, 4), (1, 2, 2), (2, 4, 1), (1, 2, 1, 2)]
    rng, shape = draw(s.generators), draw(st.sampled_from(shapes))
    static: dict[str, Any] = {"eps": draw(st.sampled_from([1e-5, 0.1]))}
    if not instances:
        static["num_groups"] = draw(st.sampled_from([1, 2]))
    return Sample((s.distinct(rng, shape), s.nonzero(rng, shape[1:2]), s.real(rng, shape[1:2])), static)


@st.composite
def scaled_samples(draw: st.DrawFn) -> Sample:
    """Samples to normalize over their last axes, with a weight for every element."""
    rng, shape = draw(s.generators), draw(st.sampled_from([(2, 3), (3,), (2, 3, 2)]))
    normalized = shape[-draw(st.integers(1, min(2, len(shape)))) :]
    return Sample((s.nonzero(rng, shape), s.nonzero(rng, normalized)),
                  {"normalized_shape": normalized, "eps": draw(st.sampled_from([1e-5, 0.1]))})  # fmt: skip


@st.composite
def weighted(draw: st.DrawFn, probabilities: bool = False, smoothed: bool = True) -> Sample:
    """Scores with labels or probabilities, weights of the classes, and the other options of cross-entropy."""
    rng, shape = draw(s.generators), draw(st.sampled_from([(3,), (2, 3), (3, 2), (2, 3, 2)]))
    axis = 0 if len(shape) == 1 else 1
    classes = shape[axis]
    static: dict[str, Any] = {"reduction": draw(s.reductions)}
    if smoothed:
        static["label_smoothing"] = draw(st.sampled_from([0.0, 0.3]))
    scores = s.real(rng, shape) if smoothed else s.negative(rng, shape)
    weight = s.positive(rng, (classes,))
    if probabilities:
        return Sample((scores, s.probability(rng, shape), weight), static)
    labels = rng.integers(0, classes, shape[:axis] + shape[axis + 1 :])
    if labels.size > 1:
        labels.flat[0] = static["ignore_index"] = draw(st.sampled_from([-100, 0]))
        labels.flat[1] = 1
    return Sample((scores, weight), {"target": labels, **static})


@st.composite
def weighted_pairs(draw: st.DrawFn, prediction: Domain, weights: int) -> Sample:
    """Predictions and targets of two classes, with one or two arrays of weights that broadcast."""
    rng, shape = draw(s.generators), draw(st.sampled_from([(3,), (2, 3)]))
    arrays = [prediction(rng, shape), s.probability(rng, shape)]
    arrays += [s.positive(rng, shape[-1:]) for _ in range(weights)]
    return Sample(tuple(arrays), {"reduction": draw(s.reductions)})


@st.composite
def vectors(draw: st.DrawFn, number: int, signs: bool = False, **static: Any) -> Sample:
    """Batches of vectors (N, D) or (D,) that are nowhere zero, with labels ±1."""
    rng, shape = draw(s.generators), draw(st.sampled_from([(3,), (2, 3), (1, 2)]))
    options = {"reduction": draw(s.reductions), **static} if signs or number == 3 else dict(static)
    if signs:
        options["target"] = rng.choice([-1, 1], shape[:-1])
    return Sample(tuple(s.nonzero(rng, shape) for _ in range(number)), options)


@st.composite
def ranked(draw: st.DrawFn, *domains: Domain, **static: Any) -> Sample:
    """Scores of one shape, and labels ±1."""
    rng, shape = draw(s.generators), draw(s.shapes(min_side=1))
    labels = {"target": rng.choice([-1, 1], shape), "reduction": draw(s.reductions)}
    return Sample(tuple(domain(rng, shape) for domain in domains), {**labels, **static})


@st.composite
def multi_margin(draw: st.DrawFn) -> Sample:
    """Scores (N, K) or (K,) whose differences are not close to the margin, labels, and weights."""
    rng, shape = draw(s.generators), draw(st.sampled_from([(3,), (2, 3)]))
    scores = s.grid(0.0)(rng, shape)
    static = {"target": rng.integers(0, 3, shape[:-1]), "p": draw(st.sampled_from([1, 2])), "margin": 0.95}
    return Sample((scores, s.positive(rng, (3,))), {**static, "reduction": draw(s.reductions)})


@st.composite
def halved(draw: st.DrawFn) -> Sample:
    """An array with an axis of an even length."""
    rng, shape = draw(s.generators), draw(st.sampled_from([(2,), (4,), (2, 3), (3, 4), (2, 2, 2)]))
    even = [axis for axis, n in enumerate(shape) if n % 2 == 0]
    return Sample((s.real(rng, shape),), {"dim": draw(st.sampled_from(even))})


@st.composite
def sloped(draw: st.DrawFn) -> Sample:
    """A batch with one slope, or one for each channel."""
    rng, shape = draw(s.generators), draw(st.sampled_from([(3,), (2, 3), (2, 3, 2)]))
    slopes = draw(st.sampled_from([1, shape[1]])) if len(shape) > 1 else 1
    return Sample((s.grid(0.15)(rng, shape), s.real(rng, (slopes,))), {})


@st.composite
def observed(draw: st.DrawFn, full: bool) -> Sample:
    """Means, observations and variances, which can lack the last axis."""
    rng, shape = draw(s.generators), draw(st.sampled_from([(3,), (2, 3)]))
    variances = draw(st.sampled_from([shape, shape[:-1], (*shape[:-1], 1)]))
    arrays = (s.real(rng, shape), s.real(rng, shape), s.positive(rng, variances))
    return Sample(arrays, {"full": full, "reduction": draw(s.reductions)})


@st.composite
def bilinear_pairs(draw: st.DrawFn) -> Sample:
    rng, leading = draw(s.generators), draw(st.sampled_from([(), (2,), (2, 1)]))
    return Sample((s.real(rng, (*leading, 2)), s.real(rng, (*leading, 3)), s.real(rng, (2, 2, 3)), s.real(rng, (2,))),
                  {})  # fmt: skip
