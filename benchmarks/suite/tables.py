"""The results as tables, for the terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Callable
from statistics import geometric_mean
from typing import Any

from suite.environment import describe

Rows = list[list[str]]


def duration(seconds: float | None) -> str:
    """Three digits and a unit, like 36.2 µs.

    >>> duration(0.0000362), duration(0.0123), duration(2), duration(None)
    ('36.2 µs', '12.3 ms', '2.00 s', '–')
    """
    if seconds is None:
        return "–"
    factor, unit = (1e6, "µs") if seconds < 0.9995e-3 else (1e3, "ms") if seconds < 0.9995 else (1, "s")
    return f"{three_digits(seconds * factor)} {unit}"


def three_digits(number: float) -> str:
    """Three significant digits, never in scientific notation.

    >>> [three_digits(x) for x in (0.512, 1.2345, 36.17, 512.8, 4000.4)]
    ['0.512', '1.23', '36.2', '513', '4000']
    """
    return f"{number:.{3 if number < 0.9995 else 2 if number < 9.995 else 1 if number < 99.95 else 0}f}"


def digits(number: float) -> str:
    """Three significant digits of a number of any size.

    >>> [digits(x) for x in (0.00623, 0.168, 19.53, 4000.4)]
    ['0.00623', '0.168', '19.5', '4000']
    """
    return f"{number:.3g}" if number < 999.5 else f"{number:.0f}"


def mebibytes(number: int) -> str:
    return f"{number / 2**20:.1f}"


def engine_names(cases: dict[str, Any], order: list[str]) -> list[str]:
    """The engines that ran at least one case, the baseline first."""
    baseline = [next(iter(case["engines"])) for case in cases.values()]
    found = {name for case in cases.values() for name in case["engines"]}
    return [name for name in dict.fromkeys(baseline + order) if name in found]


def by_engine(rows: Rows) -> str:
    """The table transposed: one line per engine fits into a terminal."""
    (_, *values), *engines = zip(*rows, strict=True)
    return aligned([["", *values], *map(list, engines)])


def aligned(rows: Rows) -> str:
    """Columns as wide as their widest cell; the first left-aligned, the others right-aligned."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "   ".join(
            cell.rjust(width) if i else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )


def markdown(rows: Rows) -> str:
    """The rows as a Markdown table."""
    head, *body = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([head, "| --- |" + " ---: |" * (len(rows[0]) - 1), *body])


def engine_rows(cases: dict[str, Any], names: list[str], cell: Callable[[Any], str]) -> Rows:
    """One row per case, one column per engine: `cell` of its figures."""
    rows = [["case", *names]]
    for key, case in cases.items():
        found = case["engines"]
        rows.append([key, *(cell(found[name]) if name in found else "–" for name in names)])
    return rows


def step_cell(found: dict[str, Any]) -> str:
    """The time of a step and its ratio to the baseline."""
    return f"{duration(found['seconds'])} ({three_digits(found['ratio'])})"


def quartiles_cell(found: dict[str, Any]) -> str:
    return "…".join(map(three_digits, found["ratio_quartiles"]))


def step_tables(cases: dict[str, Any], order: list[str], measured: str = "One training step") -> list[str]:
    """The times and ratios of the cases, the quartiles of the ratios, and what the names of the cases mean."""
    names = engine_names(cases, order)
    parts = [f"{measured}: median time (ratio to {names[0]} in the same round)"]
    parts += [by_engine(engine_rows(cases, names, step_cell))]
    if len(names) > 1:
        parts += ["Quartiles of the ratios", by_engine(engine_rows(cases, names[1:], quartiles_cell))]
    return [*parts, "\n".join(f"{key:8} {case['title']}" for key, case in cases.items())]


def scaling_rows(axis: str, found: dict[str, Any]) -> Rows:
    """One row per value of the axis, one column per engine."""
    rows = [[axis, *found["seconds"]]]
    for i, value in enumerate(found["values"]):
        rows.append([str(value), *(duration(seconds[i]) for seconds in found["seconds"].values())])
    return rows


def memory_rows(memory: dict[str, Any]) -> Rows:
    """Mebibytes that the steps need in addition to the import, and those of the import."""
    names = list(dict.fromkeys(name for case in memory.values() for name in case))
    rows = [["case", *names]]
    for case, found in memory.items():
        rows.append([case, *(mebibytes(found[name]["steps"]) if name in found else "–" for name in names)])
    last = {name: entry["imported"] for case in memory.values() for name, entry in case.items()}
    rows.append(["(importing)", *(f"{last[name] / 2**20:.0f}" for name in names)])
    return rows


