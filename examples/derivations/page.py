"""Writes docs/derivations.md from the catalogue: `python -m derivations.page > ../docs/derivations.md`."""

from __future__ import annotations

import functools
import inspect
import itertools
from collections.abc import Callable
from typing import Any

from autograd_lite.testing.script import source_of
from derivations import DOCUMENT_ERRORS, STATEMENTS, Check, DocumentError, Statement
from derivations.catalogue import SOURCES

_OPENING = """\
# The derivations, checked

<!-- not run: the tests run these programs at random inputs -->

Four documents derive the gradients behind neural networks:

{sources}

Each statement that they derive is given below as a formula and as code that checks it. A test with the given name
searches for a counterexample over random shapes and values, in float64, to a relative accuracy of 1e-10;
`python examples/verify.py` does the same and prints the results. The second part lists the errors in the documents,
each with the formula as printed, the mistake, and the correct formula.

In the code `al` is `autograd_lite`; `sigma`, `softmax`, `with_ones` and other helpers are plain NumPy, from
`examples/derivations/plain.py`. `wrt=None` compares values instead of derivatives.

| symbol | meaning |
| --- | --- |
| $N$, $d$, $K$ | samples, features, classes |
| $X$, $Y$, $P$ | features, targets, predicted probabilities; $X$ is $(N, d)$ with samples as rows, or $(d, N)$ |
| $L$, $E$ | a sum over samples, a mean over samples |
| $\\tilde X$, $\\tilde W$ | a row of ones stacked on top of $X$, and weights whose column 0 is the bias |
| $\\odot$, $\\mathbf 1$ | the elementwise product; the vector of ones; with a condition, 1 where it holds |

`examples/derivations/page.py` writes this page, and a test compares it with the code.
"""


@functools.cache
def page() -> str:
    """The whole page."""
    sources = "\n".join(f"- **[{key}]** {description}" for key, description in SOURCES.items())
    parts = [_OPENING.format(sources=sources), "## Statements\n"]
    parts += map(_statement, STATEMENTS)
    parts.append("## Errors in the documents\n")
    parts += map(_document_error, DOCUMENT_ERRORS)
    return "\n".join(parts)


def _statement(statement: Statement) -> str:
    return "\n".join([
        f"### {statement.id} · {_capitalized(statement.title)}\n",
        f"```math\n{statement.formula}\n```\n",
        f"From {_bracketed(statement.sources)}; test `{statement.test_name}`.\n",
        f"```python\n{_codes(statement.checks)}\n```\n",
    ])  # fmt: skip


def _document_error(error: DocumentError) -> str:
    named = f" The diagnosis reports *{error.kind}*." if error.kind else ""
    return "\n".join([
        f"### {error.id} · {_capitalized(error.title)}\n",
        f"As printed in {_bracketed(error.sources)}:\n\n```math\n{error.printed}\n```\n",
        f"{_capitalized(error.fault)}.{named} Corrected:\n\n```math\n{error.corrected}\n```\n",
        f"Test `{error.test_name}`.\n",
        f"```python\n{_codes((error.claim, error.correction), ('as printed: refuted', 'corrected'))}\n```\n",
    ])  # fmt: skip


def _codes(checks: tuple[Check, ...], captions: tuple[str, ...] = ()) -> str:
    """The code of several checks, each under its caption or layout; an unchanged definition is not repeated."""
    defined: dict[str, str] = {}
    blocks, caption = [], ""
    for check, title in itertools.zip_longest(checks, captions or [check.layout for check in checks]):
        definitions = {name: source for name, source in _definitions(check).items() if defined.get(name) != source}
        defined.update(definitions)
        lines = [f"# {title}"] if title and title != caption else []
        caption = title
        blocks.append("\n".join([*lines, *definitions.values(), _call(check)]))
    return "\n\n".join(blocks)


def _definitions(check: Check) -> dict[str, str]:
    """The code that defines the function and the closed form, by name."""
    definitions = {}
    for function, name in ((check.fn, "fn"), (check.closed_form, "closed_form")):
        source = source_of(function) or ""
        if function.__name__ == "<lambda>":
            first, *others = source.splitlines()
            indentation = min((len(line) - len(line.lstrip()) for line in others), default=0)
            definitions[name] = "\n".join([f"{name} = {first}", *(line[indentation:] for line in others)])
        elif not function.__module__.startswith("autograd_lite"):
            definitions[function.__name__] = f"{source}\n"
    return definitions


def _call(check: Check) -> str:
    called = [_called(check.fn, "fn"), _called(check.closed_form, "closed_form")]
    wrt = "" if check.wrt == 0 else f", wrt={check.wrt!r}".replace("'", '"')
    return f"check_closed_form({', '.join([*called, *_arguments(check)])}{wrt})"


def _called(function: Callable[..., Any], name: str) -> str:
    if function.__module__.startswith("autograd_lite"):
        return f"al.{function.__name__}"
    return name if function.__name__ == "<lambda>" else function.__name__


def _arguments(check: Check) -> list[str]:
    formula, function = (inspect.signature(f).parameters.values() for f in (check.closed_form, check.fn))
    names_nothing = all(parameter.kind is parameter.VAR_POSITIONAL for parameter in formula)
    return [str(p.replace(annotation=p.empty, default=p.empty)) for p in (function if names_nothing else formula)]


def _capitalized(text: str) -> str:
    return text[0].upper() + text[1:]


def _bracketed(sources: str) -> str:
    return ", ".join(f"[{key.strip()}]" for key in sources.split(","))


if __name__ == "__main__":
    print(page(), end="")
