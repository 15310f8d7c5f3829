"""Random straight-line functions of arrays: equal calls, views, writes in place, results that share memory.

All numbers are small integers, also in arrays of floats, so that the order of additions changes no result: compiled
functions have to agree exactly. Operations that are not exact are rounded to integers.
"""

import random
import warnings

import numpy as np

from autograd_lite import compile

LARGEST = 1000  # a value that can be larger is clipped

# What the operations do to the largest absolute number of their operands.
KEEP, SUM, PRODUCT, TOTAL, DOT = (
    lambda a, b, n: max(a, b),
    lambda a, b, n: a + b,
    lambda a, b, n: a * b,
    lambda a, b, n: a * n,
    lambda a, b, n: a * b * n,
)


def fits(a, b):
    """Whether b can be broadcast to a."""
    ones = (1,) * (a.ndim - b.ndim)
    return b.ndim <= a.ndim and all(n in (1, m) for n, m in zip((*ones, *b.shape), a.shape, strict=True))


def is_number(a, b):
    return a.dtype != bool


def are_numbers(a, b):
    return (fits(a, b) or fits(b, a)) and bool not in (a.dtype, b.dtype)


def is_float(a, b):
    return a.dtype.kind == "f"


def is_matrix(a, b):
    return a.ndim >= 2 and a.size > 0 and a.dtype != bool


def is_long(a, b):
    return a.ndim >= 1 and a.shape[0] > 1 and a.size and a.dtype != bool


def is_full(a, b):
    return a.size > 0 and a.ndim > 0 and a.dtype != bool


def is_writable(a, b):
    return fits(a, b) and bool not in (a.dtype, b.dtype) and np.can_cast(b.dtype, a.dtype, "same_kind") and a.ndim


def is_square(a, b):
    return is_writable(a, b) and a.ndim == 2 and a.shape[0] == a.shape[1]


def is_product(a, b):
    return a.ndim >= 1 and b.ndim >= 1 and a.dtype.kind == b.dtype.kind == "f" and a.size and b.size


