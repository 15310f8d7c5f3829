r"""A small GPT writes sonnets
==========================

205,888 parameters in four blocks, trained on 12,441 characters, predict held-out sonnets better than n-gram models. One
head has learned to attend to the character before.

.. math::

    x \leftarrow x + \mathrm{softmax}\big(QK^\top / \sqrt d\,\big) V, \qquad
    x \leftarrow x + W_2\, \mathrm{gelu}(W_1 x), \qquad p = \mathrm{softmax}(E\,x)

The transformer of GPT-2 in miniature (Vaswani et al., 2017; Radford et al., 2019): the vectors of characters and places
are added, in each block every place attends to those up to it, and the table of characters gives the logits as well.
As usual, AdamW decays matrices only, the learning rate rises and then falls along a cosine, and the norm of gradients
is limited. The text is 20 sonnets of Shakespeare; two others are held out. The study checks that

1. no character changes what is predicted before it;
2. the gradient of the shared table is the sum of the gradients of its two uses;
3. held-out sonnets take fewer bits per character than by any n-gram model of ``characters.py``, n up to 6.
"""

from __future__ import annotations

import copy
from itertools import islice
from typing import Any

import numpy as np

import autograd_lite as al
from autograd_lite import nn, optim
from autograd_lite.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR
from characters import corpus, n_gram, passages, show_text
from progress import Progress
from studies import BLUE, GREY, RED, Array, claim, evaluated, parser, picture, save

CONTEXT, DROPOUT = 32, 0.2


# %%
# The model
# ---------


class Block(nn.Module):
    """x ← x + attention(norm(x)), x ← x + network(norm(x))."""

    def __init__(self, width: int, heads: int, rng: np.random.Generator) -> None:
        self.norm, self.norm_of_network = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, heads, DROPOUT, batch_first=True, rng=rng)
        first, second = nn.Linear(width, 4 * width, rng=rng), nn.Linear(4 * width, width, rng=rng)
        self.network = nn.Sequential(first, nn.GELU(), second)
        self.dropout = nn.Dropout(DROPOUT, rng=rng)

    def forward(self, x: Any) -> Any:
        y = self.norm(x)
        x = x + self.dropout(self.attention(y, y, y, is_causal=True, average_attn_weights=False)[0])
        return x + self.dropout(self.network(self.norm_of_network(x)))


class GPT(nn.Module):
    """Characters (N, L) with L ≤ CONTEXT to the logits of the next ones (N, L, alphabet)."""

    def __init__(self, alphabet: int, width: int, heads: int, layers: int, rng: np.random.Generator) -> None:
        self.characters, self.places = nn.Embedding(alphabet, width, rng=rng), nn.Embedding(CONTEXT, width, rng=rng)
        self.dropout = nn.Dropout(DROPOUT, rng=rng)
        self.blocks = nn.ModuleList(Block(width, heads, rng) for _ in range(layers))
        self.norm, self.logits = nn.LayerNorm(width), nn.Linear(width, alphabet, bias=False, rng=rng)
        for name, parameter in self.named_parameters():
            if parameter.ndim == 2:
                adds = name.endswith(("out_proj.weight", "network.2.weight"))  # 2·layers results are added up
                nn.init.normal_(parameter, std=0.02 / np.sqrt(2 * layers) if adds else 0.02, rng=rng)
        self.logits.weight = self.characters.weight

    def forward(self, text: Any) -> Any:
        x = self.dropout(self.characters(text) + self.places(np.arange(text.shape[1])))
        for block in self.blocks:
            x = block(x)
        return self.logits(self.norm(x))


# %%
# Training
# --------


def cross_entropy(model: GPT, text: Any, following: Any) -> Any:
    """The mean of −ln p of the characters that follow."""
    return nn.functional.cross_entropy(np.swapaxes(model(text), 1, 2), following)


