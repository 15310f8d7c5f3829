"""Random losses: short programs over leaves p and q and arrays a, b and c, which can be run again at other inputs."""

from dataclasses import dataclass, field

import numpy as np

import autograd_lite as ag
from autograd_lite import Tensor

SHAPES = [(4,), (3, 3), (2, 3), (1, 3), ()]
KINDS = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "positive": lambda rng, shape: rng.uniform(0.5, 1.5, shape),
    "zeros": lambda rng, shape: np.zeros(shape),
    "ones": lambda rng, shape: np.ones(shape),
    "equal": lambda rng, shape: np.linspace(0.5, 1.5, int(np.prod(shape))).reshape(shape),
    "symmetric": lambda rng, shape: np.cos(np.add.outer(*np.indices(shape)[:, 0] * 2.0)) if shape == (3, 3)
    else np.full(shape, 0.5),
    "binary": lambda rng, shape: rng.integers(0, 2, shape).astype(float),
}  # fmt: skip


def _is_square(x):
    return x.shape == (3, 3)


# Functions of a result x and another operand y, a result or a constant.
STEPS = {
    "add": lambda x, y: x + y,
    "subtract": lambda x, y: x - y,
    "subtract from": lambda x, y: y - x,
    "multiply": lambda x, y: x * y,
    "multiply by": lambda x, y: y * x,
    "divide": lambda x, y: x / y,
    "divide into": lambda x, y: y / x,
    "maximum": ag.maximum,
    "where": lambda x, y: ag.where(np.arange(x.size).reshape(x.shape) % 2 == 0, x, y),
    "matmul": lambda x, y: x @ y if _is_square(x) and np.shape(y) == (3, 3) else x,
    "transpose": lambda x, y: x.T @ x if _is_square(x) else x,
    "exp": lambda x, y: ag.exp(x),
    "log": lambda x, y: ag.log(ag.exp(x) + 1),
    "sigmoid": lambda x, y: ag.sigmoid(x),
    "tanh": lambda x, y: ag.tanh(x),
    "square": lambda x, y: x**2,
    "relu": lambda x, y: ag.relu(x),
    "softmax": lambda x, y: ag.softmax(x, axis=-1) if x.ndim else 2 * x,
    "centred": lambda x, y: x - ag.mean(x, keepdims=True),
    "times its sum": lambda x, y: ag.sum(x, axis=0, keepdims=True) * x if x.ndim else x,
    "reversed": lambda x, y: x[::-1] if x.ndim else x,
    "taken": lambda x, y: x[np.arange(len(x)) // 2] if x.ndim else x,
    "root": lambda x, y: ag.sqrt(x * x + 1),
    "clipped": lambda x, y: ag.clip(x, -1, 1),
    "guarded": lambda x, y: ag.maximum(x, 1e-9),
    "joined": lambda x, y: ag.concatenate([x, np.broadcast_to(y, x.shape)])[: len(x)] if x.ndim else x,
}
ENDS = {
    "sum": lambda x, b: x.sum(),
    "mean": lambda x, b: x.mean(),
    "squares": lambda x, b: ((x - b) ** 2).sum(),
    "weighted": lambda x, b: (x * b).sum(),
    "mse": lambda x, b: ag.mse_loss(x, b),
    "absolute": lambda x, b: abs(b - x).mean(),
}


@dataclass
class Loss:
    """A random program. Constants that are no inputs, such as a detached result, are kept from its first run.

    `arrays` are the values of its inputs, `leaves` the names of those that are differentiated.
    """

    seed: int
    dtype: type = float
    kept: dict = field(default_factory=dict)

    def __post_init__(self):
        rng = np.random.default_rng(self.seed)
        shape = SHAPES[rng.integers(len(SHAPES))]
        kinds = list(KINDS) if rng.random() < 0.5 else ["normal", "positive"]
        self.leaves = ["p", "q"][: rng.integers(1, 3)]
        self.arrays = {name: KINDS[rng.choice(kinds)](rng, shape).astype(self.dtype) for name in [*self.leaves, *"abc"]}

    def __call__(self, inputs):
        rng = np.random.default_rng([self.seed, 1])
        results = [inputs[name] for name in self.leaves]
        for i in range(rng.integers(2, 8)):
            x, step = results[rng.integers(len(results))], rng.choice(list(STEPS))
            y = self._operand(i, results, inputs, rng)
            with np.errstate(all="ignore"):
                result = STEPS[step](x, y)
            usable = (
                result.shape == results[0].shape and np.isfinite(result.data).all() and abs(result.data).max() < 1e3
            )
            if self.kept.setdefault(("usable", i), usable):
                results.append(result)
        other = results[rng.integers(len(results))]
        last = results[-1] * other if rng.random() < 0.3 else results[-1]
        return ENDS[rng.choice(list(ENDS))](last, inputs["b"])

    def _operand(self, i, results, inputs, rng):
        name, kind = rng.choice(list("abc")), rng.integers(8)
        result = results[rng.integers(len(results))]
        if kind < 2:
            return result
        if kind < 5:
            return inputs[name]
        if kind == 5:
            return [float(rng.integers(-2, 3)), np.float64(1.5), 2][rng.integers(3)]
        found = self.kept.setdefault(i, result.detach() + 0.0 if kind == 6 else rng.normal(size=result.shape))
        return found + 0.0  # an array that only the operation refers to


def tensors(loss, arrays):
    """The inputs of a loss: leaves as tensors."""
    return {name: Tensor(array, requires_grad=True, name=name) if name in loss.leaves else array
            for name, array in arrays.items()}  # fmt: skip


def recorded_loss(seed, dtype=float):
    """A program, its inputs and its value. Those that do not depend on p or q are passed over."""
    while True:
        loss = Loss(seed, dtype)
        inputs = tensors(loss, loss.arrays)
        value = loss(inputs)
        if value.requires_grad:
            return loss, inputs, value
        seed += 1000
