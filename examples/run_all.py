"""Run all studies in full; print the time and the results of each.

python examples/run_all.py            # pictures go to examples/output/
python examples/run_all.py --readme   # also writes the table of examples/README.md
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time
from pathlib import Path

from tqdm import tqdm

# The gallery of the site has the same groups in this order; the examples of the last one have no picture, or no claims.
GROUPS = {
    "From one unit to regression": (
        "logic_gates",
        "perceptron",
        "logistic_and_probit",
        "per_sample",
        "gaussian_process",
    ),
    "Minimization": ("descents", "minimizers", "large_data", "search"),
    "Networks": ("backprop_by_hand", "derive", "universal_approximation"),
    "Images": ("convolution", "autoencoder", "gan", "vae"),
    "Fields": ("differential_equation", "forecasting"),
    "Text": ("characters", "small_gpt"),
    "Further examples": ("digits", "verify", "your_derivation", "new_operation"),
}
STUDIES = tuple(name for title, group in GROUPS.items() if title != "Further examples" for name in group)


README = Path(__file__).with_name("README.md")
TABLE = "| study | what it shows | seconds |\n| --- | --- | ---: |\n"


def row(study: str, shown: list[str], seconds: float) -> str:
    """A row of the table in README.md: the title of the study, its claims, and how long it took."""
    title = Path(__file__).with_name(f"{study}.py").read_text().split('"""')[1].splitlines()[0]
    claims = "<br>".join(shown).replace("|", "\\|")
    return f"| [{title}]({study}.py) | {claims} | {seconds:.0f} |\n"


def write(rows: list[str]) -> None:
    """Replace the table of README.md."""
    before, _, after = README.read_text().partition(TABLE)
    README.write_text(before + TABLE + "".join(rows) + re.sub(r"\A(\|.*\n)*", "", after))


def main(arguments: list[str] | None = None) -> int:
    """Print the table; return 0 if every claim of every study holds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("studies", nargs="*", default=STUDIES, metavar="study", help=f"of {', '.join(STUDIES)}")
    parser.add_argument("--quick", action="store_true", help="short runs")
    parser.add_argument("--pictures", type=Path, default=Path("examples/output"), help="the folder of the pictures")
    parser.add_argument("--readme", action="store_true", help="write the table of examples/README.md, if all is well")
    options = parser.parse_args(arguments)
    unknown = set(options.studies) - set(STUDIES)
    if unknown:
        parser.error(f"there is no study {', '.join(sorted(unknown))}; there are {', '.join(STUDIES)}")

    if options.readme and (options.quick or set(options.studies) != set(STUDIES)):
        parser.error("the table of README.md is that of all studies in full")

    failed, rows = 0, []
    for study in tqdm(options.studies, desc="studies", unit="study"):
        command = [sys.executable, str(Path(__file__).with_name(f"{study}.py"))]
        command += ["--output", str(options.pictures / f"{study}.png"), *["--quick"] * options.quick]
        started = time.perf_counter()
        finished = subprocess.run(command, capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - started
        shown = [line for line in finished.stdout.splitlines() if line.startswith("✓")]
        if finished.returncode:
            failed += 1
            shown += [f"✗ exit status {finished.returncode}", *finished.stderr.strip().splitlines()[-3:]]
        rows.append(row(study, shown, seconds))
        tqdm.write(f"{study:25}{seconds:5.0f} s   " + f"\n{'':35}".join(shown))
    print(f"\n{len(options.studies) - failed} of {len(options.studies)} studies show what they claim")
    if options.readme and not failed:
        write(rows)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
