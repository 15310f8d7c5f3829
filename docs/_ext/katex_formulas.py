"""Formulas by KaTeX, which comes with the site: no other host is asked, and pages without formulas load nothing."""

from docutils import nodes
from sphinx.application import Sphinx

FILES = ("katex/katex.min.css", "katex/katex.min.js", "formulas.js")


def _inline(writer, node: nodes.math) -> None:
    writer.body.append(writer.starttag(node, "span", "", CLASS="math") + writer.encode(node.astext()) + "</span>")
    raise nodes.SkipNode


def _display(writer, node: nodes.math_block) -> None:
    text = node.astext()
    if "\\\\" in text and "\\begin" not in text:  # several lines, as MathJax would show them
        text = f"\\begin{{gathered}}{text}\\end{{gathered}}"
    number = f'<span class="eqno">({node["number"]})</span>' if node.get("number") else ""
    writer.body.append(
        writer.starttag(node, "div", "", CLASS="math math-display") + writer.encode(text) + number + "</div>"
    )
    raise nodes.SkipNode


def _add_files(app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None) -> None:
    """KaTeX for the pages that need it: those with formulas, and outputs of notebooks that may hold some."""
    raw = doctree is not None and any("$" in node.astext() for node in doctree.findall(nodes.raw))
    if doctree is None or not (
        raw or any(True for kind in (nodes.math, nodes.math_block) for _ in doctree.findall(kind))
    ):
        return
    style, *scripts = FILES
    app.add_css_file(style)
    for script in scripts:
        app.add_js_file(script, loading_method="defer")


def setup(app: Sphinx) -> dict[str, object]:
    app.add_html_math_renderer("katex", (_inline, None), (_display, None))
    app.config.html_math_renderer = "katex"
    app.connect("html-page-context", _add_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
