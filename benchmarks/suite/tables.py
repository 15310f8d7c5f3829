"""The results as tables, for the terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Callable
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


def engine_names(results: dict[str, Any]) -> list[str]:
    """The engines that ran at least one case, the baseline first."""
    return [name for name in results["engines"] if any(name in case["engines"] for case in results["steps"].values())]


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


def engine_rows(results: dict[str, Any], names: list[str], cell: Callable[[Any], str]) -> Rows:
    """One row per case, one column per engine: `cell` of its figures."""
    rows = [["case", *names]]
    for key, case in results["steps"].items():
        found = case["engines"]
        rows.append([key, *(cell(found[name]) if name in found else "–" for name in names)])
    return rows


def step_rows(results: dict[str, Any]) -> Rows:
    """The time of a step and its ratio to the step by hand."""
    return engine_rows(
        results, engine_names(results), lambda found: f"{duration(found['seconds'])} ({three_digits(found['ratio'])})"
    )


def spread_rows(results: dict[str, Any]) -> Rows:
    """The quartiles of the ratios."""
    return engine_rows(
        results, engine_names(results)[1:], lambda found: "…".join(map(three_digits, found["ratio_quartiles"]))
    )


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
        rows.append([case, *(f"{found[name]['steps'] / 2**20:.1f}" if name in found else "–" for name in names)])
    last = {name: entry["imported"] for case in memory.values() for name, entry in case.items()}
    rows.append(["(importing)", *(f"{last[name] / 2**20:.0f}" for name in names)])
    return rows


def report(results: dict[str, Any]) -> str:
    """The whole report for the terminal."""
    parts = [describe(results["environment"])]
    load = results["environment"]["load"]
    if load is not None and load > 0.5:
        parts.append(
            f"The machine was busy when the run began (load {load}): the figures are unreliable, "
            "and much too large for engines with threads."
        )
    for name, reason in results["missing"].items():
        parts.append(f"skipped: {name} ({reason})")
    if results["steps"]:
        parts += ["One training step: median time (ratio to the step by hand in the same round)"]
        parts += [by_engine(step_rows(results))]
        if len(engine_names(results)) > 1:
            parts += ["Quartiles of the ratios", by_engine(spread_rows(results))]
        parts += ["\n".join(f"{key:8} {case['title']}" for key, case in results["steps"].items())]
    for axis, found in results.get("scaling", {}).items():
        parts += [f"Time of a step by {axis}: {found['title']}, SGD", by_engine(scaling_rows(axis, found))]
    if results.get("memory"):
        parts += [
            "Memory: MiB at the peak of the steps, in addition to the import",
            by_engine(memory_rows(results["memory"])),
        ]
    if results.get("imports"):
        parts += ["Import: median time in a fresh process"]
        parts += [aligned([[name, duration(seconds)] for name, seconds in results["imports"].items()])]
    parts += [f"REFUSED {where}: {reason}" for where, reason in refusals(results).items()]
    return "\n\n".join(parts)


def markdown_report(results: dict[str, Any]) -> str:
    """The table of the steps and its environment as Markdown."""
    head, *rows = step_rows(results)
    titled = [[results["steps"][key]["title"], *cells] for key, *cells in rows]
    return f"{markdown([head, *titled])}\n\n{describe(results['environment'])}"


def refusals(results: dict[str, Any]) -> dict[str, str]:
    """The engines that were refused, by case, and the reason."""
    found = {
        f"{name}, case {key}": reason
        for key, case in results["steps"].items()
        for name, reason in case["refused"].items()
    }
    for axis in results.get("scaling", {}).values():
        found |= axis["refused"]
    return found
