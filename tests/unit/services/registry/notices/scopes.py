"""Scopes in the form in which they are read, for property tests."""

from hypothesis import strategies as st

from schemas.waste_code import category_of
from services.registry.notices.scope import Scope

CODES = ["900-041-49", "900-047-49", "900-249-08", "321-010-48", "261-032-11", "900-404-06"]
CATEGORIES = ["HW06", "HW08", "HW11", "HW12", "HW29", "HW49"]


def _scope(codes: list[str], categories: list[str], but: list[str], general: bool) -> Scope:
    def ordered(named: list[str]) -> tuple[str, ...]:
        return tuple(sorted(set(named), key=lambda c: (c[-2:], c)))

    return Scope(
        ordered([c for c in codes if category_of(c) not in categories]),
        ordered(categories),
        ordered([c for c in but if category_of(c) in categories]),
        ("900-007-S59",) if general else (),
    )


scopes = st.builds(
    _scope,
    st.lists(st.sampled_from(CODES), max_size=6),
    st.lists(st.sampled_from(CATEGORIES), max_size=4),
    st.lists(st.sampled_from(CODES), max_size=4),
    st.booleans(),
).filter(lambda s: bool(s.codes or s.categories or s.general))


_FULL = {n: n + 0xFEE0 for n in range(0x21, 0x7F)}


@st.composite
def printings(draw: st.DrawFn) -> tuple[Scope, str, bool]:
    """A scope, one of the many ways to print it, and whether its items are set apart plainly."""
    scope = draw(scopes)
    plainly = draw(st.booleans())
    items = [_whole(draw, scope, category) for category in scope.categories]
    items += [
        _codes(draw, category, [c for c in scope.codes if category_of(c) == category])
        for category in sorted({category_of(code) for code in scope.codes})
    ]
    items += scope.general
    items = draw(st.permutations(items))
    separators = st.just("；") if plainly else st.sampled_from(["；", "\n", "、", "，", ",", " "])
    text = "".join(item + draw(separators) for item in items[:-1]) + items[-1]
    if draw(st.booleans()):
        text = text.translate(_FULL)
    return scope, text, plainly


def _whole(draw: st.DrawFn, scope: Scope, category: str) -> str:
    but = "、".join(c for c in scope.except_codes if category_of(c) == category)
    if not but:
        return category + draw(st.sampled_from(["", "全部代码", NAMES[category], "（所有代码）"]))
    return category + draw(
        st.sampled_from(
            [f"（除 {but}）", f"（除{but}外）", f"({but}除外)", f"不含{but}", f"除{but}以外"]
        )
    )


def _codes(draw: st.DrawFn, category: str, named: list[str]) -> str:
    codes = draw(st.sampled_from(["、", "，", ", ", "\n", ";"])).join(named)
    inline = "、".join(named)
    return draw(
        st.sampled_from([
            f"{category}（{codes}）", f"{category}{NAMES[category]}（{codes}）", f"{category}（仅限{codes}）",
            f"{category}：{inline}", f"{category} 仅限 {inline}", f"{category},{inline}",
            f"({category},{inline})", f"含油污泥({named[0]})、{inline}", inline,
        ])
    )  # fmt: skip


NAMES = {
    "HW06": "废有机溶剂与含有机溶剂废物", "HW08": "废矿物油与含矿物油废物", "HW11": "精（蒸）馏残渣",
    "HW12": "染料、涂料废物", "HW29": "含汞废物", "HW48": "有色金属采选和冶炼废物", "HW49": "其他废物",
}  # fmt: skip
