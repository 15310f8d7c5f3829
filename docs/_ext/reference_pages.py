"""Writes docs/reference: a page for each group of public names, and one for each name, from the lists in the package.

`sections` has the headings of the groups, `class_pages` what follows a class.
"""

import inspect
import os
import re
from pathlib import Path

from class_pages import after_the_class
from public_names import PAGES, Name, all_names
from rest_text import first_line, heading, legible, table
from sections import PAGES as SECTIONS
from sections import place_of
from sphinx.application import Sphinx

import autograd_lite

BUILT_IN = {  # functions of the interpreter under a name of this package, whose docstrings are others
    "autograd_lite.is_grad_enabled": "Whether operations are recorded here: not inside of `no_grad`.",
}
ROOT = Path(autograd_lite.__file__).resolve().parents[1]
_LABEL = re.compile(r":ref:`(?:([^`<]+?) <[^>]+>|([^`]+))`")  # of NumPy's documentation


def _summary(found: Name) -> str:
    return BUILT_IN.get(found.full) or first_line(found.thing)


def _own_page(found: Name, page: str, title: str, names: dict[str, list[Name]]) -> str:
    is_class = inspect.isclass(found.thing)
    kind, content = "autoclass" if is_class else "autofunction", ""
    if found.full in BUILT_IN:
        kind, content = "function", f"\n   {BUILT_IN[found.full]}\n"
    parts = [
        ":orphan:\n\n",
        heading(found.full.removeprefix("autograd_lite."), "="),
        f":doc:`Reference <../index>` › :doc:`{title} <../{page}>`\n\n",
        f".. currentmodule:: {found.place}\n\n.. {kind}:: {found.name}{'()' * (kind == 'function')}\n{content}\n",
    ]
    return "".join([*parts, after_the_class(found.thing, names)] if is_class else parts)


def _group_page(page: str, title: str, text: str, names: list[Name]) -> str:
    parts = [heading(title, "="), text.replace("`", "``"), "\n\n"]
    sections: dict[int, list[Name]] = {number: [] for number in range(len(SECTIONS[page]))}
    for found in names:
        sections[place_of(found.name, found.source, page)].append(found)
    for number, own in sections.items():
        name, sentence, _ = SECTIONS[page][number]
        rows = [(f":doc:`{found.name} <api/{found.file}>`", _summary(found)) for found in own]
        parts += [heading(name), sentence.replace("`", "``"), "\n\n", table(rows)]
    return "".join(parts)


def _write(path: Path, text: str) -> None:
    """Sphinx reads again what is newer, so a page that has not changed is left alone."""
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")


def write_pages(app: Sphinx) -> None:
    folder = Path(app.srcdir, "reference")
    (folder / "api").mkdir(parents=True, exist_ok=True)
    names, written = all_names(), set()
    for page, title, text, _ in PAGES:
        _write(folder / f"{page}.rst", _group_page(page, title, text, names[page]))
        for found in names[page]:
            written.add(f"{found.file}.rst")
            _write(folder / "api" / f"{found.file}.rst", _own_page(found, page, title, names))
    for old in {path.name for path in (folder / "api").iterdir()} - written:
        (folder / "api" / old).unlink()


def _docstring(app: Sphinx, what: str, name: str, thing: object, options: object, lines: list[str]) -> None:
    """After numpydoc: everything but examples and literal blocks."""
    example, literal = False, None
    for i, line in enumerate(lines):
        indent = len(line) - len(line.lstrip())
        if not line.strip():
            example = False
        elif literal is not None and indent > literal:
            continue
        elif example or line.lstrip().startswith((">>>", "..", ":")):
            example = example or line.lstrip().startswith(">>>")
        else:
            lines[i] = legible(_LABEL.sub(r"\1\2", line))
            literal = indent if line.endswith("::") else None


def _signature(app: Sphinx, what: str, name: str, thing: object, options: object, shown: str, returned: str) -> tuple:
    """Classes among the defaults by their names: ``dtype=np.float32``."""
    return shown and re.sub(r"<class '(\w+)'>", r"\1", re.sub(r"<class 'numpy\.(\w+)'>", r"np.\1", shown)), returned


def _source(name: str, module: str) -> tuple[str, int] | None:
    """The file and line where an object is defined. For operations, of their declaration by `primitive`."""
    import importlib

    from public_names import module_of

    thing: object = importlib.import_module(module)
    for part in name.split("."):
        thing = getattr(thing, part, None)
    thing = inspect.unwrap(thing) if callable(thing) else thing
    place = inspect.getmodule(importlib.import_module(module_of(thing)))
    file = Path(inspect.getsourcefile(place) or "").resolve()
    try:
        found, line = inspect.getsourcefile(thing), inspect.getsourcelines(thing)[1]
    except (TypeError, OSError):
        found, line = None, 1
    if found is None or Path(found).resolve() != file:
        text = file.read_text(encoding="utf-8").splitlines()
        starts = re.compile(rf"\s*(?:def |class )?{re.escape(name.rpartition('.')[2])}\b\s*[=(:,]")
        line = next((i for i, code in enumerate(text, 1) if starts.match(code)), 1)
    return (file.relative_to(ROOT).as_posix(), line) if file.is_relative_to(ROOT) else None


def linkcode_resolve(domain: str, info: dict[str, str]) -> str | None:
    """The lines on GitHub; none where the site is built outside of a repository there."""
    repository, commit = os.environ.get("GITHUB_REPOSITORY"), os.environ.get("GITHUB_SHA", "main")
    found = _source(info["fullname"], info["module"]) if repository and info["module"] else None
    return f"https://github.com/{repository}/blob/{commit}/{found[0]}#L{found[1]}" if found else None


def setup(app: Sphinx) -> dict[str, object]:
    app.connect("builder-inited", write_pages, priority=100)
    app.connect("autodoc-process-signature", _signature)
    app.connect("autodoc-process-docstring", _docstring, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
