"""Write the tables of the benchmark of several processes into docs/scaling.md: python tests/ranks_page.py

They come from the saved run, benchmarks/results/ranks.json; a test compares them.
"""

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "scaling.md"
HEADS = ("| network | alone", "| all-reduce of", "| network | ranks | measured", "| network | ranks | 10")


def page_with_tables() -> str:
    """The page with each table, which is known by the beginning of its head, replaced by that of the saved run."""
    import ranks

    results = json.loads((ranks.RESULTS / "ranks.json").read_text())
    page = PAGE.read_text(encoding="utf-8")
    for head, table in zip(HEADS, ranks.tables(results).split("\n\n"), strict=True):
        assert table.startswith(head)
        page, count = re.subn(
            rf"^{re.escape(head)}.*\n(\|.*\n)*", lambda _, table=table: table + "\n", page, flags=re.M
        )
        assert count == 1, head
    return page


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "benchmarks"))
    PAGE.write_text(page_with_tables(), encoding="utf-8")
