"""``python -m autograd_lite``: what is installed; ``python -m autograd_lite check FILE.py``: are its formulas right?"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from autograd_lite.compiler.native.cache import open_cache
from autograd_lite.support.threads import get_num_threads

_EXTRAS = (
    "dask", "hypothesis", "matplotlib", "mpi4py", "numba", "pytest", "safetensors", "scikit-learn", "scipy", "torch",
    "tqdm",
)  # fmt: skip

_CLOSED = 141  # the status of a program that the signal of a closed pipe has ended, in a shell


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status.

    0: all formulas are right; 1: some are not; 2: a file cannot be checked, or the arguments are wrong; 141: who reads
    the output has closed it, as `head` does.
    """
    try:
        status = _run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes once more when it exits
        return _CLOSED
    return status


def _run(arguments: Sequence[str] | None) -> int:
    prog = "python -m autograd_lite"
    parser = argparse.ArgumentParser(
        usage=f"{prog} [-h] [check ...]", description="Shows what is installed, or runs a command."
    )
    commands = parser.add_subparsers(title="commands", dest="command", metavar="COMMAND", prog=prog)
    check = commands.add_parser(
        "check",
        help="check the formulas in files that closed_form decorates",
        description="Checks the formulas in files that autograd_lite.testing.closed_form decorates. The files are run. "
        "Exit status: 0 if all are right, 1 if some are not, 2 if a file cannot be checked.",
    )
    check.add_argument("files", nargs="+", type=Path, metavar="FILE.py")
    check.add_argument("--html", type=Path, metavar="PAGE.html", help="write the verdicts as a page as well")
    options = parser.parse_args(arguments)
    if options.command == "check":
        return _check(options.files, options.html)
    for title, text in _installed():
        print(f"{title:13}  {text}")
    return 0


def _check(files: Sequence[Path], target: Path | None) -> int:
    from autograd_lite.testing.courses.files import UnusableFileError, check_file, page

    reports, is_unusable = [], False
    for path in files:
        try:
            reports.append(check_file(path))
        except UnusableFileError as error:
            print(f"check: {error}", file=sys.stderr)
            is_unusable = True
        else:
            print(f"{reports[-1]}\n")
    verdicts = [row.verdict for report in reports for row in report.grades]
    if verdicts:
        print(f"{verdicts.count('right')} of {len(verdicts)} right")
    if target is not None and reports:
        try:
            target.write_text(page(reports), encoding="utf-8")
        except OSError as error:
            print(f"check: the page cannot be written: {error}", file=sys.stderr)
            return 2
    return 2 if is_unusable else int(verdicts.count("right") < len(verdicts))


def _installed() -> Iterator[tuple[str, str]]:
    package = sys.modules[__package__]
    yield "autograd_lite", f"{package.__version__}, {os.path.dirname(__file__)}"
    system = f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors"
    yield "Python", f"{platform.python_version()}, {platform.python_implementation()}, {system}"
    yield "NumPy", np.__version__
    yield "BLAS", _blas()
    threads = ", ".join(f"{name}={value}" for name, value in os.environ.items() if name.endswith("_NUM_THREADS"))
    number = get_num_threads()
    yield "threads", f"{number} for native loops; BLAS has its own, {threads or 'OMP_NUM_THREADS is not set'}"
    versions = {name: _version(name) for name in _EXTRAS}
    yield "extras", ", ".join(f"{name} {version}" for name, version in versions.items() if version) or "none"
    yield "not there", ", ".join(name for name, version in versions.items() if not version) or "none"
    yield "kernel cache", _cache()


def _blas() -> str:
    try:
        found = np.show_config(mode="dicts")["Build Dependencies"]["blas"]
        return f"{found['name']} {found['version']}"
    except (KeyError, TypeError):
        return "not known"


def _version(name: str) -> str | None:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _cache() -> str:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the reason is shown
        cache = open_cache()
    if cache.folder is None:
        return f"none: {cache.reason}"
    sizes = [entry.stat().st_size for entry in os.scandir(cache.folder) if entry.name.endswith(".kernel")]
    return f"{len(sizes):,} kernels, {sum(sizes) / 1e6:.1f} MB in {cache.folder}"


if __name__ == "__main__":
    sys.exit(main())
