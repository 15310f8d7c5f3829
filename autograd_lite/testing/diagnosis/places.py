"""The places where two arrays agree: the diagonal, the labels, some rows, all elements except one."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from autograd_lite.support.conversion import NumberArray
from autograd_lite.testing.diagnosis.evidence import Evidence, Explanation

_SEVERAL = 3


def right_in_places(evidence: Evidence, actual: NumberArray, expected: NumberArray) -> Iterator[Explanation]:
    """It is right only in a known place, such as the diagonal or the label."""
    if actual.shape != expected.shape:
        return
    informative = evidence.informative(actual, expected)
    right = evidence.close(actual, expected)
    for kind, phrase, mask in _known_places(evidence, expected.shape):
        if _is_exactly(mask, right, informative):
            yield Explanation(kind, f"it is right only {phrase}", actual * mask, expected * mask, 2)


def flipped_in_places(evidence: Evidence, actual: NumberArray, expected: NumberArray) -> Iterator[Explanation]:
    """The sign is flipped in a known place or in some slices along an axis."""
    if actual.shape != expected.shape:
        return
    informative = evidence.informative(actual, expected)
    flipped = ~evidence.close(actual, expected)
    repaired = np.where(flipped, -actual, actual)
    for kind, phrase, mask in _known_places(evidence, expected.shape):
        if _is_exactly(mask, flipped, informative):
            yield Explanation(f"sign + {kind}", f"the sign is flipped {phrase}", repaired, expected, 3)
            return
    for phrase in _slices(~flipped, informative):
        text = f"it is right {phrase}, and the sign is flipped elsewhere"
        yield Explanation("sign + part", text, repaired, expected, 4)


def scaled_in_part(evidence: Evidence, actual: NumberArray, expected: NumberArray) -> Iterator[Explanation]:
    """Some slices or elements are too large or too small by the same factor: entries that occur twice, for example."""
    if actual.shape != expected.shape:
        return
    wrong = ~evidence.close(actual, expected)
    square = float(np.sum(actual[wrong] ** 2))
    if wrong.sum() < 2 or not square:
        return
    factor = float(np.sum(actual[wrong] * expected[wrong])) / square
    size = max(abs(factor), 1 / abs(factor)) if factor > 0 else 1.0
    if abs(size - round(size)) > 1e-8 or round(size) == 1:
        return
    for phrase in _slices(~wrong, evidence.informative(actual, expected)):
        text = f"it is {size:.6g} times too {'small' if factor > 1 else 'large'} in some places; it is right {phrase}"
        yield Explanation("factor of a part", text, np.where(wrong, factor * actual, actual), expected, 4)


def right_in_part(evidence: Evidence, actual: NumberArray, expected: NumberArray) -> Iterator[Explanation]:
    """It is right in some slices or elements: not an explanation, but it locates the mistake."""
    if actual.shape != expected.shape:
        return
    informative = evidence.informative(actual, expected)
    right = evidence.close(actual, expected)
    for phrase in _slices(right, informative):
        yield Explanation("part", f"it is right {phrase}", actual * right, expected * right, 6)


def _is_exactly(place: NumberArray, mask: NumberArray, informative: NumberArray) -> bool:
    """Whether the mask equals the place where there is evidence, inside and outside of the place."""
    inside = place[informative]
    return bool(inside.any() and not inside.all() and (inside == mask[informative]).all())


# -- known places --------------------------------------------------------------------------------------------------


def _known_places(evidence: Evidence, shape: tuple[int, ...]) -> Iterator[tuple[str, str, NumberArray]]:
    diagonal = _diagonal(evidence, shape)
    if diagonal is not None:
        yield "diagonal", "on the diagonal", diagonal
        yield "diagonal", "off the diagonal", ~diagonal
    for name, values in evidence.inputs.items():
        for labelled in _label_masks(values, shape) if name != evidence.argument else ():
            yield "label", f"at the label {name!r}", labelled
            yield "label", f"outside the label {name!r}", ~labelled


def _diagonal(evidence: Evidence, shape: tuple[int, ...]) -> NumberArray | None:
    n = evidence.output_ndim or 1
    if len(shape) != 2 * n or shape[:n] != shape[n:]:
        return None
    return np.eye(int(np.prod(shape[:n])), dtype=bool).reshape(shape)


def _label_masks(values: NumberArray, shape: tuple[int, ...]) -> Iterator[NumberArray]:
    """Masks of the given shape, True at the labels: for zeros and ones, and for integer class numbers."""
    if values.ndim and np.isin(values, (0, 1)).all():
        yield from _spread(values == 1, shape)
    if values.dtype.kind in "iu" and values.ndim <= 1 and values.size:
        for classes in sorted(set(shape)):
            if values.min() >= 0 and values.max() < classes:
                yield from _spread(np.arange(classes) == values.reshape(-1, 1), shape)


def _spread(mask: NumberArray, shape: tuple[int, ...]) -> Iterator[NumberArray]:
    """The mask, its transpose, and for a single sample the mask as whole rows or columns."""
    variants = [mask, mask.T]
    if mask.ndim == 2 and 1 in mask.shape:
        variants += [mask.ravel()]
    if mask.size == max(mask.shape, default=0):
        variants += [mask.reshape(-1, 1), mask.reshape(1, -1)]
    for variant in variants:
        if variant.ndim == len(shape) and all(m in (1, n) for m, n in zip(variant.shape, shape, strict=True)):
            yield np.broadcast_to(variant, shape)


# -- slices and elements -------------------------------------------------------------------------------------------


def _slices(right: NumberArray, informative: NumberArray) -> Iterator[str]:
    """The right slices along an axis in words, if every slice is entirely right or wrong; else single elements."""
    wrong = ~right & informative
    if not wrong.any() or not (right & informative).any():
        return
    found = False
    for axis in range(right.ndim):
        others = tuple(a for a in range(right.ndim) if a != axis)
        is_wrong, is_right = wrong.any(axis=others), (right & informative).any(axis=others)
        if not (is_wrong & is_right).any():
            found = True
            yield _in_words(_axis_name(right.ndim, axis), np.flatnonzero(is_wrong), np.flatnonzero(is_right))
    places = [list(map(int, index)) for index in np.argwhere(wrong)]
    if not found and len(places) <= _SEVERAL and 2 * len(places) < informative.sum():
        yield f"everywhere except at {', '.join(map(str, places))}"


def _axis_name(ndim: int, axis: int) -> str:
    return "element" if ndim == 1 else ("row", "column")[axis] if ndim == 2 else f"slice along axis {axis},"


def _in_words(name: str, wrong: NumberArray, right: NumberArray) -> str:
    few, prefix = (wrong, "everywhere except in") if len(wrong) <= len(right) else (right, "only in")
    numbers = ", ".join(map(str, few[:8].tolist())) + (", ..." if len(few) > 8 else "")
    return f"{prefix} {name}{'s' * (len(few) > 1)} {numbers}"
