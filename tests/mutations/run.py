"""Mutates every derivative rule and every closed form, one place at a time, and demands that a test fails each time.

    python tests/mutations/run.py                the score, and the survivors
    python tests/mutations/run.py --only matmul  mutants whose name contains "matmul"
    python tests/mutations/run.py --list         the names of all mutants

It ends with an error if a mutant survives that is not among the equivalent ones, or if one of those is none.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

for library in ("OMP", "OPENBLAS", "MKL"):  # one thread in each process: there is one process on each core
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "examples")]

from mutations.battery import Battery  # noqa: E402
from mutations.checks import CHECKS  # noqa: E402
from mutations.equivalents import EQUIVALENT  # noqa: E402
from mutations.mutants import mutants  # noqa: E402
from mutations.targets import closed_forms, rules  # noqa: E402

TESTS = ["test_operations.py", "test_operation_edges.py", "test_operation_errors.py", "test_losses.py",
         "mutations/checks.py"]  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", default="", metavar="NAME", help="mutants whose name contains this")
    parser.add_argument("--list", action="store_true", help="print their names")
    arguments = parser.parse_args()
    start = time.perf_counter()

    everything = [mutant for target in [*rules(), *closed_forms(CHECKS)] for mutant in mutants(target)]
    chosen = [mutant for mutant in everything if arguments.only in mutant.name]
    if arguments.list:
        print(*(mutant.name for mutant in chosen), sep="\n")
        return 0

    battery = Battery(chosen)
    battery.run([str(ROOT / "tests" / name) for name in TESTS])
    survivors = [mutant.name for mutant, killer in zip(chosen, battery.killers, strict=True) if killer is None]
    stale = [name for name in EQUIVALENT if arguments.only in name and name not in survivors]
    unexpected = [name for name in survivors if name not in EQUIVALENT]

    equivalent = len(survivors) - len(unexpected)
    for title, listed in [
        ("fails by itself", battery.broken),
        ("survives", unexpected),
        ("equivalent no longer", stale),
    ]:
        for name in listed:
            print(f"{title:>22}  {name}")
    killed = len(chosen) - len(survivors)
    print(f"killed {killed} of {len(chosen)}, {equivalent} equivalent, {time.perf_counter() - start:.0f} s")
    return 1 if unexpected or stale or battery.broken else 0


if __name__ == "__main__":
    sys.exit(main())
