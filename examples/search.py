r"""A random search of hyperparameters
==================================

One hundred small trainings run in parallel, in a search that can be interrupted and continued. Learning rate and
momentum matter together, as the effective rate η/(1 − β).

.. math::

    \theta_k \sim p(\theta), \qquad k^\ast = \operatorname{arg\,max}_k\; \mathrm{accuracy}(\theta_k)

Each training is a network with one hidden layer on real handwritten digits. Its learning rate, momentum, penalty, width
and batch size are drawn at random (Bergstra and Bengio, 2012) by a generator whose seed is the number of the training.
So its result depends neither on the other trainings nor on the process that computes it. joblib runs the trainings,
with one thread of BLAS in each process; ``--dask`` gives them to a cluster of Dask instead. Results are kept in a file
as they come, and trainings that are in the file are not run again. The study checks that

1. a training run in this process has the same result to the last bit;
2. a search that continues, from a file whose last line was cut off, has the results of one that was not interrupted;
3. the best training reads a larger share of the test digits than the median one of the validation digits.

``--results`` names the file to keep::

    python examples/search.py --results search.jsonl
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Parallel, delayed, parallel_config
from tqdm import tqdm

import autograd_lite as al
from autograd_lite import data, nn, optim
from studies import BLUE, GREY, RED, Array, claim, digit_images, evaluated, parser, picture, save

Record = dict[str, Any]


# %%
# One training
# ------------
# Its number is the seed of everything that is random in it.


def settings(rng: np.random.Generator) -> Record:
    """Hyperparameters at random: those of which only the order of magnitude matters on a logarithmic scale."""
    return {
        "rate": float(10 ** rng.uniform(-3, 0.5)),
        "momentum": float(rng.uniform(0, 0.98)),
        "penalty": float(10 ** rng.uniform(-6, -2)),
        "width": int(2 ** rng.uniform(2, 7)),
        "batch": int(2 ** rng.uniform(3, 7)),
    }


def trial(seed: int, number: int, epochs: int) -> Record:
    """One training: its hyperparameters and how many of the validation and of the test digits it reads."""
    rng = np.random.default_rng([seed, number])
    chosen = settings(rng)
    training, (test_images, test_labels) = digit_images(seed)
    training, (images, labels) = data.train_test_split(*training, test_fraction=0.25, rng=seed)
    first, last = nn.Linear(64, chosen["width"], rng=rng), nn.Linear(chosen["width"], 10, rng=rng)
    model = nn.Sequential(nn.Flatten(), first, nn.Tanh(), last)
    optimizer = optim.SGD(
        model.parameters(), lr=chosen["rate"], momentum=chosen["momentum"], weight_decay=chosen["penalty"]
    )
    with np.errstate(over="ignore", invalid="ignore"):  # where the learning rate is too large
        for _ in range(epochs):
            for x, y in data.Batches(*training, batch_size=chosen["batch"], rng=rng):
                optimizer.zero_grad()
                al.cross_entropy(model(x), y).backward()
                optimizer.step()
        accuracies = accuracy(model, images, labels), accuracy(model, test_images, test_labels)
    return {"number": number, **chosen, "validation": accuracies[0], "test": accuracies[1]}


def accuracy(model: nn.Module, images: Array, labels: Array) -> float:
    return float((evaluated(model, images).argmax(axis=1) == labels).mean())


# %%
# A search that can be interrupted
# --------------------------------
# Each result is a line of a file. A search reads the lines that are there and runs the trainings that are missing.


def kept(file: Path, search: Record) -> list[Record]:
    """The results in the file; a line that was cut off is removed. The first line says which search it is."""
    text = file.read_text() if file.exists() else ""
    lines = [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]
    if lines and lines[0] != search:
        raise SystemExit(f"{file} has the results of another search: {lines[0]}, not {search}")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps(line) + "\n" for line in lines or [search]))
    return lines[1:]


def run(file: Path, trials: int, seed: int, epochs: int, quiet: bool = False) -> list[Record]:
    """The results of all trainings, by number; those that the file does not have are run and added to it."""
    results = kept(file, {"seed": seed, "epochs": epochs})
    missing = sorted(set(range(trials)) - {result["number"] for result in results})
    tasks = (delayed(trial)(seed, number, epochs) for number in missing)
    with file.open("a") as lines:
        for result in tqdm(computed(tasks), desc="trainings", total=len(missing), disable=quiet):
            print(json.dumps(result), file=lines, flush=True)
            results.append(result)
    return sorted((result for result in results if result["number"] < trials), key=lambda result: result["number"])


# %%
# Processes
# ---------


def computed(tasks: Iterable[Any]) -> Iterator[Record]:
    """The results of the tasks as they come, from the processes of the `parallel_config` around."""
    return Parallel(return_as="generator_unordered")(tasks)


@contextmanager
def processes(number: int, by_dask: bool) -> Iterator[None]:
    """Processes with one thread of BLAS each: joblib's own, or those of a cluster of Dask."""
    if not by_dask:
        with parallel_config(backend="loky", n_jobs=number, inner_max_num_threads=1):
            yield
        return
    from distributed import Client, LocalCluster  # which limits BLAS to the threads of a worker

    with (
        LocalCluster(n_workers=number, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster),
        parallel_config(backend="dask"),
    ):
        yield


