"""The paper's formulas as the library writes them, "n_{L-2}^2 >= lambda_min": for figures, for pages."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

_TOKEN = re.compile(r"([_^])(\{[^{}]*\}|\([^()]*\)|\w+)|([A-Za-z]+)|(.)", re.DOTALL)
_GREEK = {
    "lambda": "λ", "alpha": "α", "beta": "β", "gamma": "γ", "eta": "η", "sigma": "σ", "phi": "φ",
    "theta": "θ", "Theta": "Θ", "Omega": "Ω", "Delta": "Δ", "xi": "ξ", "psi": "ψ",
}  # fmt: skip
_SIGNS = (
    ("||", "‖"),
    (">=", "≥"),
    ("<=", "≤"),
    ("J~", "J̃"),
    ("sqrt ", "√"),
    (" - ", " − "),
    ("^T", "^{⊤}"),
)


def _pieces(words: str) -> Iterator[tuple[str, str]]:
    """Each piece: "", "_" or "^", and what stands there, below or above."""
    for text, sign in _SIGNS:
        words = words.replace(text, sign)
    for token in _TOKEN.finditer(words):
        sign, script, word, other = token.groups()
        if sign and not (sign == "_" and script.startswith("(")):
            yield sign, script.strip("{}()")
        elif word:
            yield "", _GREEK.get(word, word)
        else:
            yield "", "·" if other == "*" else token.group()


def for_figures(words: str) -> str:
    """As matplotlib sets it, upright as in the program's figures."""
    out = []
    for sign, text in _pieces(words):
        plain = text.replace("$", r"\$")
        inner = plain.replace("-", "{-}")
        out.append(rf"$\mathregular{{{sign}{{{inner}}}}}$" if sign else plain)
    return "".join(out)


def for_pages(words: str) -> str:
    """As HTML."""
    tags = {"_": "sub", "^": "sup"}
    out = []
    for sign, text in _pieces(words):
        plain = html.escape(text)
        tag = tags.get(sign)
        out.append(f"<{tag}>{plain.replace('-', '−')}</{tag}>" if tag else plain)
    return "".join(out)
