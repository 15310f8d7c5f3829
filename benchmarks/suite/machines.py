"""Results of several runs side by side: a row for each case and engine, a column for each machine."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from suite.environment import describe
from suite.tables import Rows, aligned, duration, mebibytes, step_cell


def file_name(environment: dict[str, Any]) -> str:
    """The name of the file for a machine and day.

    >>> file_name({"processor": "AMD EPYC (Milan)", "cores": 2, "date": "2026-11-21"})
    'amd-epyc-milan-2-cores-2026-11-21.json'
    """
    words = re.sub(r"[^a-z0-9]+", "-", environment["processor"].lower()).strip("-")
    return f"{words}-{environment['cores']}-cores-{environment['date']}.json"


def sections(results: dict[str, Any]) -> dict[str, dict[tuple[str, str], str]]:
    """Each table of a run as cells by case and engine."""
    found = {"One training step: median time (ratio to the step by hand)": cells(results["steps"])}
    for threads, programs in results.get("programs", {}).items():
        found[f"Programs, {threads}: median time (ratio to the first engine)"] = cells(programs)
    found["Memory: MiB at the peak of the steps, in addition to the import"] = {
        (case, name): mebibytes(entry["steps"])
        for case, engines in results.get("memory", {}).items()
        for name, entry in engines.items()
    }
    for state in ("cold", "warm"):
        found[f"First 10 steps: additional time, {state} cache"] = {
            (case, name): duration(entry[state])
            for case, engines in results.get("first_steps", {}).items()
            for name, entry in engines.items()
        }
    return found


def column(run: dict[str, Any]) -> str:
    """The machine, the date, and the number of threads if it was set."""
    environment, threads = run["environment"], run["settings"].get("threads")
    machine = f"{environment['processor']}, {environment['cores']} cores, {environment['date']}"
    return f"{machine}, threads: {threads}" if threads else machine


def cells(cases: dict[str, Any]) -> dict[tuple[str, str], str]:
    return {
        (case["title"], name): step_cell(entry) for case in cases.values() for name, entry in case["engines"].items()
    }


def side_by_side(runs: list[dict[str, Any]], form: Callable[[Rows], str] = aligned) -> str:
    """The tables of all runs; `form` is `aligned` or `markdown`."""
    columns = [column(run) for run in runs]
    parts = [describe(run["environment"]) for run in runs]
    measured = [sections(run) for run in runs]
    for title in dict.fromkeys(title for found in measured for title in found):
        tables = [found.get(title, {}) for found in measured]
        keys = dict.fromkeys(key for table in tables for key in table)
        rows = [[*key, *(table.get(key, "–") for table in tables)] for key in keys]
        if rows:
            parts += [title, form([["case", "engine", *columns], *rows])]
    return "\n\n".join(parts)
