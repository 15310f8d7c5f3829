"""Runs the Python programs of Markdown pages when the site is built, and shows below each what it prints.

The programs of a page run one after the other in one process of its own, with warnings as errors, as in the tests. The first
block of text between a program and the next one is its output and is replaced by what this run prints; where there is
none, one is added. `<!-- not run: why -->` before a program, or at the top of a page, leaves it out. An error is a warning of
Sphinx with page and line, which fails the build. Outputs are kept by a hash of the programs and of the package's source.
"""

import contextlib
import hashlib
import io
import json
import linecache
import subprocess
import sys
import traceback
from functools import cache
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

ROOT = Path(__file__).resolve().parents[2]
MARK = "<!-- not run:"
logger = logging.getLogger(__name__)


def run(programs: list[tuple[int, str]], page: str) -> list[str]:
    """What each program prints. Line numbers in tracebacks are those of the page."""
    from verify_page import _tested

    names: dict[str, object] = {"__name__": "__main__"}
    outputs, rows = [], []
    for line, program in programs:
        if program.startswith("# test_"):  # a module of tests: what pytest prints
            outputs.append(_tested(program + "\n"))
            continue
        # Sources are known to tracebacks and to `inspect`, at the lines of the page; what is no program is blank.
        text, printed = "\n" * (line - 1) + program + "\n", io.StringIO()
        rows += [""] * (line - 1 - len(rows)) + program.split("\n")
        linecache.cache[page] = (0, None, [f"{row}\n" for row in rows], page)
        with contextlib.redirect_stdout(printed):
            exec(compile(text, page, "exec"), names)
        outputs.append("\n".join(row.rstrip() for row in printed.getvalue().splitlines()))
    return outputs


@cache
def _state_of_the_package() -> bytes:
    files = [path for folder in ("autograd_lite", "nn", "optim") for path in sorted((ROOT / folder).rglob("*.py"))]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).digest()


def outputs_of(programs: list[tuple[int, str]], page: str, folder: Path) -> list[str]:
    key = hashlib.sha256(json.dumps([programs, page]).encode() + _state_of_the_package()).hexdigest()
    kept = folder / f"{key}.json"
    if not kept.exists():
        command = [sys.executable, "-W", "error", __file__, page]
        done = subprocess.run(
            command, input=json.dumps(programs), capture_output=True, text=True, cwd=ROOT, check=False
        )
        if done.returncode:
            raise RuntimeError(done.stderr.strip())
        folder.mkdir(parents=True, exist_ok=True)
        kept.write_text(done.stdout, encoding="utf-8")
    return json.loads(kept.read_text(encoding="utf-8"))


def _marked(block: nodes.literal_block) -> bool:
    at = block.parent.index(block)
    before = block.parent[at - 1] if at else None
    return isinstance(before, nodes.raw | nodes.comment) and before.astext().startswith((MARK, MARK[5:]))


def _show(app: Sphinx, tree: nodes.document) -> None:
    page = Path(app.env.doc2path(app.env.docname))
    if page.suffix != ".md" or MARK in page.read_text(encoding="utf-8").partition("\n## ")[0].partition("```")[0]:
        return
    blocks = [block for block in tree.findall(nodes.literal_block) if block.get("language") in ("python", "text")]
    programs = [block for block in blocks if block["language"] == "python" and not _marked(block)]
    if not programs:
        return
    name = page.relative_to(ROOT).as_posix()
    texts = [((block.line or 0) + 1, block.astext()) for block in programs]
    try:
        outputs = outputs_of(texts, name, Path(app.outdir).parent / "programs")
    except RuntimeError as error:
        logger.warning("a program of this page fails\n%s", error, location=(app.env.docname, programs[0].line))
        return
    for block, output in zip(programs, outputs, strict=True):
        following = blocks[blocks.index(block) + 1 :][:1]
        shown = nodes.literal_block(output, output, language="text", classes=["program-output"])
        if following and following[0]["language"] == "text":
            following[0].replace_self(shown)
        elif output:
            block.parent.insert(block.parent.index(block) + 1, shown)


def setup(app: Sphinx) -> dict[str, object]:
    app.connect("doctree-read", _show)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "tests"))
    try:
        print(json.dumps(run(json.load(sys.stdin), sys.argv[1])))
    except BaseException as error:
        sys.exit(
            "".join(
                traceback.format_exception(error.with_traceback(error.__traceback__ and error.__traceback__.tb_next))
            )
        )
