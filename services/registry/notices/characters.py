"""The characters of printed text in one form, so that each notation is read once.

Only what input methods and spreadsheets do to letters, digits and punctuation is undone: full-width
forms, the many dashes and blanks. Nothing else is folded: ``①`` stays ``①`` and never becomes 1.
"""

import re
from functools import lru_cache

__all__ = ["BLANK_WORDS", "kept", "plain", "says_nothing", "squeezed"]

_DASHES = "‐‑‒–—―−﹣－ー"
_WAVES = "～〜∼﹋"
_BLANKS = "\u00a0\u2002\u2003\u2009\u200a\u202f\u3000\t\v\f"
_GONE = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
_PLAIN = {
    **{0xFF01 + n: chr(0x21 + n) for n in range(94)},
    **dict.fromkeys(map(ord, _DASHES), "-"),
    **dict.fromkeys(map(ord, _WAVES), "~"),
    **dict.fromkeys(map(ord, _BLANKS), " "),
    **dict.fromkeys(map(ord, _GONE), None),
    **dict.fromkeys(map(ord, "【〔「『﹙[{"), "("),
    **dict.fromkeys(map(ord, "】〕」』﹚]}"), ")"),
    ord("﹑"): "、",
    ord("､"): "、",
    ord("\r"): "\n",
    0xFF3B: "(",
    0xFF3D: ")",
    0xFF5B: "(",
    0xFF5D: ")",  # ［ ］ ｛ ｝
}
_SPACE = re.compile(r"\s+")
_WRAP = re.compile(r"(?<=[^\x00-\x7f])\s*\n\s*(?=[^\x00-\x7f])")
"""A line break between Chinese characters: the cell was too narrow."""
_SHORT = 40
BLANK_WORDS = frozenset(
    (
        "",
        *("-", "--", "/", "\\", "*", "无", "不详", "未知", "空", "(空)", "未印", "未载明"),
        *("not printed", "not in excerpt", "not known", "unknown", "none", "n/a", "(cut)"),
    )
)
"""What people write where a document says nothing."""


def plain(text: str) -> str:
    """Return the text with half-width characters, one kind of dash, blank and bracket."""
    return _remembered(text) if len(text) < _SHORT else _plain(text)


def _plain(text: str) -> str:
    return text.translate(_PLAIN).replace("\n\n", "\n").strip()


_remembered = lru_cache(maxsize=50_000)(_plain)
"""A column says the same few things in a hundred thousand rows."""


def squeezed(text: str) -> str:
    """Return the plain text without any blank or line break, for comparing names and words."""
    return _SPACE.sub("", plain(text))


def kept(text: str) -> str:
    """Return the text as printed, in one line: names, numbers of documents, addresses."""
    return _SPACE.sub(" ", _WRAP.sub("", text.strip()))


def says_nothing(text: str) -> bool:
    """Whether a cell is empty or holds a word for "nothing"."""
    return len(text) < _SHORT and _SPACE.sub(" ", plain(text)).lower() in BLANK_WORDS
