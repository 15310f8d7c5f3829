"""Mutates every derivative rule and every closed form, one place at a time, and demands that a test fails each time.

    python tests/mutations/run.py                the score, and the survivors
    python tests/mutations/run.py --only matmul  mutants whose name contains "matmul"
    python tests/mutations/run.py --equivalent   the equivalent ones too: is one of them none?
    python tests/mutations/run.py --list         the names of all mutants

Progress goes to stderr. It ends with an error if a mutant survives that is listed neither as equivalent nor as open,
if one that is listed does not exist or, when they are run, is killed, or if a test fails without any mutant.
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
from mutations.equivalents import EQUIVALENT, OPEN  # noqa: E402
from mutations.mutants import Mutant, mutants  # noqa: E402
from mutations.targets import closed_forms, rules  # noqa: E402

# Those that say something about derivatives.
TESTS = [
    "ops/test_operations.py::test_values_and_dtype_are_those_of_the_definition",
    "ops/test_operations.py::test_gradients_agree_with_numerical_derivatives_of_the_definition",
    "ops/test_operations.py::test_second_derivatives_agree_with_numerical_derivatives_of_the_gradients",
    "ops/test_operations.py::test_the_gradient_of_a_broadcast_operand_is_the_sum_over_its_repetitions",
    "ops/test_operations.py::test_a_reduction_over_an_axis_of_length_zero_is_silent",
    "ops/test_numpy_elementwise.py::test_gradients_at_kinks_ties_zeros_and_infinities",
    "ops/test_numpy_elementwise.py::test_a_quantile_is_the_sum_of_elements_weighted_with_its_gradient",
    "ops/test_operation_edges.py", "ops/test_operation_errors.py", "ops/test_operation_paths.py",
    "ops/test_higher_orders.py", "ops/test_losses.py", "ops/test_linalg.py", "ops/test_einsum.py",
    "ops/test_numpy_arrays.py", "core/test_in_place.py", "nn/test_layers.py", "ops/test_convolution.py",
    "nn/test_recurrent.py", "nn/test_normalization.py", "ops/test_distance.py",
    "ops/test_conventions.py", "ops/test_equal_numbers.py", "ops/test_degenerate_matrices.py",
    "ops/test_lengths.py", "support/test_sums.py", "support/test_halves.py", "ops/test_limits.py",
    "ops/test_special.py", "nn/test_functional.py", "nn/test_functional_edges.py",
    "ops/test_numpy_functions.py", "ops/test_sparse.py", "ops/test_triangular.py",
    "core/test_shortcuts.py::test_sums_err_no_more_than_adding_one_after_the_other", "mutations/checks.py",
]  # fmt: skip


class Report:
    """What became of the mutants so far."""

    def __init__(self, count: int, log: Path | None) -> None:
        self.count, self.start = count, time.perf_counter()
        self.killed: list[str] = []
        self.survived: list[str] = []
        self.log = log.open("w", encoding="utf-8", buffering=1) if log else None

    def __call__(self, mutant: Mutant, killer: str | None) -> None:
        (self.survived if killer is None else self.killed).append(mutant.name)
        if self.log:
            print(killer or "survives", mutant.name, sep="\t", file=self.log)
        done = len(self.killed) + len(self.survived)
        if done % 500 == 0 or done == self.count:
            self.say(f"{done} of {self.count} mutants, {len(self.survived)} have survived")

    def say(self, text: str) -> None:
        print(f"{time.perf_counter() - self.start:4.0f} s  {text}", file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", default="", metavar="NAME", help="mutants whose name contains this")
    parser.add_argument("--equivalent", action="store_true", help="run those that are listed as equivalent too")
    parser.add_argument("--list", action="store_true", help="print the names of all mutants")
    parser.add_argument("--log", type=Path, metavar="FILE", help="write what kills each mutant there, as it is found")
    arguments = parser.parse_args()

    everything = [mutant for target in [*rules(), *closed_forms(CHECKS)] for mutant in mutants(target)]
    everything = [mutant for mutant in everything if arguments.only in mutant.name]
    if arguments.list:
        print(*(mutant.name for mutant in everything), sep="\n")
        return 0
    names = {mutant.name for mutant in everything}
    equivalent = {name for name in EQUIVALENT if arguments.only in name}
    chosen = [mutant for mutant in everything if arguments.equivalent or mutant.name not in equivalent]

    report = Report(len(chosen), arguments.log)
    report.say(f"{len(chosen)} mutants; first each test runs once without them")
    battery = Battery(chosen, report)
    battery.run([str(ROOT / "tests" / name) for name in TESTS])

    still_open = [name for name in report.survived if name in OPEN]
    unexpected = [name for name in report.survived if name not in equivalent and name not in OPEN]
    wrong = {
        "fails by itself": battery.broken,
        "survives": unexpected,
        "no longer exists": sorted(equivalent - names) + [n for n in OPEN if arguments.only in n and n not in names],
        "is not equivalent": sorted(equivalent.intersection(report.killed)),
    }
    for title, listed in wrong.items():
        for name in listed:
            print(f"{title:>18}  {name}")
    print(
        f"killed {len(report.killed)} of {len(everything)}, {len(equivalent & names)} are equivalent, "
        f"{len(still_open)} of {len(OPEN)} listed ones still wait for a test (open.txt)"
    )
    return int(any(wrong.values()))


if __name__ == "__main__":
    sys.exit(main())
