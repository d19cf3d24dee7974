"""Articles as lawyers write them short: ``法典 1175(1)(8)`` for 第一千一百七十五条第一款第（八）项."""

import re
from collections.abc import Iterable

from schemas.alert import LegalBasis

__all__ = ["cited", "short"]

_LAWS = {
    "危险货物道路运输安全管理办法": "危货运输办法",
    "中华人民共和国道路交通安全法实施条例": "道交条例",
    "中华人民共和国生态环境法典": "法典",
    "中华人民共和国固体废物污染环境防治法": "固废法",
    "危险废物转移管理办法": "转移办法",
    "医疗废物管理条例": "条例",
}
_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_ARTICLE = re.compile(
    r"第([零一二三四五六七八九十百千]+)条((?:之[一二三四五六七八九十]+)?)(?:第(\w+?)款)?(?:第（(\w+?)）项)?"
)


def short(basis: LegalBasis) -> set[str]:
    """Return each article that a basis cites, short; of other documents their name alone."""
    law = _LAWS.get(basis.law)
    if law is None:
        standard = re.search(r"GB \d+-\d{4}", basis.law)
        return {standard[0] if standard is not None else basis.law}
    if "至" in basis.article:
        first, last = (_number(n) for n in re.findall(r"第(\w+?)条", basis.article))
        return {f"{law} {n}" for n in range(first, last + 1)}
    found = set()
    for article, more, paragraph, item in _ARTICLE.findall(basis.article):
        text = str(_number(article)) + more
        text += "".join(f"({_number(part)})" for part in (paragraph, item) if part)
        found.add(f"{law} {text}")
    if not found:
        raise ValueError(f"no article can be read in {basis.article}")
    return found


def cited(law: Iterable[LegalBasis]) -> set[str]:
    """Return all articles, short."""
    return {article for basis in law for article in short(basis)}


def _number(text: str) -> int:
    """Return the number that a Chinese numeral below ten thousand says."""
    total, digit = 0, 0
    for c in text:
        if c in _UNITS:
            total += (digit or 1) * _UNITS[c]
            digit = 0
        else:
            digit = _DIGITS[c]
    return total + digit