# %%
# What the study checks
# ---------------------


def main(arguments: list[str] | None = None) -> Record:
    options = parser("search", __doc__)
    options.add_argument("--trials", type=int, help="how many trainings (default 100; with --quick 6)")
    options.add_argument("--results", type=Path, help="the file of the results, which continues a search")
    options.add_argument("--processes", type=int, default=2, help="how many trainings run at a time (default 2)")
    options.add_argument("--dask", action="store_true", help="on a cluster of Dask")
    options = options.parse_args(arguments)
    trials, epochs = options.trials or (6 if options.quick else 100), 2 if options.quick else 15
    with tempfile.TemporaryDirectory() as folder, processes(options.processes, options.dask):
        file = options.results or Path(folder) / "results.jsonl"
        results = run(file, trials, options.seed, epochs)
        whole = file.read_text()
        interrupted = Path(folder) / "interrupted.jsonl"
        interrupted.write_text(whole[: len(whole) - len(whole.splitlines()[-1]) // 2])
        continued = run(interrupted, trials, options.seed, epochs)
    best = max(results, key=lambda result: result["validation"])
    middle = float(np.median([result["validation"] for result in results]))
    draw(results, best, options.output)

    for name, value in best.items():
        print(f"{name:12}{value:10.4g}")
    alone = trial(options.seed, best["number"], epochs)
    claim(len(results) == trials and alone == best, "a training in this process has the same result, to the last bit")
    claim(continued == results, f"a search that was interrupted ends with the same {trials} results")
    claim(
        best["validation"] > middle and best["test"] > middle,
        f"the best training reads {best['test']:.3f} of the test digits, the median one {middle:.3f} of the validation",
    )
    return {"results": results, **best}


# %%
# The picture
# -----------


def draw(results: list[Record], best: Record, output: Path) -> None:
    figure, body = picture(
        "One hundred trainings with random hyperparameters" if len(results) == 100 else "A random search",
        r"\theta_k \sim p(\theta)",
        r"k^\ast = \mathrm{arg\,max}_k\; \mathrm{accuracy}(\theta_k)",
        size=(13, 5),
    )
    panels = body.subplots(1, 3, width_ratios=[1.2, 1, 1])
    error = np.array([max(1 - result["validation"], 1e-3) for result in results])
    rates, momenta = (np.array([result[name] for result in results]) for name in ("rate", "momentum"))
    dots = panels[0].scatter(rates, momenta, c=np.log10(error), cmap="viridis_r", s=40)
    panels[0].plot(best["rate"], best["momentum"], "o", markersize=14, color=RED, fillstyle="none")
    panels[0].set(xscale="log", xlabel="learning rate", ylabel="momentum", title="validation digits misread")
    figure.colorbar(dots, ax=panels[0], label=r"$\log_{10}$ of their share")
    panels[1].loglog(rates / (1 - momenta), error, "o", color=BLUE, markersize=4)
    panels[1].set(xlabel="rate / (1 − momentum)", title="what decides: the effective rate")
    panels[1].grid()
    panels[2].semilogy(np.arange(len(error)) + 1, error, ".", color=GREY)
    panels[2].semilogy(np.arange(len(error)) + 1, np.minimum.accumulate(error), color=RED, drawstyle="steps-post")
    panels[2].set(xlabel="trainings", title="the best one so far")
    panels[2].grid()
    save(figure, output)


if __name__ == "__main__":
    main()
