"""The results in words: tables for the terminal and for Markdown."""

from __future__ import annotations

from typing import Any

from suite.environment import describe

Rows = list[list[str]]


def duration(seconds: float | None) -> str:
    """Three digits and a unit: 36.2 µs.

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
    """The engines that have run at least one case, the baseline first."""
    return [name for name in results["engines"] if any(name in case["engines"] for case in results["steps"].values())]


def by_engine(rows: Rows) -> str:
    """The table with a line for every engine, which keeps it narrow enough for a terminal."""
    (_, *values), *engines = zip(*rows, strict=True)
    return aligned([["", *values], *map(list, engines)])


def aligned(rows: Rows) -> str:
    """Columns as wide as their widest cell; the first on the left, the others on the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "   ".join(
            cell.rjust(width) if i else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )


def markdown(rows: Rows) -> str:
    """The same as a Markdown table."""
    head, *body = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([head, "| --- |" + " ---: |" * (len(rows[0]) - 1), *body])


def step_rows(results: dict[str, Any], short: bool) -> Rows:
    """A row for every case, a column for every engine: the time of a step, and its ratio to that by hand."""
    names = engine_names(results)
    rows = [["case", *names]]
    for key, case in results["steps"].items():
        cells = []
        for name in names:
            found = case["engines"].get(name)
            cells.append(f"{duration(found['seconds'])} ({three_digits(found['ratio'])})" if found else "–")
        rows.append([key if short else case["title"], *cells])
    return rows


def spread_rows(results: dict[str, Any]) -> Rows:
    """The quartiles of the ratios."""
    names = engine_names(results)[1:]
    rows = [["case", *names]]
    for key, case in results["steps"].items():
        cells = []
        for name in names:
            found = case["engines"].get(name)
            cells.append("…".join(map(three_digits, found["ratio_quartiles"])) if found else "–")
        rows.append([key, *cells])
    return rows


def scaling_rows(axis: str, found: dict[str, Any]) -> Rows:
    """A row for every value of the axis, a column for every engine."""
    rows = [[axis, *found["seconds"]]]
    for i, value in enumerate(found["values"]):
        rows.append([str(value), *(duration(seconds[i]) for seconds in found["seconds"].values())])
    return rows


def memory_rows(memory: dict[str, Any]) -> Rows:
    """Mebibytes that the steps need on top of what importing took, and the latter."""
    names = list(dict.fromkeys(name for case in memory.values() for name in case))
    rows = [["case", *names]]
    for case, found in memory.items():
        rows.append([case, *(f"{found[name]['steps'] / 2**20:.1f}" if name in found else "–" for name in names)])
    last = {name: entry["imported"] for case in memory.values() for name, entry in case.items()}
    rows.append(["(importing)", *(f"{last[name] / 2**20:.0f}" for name in names)])
    return rows


def report(results: dict[str, Any]) -> str:
    """Everything for the terminal."""
    parts = [describe(results["environment"])]
    load = results["environment"]["load"]
    if load is not None and load > 0.5:
        parts.append(
            f"The machine was busy with other things when this began (load {load}): the figures are unreliable, "
            "and those of engines with threads far too large."
        )
    for name, reason in results["missing"].items():
        parts.append(f"skipped: {name} ({reason})")
    if results["steps"]:
        parts += ["One training step: median time (ratio to the step by hand in the same round)"]
        parts += [by_engine(step_rows(results, short=True))]
        if len(engine_names(results)) > 1:
            parts += ["Quartiles of the ratios", by_engine(spread_rows(results))]
        parts += ["\n".join(f"{key:8} {case['title']}" for key, case in results["steps"].items())]
    for axis, found in results.get("scaling", {}).items():
        parts += [f"Time of a step by {axis}: {found['title']}, SGD", by_engine(scaling_rows(axis, found))]
    if results.get("memory"):
        parts += [
            "Memory: MiB at the peak of the steps, on top of what importing took",
            by_engine(memory_rows(results["memory"])),
        ]
    if results.get("imports"):
        parts += ["Import: median time in a fresh process"]
        parts += [aligned([[name, duration(seconds)] for name, seconds in results["imports"].items()])]
    parts += [f"REFUSED {where}: {reason}" for where, reason in refusals(results).items()]
    return "\n\n".join(parts)


def markdown_report(results: dict[str, Any]) -> str:
    """The table of the steps, for a page."""
    return f"{markdown(step_rows(results, short=False))}\n\n{describe(results['environment'])}"


def refusals(results: dict[str, Any]) -> dict[str, str]:
    """Every engine that was not timed because of what it did, and what that was."""
    found = {
        f"{name}, case {key}": reason
        for key, case in results["steps"].items()
        for name, reason in case["refused"].items()
    }
    for axis in results.get("scaling", {}).values():
        found |= axis["refused"]
    return found
