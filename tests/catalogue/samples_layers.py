"""Sample inputs for the layers of networks: convolutions, pooling, normalization, tables, sizes."""

from typing import Any

import hypothesis.strategies as st

from catalogue import samples as s
from catalogue.samples import Sample


def with_static(samples: st.SearchStrategy[Sample], **static: Any) -> st.SearchStrategy[Sample]:
    """The same inputs with arguments that do not vary."""
    return samples.map(lambda sample: Sample(sample.arrays, {**sample.static, **static}))


@st.composite
def convolved(draw: st.DrawFn, axes: int, transposed: bool = False) -> Sample:
    """An input (N, C, ...), a weight and a bias, and how the kernel moves; everything differs between the axes.

    Numerical derivatives take most of the time of the tests, so what is large along one axis is small along another.
    """
    rng, groups = draw(s.generators), draw(st.sampled_from([1, 2]))
    samples, inputs, outputs = draw(st.permutations([1, 1, 2]))
    stride, dilation = (tuple(draw(st.integers(1, 2)) for _ in range(axes)) for _ in range(2))
    kernel = tuple(draw(st.integers(1, 3 - i)) for i in range(axes))
    padding: Any = tuple(draw(st.integers(0, 2 - i)) for i in range(axes))
    static: dict[str, Any] = {"stride": stride, "dilation": dilation, "groups": groups}
    if transposed:
        size = tuple(draw(st.integers(1, 3 - i)) for i in range(axes))
        extra = tuple(draw(st.integers(0, max(d, n) - 1)) for d, n in zip(dilation, stride, strict=True))
        least = [(n - 1) * t + d * (k - 1) + e for n, t, d, k, e in
                 zip(size, stride, dilation, kernel, extra, strict=True)]  # fmt: skip
        padding = tuple(min(p, most // 2) for p, most in zip(padding, least, strict=True))
        static |= {"padding": padding, "output_padding": extra}
        weight = (inputs * groups, outputs, *kernel)
    else:
        extents = [d * (k - 1) + 1 for d, k in zip(dilation, kernel, strict=True)]
        size = tuple(max(1, e - 2 * p) + draw(st.integers(0, 2 - i))
                     for i, (e, p) in enumerate(zip(extents, padding, strict=True)))  # fmt: skip
        if draw(st.integers(0, 3)) == 0:
            padding, static["stride"] = "same", 1
        static["padding"] = padding
        weight = (outputs * groups, inputs, *kernel)
    x = s.real(rng, (samples, inputs * groups, *size))
    return Sample((x, s.real(rng, weight), s.real(rng, (outputs * groups,))), static)


@st.composite
def pooled(draw: st.DrawFn, dilated: bool) -> Sample:
    """Images without ties, and a kernel that may overlap itself, leave gaps, or hang over the border."""
    rng = draw(s.generators)
    kernel, stride = (tuple(draw(st.integers(1, 3 - i)) for i in range(2)) for _ in range(2))
    dilation = tuple(draw(st.integers(1, 2 if dilated else 1)) for _ in range(2))
    padding = tuple(draw(st.integers(0, k // 2)) for k in kernel)
    least = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    size = tuple(max(1, n - p) + draw(st.integers(0, 2 - i))
                 for i, (n, p) in enumerate(zip(least, padding, strict=True)))  # fmt: skip
    leading = draw(st.sampled_from([(2, 1), (1, 2), (2,)]))
    static: dict[str, Any] = {"kernel_size": kernel, "stride": stride, "padding": padding}
    static["ceil_mode"] = draw(st.booleans())
    if dilated:
        static["dilation"] = dilation
    else:
        static["count_include_pad"] = draw(st.booleans())
        static["divisor_override"] = draw(st.sampled_from([None, None, 5]))
    return Sample((s.distinct(rng, (*leading, *size)),), static)


@st.composite
def resized(draw: st.DrawFn, axes: int, linear: bool) -> Sample:
    """Something with spatial axes, and another size for it."""
    rng = draw(s.generators)
    size = tuple(draw(st.integers(1, 3 - i)) for i in range(axes))
    static: dict[str, Any] = {"align_corners": draw(st.booleans())} if linear else {}
    if draw(st.booleans()):
        static["size"] = tuple(draw(st.integers(1, 5 - i)) for i in range(axes))
    else:
        static["scale_factor"] = draw(st.sampled_from([1, 1.75, 2, 3]))
    return Sample((s.real(rng, (1, 2, *size)),), static)


@st.composite
def batches(draw: st.DrawFn) -> Sample:
    """A batch (N, C, ...) with weight and bias for its channels."""
    rng, shape = draw(s.generators), draw(st.sampled_from([(3, 2), (2, 1), (2, 2, 2), (2, 2, 1, 3), (1, 2, 2, 2)]))
    arrays = (s.distinct(rng, shape), s.nonzero(rng, shape[1:2]), s.real(rng, shape[1:2]))
    return Sample(arrays, {"eps": draw(st.sampled_from([1e-5, 0.1]))})


@st.composite
def layers(draw: st.DrawFn) -> Sample:
    """Samples to normalize over their last axes, with weight and bias for every element."""
    rng, axes = draw(s.generators), draw(st.integers(1, 2))
    shape = draw(st.sampled_from([(2, 3), (3,), (2, 3, 2), (2, 1, 4)]))
    normalized = shape[-min(axes, len(shape)) :]
    arrays = (s.distinct(rng, shape), s.nonzero(rng, normalized), s.real(rng, normalized))
    return Sample(arrays, {"normalized_shape": normalized, "eps": draw(st.sampled_from([1e-5, 0.1]))})


@st.composite
def looked_up(draw: st.DrawFn) -> Sample:
    """A table, and numbers of rows, some of them more than once."""
    rng, rows = draw(s.generators), draw(st.integers(1, 3))
    shape = draw(s.shapes(max_dims=2))
    table = s.real(rng, (rows, draw(st.integers(1, 3))))
    return Sample((table,), {"indices": rng.integers(0, rows, shape)})


@st.composite
def scored(draw: st.DrawFn) -> Sample:
    """Scores away from the margin, and labels ±1."""
    rng, shape = draw(s.generators), draw(s.shapes(min_side=1))
    static = {"target": rng.choice([-1, 1], shape), "reduction": draw(s.reductions)}
    return Sample((s.grid(0.0)(rng, shape),), static)
