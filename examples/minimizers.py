r"""LBFGS and SciPy's minimizers on the same problems
=================================================

How many evaluations does each of them need? LBFGS of the library needs as few as SciPy's L-BFGS-B; Adam and momentum
with the best learning rate need several times as many.

.. math::

    f(x) = \sum_i 100\,(x_{i+1} - x_i^2)^2 + (1 - x_i)^2, \qquad
    L(w) = -\frac1n \sum_i \ln p_i + \frac\lambda2 \Vert w \Vert^2

The problems are Rosenbrock's function, a curved narrow valley in 20 dimensions, and logistic regression on the tumours
with all 30 features and a small penalty. SciPy's ``minimize`` asks for values with gradients (``value_and_grad``), and
for products of the Hessian with vectors (``hvp``) in Newton-CG and trust-ncg. The optimizers of the library get a
closure, which LBFGS calls several times in a step (Liu and Nocedal, 1989). Adam and momentum run with the best of seven
learning rates. A value with its gradient is one evaluation, a product with the Hessian counts as two. The study checks
that

1. value, gradient and product of Rosenbrock's function are those that SciPy defines by formulas;
2. all methods come within 10⁻⁸ of the least value;
3. Adam and momentum need several times as many evaluations as LBFGS;
4. the weights of the regression are those that scikit-learn finds.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import minimize, rosen, rosen_der, rosen_hess_prod
from sklearn.linear_model import LogisticRegression

import autograd_lite as al
from autograd_lite import Tensor, optim
from logistic_and_probit import newton
from studies import BLUE, GREEN, GREY, PURPLE, RED, YELLOW, Array, claim, parser, picture, save, tumours

PENALTY = 1e-3
CLOSE, BUDGET = 1e-8, 3000
RATES = (1, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001)


# %%
# Counting evaluations
# --------------------
# All minimizers call the function through a counter, which remembers the best value and how many evaluations it took.


class Problem(NamedTuple):
    """A function, where the minimizers start, a point of its minimum, and the least value."""

    name: str
    function: Callable[[Any], Any]
    start: Array
    minimum: Array


class Counter:
    """A function whose evaluations are counted; `history` has how many there were at each value."""

    def __init__(self, problem: Problem) -> None:
        self.function, self.least = problem.function, float(problem.function(problem.minimum))
        self.point = problem.start.copy()  # the best one
        self.evaluations, self.history = 0, []

    def note(self, point: Array, value: Any) -> None:
        self.evaluations += 1
        excess = float(value) - self.least
        if not self.history or excess < self.history[-1][1]:
            self.point = point.copy()
            self.history.append((self.evaluations, excess))

    def value_and_grad(self, point: Array) -> tuple[Any, Array]:
        value, gradient = al.value_and_grad(self.function)(point)
        self.note(point, value)
        return value, gradient

    def product(self, point: Array, vector: Array) -> Array:
        self.evaluations += 2
        return al.hvp(self.function, (point,), (vector,))[0]

    def needed(self) -> float:
        """The number of evaluations until the value was close to the least one."""
        return next((count for count, excess in self.history if excess < CLOSE), np.inf)


# %%
# The two problems
# ----------------


def rosenbrock(x: Any) -> Any:
    return (100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum()


def logistic_loss(weights: Any, x: Array, y: Array) -> Any:
    """The mean of −ln p, and a penalty on all weights but the constant."""
    return al.binary_cross_entropy_with_logits(x @ weights, y) + PENALTY / 2 * (weights[1:] ** 2).sum()


# %%
# The minimizers
# --------------
# SciPy's take the derivatives as functions, those of the library as a closure.


def by_scipy(method: str, counter: Counter) -> None:
    products = {"hessp": counter.product} if method in ("Newton-CG", "trust-ncg") else {}
    minimize(counter.value_and_grad, counter.point, jac=True, method=method, tol=1e-10, **products)


def by_optimizer(make: Callable[..., optim.Optimizer], counter: Counter) -> None:
    w = Tensor(counter.point, requires_grad=True)
    optimizer = make([w])

    def closure() -> Any:
        optimizer.zero_grad()
        loss = counter.function(w)
        loss.backward()
        counter.note(w.data, loss)
        return loss

    with np.errstate(over="ignore", invalid="ignore"):  # where the learning rate is too large
        while counter.evaluations < BUDGET and counter.needed() > BUDGET and np.isfinite(w.data).all():
            optimizer.step(closure)


def by_best_rate(make: Callable[..., optim.Optimizer], counter: Counter) -> None:
    """The run that needs the fewest evaluations, or comes closest."""
    runs = [copy.deepcopy(counter) for _ in RATES]
    for rate, run in zip(RATES, runs, strict=True):
        by_optimizer(partial(make, lr=rate), run)
    best = min(runs, key=lambda run: (run.needed(), run.history[-1][1]))
    vars(counter).update(vars(best))


METHODS: dict[str, tuple[Callable[[Counter], None], str, str]] = {
    "LBFGS": (partial(by_optimizer, partial(optim.LBFGS, line_search_fn="strong_wolfe")), RED, "-"),
    "Adam": (partial(by_best_rate, optim.Adam), PURPLE, "-"),
    "momentum": (partial(by_best_rate, partial(optim.SGD, momentum=0.9)), GREY, "-"),
    "SciPy, L-BFGS-B": (partial(by_scipy, "L-BFGS-B"), BLUE, "--"),
    "SciPy, Newton-CG": (partial(by_scipy, "Newton-CG"), GREEN, "--"),
    "SciPy, trust-ncg": (partial(by_scipy, "trust-ncg"), YELLOW, "--"),
}


# %%
# References
# ----------


def difference_from_scipy(x: Array, v: Array) -> float:
    """The largest relative difference of Rosenbrock's value, gradient and product from SciPy's formulas."""
    value, gradient = al.value_and_grad(rosenbrock)(x)
    (product,) = al.hvp(rosenbrock, (x,), (v,))
    pairs = (value, rosen(x)), (gradient, rosen_der(x)), (product, rosen_hess_prod(x, v))
    return max(float(np.abs(ours - theirs).max() / np.abs(theirs).max()) for ours, theirs in pairs)


def reference(x: Array, y: Array) -> Array:
    """The weights of scikit-learn, the constant first."""
    model = LogisticRegression(C=1 / (PENALTY * len(y)), tol=1e-10, max_iter=10_000).fit(x[:, 1:], y)
    return np.concatenate([model.intercept_, model.coef_[0]])


# %%
# What the study checks
# ---------------------


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    options = parser("minimizers", __doc__).parse_args(arguments)
    rng, size = np.random.default_rng(options.seed), 4 if options.quick else 20
    x, y = tumours()
    x = np.column_stack([np.ones(len(y)), x])
    loss = partial(logistic_loss, x=x, y=y)
    name, start = f"Rosenbrock's function in {size} dimensions", np.tile([-1.2, 1.0], size // 2)
    problems = (
        Problem(name, rosenbrock, start, np.ones(size)),
        Problem("logistic regression with 31 weights", loss, np.zeros(31), newton(logistic_loss, x, y).weights),
    )
    counters = [{name: Counter(problem) for name in METHODS} for problem in problems]
    for runs in counters:
        for name, run in runs.items():
            METHODS[name][0](run)
    draw(problems, counters, options.output)

    print(f"\n{'evaluations':20}{'Rosenbrock':>12}{'regression':>12}")
    for name in METHODS:
        print(f"{name:20}" + "".join(f"{runs[name].needed():12}" for runs in counters))
    difference = max(difference_from_scipy(*rng.normal(size=(2, size))) for _ in range(20))
    claim(difference < 1e-12, f"Rosenbrock's value, gradient and product are SciPy's, to {difference:.0e}")
    needed = [{name: run.needed() for name, run in runs.items()} for runs in counters]
    worst = max(max(counts.values()) for counts in needed)
    claim(worst <= BUDGET, f"all methods come within {CLOSE:.0e} of the least value; the slowest needs {worst}")
    ratio = min(min(counts["Adam"], counts["momentum"]) / counts["LBFGS"] for counts in needed)
    claim(ratio > 3, f"Adam and momentum need at least {ratio:.1f} times as many evaluations as LBFGS")
    apart = max(float(np.abs(run.point - reference(x, y)).max()) for run in counters[1].values())
    claim(apart < 0.01, f"the weights of the regression are scikit-learn's, to {apart:.0e}")
    return {"difference": difference, "needed": needed, "apart": apart}


# %%
# The picture
# -----------


def draw(problems: tuple[Problem, ...], counters: list[dict[str, Counter]], path: Any) -> None:
    """How far the best value is from the least one, against the number of evaluations."""
    figure, body = picture(
        "How many evaluations does a minimum cost?",
        r"\sum_i 100\,(x_{i+1} - x_i^2)^2 + (1 - x_i)^2",
        r"-\frac{1}{n} \sum_i \ln p_i + \frac{\lambda}{2} \Vert w \Vert^2",
        size=(13, 5.4),
    )
    for panel, problem, runs in zip(body.subplots(1, 2), problems, counters, strict=True):
        for name, run in runs.items():
            _, colour, line = METHODS[name]
            counts, excess = np.array(run.history).T
            (curve,) = panel.loglog(counts, np.maximum(excess, CLOSE / 10), line, drawstyle="steps-post")
            curve.set(color=colour, label=f"{name}: {run.needed():,}")
        panel.set(ylim=(CLOSE, None), xlim=(1, None), xlabel="evaluations", title=problem.name)
        panel.set_ylabel("distance from the least value")
        panel.grid()
        panel.legend(loc="lower left", title="evaluations until $10^{-8}$", alignment="left")
    save(figure, path)


if __name__ == "__main__":
    main()
