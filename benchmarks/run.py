"""Training steps of several libraries on the same weights and data, compared with each other and timed in turns.

    python benchmarks/run.py                                           everything, in about half an hour
    python benchmarks/run.py --quick                                   a rough measurement of the steps, in seconds
    python benchmarks/run.py --cases softmax,mlp --engines autograd_lite
    python benchmarks/run.py --parts programs --threads 1              GPT, CNN, LSTM, VAE and graph network
    python benchmarks/run.py --parts gradbench --threads 1             the programs of GradBench
    python benchmarks/run.py --load benchmarks/results/benchmark.json --markdown
    python benchmarks/run.py --load here.json there.json --markdown    several machines side by side

benchmarks/README.md describes the method. The exit status is 1 if the losses of an engine differ from those of the
baseline.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tqdm import tqdm

from gradbench.library import ENGINES
from gradbench.program import GRADBENCH
from suite import first_steps, machines, pictures, resources, scaling, tables
from suite.cases import CASES
from suite.engine import PACKAGES, Engine, load
from suite.environment import environment
from suite.processes import Processes, limited
from suite.program import PROGRAMS
from suite.timing import Start, contestants, interleaved, summary

FOLDER = Path(__file__).parent
DERIVATIVE_TOLERANCE = 1e-7
"""For results in double precision: a descent that stops at steps of 1e-5 multiplies rounding errors."""
PARTS = ("steps", "programs", "gradbench", "scaling", "memory", "first_steps", "imports")
KNOWN: dict[str, Any] = {**CASES, **PROGRAMS, **GRADBENCH}


def arguments(given: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=chosen(KNOWN), default=list(KNOWN), help=f"among {','.join(KNOWN)}")
    parser.add_argument(
        "--engines", type=chosen(PACKAGES), default=list(PACKAGES),
        help=f"among {','.join(PACKAGES)}; the baseline, hand, is always included",
    )  # fmt: skip
    parser.add_argument("--parts", type=chosen(PARTS), help=f"among {','.join(PARTS)}; by default all, quick: steps")
    parser.add_argument(
        "--threads", type=int,
        help="threads of each engine (default: that of each library; programs are measured with one thread as well)",
    )  # fmt: skip
    parser.add_argument("--rounds", type=int, help="rounds for the steps (default 25, quick: 5)")
    parser.add_argument("--seconds", type=float, help="length of a block in a round (default 0.1, quick: 0.005)")
    parser.add_argument("--quick", action="store_true", help="few and short rounds")
    parser.add_argument(
        "--output", type=Path,
        help="folder of benchmark.json, its copy that is named after the machine, benchmark.png and scaling.png "
        "(default: benchmarks/results for a whole run, benchmarks/output for a part)",
    )  # fmt: skip
    parser.add_argument(
        "--load", type=Path, nargs="+", metavar="JSON",
        help="measure nothing; show a saved run and redraw its pictures, or show several runs side by side",
    )  # fmt: skip
    parser.add_argument("--markdown", action="store_true", help="print the tables of the steps as Markdown")
    options = parser.parse_args(given)
    whole = not options.quick and options.parts is None and options.threads is None
    whole = whole and set(options.cases) == set(KNOWN) and set(options.engines) == set(PACKAGES)
    options.engines = list(dict.fromkeys(["hand", *options.engines]))
    options.parts = options.parts or (["steps"] if options.quick else list(PARTS))
    options.rounds = options.rounds or (5 if options.quick else 25)
    options.seconds = options.seconds or (0.005 if options.quick else 0.1)
    if options.output is None:
        options.output = options.load[0].parent if options.load else FOLDER / ("results" if whole else "output")
    return options


def chosen(known: Iterable[str]) -> Any:
    """The `type` of an argument that is a list of known names, separated by commas."""

    def names(string: str) -> list[str]:
        listed = string.split(",")
        if unknown := [name for name in listed if name not in known]:
            raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: not among {', '.join(known)}")
        return listed

    return names


def measure_steps(
    cases: list[str], engines: list[Engine], rounds: int, seconds: float, start: Start, tolerance: float = 1e-4
) -> dict[str, Any]:
    """Compare and time each case or program. The first engine is the baseline."""
    found = {}
    for name in cases:
        case = KNOWN[name]
        with tqdm(total=rounds, desc=f"{name:10}", unit="round") as progress:
            field, refused = contestants(case, engines, tolerance, start)
            times = interleaved(field, rounds, seconds, progress.update)
        found[name] = {"title": case.title, "engines": summary(times), "refused": refused}
    return found


def measure_programs(options: argparse.Namespace, engines: list[Engine]) -> dict[str, Any]:
    """Compare and time each program with one thread and with all; PyTorch, if it is there, is the baseline."""
    names = [name for name in options.cases if name in PROGRAMS]
    engines = sorted((engine for engine in engines if engine.program), key=lambda engine: engine.name != "PyTorch")
    found = {}
    for threads in (options.threads,) if options.threads else (1, None):
        with limited(threads), Processes() as start:
            key = "default threads" if threads is None else f"threads: {threads}"
            found[key] = measure_steps(names if engines else [], engines, options.rounds, options.seconds, start)
    return found


def measure_gradbench(options: argparse.Namespace) -> dict[str, Any]:
    """Compare and time each program of GradBench with one thread; PyTorch, if it is there, is the baseline."""
    names = [name for name in options.cases if name in GRADBENCH]
    engines, _ = load((file for file, name in ENGINES.items() if name in options.engines), "gradbench.engines")
    with limited(1), Processes() as start:
        return measure_steps(names, engines, max(3, options.rounds // 5), options.seconds, start, DERIVATIVE_TOLERANCE)


def measure_scaling(engines: list[Engine], rounds: int, seconds: float, start: Start) -> dict[str, Any]:
    """Compare and time each axis."""
    found = {}
    for axis, (_, values, _) in scaling.AXES.items():
        with tqdm(total=rounds * len(values), desc=f"{axis:10}", unit="round") as progress:
            found[axis] = scaling.measure(axis, engines, rounds, seconds, progress.update, start)
    return found


def measure(options: argparse.Namespace) -> dict[str, Any]:
    engines, missing = load(options.engines)
    results: dict[str, Any] = {"environment": environment(), "engines": [engine.name for engine in engines]}
    results |= {"missing": missing, "steps": {}}
    results["settings"] = {"rounds": options.rounds, "seconds": options.seconds, "threads": options.threads}
    if "steps" in options.parts:
        with Processes() as start:
            names = [name for name in options.cases if name in CASES]
            results["steps"] = measure_steps(names, engines, options.rounds, options.seconds, start)
    if "programs" in options.parts:
        results["programs"] = measure_programs(options, engines)
    if "gradbench" in options.parts:
        results["gradbench"] = measure_gradbench(options)
    if "scaling" in options.parts:
        with Processes() as start:
            along, _ = load(name for name in scaling.ENGINES if name in options.engines)
            results["scaling"] = measure_scaling(along, max(3, options.rounds // 5), options.seconds, start)
    if "memory" in options.parts:
        with tqdm(desc=f"{'memory':10}", unit="process") as progress:
            results["memory"] = resources.memory(
                options.engines, [name for name in resources.MEMORY_CASES if name in options.cases], progress.update
            )
    if "first_steps" in options.parts:
        with tqdm(desc=f"{'first steps':10}", unit="process") as progress:
            results["first_steps"] = first_steps.first_steps(
                [name for name in first_steps.ENGINES if name in options.engines],
                [name for name in first_steps.CASES if name in options.cases],
                1 if options.quick else 3,
                progress.update,
            )
    if "imports" in options.parts:
        with tqdm(desc=f"{'imports':10}", unit="process") as progress:
            results["imports"] = resources.import_times(5, progress.update)
    return results


def main(given: list[str] | None = None) -> int:
    options = arguments(given)
    if options.load and len(options.load) > 1:
        runs = [json.loads(path.read_text(encoding="utf-8")) for path in options.load]
        print(machines.side_by_side(runs, tables.markdown if options.markdown else tables.aligned))
        return 0
    if options.load:
        results = json.loads(options.load[0].read_text(encoding="utf-8"))
    else:
        with limited(options.threads):
            results = measure(options)
    print(tables.markdown_report(results) if options.markdown else tables.report(results))
    options.output.mkdir(parents=True, exist_ok=True)
    if not options.load:
        for name in ("benchmark.json", machines.file_name(results["environment"])):
            text = json.dumps(results, indent=1, ensure_ascii=False) + "\n"
            (options.output / name).write_text(text, encoding="utf-8")
    for path in pictures.save(results, options.output):
        print(f"picture: {path}", file=sys.stderr)
    return 1 if tables.refusals(results) else 0


if __name__ == "__main__":
    sys.exit(main())
