"""What the tables are made of: functions, closed forms of their derivatives, and mistakes as changes of the text.

A formula is text: an expression, or several lines that end in ``return``. A mistake is another text of the formula, or
a change "old -> new" in all places where the old text stands. So a mistake reads like what a person writes.
"""

import inspect
import linecache
import textwrap
import zlib
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import autograd_lite as al

ARROW = " -> "


class Mistake(NamedTuple):
    """A kind, the change of the formula, and a regular expression for the sentence that names it."""

    kind: str
    change: str
    names: str


class Case(NamedTuple):
    """A function, the text of the closed form, what draws the inputs, the mistakes, and what is differentiated."""

    name: str
    function: Callable[..., Any]
    formula: str
    inputs: Callable[["Draw"], tuple[Any, ...]]
    mistakes: list[Mistake]
    wrt: Any = 0

    def closed_form(self, change: str = "") -> Callable[..., Any]:
        """The formula as a function, with a mistake in it."""
        text = self.formula if ARROW in change or not change else change
        if ARROW in change:
            old, new = change.split(ARROW)
            assert old in text, (self.name, change)
            text = text.replace(old, new)
        return written(text, inspect.signature(self.function), f"<{self.name}: {change}>")

    def arguments(self) -> tuple[Any, ...]:
        """The inputs."""
        return self.inputs(Draw(self.name))


CASES: list[Case] = []


def case(name: str, function: Any, formula: str, inputs: Any, *mistakes: tuple[str, str, str], wrt: Any = 0) -> None:
    """Add a case to the tables."""
    CASES.append(Case(name, function, formula, inputs, [Mistake(*mistake) for mistake in mistakes], wrt))


def written(text: str, signature: inspect.Signature, filename: str) -> Callable[..., Any]:
    """A function with this text as its body, and with source lines as if it stood in a file."""
    body = text if "return " in text else f"return {text}"
    source = f"def closed_form{signature}:\n{textwrap.indent(textwrap.dedent(body).strip(), '    ')}\n"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    namespace = dict(WORDS)
    exec(compile(source, filename, "exec"), namespace)
    return namespace["closed_form"]


# -- what the formulas are written with -------------------------------------------------------------------------------

inv, det, trace, outer = np.linalg.inv, np.linalg.det, np.trace, np.outer


def sig(x):
    return 1 / (1 + np.exp(-x))


def softmax(z, axis=-1):
    e = np.exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def logdet(X):
    return np.linalg.slogdet(X)[1]


def erf(x):
    return al.erf(x)


def phi(x):
    return np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)


WORDS = {
    "np": np, "al": al, "inv": inv, "det": det, "trace": trace, "outer": outer, "sig": sig, "softmax": softmax,
    "logdet": logdet, "erf": erf, "phi": phi,
}  # fmt: skip


class Draw:
    """Inputs drawn at random, the same for each name."""

    def __init__(self, name: str) -> None:
        self.rng = np.random.default_rng(zlib.crc32(name.encode()))

    def __call__(self, *shape: int) -> Any:
        return self.rng.normal(size=shape)

    def positive(self, *shape: int) -> Any:
        return self.rng.uniform(0.4, 2.0, shape)

    def probabilities(self, *shape: int) -> Any:
        return softmax(self(*shape))

    def spd(self, n: int) -> Any:
        a = self(n, n)
        return a @ a.T / n + np.eye(n)

    def invertible(self, n: int) -> Any:
        return self(n, n) / 2 + 1.5 * np.eye(n)

    def signs(self, n: int) -> Any:
        return self.rng.permutation(np.where(np.arange(n) < n // 2, -1.0, 1.0))

    def binary(self, *shape: int) -> Any:
        values = (self.rng.random(shape) < 0.5).astype(float)
        values.flat[0], values.flat[-1] = 1, 0
        return values

    def labels(self, n: int, k: int) -> Any:
        return self.rng.permutation(np.arange(n) % k)

    def one_hot(self, n: int, k: int) -> Any:
        return np.eye(k)[self.labels(n, k)]

    def counts(self, n: int) -> Any:
        return self.rng.integers(1, 6, n).astype(float)


# -- what names the common kinds --------------------------------------------------------------------------------------

TRANSPOSED = r"transpos|axes are in another order"
ORDER = r"wrong order|commut|order matters"
SIGN = r"sign|minus|other way round|subtract"
TWICE = r"2 times|factor 2\b|factor `?2`? |exponent is left out as a factor|twice|`?0\.5`? |`?[24]`? must be"
SYMMETRIC = r"only if \w+ is symmetric|symmetric part|\w \+ \wᵀ"
HALF = r"contribution|left out|missing"  # of a product rule
MEAN = r"sum (stands |where )|mean (stands |where )|length of axis|number of elements|1/N"


def left_out(*names: str) -> str:
    """A sentence says that one of these is missing."""
    named = "|".join(names)
    absent = "missing|left out|forgotten|ignored|not used|held constant"
    return rf"({named}).*({absent})|({absent}).*({named})"


def too_many(*names: str) -> str:
    """A sentence says that one of these is there once too often."""
    named = "|".join(names)
    extra = "too many|extra|twice|once more|too often|must be left out"
    return rf"({named}).*({extra})|({extra}).*({named})"