# Of two values and an array of indices between -2 and 1: the condition, the growth, and the operation.
PURE = [
    (are_numbers, SUM, lambda a, b, k: a + b),
    (are_numbers, SUM, lambda a, b, k: np.subtract(a, b)),
    (are_numbers, PRODUCT, lambda a, b, k: a * b),
    (are_numbers, KEEP, lambda a, b, k: np.maximum(a, b)),
    (are_numbers, KEEP, lambda a, b, k: np.minimum(b, a)),
    (are_numbers, KEEP, lambda a, b, k: np.where(a > b, a, b)),
    (are_numbers, KEEP, lambda a, b, k: np.where(a == b, 3, a)),
    (are_numbers, KEEP, lambda a, b, k: np.less_equal(a, b)),
    (are_numbers, KEEP, lambda a, b, k: np.clip(a, b, None)),
    (are_numbers, KEEP, lambda a, b, k: np.clip(a, -2, 3) != b),
    (are_numbers, KEEP, lambda a, b, k: np.logical_and(a > 0, b > 0)),
    (are_numbers, KEEP, lambda a, b, k: ~((a > 1) | (b < 1))),
    (are_numbers, SUM, lambda a, b, k: np.rint(np.hypot(a, b))),
    (is_number, KEEP, lambda a, b, k: -a),
    (is_number, KEEP, lambda a, b, k: np.abs(a)),
    (is_number, SUM, lambda a, b, k: 1 - a),
    (is_number, SUM, lambda a, b, k: a * 2.0),
    (is_number, KEEP, lambda a, b, k: np.full_like(a, 3)),
    (is_number, KEEP, lambda a, b, k: np.zeros_like(a)),
    (is_number, KEEP, lambda a, b, k: a.astype(np.float32)),
    (is_number, KEEP, lambda a, b, k: a.astype(np.float64)),
    (is_number, KEEP, lambda a, b, k: a.copy()),
    (is_number, KEEP, lambda a, b, k: np.where(a > 0, a, 0)),
    (is_float, KEEP, lambda a, b, k: np.floor(a / 2)),
    (is_float, PRODUCT, lambda a, b, k: np.square(np.clip(a, -3, 3))),
    (is_float, PRODUCT, lambda a, b, k: np.clip(a, -3, 3) ** 3),
    (is_float, KEEP, lambda a, b, k: np.rint(np.sqrt(np.abs(a)))),
    (is_float, KEEP, lambda a, b, k: np.rint(np.exp(np.minimum(a, 2)))),
    (is_float, KEEP, lambda a, b, k: np.rint(3 * np.tanh(a))),
    (is_float, KEEP, lambda a, b, k: np.sign(a)),
    (is_float, KEEP, lambda a, b, k: np.isnan(a)),
    (lambda a, b: a.dtype == bool, KEEP, lambda a, b, k: a * 1),
    (lambda a, b: a.dtype == bool, TOTAL, lambda a, b, k: a.sum()),
    (lambda a, b: a.dtype == bool, KEEP, lambda a, b, k: np.where(a, 1.0, -1)),
]
REDUCTIONS = [
    (is_full, TOTAL, lambda a, b, k: a.sum(axis=0, keepdims=True)),
    (is_full, TOTAL, lambda a, b, k: a.sum(axis=-1)),
    (is_full, TOTAL, lambda a, b, k: np.add.reduce(a, axis=0)),
    (is_full, TOTAL, lambda a, b, k: a.sum(dtype=np.float64)),
    (is_full, TOTAL, lambda a, b, k: np.sum(a, axis=-1, initial=2, keepdims=True)),
    (is_full, KEEP, lambda a, b, k: np.floor(a.mean())),
    (is_full, KEEP, lambda a, b, k: np.floor(a.mean(axis=0))),
    (is_full, KEEP, lambda a, b, k: a.max(axis=-1, keepdims=True)),
    (is_full, KEEP, lambda a, b, k: a.min(axis=0)),
    (is_full, KEEP, lambda a, b, k: np.max(a, initial=1)),
    (is_full, KEEP, lambda a, b, k: a.argmax(axis=-1)),
    (is_full, TOTAL, lambda a, b, k: np.cumsum(a, axis=-1)),
    (is_full, KEEP, lambda a, b, k: np.sort(a, axis=-1)),
    (is_full, KEEP, lambda a, b, k: np.concatenate([a, a])),
    (is_full, KEEP, lambda a, b, k: np.concatenate([a, a[..., :1]], axis=-1)),
    (is_full, KEEP, lambda a, b, k: np.stack([a, a], axis=1)),
    (is_full, KEEP, lambda a, b, k: a.reshape(a.shape[::-1])),
    (is_full, KEEP, lambda a, b, k: a.ravel()),
    (is_matrix, TOTAL, lambda a, b, k: a.sum(axis=(0, -1))),
    (is_matrix, TOTAL, lambda a, b, k: a.sum(axis=tuple(range(a.ndim)), keepdims=True)),
    (is_long, KEEP, lambda a, b, k: a[k]),
    (is_long, KEEP, lambda a, b, k: a[k, 0] if a.ndim > 1 else a[k]),
    (is_long, KEEP, lambda a, b, k: a.take([0, -1], axis=0)),
    (is_long, KEEP, lambda a, b, k: np.take(a, k, axis=0)),
    (is_long, KEEP, lambda a, b, k: a.take(k) if a.ndim == 1 else a.take(k, axis=0)),
    (is_long, KEEP, lambda a, b, k: a[np.argsort(a, axis=0)[0]] if a.ndim == 1 else a),
    (lambda a, b: is_product(a, b) and a.shape[-1] == b.shape[max(-2, -b.ndim)] and a.ndim <= 2 >= b.ndim,
     DOT, lambda a, b, k: np.dot(a, b)),
    (lambda a, b: is_product(a, b) and a.ndim == 2, DOT, lambda a, b, k: a @ a.T),
    (lambda a, b: is_product(a, b) and a.ndim == 3 and b.ndim == 2 and a.shape[2] == b.shape[1],
     DOT, lambda a, b, k: a @ b.T),
    (lambda a, b: is_product(a, b) and a.ndim == 3, DOT, lambda a, b, k: np.matmul(a, np.swapaxes(a, 1, 2))),
]  # fmt: skip
VIEWS = [
    (is_matrix, KEEP, lambda a, b, k: a.T),
    (is_matrix, KEEP, lambda a, b, k: a[:, ::2]),
    (is_matrix, KEEP, lambda a, b, k: np.moveaxis(a, 0, -1)),
    (is_matrix, KEEP, lambda a, b, k: a[:, 1:]),
    (is_matrix, KEEP, lambda a, b, k: a[:, :1]),
    (is_matrix, KEEP, lambda a, b, k: a[0]),
    (is_full, KEEP, lambda a, b, k: a[::-1]),
    (is_full, KEEP, lambda a, b, k: a[1:]),
    (is_full, KEEP, lambda a, b, k: a[:-1]),
    (is_full, KEEP, lambda a, b, k: a[None]),
    (is_full, KEEP, lambda a, b, k: a[..., None]),
    (lambda a, b: is_full(a, b) and a.ndim == 2, KEEP, lambda a, b, k: a.reshape(-1)),
]
WRITES = [
    (is_writable, SUM, lambda a, b, k: a.__iadd__(b)),
    (is_writable, SUM, lambda a, b, k: a.__isub__(b)),
    (is_writable, KEEP, lambda a, b, k: a.__imul__(-1)),
    (is_writable, KEEP, lambda a, b, k: a.__setitem__(0, 2) if len(a) else None),
    (is_writable, KEEP, lambda a, b, k: a.__setitem__(..., b)),
    (is_writable, KEEP, lambda a, b, k: np.maximum(a, b, out=a)),
    (is_writable, KEEP, lambda a, b, k: np.negative(b, out=a) if a.shape == b.shape else None),
    (is_writable, KEEP, lambda a, b, k: a.fill(2)),
    (is_writable, KEEP, lambda a, b, k: np.clip(a, -3, 3, out=a)),
    (is_writable, SUM, lambda a, b, k: np.add(a[1:], a[:-1], out=a[1:])),
    (is_writable, KEEP, lambda a, b, k: a.__setitem__(slice(1, None), a[:-1])),
    (is_writable, KEEP, lambda a, b, k: a.__setitem__(slice(None), a[::-1])),
    (is_writable, KEEP, lambda a, b, k: a.__setitem__(slice(None, None, 2), 1)),
    (is_writable, SUM, lambda a, b, k: np.subtract(a, a[..., :1], out=a)),
    (is_long, KEEP, lambda a, b, k: a.__setitem__(k, -2)),
    (is_long, SUM, lambda a, b, k: a.__setitem__(k, a[k] + a[0])),
    (is_long, TOTAL, lambda a, b, k: np.add.at(a, k, 1)),
    (is_long, KEEP, lambda a, b, k: a.put(k, 3)),
    (is_square, SUM, lambda a, b, k: np.add(a, a.T, out=a)),
    (is_square, KEEP, lambda a, b, k: a.__setitem__(slice(None), a.T)),
    (is_square, TOTAL, lambda a, b, k: a.__iadd__(a.sum(axis=0, dtype=a.dtype))),
    (is_square, TOTAL, lambda a, b, k: np.add.reduce(a, axis=0, out=a[0])),
    (lambda a, b: is_square(a, b) and a.dtype.kind == "f", DOT, lambda a, b, k: np.matmul(a, a.copy(), out=a)),
]
KINDS = {"pure": PURE, "reduction": REDUCTIONS, "view": VIEWS, "write": WRITES}


