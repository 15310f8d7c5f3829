r"""Which training digits are to blame for a misread one
====================================================

The Hessian and a gradient for each training digit predict how the loss of a held-out digit changes if one of them is
left out. Training again without each of them confirms it; the dotted line in the picture is y = x.

.. math::

    \theta_{-i} \approx \theta + \frac1N H^{-1} \nabla \ell_i, \qquad
    \ell(\theta_{-i}) - \ell(\theta) \approx \frac1N\, \langle \nabla \ell, H^{-1} \nabla \ell_i \rangle

Softmax regression learns 1,438 real digits of 8×8 pixels. At its minimum, the formula gives the weights without sample
i, with the Hessian H of the loss and the gradient of the sample (Cook and Weisberg 1982, Koh and Liang 2017).
``vmap(grad(loss))`` computes all gradients at once, and ``vmap(step)`` then trains 1,438 times, each time without one
digit, 128 trainings at a time.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from tqdm import tqdm

import autograd_lite as al
from autograd_lite import compile, grad, hessian, vmap
from studies import BLUE, GREY, RED, Array, claim, digit_images, parser, picture, save

DECAY = 1e-3


def features(images: Array) -> Array:
    """The 64 pixels and a 1, as float64: (N, 65)."""
    return np.hstack([images.reshape(len(images), -1), np.ones((len(images), 1))]).astype(float)


def sample_loss(weights: Any, x: Any, label: Any) -> Any:
    """The cross-entropy of one sample."""
    return al.cross_entropy(weights @ x, label)


# %%
# The regression, its influences, and training without samples
# ------------------------------------------------------------
# ``vmap`` turns the gradient for one sample into those for all, and one step of training into steps of many trainings.


class Regression:
    """Softmax regression with weight decay at its minimum, found by Newton's method.

    Attributes
    ----------
    weights : array (10, 65)
    inverse : array (650, 650)
        That of the Hessian at the minimum.
    """

    def __init__(self, x: Array, labels: Array) -> None:
        self.x, self.labels, self.weights = x, labels, np.zeros((10, x.shape[1]))
        size, everything = self.weights.size, np.ones(len(x))
        for _ in range(20):
            matrix = hessian(self.loss)(self.weights, everything).reshape(size, size)
            step = np.linalg.solve(matrix, grad(self.loss)(self.weights, everything).ravel())
            self.weights = self.weights - step.reshape(self.weights.shape)
            if np.abs(step).max() < 1e-10:
                break
        self.inverse = np.linalg.inv(matrix)
        self.gradients = vmap(grad(sample_loss), in_axes=(None, 0, 0))(self.weights, x, labels)
        self.many_steps = compile(vmap(self.step))  # recorded once, for many weights

    def loss(self, weights: Any, kept: Any) -> Any:
        """The mean loss of the samples that are kept (1, the others 0), and the decay."""
        losses = al.cross_entropy(self.x @ weights.T, self.labels, reduction="none")
        return (kept * losses).sum() / len(self.x) + DECAY / 2 * (weights**2).sum()

    def step(self, weights: Any, kept: Any) -> Any:
        """Newton's step, but with the Hessian of all samples."""
        return weights - (self.inverse @ grad(self.loss)(weights, kept).ravel()).reshape(weights.shape)

    def influence(self, x: Array, label: int) -> Array:
        """How much the loss of a sample would rise without each training sample, to first order."""
        g = grad(sample_loss)(self.weights, x, label)
        return self.gradients.reshape(len(self.x), -1) @ self.inverse @ g.ravel() / len(self.x)

    def retrained(self, kept: Array, quiet: bool = True, at_once: int = 128) -> Array:
        """The weights (n, 10, 65) that are trained on the samples in each row of `kept` alone."""
        found = []
        for start in tqdm(range(0, len(kept), at_once), desc="trainings", unit=f"{at_once}", disable=quiet):
            rows = kept[start : start + at_once]
            weights, change = np.repeat(self.weights[None], len(rows), axis=0), 1.0
            while change > 1e-6:
                before, weights = weights, self.many_steps(weights, rows)
                change = np.abs(weights - before).max()
            found.append(weights)
        return np.concatenate(found)


