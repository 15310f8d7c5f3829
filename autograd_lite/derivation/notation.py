"""Notation: symbols, signs and well-known numbers in Unicode and in LaTeX."""

from __future__ import annotations

import math
import re
import unicodedata

_UPPER = dict(zip("0123456789()-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾⁻", strict=True))
_LOWER = dict(zip("0123456789ijklmnpstuvr", "₀₁₂₃₄₅₆₇₈₉ᵢⱼₖₗₘₙₚₛₜᵤᵥᵣ", strict=True))
_PLAIN = {raised: plain for table in (_UPPER, _LOWER) for plain, raised in table.items()}
_GREEK = {
    "α": r"\alpha", "β": r"\beta", "γ": r"\gamma", "δ": r"\delta", "ε": r"\varepsilon", "η": r"\eta", "θ": r"\theta",
    "λ": r"\lambda", "μ": r"\mu", "σ": r"\sigma", "φ": r"\varphi", "ω": r"\omega", "Δ": r"\Delta", "Θ": r"\Theta",
    "Φ": r"\Phi", "Ω": r"\Omega",
}  # fmt: skip
_ACCENTS = {"\u0302": r"\hat", "\u0303": r"\tilde", "\u0304": r"\bar", "\u0307": r"\dot"}
_ESCAPES = {"\\": r"\backslash ", "^": r"\wedge ", "~": r"\sim ", **{c: "\\" + c for c in "_#$%&{}"}}

SIGNS = {"−": "-", "⊙": r"\odot", "Σ": r"\sum", "≠": r"\neq", "≤": r"\leq", "≥": r"\geq", "∧": r"\wedge", "∨": r"\vee"}
FUNCTIONS = {
    "sigmoid": ("σ", r"\sigma"), "log": ("ln", r"\ln"), "one_hot": ("onehot", r"\operatorname{onehot}"),
    "det": ("det", r"\det"), "trace": ("tr", r"\operatorname{tr}"), "diagonal": ("diag", r"\operatorname{diag}"),
    "maximum": ("max", r"\max"), "max": ("max", r"\max"), "minimum": ("min", r"\min"), "min": ("min", r"\min"),
    "exp": ("exp", r"\exp"), "sin": ("sin", r"\sin"), "cos": ("cos", r"\cos"), "tanh": ("tanh", r"\tanh"),
}  # fmt: skip

# Numbers in derivatives that are written with a name instead of digits.
NUMBERS = {
    math.pi: ("π", r"\pi"),
    math.log(2): ("(ln 2)", r"(\ln 2)"),
    math.log(10): ("(ln 10)", r"(\ln 10)"),
    1 / math.log(2): ("(1/ln 2)", r"\frac{1}{\ln 2}"),
    1 / math.log(10): ("(1/ln 10)", r"\frac{1}{\ln 10}"),
    math.sqrt(0.5): ("(1/√2)", r"\frac{1}{\sqrt{2}}"),
    1 / math.sqrt(math.pi): ("(1/√π)", r"\frac{1}{\sqrt{\pi}}"),
    2 / math.sqrt(math.pi): ("(2/√π)", r"\frac{2}{\sqrt{\pi}}"),
    1 / math.sqrt(2 * math.pi): ("(1/√(2π))", r"\frac{1}{\sqrt{2\pi}}"),
}


def superscript(text: str) -> str:
    """Digits and parentheses as superscripts.

    Examples
    --------
    >>> superscript("(1)")
    '⁽¹⁾'
    """
    return "".join(_UPPER.get(c, c) for c in text)


def subscript(text: str) -> str:
    """Digits as subscripts.

    Examples
    --------
    >>> subscript("12")
    '₁₂'
    """
    return "".join(_LOWER.get(c, c) for c in text)


def escaped(text: str) -> str:
    """A string with the characters escaped that are special in LaTeX."""
    return "".join(_ESCAPES.get(c, c) for c in text)


def latex_name(name: str) -> str:
    """A name in LaTeX.

    Examples
    --------
    >>> print(latex_name("W⁽¹⁾"), latex_name("U₂"), latex_name("W1"), latex_name("hidden_state"), latex_name("∂L/∂W"))
    W^{(1)} U_{2} W_{1} \\mathrm{hidden\\_state} \\frac{\\partial L}{\\partial W}
    >>> print(latex_name("ŷ"), latex_name("θ₁"))
    \\hat{y} \\theta_{1}
    """
    if name.startswith("∂²") and "/∂" in name:
        return _second_derivative(name)
    if name.startswith("∂") and "/∂" in name:
        above, below = name[1:].split("/∂", 1)
        return rf"\frac{{\partial {latex_name(above)}}}{{\partial {latex_name(below)}}}"
    if name.endswith(" 1"):  # a matrix times the vector of ones
        return rf"{latex_name(name[:-2])} \mathbf{{1}}"
    upper = "".join(_PLAIN[c] for c in name if c in _UPPER.values())
    lower = "".join(_PLAIN[c] for c in name if c in _LOWER.values())
    base = "".join(c for c in name if c not in _PLAIN)
    if not lower and (indexed := re.fullmatch(r"([^\W\d_])_?(\d+)", base)):
        base, lower = indexed[1], indexed[2]
    accent = next((_ACCENTS[c] for c in unicodedata.normalize("NFD", base) if c in _ACCENTS), "")
    if accent:  # over the whole name
        base = "".join(c for c in unicodedata.normalize("NFD", base) if c not in _ACCENTS)
    if len(base) > 1:
        base = rf"\mathrm{{{escaped(base)}}}"
    base = _GREEK.get(base, base)
    base = rf"{accent}{{{base}}}" if accent else base
    return base + (f"_{{{lower}}}" if lower else "") + (f"^{{{upper}}}" if upper else "")


def _second_derivative(name: str) -> str:
    """∂²L/∂w∂wᵀ, ∂²L/∂w², or ∂²L/∂W² · V in LaTeX."""
    name, _, direction = name.partition(" · ")
    above, below = name[2:].split("/∂", 1)
    variable = latex_name(below.removesuffix("²") if below.endswith("²") else below[: (len(below) - 2) // 2])
    squared = rf"\partial {{{variable}}}^{{2}}" if below.endswith("²") else (
        rf"\partial {variable} \, \partial {{{variable}}}^{{\top}}"
    )  # fmt: skip
    return rf"\frac{{\partial^{{2}} {latex_name(above)}}}{{{squared}}}" + (
        rf" \cdot {latex_name(direction)}" if direction else ""
    )
