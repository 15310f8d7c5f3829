"""Two ratios for each case: a training step of autograd_lite, eager and compiled, to the same step by hand in NumPy.

python benchmarks/step.py           softmax 64→10 and MLP 64→32→10, in about ten seconds
python benchmarks/step.py --wide    MLP 784→1024→1024→10, the widest case of the suite, in a minute
"""

from __future__ import annotations

import argparse
import sys

from suite.cases import CASES
from suite.engine import load
from suite.processes import Processes
from suite.timing import contestants, interleaved, summary


def main(given: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wide", action="store_true", help="the widest case instead of the two small ones")
    parser.add_argument("--rounds", type=int, default=25, help="rounds of each case (default 25)")
    parser.add_argument("--seconds", type=float, default=0.02, help="length of a block in a round (default 0.02)")
    options = parser.parse_args(given)
    engines, _ = load(["hand", "autograd_lite", "compiled"])
    print(f"{'training step ÷ the step by hand':45}{'eager':>8}{'compiled':>10}")
    with Processes() as start:
        for name in ["wide"] if options.wide else ["softmax", "mlp"]:
            field, refused = contestants(CASES[name], engines, start=start)
            if refused:
                print(f"{CASES[name].title}: {refused}", file=sys.stderr)
                return 1
            times = interleaved(field, options.rounds, options.seconds)
            eager, compiled = (found["ratio"] for found in list(summary(times).values())[1:])
            print(f"{CASES[name].title:45}{eager:8.2f}{compiled:10.2f}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