def drawn_program(rng, length):
    """Instructions: a kind, the number of a function, and the numbers of operands; and which values are returned."""
    program = []
    kinds = ["pure"] * 4 + ["view"] * 2 + ["reduction"] * 2 + ["write"] * rng.randrange(4)
    for count in range(length):
        if program and rng.random() < 0.15:
            program.append(rng.choice(program[-6:]))  # the same call once more
            continue
        operands = (max(0, count + 4 - rng.randrange(9)) for _ in range(2))
        program.append((rng.choice(kinds), rng.randrange(1000), *operands))
    returned = [rng.randrange(8) for _ in range(rng.randint(1, 3))]
    return program, returned


def carried_out(program, returned, indices, *arrays):
    """The program as a function; calls that are impossible with the present values are skipped."""
    values = [*arrays, arrays[0] * 1.0]
    bounds = [4.0] * len(values)
    writable = [True, True, False, True]
    for kind, number, *operands in program:
        first, second = (min(place, len(values) - 1) for place in operands)
        a, b = values[first], values[second]
        # From the number on, the first operation that is possible.
        table = [entry for entry in KINDS[kind] if entry[0](a, b)]
        if not table or (kind == "write" and not writable[first]):
            continue
        _, growth, function = table[number % len(table)]
        result = function(a, b, indices)
        bound = max(growth(bounds[first], bounds[second], max(a.size, b.size, 1)), 9)
        if kind == "write":
            bounds = [max(bound, other) for other in bounds]
            if bound > LARGEST:
                np.clip(a, -9, 9, out=a)
                bounds = [min(other, LARGEST) for other in bounds]
            continue
        if result.size > 300:
            continue
        is_large = bound > LARGEST and result.dtype != bool
        values.append(np.clip(result, -9, 9) if is_large else result)
        bounds.append(9.0 if is_large else bound)
        writable.append((kind == "view" and writable[first]) or (kind != "view" and bool(np.ndim(result))))
    return tuple(values[-1 - i % len(values)] for i in returned)


