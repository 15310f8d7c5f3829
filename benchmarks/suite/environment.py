"""The environment of a run: machine, Python, BLAS of NumPy, and the version of every library."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from suite.engine import PACKAGES


def environment() -> dict[str, Any]:
    """What the figures of a run depend on."""
    blas = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
    chosen = os.environ.get("OPENBLAS_CORETYPE")  # kernels for another processor than the one that OpenBLAS recognizes
    return {
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
        "processor": processor(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "blas": f"{blas.get('name')} {blas.get('version')}{f' for {chosen}' if chosen else ''}",
        "versions": {package: installed(package) for package in sorted(set(PACKAGES.values()))},
    }


def processor() -> str:
    """The model of the processor. `platform.processor` does not return it on Linux."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def installed(package: str) -> str | None:
    """The version of a distribution, or None if it is not installed."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def describe(environment: dict[str, Any]) -> str:
    """Two lines that describe the environment."""
    versions = ", ".join(f"{package} {number}" for package, number in environment["versions"].items() if number)
    return (
        f"{environment['date']}, {environment['processor']}, {environment['cores']} cores, {environment['system']}, "
        f"Python {environment['python']}, BLAS {environment['blas']}\n{versions}"
    )
