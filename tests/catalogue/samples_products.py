"""Sample inputs for products of arrays: shapes that belong together, and subscripts."""

import hypothesis.extra.numpy as hnp
import hypothesis.strategies as st
import numpy as np

from catalogue.samples import Sample, generators, real, shapes


@st.composite
def contracted(draw: st.DrawFn) -> Sample:
    """For `tensordot`: axes as a number, as a pair, and as two lists in any order."""
    rng = draw(generators)
    common = draw(shapes(max_dims=2))
    n, left, right = len(common), draw(shapes(max_dims=1)), draw(shapes(max_dims=1))
    if draw(st.booleans()):
        return Sample((real(rng, left + common), real(rng, common + right)), {"axes": n})
    x, y = real(rng, left + common), real(rng, common + right)
    order_x, order_y = draw(st.permutations(range(x.ndim))), draw(st.permutations(range(y.ndim)))
    axes_x = [order_x.index(len(left) + i) for i in range(n)]
    axes_y = [order_y.index(i) - y.ndim for i in range(n)]
    axes = (axes_x[0], axes_y[0]) if n == 1 and draw(st.booleans()) else (axes_x, axes_y)
    return Sample((x.transpose(order_x).copy(), y.transpose(order_y).copy()), {"axes": axes})


@st.composite
def inner_operands(draw: st.DrawFn) -> Sample:
    rng, n = draw(generators), draw(st.integers(0, 3))
    left, right = draw(shapes(max_dims=2)), draw(shapes(max_dims=2))
    if left and right:
        left, right = (*left[:-1], n), (*right[:-1], n)
    return Sample((real(rng, left), real(rng, right)), {})


@st.composite
def same_size(draw: st.DrawFn) -> Sample:
    shape, rng = draw(shapes(max_dims=2)), draw(generators)
    return Sample((real(rng, shape), real(rng, shape[::-1])), {})


@st.composite
def vectors(draw: st.DrawFn, components: int | None = None) -> Sample:
    """Operands of `vecdot` and `cross`: stacks of vectors that broadcast, the components along any axis."""
    drawn = draw(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=2, min_dims=1, min_side=0, max_side=3))
    rng, n = draw(generators), draw(st.integers(0, 3)) if components is None else components
    if components is None:
        axis = draw(st.sampled_from([-1, -2]))
        arrays = [np.moveaxis(real(rng, (*shape, n)), -1, axis) for shape in drawn.input_shapes]
        return Sample(tuple(np.ascontiguousarray(array) for array in arrays), {"axis": axis})
    axes = [draw(st.integers(-len(shape) - 1, len(shape))) for shape in (*drawn.input_shapes, drawn.result_shape)]
    arrays = [
        np.moveaxis(real(rng, (*shape, n)), -1, axis) for shape, axis in zip(drawn.input_shapes, axes[:2], strict=True)
    ]
    static = dict(zip(("axisa", "axisb", "axisc"), axes, strict=True))
    return Sample(tuple(np.ascontiguousarray(array) for array in arrays), static)


@st.composite
def chains(draw: st.DrawFn) -> Sample:
    rng, n = draw(generators), draw(st.integers(2, 5))
    sides = [draw(st.integers(0, 3)) for _ in range(n + 1)]
    drawn = [(sides[i], sides[i + 1]) for i in range(n)]
    drawn[0] = drawn[0][1:] if draw(st.booleans()) else drawn[0]
    drawn[-1] = drawn[-1][:1] if draw(st.booleans()) else drawn[-1]
    return Sample(tuple(real(rng, shape) for shape in drawn), {})


@st.composite
def signals(draw: st.DrawFn) -> Sample:
    rng, n, m = draw(generators), draw(st.integers(1, 6)), draw(st.integers(1, 6))
    return Sample((real(rng, (n,)), real(rng, (m,))), {"mode": draw(st.sampled_from(["full", "same", "valid"]))})


@st.composite
def subscripts(draw: st.DrawFn) -> Sample:
    """For `einsum`: any subscripts, with repeated labels, ellipses, lengths of one, and any number of operands."""
    rng, lengths = (
        draw(generators),
        dict(zip("iJkl", draw(st.lists(st.integers(0, 3), min_size=4, max_size=4)), strict=True)),
    )
    hidden = draw(shapes(max_dims=2, max_side=2))
    texts, arrays = [], []
    for _ in range(draw(st.integers(1, 3))):
        labels = draw(st.text("iJkl", max_size=3))
        ones = {label for label in set(labels) if draw(st.integers(0, 5)) == 0}
        shape = [1 if label in ones else lengths[label] for label in labels]
        place = draw(st.none() | st.integers(0, len(labels)))
        if place is not None:
            under = hidden[draw(st.integers(0, len(hidden))) :]
            under = tuple(1 if draw(st.integers(0, 5)) == 0 else n for n in under)
            shape[place:place] = under
            labels = f"{labels[:place]}...{labels[place:]}"
        texts.append(labels)
        arrays.append(real(rng, tuple(shape)))
    text = ",".join(texts)
    if draw(st.booleans()):
        known = sorted(set(text) - set(",."))
        output = "".join(draw(st.lists(st.sampled_from(known), unique=True)) if known else [])
        place = draw(st.integers(0, len(output)))
        text += f"->{output[:place]}...{output[place:]}" if "..." in text else f"->{output}"
    return Sample(
        tuple(arrays), {"subscripts": text, "optimize": draw(st.sampled_from([False, False, True, "greedy"]))}
    )
