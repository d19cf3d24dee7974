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
