r"""Gated recurrent units write sonnets
===================================

Trained on 20 sonnets, the network predicts two others better than any n-gram model with n up to 6.

.. math::

    \begin{gathered}
    z, r = \sigma(W x_t + U h_{t-1} + b), \qquad n = \tanh(W_n x_t + r \odot (U_n h_{t-1} + c) + b_n), \\
    h_t = (1 - z) \odot n + z \odot h_{t-1}
    \end{gathered}

Gated recurrent units (Cho et al., 2014) learn to predict the next character from 20 sonnets of Shakespeare; two sonnets
are held out. The measure is the cross-entropy per held-out character, in nats. The baselines are n-gram models, which
count how often each character followed the n − 1 before it in the same 20 sonnets, with the interpolation of Witten and
Bell for unseen ones. The network must be better than each of them, for every n up to 6.

The text sampled from its probabilities is nonsense, but has lines, capitals and commas, and about half of its words
occur in the sonnets. ``--characters`` sets its length.
"""

from __future__ import annotations

import textwrap
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

import numpy as np

import autograd_lite as al
from autograd_lite import nn, optim
from studies import BLUE, FOLDER, GREY, RED, Array, claim, evaluated, parser, picture, save, train

TEXT = FOLDER / "data" / "sonnets.txt"
BATCH = 32
STYLE = {"family": "monospace", "fontsize": 8.5, "va": "center"}


# %%
# The network and the text
# ------------------------


class Writer(nn.Module):
    """Characters (N, L) to the logits of the next ones (N, L, alphabet), and the state (1, N, width) after the last."""

    def __init__(self, alphabet: int, width: int, rng: np.random.Generator) -> None:
        self.vectors = nn.Embedding(alphabet, 32, rng=rng)
        self.memory = nn.GRU(32, width, batch_first=True, rng=rng)
        self.dropout = nn.Dropout(0.4, rng=rng)
        self.logits = nn.Linear(width, alphabet, rng=rng)

    def forward(self, characters: Any, state: Any = None) -> Any:
        states, last = self.memory(self.dropout(self.vectors(characters)), state)
        return self.logits(self.dropout(states)), last


def corpus() -> tuple[list[str], Array, Array]:
    """The alphabet, and the numbers in it of the characters of 20 sonnets and of the two that are held out."""
    sonnets = TEXT.read_text(encoding="utf-8").split("\n\n")
    parts = "\n\n".join(sonnets[:-2]) + "\n\n", "\n\n".join(sonnets[-2:])
    alphabet = sorted(set("".join(parts)))
    text, held_out = (np.array([alphabet.index(character) for character in part]) for part in parts)
    return alphabet, text, held_out


def passages(text: Array, length: int, rng: np.random.Generator) -> Iterator[tuple[Array, Array]]:
    """Batches of random passages of the text, and the characters that follow."""
    while True:
        chosen = text[rng.integers(0, len(text) - length, BATCH)[:, None] + np.arange(length + 1)]
        yield chosen[:, :-1].copy(), chosen[:, 1:].copy()


# %%
# Measures, and the n-gram models
# -------------------------------


def cross_entropies(model: Writer, text: Array, read: Array) -> Array:
    """−ln p of each character of a text, given those before it and a text that was read first."""
    log_p = evaluated(lambda: al.log_softmax(model(np.concatenate([read, text])[None, :-1])[0], axis=-1))
    return -log_p[0, np.arange(-len(text), 0), text]


def n_gram(text: Array, held_out: Array, n: int, alphabet: int) -> float:
    """The cross-entropy of an n-gram model, p(c | h) = (count(hc) + kinds(h) p(c | h')) / (count(h) + kinds(h)).

    kinds(h) is the number of different characters that followed h, and h' is h without its first character.
    """
    counts: dict[tuple[int, ...], Counter[int]] = defaultdict(Counter)
    whole = np.concatenate([text, held_out]).tolist()
    for i in range(len(text)):
        for k in range(min(n, i + 1)):
            counts[tuple(whole[i - k : i])][whole[i]] += 1
    total = 0.0
    for i in range(len(text), len(whole)):
        p = 1 / alphabet
        for k in range(n):
            seen = counts.get(tuple(whole[i - k : i]))
            if seen:
                p = (seen[whole[i]] + len(seen) * p) / (seen.total() + len(seen))
        total -= np.log(p)
    return total / len(held_out)


# %%
# Sampling
# --------


def write(model: Writer, start: Array, count: int, rng: np.random.Generator) -> Array:
    """Sample characters one by one, each from its probabilities given those before it."""
    written = []
    with al.no_grad():
        logits, state = model(start[None])
        for _ in range(count):
            p = al.softmax(logits[0, -1].astype(np.float64) / 0.7, axis=-1).numpy()  # sharper than learned
            written.append(int(rng.choice(len(p), p=p)))
            logits, state = model(np.array([written[-1:]]), state)
    return np.array(written)