def drawn_layout(rng):
    """How an input lies in memory, as a function of the array."""
    return rng.choice([
        lambda x: x,
        lambda x: x,
        np.asfortranarray,
        lambda x: np.repeat(x, 2, axis=0)[::2],
        lambda x: x[::-1].copy()[::-1],
    ])  # fmt: skip


def drawn_inputs(rng):
    """A function of a generator that returns indices and three arrays, the last of which is not written."""
    shapes = [(4, 3), (4, 4), (2, 3, 4), (3, 1), (5,), (1, 4), (2, 2, 2), (3, 3)]
    shape = rng.choice(shapes)
    other = rng.choice([shape, shape, shape[-1:], (), (*shape[:-1], 1), rng.choice(shapes)])
    third = rng.choice([shape, shape[::-1], other])
    dtypes = [rng.choice([np.float64, np.float64, np.float32, np.int64, np.int32, bool]) for _ in range(3)]
    layouts = [drawn_layout(rng) if parts else (lambda x: x) for parts in (shape, other, third)]
    index_shape, index_dtype = rng.choice([(3,), (2, 2), (1,)]), rng.choice([np.int64, np.int32])
    special = rng.random() < 0.2

    def inputs(data):
        arrays = [
            data.integers(-4, 5, size).astype(kind) for size, kind in zip((shape, other, third), dtypes, strict=True)
        ]
        for array in arrays:
            if special and array.dtype.kind == "f" and array.ndim:
                array.flat[data.integers(array.size, size=2)] = data.choice([np.nan, np.inf, -np.inf, -0.0], 2)
        arrays = [layout(array) for layout, array in zip(layouts, arrays, strict=True)]
        return [data.integers(-2, 2, index_shape).astype(index_dtype), *arrays]

    return inputs


def difference(drawn, backend, seed, calls=4):
    """What differs between a compiled program and a plain one; empty if nothing does."""
    program, returned, inputs = drawn
    compiled = compile(lambda *arrays: carried_out(program, returned, *arrays), audit=False, backend=backend)
    data = np.random.default_rng(seed)
    for call in range(calls):
        state = data.bit_generator.state
        theirs = inputs(data)
        data.bit_generator.state = state
        ours = inputs(data)
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected, actual = carried_out(program, returned, *theirs), compiled(*ours)
        for place, (one, other) in enumerate(zip((*actual, *ours), (*expected, *theirs), strict=True)):
            one, other = np.asarray(one), np.asarray(other)
            if one.dtype != other.dtype or not np.array_equal(one, other, equal_nan=True):
                return f"call {call}, value {place}:\n{one}\n{other}\n{compiled.program.native_source}"
    return ""


def run(seed, programs, backend="auto"):
    """Compare compiled random programs with plain ones."""
    rng = random.Random(seed)
    for _ in range(programs):
        drawn = (*drawn_program(rng, rng.randint(3, 25)), drawn_inputs(rng))
        found = difference(drawn, backend, rng.randrange(10**6))
        assert not found, f"{drawn}\n{found}"