def train(model: GPT, text: Array, held_out: Array, updates: int, rng: Any, quiet: bool) -> tuple[Array, Array]:
    """Bits per character in each update, and of the held-out text ten times on the way."""
    matrices, others = ([p for p in model.parameters() if (p.ndim == 2) == chosen] for chosen in (True, False))
    groups = [{"params": matrices, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}]
    optimizer, warm_up = optim.AdamW(groups, lr=6e-3, betas=(0.9, 0.99)), updates // 10
    rising, falling = LinearLR(optimizer, 0.01, total_iters=warm_up), CosineAnnealingLR(optimizer, updates - warm_up)
    schedule = SequentialLR(optimizer, [rising, falling], [warm_up])

    @al.compile(backend="numpy")  # as machine code it would take longer to compile than to run
    def step(characters: Any, following: Any) -> Any:
        optimizer.zero_grad()
        loss = cross_entropy(model, characters, following)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        return loss

    validation = []
    with Progress("small GPT", updates, quiet=quiet) as report:
        for batch in islice(passages(text, CONTEXT, rng), updates):
            report(step(*batch).item() / np.log(2))
            if len(report.values) % (updates // 10) == 0:
                validation.append(bits(model.eval(), held_out, text))
                model.train()
    model.eval()
    return np.array(report.values), np.array(validation)


# %%
# Measures and sampling
# ---------------------


def bits(model: GPT, text: Array, read: Array) -> float:
    """The mean of −log₂ p of the characters of a text, each given the CONTEXT ones before it; another text was read."""
    whole = np.concatenate([read[-CONTEXT:], text])
    windows = np.lib.stride_tricks.sliding_window_view(whole[:-1], CONTEXT)
    logits = np.concatenate([evaluated(model, part)[:, -1] for part in np.array_split(windows, 10)])
    return float(al.cross_entropy(logits.astype(np.float64), text)) / np.log(2)


def write(model: GPT, start: Array, count: int, rng: np.random.Generator) -> Array:
    """Sample characters one by one, each from its probabilities given the CONTEXT ones before it."""
    written = list(start)
    for _ in range(count):
        logits = evaluated(model, np.array([written[-CONTEXT:]]))[0, -1].astype(np.float64)
        p = np.asarray(al.softmax(logits / 0.7))  # sharper than learned
        written.append(int(rng.choice(len(p), p=p)))
    return np.array(written[len(start) :])


def attention_map(model: GPT, text: Array) -> tuple[Array, str]:
    """The weights of the head that looks most at the character before, (place, attended place), and its name."""
    maps: list[Array] = []
    for block in model.blocks:
        block.attention.register_forward_hook(lambda _module, _given, result: maps.append(result[1].numpy()[0]))
    evaluated(model, text[None])
    shares = np.trace(maps, offset=-1, axis1=2, axis2=3)
    block, head = np.unravel_index(shares.argmax(), shares.shape)
    return maps[block][head], f"head {head + 1} of block {block + 1}"


# %%
# Two properties of the model
# ---------------------------


def difference_of_uses(model: GPT, text: Array, following: Array) -> float:
    """How far the gradient of the shared table is from the sum of those of two separate tables, relatively."""
    shared, separate = copy.deepcopy(model), copy.deepcopy(model)
    separate.logits.weight = nn.Parameter(separate.characters.weight.numpy().copy())
    for other in (shared, separate):
        cross_entropy(other, text, following).backward()
    both = separate.characters.weight.grad + separate.logits.weight.grad
    return float(np.abs(shared.characters.weight.grad - both).max() / np.abs(both).max())


def seen_too_early(model: GPT, text: Array) -> float:
    """How much another last character changes the logits before it."""
    texts = np.stack([text, np.append(text[:-1], text[0])])
    return float(np.abs(np.diff(evaluated(model, texts), axis=0))[0, :-1].max())


# %%
# What the study checks
# ---------------------


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    options = parser("small_gpt", __doc__).parse_args(arguments)
    width, heads, layers, updates, orders = (32, 2, 2, 100, 2) if options.quick else (64, 4, 4, 1200, 6)
    rng = np.random.default_rng(options.seed)
    al.manual_seed(options.seed)  # of the dropout inside attention
    al.keep_freed_memory()
    alphabet, text, held_out = corpus()
    best = min(n_gram(text, held_out, n, len(alphabet)) for n in range(1, orders + 1)) / np.log(2)
    model = GPT(len(alphabet), width, heads, layers, rng)
    curves = train(model, text, held_out, updates, rng, options.quick)
    written = "".join(alphabet[i] for i in write(model, text[-CONTEXT:], 100 if options.quick else 800, rng))
    line, final = held_out[:CONTEXT], float(curves[1][-1])
    draw(curves, best, attention_map(copy.deepcopy(model), line), [alphabet[i] for i in line], written, options.output)

    print(f"\n{written.strip()}\n\n{sum(p.size for p in model.parameters()):,} parameters")
    model.double()  # for the checks
    early, tied = seen_too_early(model, line), difference_of_uses(model, *next(passages(text, CONTEXT, rng)))
    claim(early < 1e-10, f"a character changes what is predicted before it by {early:.0e}")
    claim(tied < 1e-12, f"the gradient of the shared table is the sum of those of its uses, to {tied:.0e}")
    bound = 4.2 if options.quick else best
    claim(final < bound, f"{final:.3f} bits per held-out character, below {bound:.3f}; the best n-gram: {best:.3f}")
    return {"bits": final, "tied": tied, "early": early, "written": written}


# %%
# The picture
# -----------


def draw(curves: tuple[Array, Array], best: float, attention: Any, line: list[str], written: str, path: Any) -> None:
    """Bits per character in training and held out; the map of one head; the sampled text."""
    figure, body = picture(
        "A small GPT writes sonnets",
        r"x \leftarrow x + \mathrm{softmax}\left(QK^\top\! / \sqrt{d}\,\right) V",
        r"x \leftarrow x + W_2\, \mathrm{gelu}(W_1\, x)",
        r"p = \mathrm{softmax}(E\,x)",
        size=(13, 5.6),
    )
    left, middle, right = body.subfigures(1, 3, width_ratios=[1, 1.1, 1])
    curve, (training, validation) = left.subplots(), curves
    updates = np.arange(1, len(training) + 1)
    curve.plot(updates, training, color=BLUE, lw=1, label="training, with dropout")
    curve.plot(updates.reshape(10, -1)[:, -1], validation, "o-", color=RED, label="two held-out sonnets")
    curve.axhline(best, color=GREY, ls="--", label="the same by the best n-gram")
    curve.set(xlabel="updates", title="bits per character", ylim=(2, 5))
    curve.grid()
    curve.legend()
    panel, (weights, name) = middle.subplots(), attention
    panel.imshow(weights, cmap="Blues", vmin=0, vmax=1)
    panel.set(xticks=range(len(line)), yticks=range(len(line)), xticklabels=line, yticklabels=line)
    panel.tick_params(length=0, labelsize=8, labelfontfamily="monospace")
    panel.set(xlabel="attended character", ylabel="place", title=f"{name} attends to the character before")
    show_text(right, written, 48, 18)
    save(figure, path)


if __name__ == "__main__":
    main()