def first_steps_rows(first_steps: dict[str, Any]) -> Rows:
    """Additional seconds of the first 10 steps, with an empty cache and with a filled one."""
    names = list(dict.fromkeys(name for case in first_steps.values() for name in case))
    return [
        ["case", *names],
        *(
            [
                case,
                *(f"{duration(found[n]['cold'])} / {duration(found[n]['warm'])}" if n in found else "–" for n in names),
            ]
            for case, found in first_steps.items()
        ),
    ]


def report(results: dict[str, Any]) -> str:
    """The whole report for the terminal."""
    parts = [describe(results["environment"])]
    load = results["environment"]["load"]
    if load is not None and load > 0.5:
        parts.append(
            f"The machine was busy when the run began (load {load}): the figures are unreliable, "
            "and much too large for engines with threads."
        )
    if threads := results["settings"].get("threads"):
        parts.append(f"threads: {threads} for each engine")
    for name, reason in results["missing"].items():
        parts.append(f"skipped: {name} ({reason})")
    if results["steps"]:
        parts += step_tables(results["steps"], results["engines"])
    for threads, programs in results.get("programs", {}).items():
        parts += [f"Programs, {threads}", *step_tables(programs, results["engines"])]
    if results.get("gradbench"):
        parts += step_tables(results["gradbench"], results["engines"], "Derivatives of GradBench, one thread")
    for axis, found in results.get("scaling", {}).items():
        parts += [f"Time of a step by {axis}: {found['title']}, SGD", by_engine(scaling_rows(axis, found))]
    if results.get("memory"):
        parts += [
            "Memory: MiB at the peak of the steps, in addition to the import",
            by_engine(memory_rows(results["memory"])),
        ]
    if results.get("first_steps"):
        parts += [
            "First 10 steps: what they take longer than 10 later ones, with an empty / a filled cache",
            by_engine(first_steps_rows(results["first_steps"])),
        ]
    if results.get("imports"):
        parts += ["Import: median time in a fresh process"]
        parts += [aligned([[name, duration(seconds)] for name, seconds in results["imports"].items()])]
    parts += [f"REFUSED {where}: {reason}" for where, reason in refusals(results).items()]
    return "\n\n".join(parts)


def markdown_report(results: dict[str, Any]) -> str:
    """The tables of the steps and of the programs, and their environment, as Markdown."""
    parts = [titled_table(results["steps"], results["engines"])] if results["steps"] else []
    for threads, programs in results.get("programs", {}).items():
        parts += [f"Programs, {threads}:", titled_table(programs, results["engines"])]
    if results.get("gradbench"):
        parts += ["Derivatives of GradBench, one thread:", titled_table(results["gradbench"], results["engines"])]
    return "\n\n".join([*parts, describe(results["environment"])])


def titled_table(cases: dict[str, Any], order: list[str]) -> str:
    head, *rows = engine_rows(cases, engine_names(cases, order), step_cell)
    return markdown([head, *([cases[key]["title"], *cells] for key, *cells in rows)])


def case_table(table: dict[str, dict[str, float]]) -> str:
    """The milliseconds of each engine that a run has measured."""
    names = list(next(iter(table.values())))
    return markdown(
        [["case", *names], *([case, *(digits(row[name]) for name in names)] for case, row in table.items())]
    )


def gradbench_table(results: dict[str, Any]) -> str:
    """GradBench in milliseconds, and the geometric means of the ratios to PyTorch."""
    cases = results["gradbench"]
    names = engine_names(cases, results["engines"])
    of_all = [case["engines"] for case in cases.values() if all(name in case["engines"] for name in names)]
    of_any = [case["engines"] for case in cases.values()]
    rows = [["case", *(name.removeprefix("autograd_lite ") for name in names)]]
    for case in cases.values():
        found = case["engines"]
        times = (digits(1e3 * found[name]["seconds"]) if name in found else "–" for name in names)
        rows.append([case["title"], *times])
    for label, group in (("all", of_any), ("those of all engines", of_all)):
        rows.append([f"ratio to {names[0]}, geometric mean of {label} ({len(group)})", *_means(group, names)])
    return markdown(rows)


def _means(group: list[dict[str, Any]], names: list[str]) -> list[str]:
    """The geometric mean of the ratios of each engine; a dash where it has not run all cases of the group."""
    return [
        digits(geometric_mean(found[name]["ratio"] for found in group)) if all(name in f for f in group) else "–"
        for name in names
    ]


def refusals(results: dict[str, Any]) -> dict[str, str]:
    """The engines that were refused, by case, and the reason."""
    groups = {"": results["steps"], ", gradbench": results.get("gradbench", {})}
    groups |= {f", {key}": found for key, found in results.get("programs", {}).items()}
    found = {
        f"{name}, case {key}{where}": reason
        for where, cases in groups.items()
        for key, case in cases.items()
        for name, reason in case["refused"].items()
    }
    for axis in results.get("scaling", {}).values():
        found |= axis["refused"]
    return found