def without(groups: list[Array], count: int) -> Array:
    """A row for each group of samples: 0 for those in it, 1 for the others."""
    kept = np.ones((len(groups), count))
    for row, group in zip(kept, groups, strict=True):
        row[group] = 0
    return kept


def seconds(function: Any) -> float:
    """The shorter time of two calls."""
    times = []
    for _ in range(2):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


# %%
# What the study checks
# ---------------------


def main(arguments: list[str] | None = None) -> dict[str, float]:
    options = parser("per_sample", __doc__).parse_args(arguments)
    al.keep_freed_memory()
    tried, draws = (64, 3) if options.quick else (1438, 20)
    rng = np.random.default_rng(options.seed)
    (images, labels), (held_out, truth) = digit_images(options.seed)
    x, tests = features(images), features(held_out)
    model = Regression(x, labels)

    # Of the misread digits the one that, by the prediction, a single training digit harms most.
    misread = np.flatnonzero((tests @ model.weights.T).argmax(axis=1) != truth)
    test = min(misread, key=lambda i: model.influence(tests[i], truth[i]).min())
    probability = vmap(lambda weights: al.softmax(weights @ tests[test]))
    predicted = model.influence(tests[test], truth[test])
    order = np.argsort(predicted)

    left_out = np.sort(np.concatenate([order[:8], order[-8:], rng.permutation(order[8:-8])[: tried - 16]]))
    alone = probability(model.retrained(without(list(left_out[:, None]), len(x)), options.quick))
    before = al.softmax(model.weights @ tests[test])
    measured = np.log(before[truth[test]]) - np.log(alone[:, truth[test]])

    most = 30
    by_harm = probability(model.retrained(without([order[:k] for k in range(most + 1)], len(x))))
    drawn = [rng.permutation(len(x))[:k] for _ in range(draws) for k in range(0, most + 1, 5)]
    by_chance = probability(model.retrained(without(drawn, len(x)))).reshape(draws, -1, 10)
    enough = int((by_harm.argmax(axis=1) == truth[test]).argmax())
    panels = Panels(int(truth[test]), int(before.argmax()), labels)
    figure, body = picture(
        f"Which training digits make a {panels.truth} look like a {panels.guess}?",
        r"\theta_{-i} \approx \theta + \frac{1}{N}\, H^{-1} \nabla \ell_i",
        r"\ell(\theta_{-i}) - \ell(\theta) \approx \frac{1}{N}\, \langle \nabla \ell,\, H^{-1} \nabla \ell_i \rangle",
        size=(12, 7.8),
    )
    above, below = body.subfigures(2, 1, height_ratios=[1.7, 1])
    scatter, curves = above.subplots(1, 2, width_ratios=[1.2, 1])
    panels.compare(scatter, predicted[left_out], measured, left_out)
    panels.follow(curves, by_harm, by_chance, enough)
    panels.show(below, held_out[test], images, order)
    figure.get_layout_engine().set(w_pad=0.08, h_pad=0.08)
    save(figure, options.output)

    gradient = grad(sample_loss)
    one_by_one = seconds(lambda: [gradient(model.weights, *sample) for sample in zip(x, labels, strict=True)])
    at_once = seconds(lambda: vmap(gradient, (None, 0, 0))(model.weights, x, labels))
    print(f"\n{len(x)} gradients: one by one {one_by_one:.2g} s, at once {at_once:.2g} s")
    rest = np.abs(model.gradients.mean(axis=0) + DECAY * model.weights).max()
    correlation = np.corrcoef(predicted[left_out], measured)[0, 1]
    by_luck = int((by_chance[:, -1].argmax(axis=1) == truth[test]).sum())
    claim(rest < 1e-12, f"the gradients of all samples and of the decay add up to zero: {rest:.0e}")
    claim(
        correlation > 0.98,
        f"{len(left_out)} trainings without one digit: correlation {correlation:.3f} with the prediction",
    )
    claim(left_out[measured.argmin()] == order[0], "the training digit that harms most is the predicted one")
    claim(
        enough > 0 == by_luck,
        f"a {panels.truth} read as a {panels.guess} is read right without the {enough} most harmful of {len(x)} "
        f"digits, and in none of {draws} trainings without {most} others",
    )
    return {"correlation": float(correlation), "enough": enough, "rest": float(rest)}


