"""The colours of code, light and dark, with a contrast of at least 4.5 to the background of code (WCAG AA)."""

from pygments.style import Style
from pygments.token import Comment, Error, Generic, Keyword, Name, Number, Operator, String, Token


def _styles(text: str, comment: str, keyword: str, string: str, number: str, name: str, error: str) -> dict:
    return {
        Token: text, Comment: f"italic {comment}", Keyword: f"bold {keyword}", Operator: text, Operator.Word: f"bold {keyword}",
        String: string, Number: number, Name.Builtin: name, Name.Function: name, Name.Class: name, Name.Decorator: name,
        Generic.Prompt: comment, Generic.Output: text, Generic.Traceback: error, Generic.Error: error, Error: error,
    }  # fmt: skip


class Light(Style):
    background_color = "#f6f7f9"
    highlight_color = "#fff3c4"
    styles = _styles("#1d2330", "#5a6372", "#6f2da8", "#2a6a2f", "#9a3b00", "#0b5394", "#b00020")


class Dark(Style):
    background_color = "#1c2129"
    highlight_color = "#4a4420"
    styles = _styles("#e3e7ee", "#9aa5b5", "#cfa6ff", "#9fd89a", "#ffb27a", "#8ec7ff", "#ff9a9a")
