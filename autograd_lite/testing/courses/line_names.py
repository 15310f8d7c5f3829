"""The names of the lines of a derivation: "Z" for a value, "∂L/∂Z", "dL/dZ" or "dZ" for a derivative."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Collection
from typing import NamedTuple

from autograd_lite.support.messages import show

_QUOTIENT = re.compile(r"^(?:∂|d|\\partial\b)\s*(?P<of>.+?)\s*/\s*(?:∂|d|\\partial\b)\s*(?P<to>.+)$")
_UNDERSCORED = re.compile(r"^d(?P<of>\w+?)_d(?P<to>\w+)$")
_SHORT = re.compile(r"^(?P<sign>∂|∇|d|grad(?:_|\s))\s*(?P<to>.+)$")


class LineName(NamedTuple):
    """A line's name, read.

    Attributes
    ----------
    text : str
        As it was written.
    aliases : tuple of str
        The names of parameters that mean this line.
    to : str or None
        What a derivative is taken with respect to, as an identifier; None for a value.
    of : str or None
        What is differentiated, as an identifier; None if the name does not say.
    """

    text: str
    aliases: tuple[str, ...]
    to: str | None = None
    of: str | None = None


def identifier(name: str) -> str:
    """A name as an identifier of Python: without brackets and signs, raised and lowered digits as digits.

    Examples
    --------
    >>> identifier("Z⁽¹⁾"), identifier("Z₁"), identifier("weights[0]"), identifier("ŷ")
    ('Z1', 'Z1', 'weights0', 'ŷ')
    """
    return re.sub(r"\W+", "", unicodedata.normalize("NFKC", name))


def read_name(name: object, known: Collection[str]) -> LineName:
    """A line's name, given the identifiers of the inputs and of the values of earlier lines.

    "dZ" is a derivative if "Z" is known, else a value. "∂L/∂Z" and "∇Z" are always derivatives.

    Raises
    ------
    TypeError, ValueError
        If it is not a string, has no identifier, or is a derivative with respect to something unknown.

    Examples
    --------
    >>> read_name("∂L/∂W", {"W"})
    LineName(text='∂L/∂W', aliases=('dW', 'dL_dW'), to='W', of='L')
    >>> read_name("dW", {"W"}).aliases, read_name("dist", {"W"}).aliases
    (('dW',), ('dist',))
    """
    if not isinstance(name, str):
        raise TypeError(f"check_steps: the name of a line must be a string, not {show(name)}")
    text = unicodedata.normalize("NFC", name.strip())
    if quotient := _QUOTIENT.match(text):
        of, to = identifier(quotient["of"]), identifier(quotient["to"])
        _refuse_unknown(text, quotient["to"], to, known)
        return LineName(text, (f"d{to}", f"d{of}_d{to}"), to, of)
    if (underscored := _UNDERSCORED.match(text)) and underscored["to"] in known:
        return LineName(text, (f"d{underscored['to']}", text), underscored["to"], underscored["of"])
    if short := _SHORT.match(text):
        to = identifier(short["to"])
        if short["sign"] in "∂∇":
            _refuse_unknown(text, short["to"], to, known)
        if to in known:
            return LineName(text, tuple(dict.fromkeys((f"d{to}", identifier(text)))), to)
    own = identifier(text)
    if not own.isidentifier() or keyword.iskeyword(own):
        raise ValueError(f"check_steps: the name of a line must be a Python name, apart from signs, not {show(name)}")
    return LineName(text, (own,))


def _refuse_unknown(text: str, written: str, to: str, known: Collection[str]) -> None:
    if to not in known:
        raise ValueError(
            f"check_steps: the line {show(text)} differentiates with respect to {show(written)}, which is neither an "
            f"input nor an earlier line; there are {', '.join(known)}"
        )
