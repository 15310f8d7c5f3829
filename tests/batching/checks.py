"""What is true of every operation under vmap, as functions of a case of the catalogue, a sample and a generator.

The comparison is always a loop over the elements.
"""

import numpy as np

from autograd_lite import Tensor, grad, vmap
from autograd_lite.batching.axes import Axis
from autograd_lite.batching.batch import Batch
from autograd_lite.core.backward import sweep
from autograd_lite.transforms.hidden_axes import leave

ELEMENTS = 3
_SCALES = (1.0, 0.97, 1.02)


def close(found, expected, tolerance=1e-10):
    """Equal shapes, and numbers that are equal but for the rounding of the largest."""
    found, expected = np.asarray(found), np.asarray(expected)
    assert found.shape == expected.shape
    if found.size:
        largest = np.max(np.abs(expected), initial=1, where=np.isfinite(expected))
        np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * largest)


def _elements(sample):
    """The arrays of the sample, and two more that are a little different, as one batch each."""
    return [np.stack([a * s for s in _SCALES]) for a in sample.arrays]


def _weights(case, sample, rng):
    return rng.normal(size=np.shape(case.operation(*sample.arrays, **sample.static)))


def check_rules(case, sample, rng):
    """Pulling back a batch of cotangents is pulling back one after the other."""
    tensors = [Tensor(a, requires_grad=True) for a in sample.arrays]
    out = case.operation(*tensors, **sample.static)
    if out._node is None:
        return
    cotangents = rng.normal(size=(ELEMENTS, *out.shape))
    expected = [sweep({out._node: np.array(g)}, retain_graph=True) for g in cotangents]
    axis = Axis(ELEMENTS)
    with axis.entered():
        found = sweep({out._node: Batch(cotangents.copy(), axis)}, retain_graph=True)
    assert found.keys() == expected[0].keys()
    for node in found:
        close(leave(found[node], axis, 0), np.stack([e[node] for e in expected]))


def check_forward(case, sample, rng):
    """vmap of the operation."""
    given = _elements(sample)
    expected = [case.operation(*[a[i] for a in given], **sample.static) for i in range(ELEMENTS)]
    close(vmap(lambda *a: case.operation(*a, **sample.static))(*given), np.stack(expected))


def check_gradients(case, sample, rng):
    """vmap of a gradient with respect to all arguments."""
    given, weights = _elements(sample), _weights(case, sample, rng)

    def gradient(*arrays):
        def loss(*a):
            return (case.operation(*a, **sample.static) * weights).sum()

        return grad(loss, tuple(range(len(arrays))))(*arrays)

    expected = [gradient(*[a[i] for a in given]) for i in range(ELEMENTS)]
    for found, *wanted in zip(vmap(gradient)(*given), *expected, strict=True):
        close(found, np.stack(wanted))


def check_through(case, sample, rng):
    """The gradient of vmap, with respect to what is mapped and to what is the same for all elements."""
    given = _elements(sample)
    weights = rng.normal(size=(ELEMENTS, *_weights(case, sample, rng).shape))
    n = len(given)
    for shared in range(n):
        axes = tuple(None if n > 1 and j == shared else 0 for j in range(n))
        values = [g if p == 0 else a for g, a, p in zip(given, sample.arrays, axes, strict=True)]

        def at_once(*a, axes=axes):
            return (vmap(lambda *e: case.operation(*e, **sample.static), axes)(*a) * weights).sum()

        def in_a_loop(*a, axes=axes):
            parts = [[v if p is None else v[i] for v, p in zip(a, axes, strict=True)] for i in range(ELEMENTS)]
            return sum((case.operation(*one, **sample.static) * w).sum() for one, w in zip(parts, weights, strict=True))

        every = tuple(range(n))
        for found, wanted in zip(grad(at_once, every)(*values), grad(in_a_loop, every)(*values), strict=True):
            close(found, wanted)


def check_second_order(case, sample, rng):
    """vmap of second derivatives: rules are recorded on batches."""
    if case.order < 2:
        return
    given, weights = _elements(sample), _weights(case, sample, rng)
    directions = [rng.normal(size=a.shape) for a in sample.arrays]
    every = tuple(range(len(given)))

    def second(*arrays):
        def first(*a):
            gradients = grad(lambda *a: (case.operation(*a, **sample.static) * weights).sum(), every)(*a)
            return sum((x * d).sum() for x, d in zip(gradients, directions, strict=True))

        return grad(first, every)(*arrays)

    expected = [second(*[a[i] for a in given]) for i in range(ELEMENTS)]
    for found, *wanted in zip(vmap(second)(*given), *expected, strict=True):
        close(found, np.stack(wanted), 1e-8)


CHECKS = {
    "rules": check_rules,
    "forward": check_forward,
    "vmap(grad)": check_gradients,
    "grad(vmap)": check_through,
    "vmap(grad(grad))": check_second_order,
}
