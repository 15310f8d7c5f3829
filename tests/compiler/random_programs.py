"""Random straight-line functions of arrays: equal calls, views, writes in place, results that share memory."""

import random

import numpy as np

from autograd_lite import compile

UNARY = [np.exp, np.tanh, np.negative, np.square, np.abs, np.sqrt, np.sin, np.floor]
BINARY = [np.add, np.subtract, np.multiply, np.maximum, np.divide, np.hypot]
VIEWS = [
    lambda a: a.T,
    lambda a: a[::-1],
    lambda a: a[:, ::2],
    lambda a: a[1:],
    lambda a: a.reshape(-1),
    lambda a: a[0],
    lambda a: np.moveaxis(a, 0, -1),
]
REDUCTIONS = [
    lambda a: a.sum(axis=0, keepdims=True),
    lambda a: a.mean(),
    lambda a: a.max(axis=-1, keepdims=True),
    lambda a: np.cumsum(a, axis=-1),
    lambda a: np.sort(a, axis=-1),
    lambda a: np.concatenate([a, a]),
    lambda a: a[np.argsort(a, axis=0)[0]] if a.ndim == 1 else a,
    lambda a: a.take([0, -1], axis=0),
    lambda a: np.where(a > 0, a, 0),
    lambda a: a @ a.T,
    lambda a: a.astype(np.float32),
    lambda a: a.copy(),
]
WRITES = [
    lambda a, b: a.__iadd__(b),
    lambda a, b: a.__imul__(0.5),
    lambda a, b: a.__setitem__(0, 1.5),
    lambda a, b: a.__setitem__(slice(None, None, 2), b.mean()),
    lambda a, b: np.add(a, 1, out=a),
    lambda a, b: np.exp(np.minimum(b, 1), out=a) if a.shape == b.shape and a.dtype == b.dtype else None,
]


def drawn_program(rng, length):
    """Instructions: a kind, the number of a function, and the numbers of operands."""
    program = []
    kinds = ["unary", "unary", "binary", "binary", "view", "view", "reduction"] + ["write"] * rng.randrange(2)
    for count in range(length):
        if program and rng.random() < 0.25:
            program.append(rng.choice(program[-6:]))  # the same call once more
            continue
        operands = (max(0, count + 2 - rng.randrange(7)) for _ in range(2))
        program.append((rng.choice(kinds), rng.randrange(100), *operands))
    returned = [rng.randrange(8) for _ in range(rng.randint(1, 3))]
    return program, returned


def carried_out(program, returned, *arrays):
    """The program as a function; calls that are impossible with the present values are skipped."""
    values = [*arrays, arrays[0] * 1.0]
    for kind, number, first, second in program:
        a, b = (values[min(place, len(values) - 1)] for place in (first, second))
        if kind == "unary":
            values.append(UNARY[number % len(UNARY)](a))
        elif kind == "binary" and (a.shape == b.shape or () in (a.shape, b.shape)):
            values.append(BINARY[number % len(BINARY)](a, b))
        elif kind == "view" and a.ndim == 2 and min(a.shape) > 1:
            values.append(VIEWS[number % len(VIEWS)](a))
        elif kind == "reduction" and a.ndim == 2 and a.size < 200:
            values.append(REDUCTIONS[number % len(REDUCTIONS)](a))
        elif kind == "write" and a.ndim and a.size and (a.shape == b.shape or b.shape == ()):
            WRITES[number % len(WRITES)](a, b)
    return tuple(values[-1 - i % len(values)] for i in returned)


def run(seed, programs, calls=5):
    """Compare compiled random programs with plain ones; return the number of their NumPy calls."""
    rng, total = random.Random(seed), 0
    for _ in range(programs):
        program, returned = drawn_program(rng, rng.randint(3, 25))
        compiled = compile(lambda x, y: carried_out(program, returned, x, y), audit=False)  # noqa: B023
        data = np.random.default_rng(rng.randrange(10**6))
        for _ in range(calls):
            x, y = data.normal(size=(4, 3)), data.normal(size=(4, 3))
            ours, theirs = [x.copy(), y.copy()], [x.copy(), y.copy()]
            with np.errstate(all="ignore"):
                expected, actual = carried_out(program, returned, *theirs), compiled(*ours)
            for one, other in zip((*actual, *ours), (*expected, *theirs), strict=True):
                assert np.asarray(one).dtype == np.asarray(other).dtype, program
                np.testing.assert_array_equal(one, other, err_msg=str((program, returned)))
        total += len(compiled.program.source.splitlines()) if compiled.program else 0
    return total
