"""The tables of docs/vmap.md, from the saved runs in benchmarks/results: python tests/vmap_tables.py"""

import json
import re
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "vmap.md"
_TABLE = re.compile(r"^\| case \|.*?\n(?!\|)", re.MULTILINE | re.DOTALL)


def page_with_tables(page: str) -> str:
    """The page with the tables of the saved runs."""
    from suite.tables import case_table, gradbench_table

    tables = iter([case_table(_saved("vmap")), gradbench_table(_saved("gradbench"))])
    return _TABLE.sub(lambda _: next(tables) + "\n", page)


def _saved(name: str) -> Any:
    return json.loads((ROOT / "benchmarks" / "results" / f"{name}.json").read_text(encoding="utf-8"))


if __name__ == "__main__":
    sys.path.append(str(ROOT / "benchmarks"))
    PAGE.write_text(page_with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