# %%
# The picture
# -----------


class Panels:
    """The panels of the picture: the colour of a digit says whether it is of the true class or of the guess."""

    def __init__(self, truth: int, guess: int, labels: Array) -> None:
        self.truth, self.guess, self.labels = truth, guess, labels

    def colour(self, label: int) -> str:
        return {self.truth: BLUE, self.guess: RED}.get(int(label), GREY)

    def compare(self, panel: Any, predicted: Array, measured: Array, left_out: Array) -> None:
        """What was predicted for each training digit beside what training without it gives."""
        of = self.labels[left_out]
        others = ~np.isin(of, (self.truth, self.guess))
        for chosen, name in ((of == self.truth, self.truth), (of == self.guess, self.guess), (others, "another digit")):
            style = {"color": GREY if name == "another digit" else self.colour(name), "alpha": 0.8, "linewidths": 0}
            label = name if name == "another digit" else f"a {name}"
            panel.scatter(predicted[chosen], measured[chosen], s=26, label=label, **style)
        panel.axline((0, 0), slope=1, color="black", lw=1, ls=":", zorder=0)
        panel.set(
            xlabel="predicted: one Hessian, one gradient for each digit", ylabel="measured: one training for each digit"
        )
        panel.set_title(f"change of the loss of the {self.truth} without one training digit")
        panel.legend(title="left out:", loc="upper left", alignment="left")
        panel.annotate("harmful", (0.17, 0.05), xycoords="axes fraction", color=GREY)
        panel.annotate("helpful", (0.86, 0.66), xycoords="axes fraction", color=GREY)
        panel.grid()

    def follow(self, panel: Any, by_harm: Array, by_chance: Array, enough: int) -> None:
        """The probability of both readings while digits are left out."""
        counts = np.linspace(0, len(by_harm) - 1, by_chance.shape[1])
        for digit in (self.guess, self.truth):
            panel.plot(by_harm[:, digit], color=self.colour(digit), label=f"it is a {digit}")
            span = by_chance[:, :, digit].min(axis=0), by_chance[:, :, digit].max(axis=0)
            panel.fill_between(counts, *span, color=self.colour(digit), alpha=0.2, lw=0)
        panel.fill_between([], [], [], color=GREY, alpha=0.4, lw=0, label=f"{len(by_chance)} random choices")
        panel.axvline(enough, ymax=0.88, color="black", lw=1, ls=":")
        panel.annotate(f" read right\n without {enough}", (enough, 0.04), fontsize=10)
        panel.set(xlabel="training digits left out, the most harmful first", ylim=(0, 0.8), xlim=(0, len(by_harm) - 1))
        panel.set(xticks=range(0, len(by_harm), 5), title="probability of both readings, trained without them")
        panel.legend(loc="upper center", ncols=3)
        panel.grid()

    def show(self, figure: Any, image: Array, images: Array, order: Array) -> None:
        """The misread digit, and the training digits with the largest influence, with their labels."""
        own, _, harmful, _, helpful = figure.subfigures(1, 5, width_ratios=[1.6, 0.2, 4, 0.3, 4])
        panel = own.subplots()
        panel.imshow(image[0], cmap="gray_r")
        panel.set_axis_off()
        own.suptitle(f"a {self.truth}, read as a {self.guess}", fontsize=12)
        for part, chosen, name in ((harmful, order[:12], "harm"), (helpful, order[::-1][:12], "help")):
            part.suptitle(f"the training digits that {name} it most", fontsize=12)
            for one, i in zip(part.subplots(2, 6).flat, chosen, strict=True):
                one.imshow(images[i, 0], cmap="gray_r")
                one.set_axis_off()
                one.set_title(f"{self.labels[i]}", color=self.colour(self.labels[i]), fontsize=11, pad=2, weight="bold")


if __name__ == "__main__":
    main()