# %%
# What the study checks
# ---------------------


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    arguments_of = parser("characters", __doc__)
    arguments_of.add_argument("--characters", type=int, default=600, help="how many to write (default 600)")
    options = arguments_of.parse_args(arguments)
    width, length, updates, orders = (48, 16, 100, 2) if options.quick else (128, 64, 640, 6)
    rng = np.random.default_rng(options.seed)

    alphabet, text, held_out = corpus()
    model = Writer(len(alphabet), width, rng)

    def loss(characters: Any, following: Any) -> Any:
        logits, _ = model(characters)
        return al.cross_entropy(logits.reshape(BATCH * length, -1), following.reshape(-1))

    optimizer = optim.AdamW(model.parameters(), lr=4e-3, weight_decay=0.01)
    losses = train(loss, passages(text, length, rng), updates, optimizer, "gated recurrent units", options.quick)
    model.eval()
    surprise = cross_entropies(model, held_out, text[-100:])
    counted = [n_gram(text, held_out, n, len(alphabet)) for n in range(1, orders + 1)]
    written = "".join(alphabet[i] for i in write(model, text[-100:], options.characters, rng))
    held_out_text = "".join(alphabet[i] for i in held_out)
    draw(losses, float(surprise.mean()), counted, surprise, held_out_text, written, options.output)

    print(f"\n{written.strip()}\n")
    words = set(TEXT.read_text(encoding="utf-8").lower().split())
    known = np.mean([word in words for word in written.lower().split()])
    print(f"{known:.0%} of the words written occur in the sonnets")
    entropy, best = float(surprise.mean()), min(counted)
    print("n-grams, n = 1, 2, ...: " + ", ".join(f"{value:.3f}" for value in counted))
    bound = 2.9 if options.quick else best - 0.04
    claim(entropy < bound, f"{entropy:.3f} nats per held-out character, below {bound:.3f}; the best n-gram: {best:.3f}")
    return {"entropy": entropy, "counted": counted, "written": written}


# %%
# The picture
# -----------


def draw(
    losses: Array, entropy: float, counted: list[float], surprise: Array, text: str, written: str, path: Any
) -> None:
    """Losses and baselines; a held-out sonnet, with unlikely characters in red; the sampled text."""
    figure, body = picture(
        "Gated recurrent units write sonnets",
        r"z, r = \sigma(W x_t + U h_{t-1} + b)",
        r"n = \tanh(W_n x_t + r \odot (U_n h_{t-1} + c) + b_n)",
        r"h_t = (1 - z) \odot n + z \odot h_{t-1}",
        size=(13, 6.4),
    )
    left, middle, right = body.subfigures(1, 3, width_ratios=[1, 1.1, 1.1])
    curve, bars = left.subplots(2, 1)
    curve.plot(losses, color=BLUE, lw=1)
    curve.set(xlabel="updates", title="cross-entropy in training (nats)")
    curve.grid()
    names = [*(f"{n}-gram" for n in range(1, len(counted) + 1)), "network"]
    bars.bar(names, [*counted, entropy], color=[*[GREY] * len(counted), RED])
    for i, value in enumerate([*counted, entropy]):
        bars.text(i, value, f"{value:.2f}", ha="center", va="bottom", fontsize=9)
    bars.margins(y=0.12)
    bars.set_title("two held-out sonnets (nats per character)")
    bars.tick_params(axis="x", labelrotation=45)

    middle.suptitle("a held-out sonnet: unlikely characters in red", fontsize=12)
    panel = middle.subplots()
    panel.set(xlim=(-0.5, 50), ylim=(14.5, -0.5))
    panel.set_axis_off()
    place = 0
    for row, line in enumerate(text.split("\n\n")[0].split("\n")):
        for column, character in enumerate(line):
            redness = min(float(surprise[place + column]) / 6, 1)
            box = {"boxstyle": "square,pad=0.15", "fc": (1, 1 - 0.75 * redness, 1 - 0.75 * redness), "ec": "none"}
            panel.text(column, row, character, ha="center", bbox=box, **STYLE)
        place += len(line) + 1

    show_text(right, written, 54, 15)
    save(figure, path)


def show_text(figure: Any, written: str, columns: int, rows: int) -> None:
    """The beginning of the text, with long lines wrapped."""
    figure.suptitle("sampled text", fontsize=12)
    panel = figure.subplots()
    panel.set(xlim=(0, 1), ylim=(rows - 0.5, -0.5))
    panel.set_axis_off()
    lines = [part for line in written.strip("\n").split("\n") for part in (textwrap.wrap(line, columns) or [""])]
    for row, line in enumerate(lines[:rows]):
        panel.text(0, row, line, **STYLE)


if __name__ == "__main__":
    main()
