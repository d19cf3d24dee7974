"""A licence's scope explained: what each licence in force covers, by code and by method."""

from collections.abc import Iterable, Sequence

from schemas.instant import china_day
from schemas.manifest import WasteLine
from schemas.registry import Licence, ScopeLine
from schemas.waste_code import category_of, edition_in_force, in_catalogue
from streams.judging.explanation import Condition, Cure, Explanation
from streams.judging.facts import Facts
from streams.judging.outcome import china_text
from streams.judging.registry import RegistryView
from streams.judging.rules.explained.licences import (
    another_receiver,
    licence_group,
    needs_licence,
)
from streams.judging.rules.explained.wording import (
    MOST_SHOWN,
    condition,
    left_out,
    some,
    within_validity,
)
from streams.judging.rules.licensing import (
    Instant,
    covers_code,
    modes_for,
    name_en,
    name_zh,
    names_code,
)
from streams.judging.rules.transfer import METHODS_ZH

__all__ = ["scope_explained"]

_CATALOGUE = 2021
_MODES_ZH = {**METHODS_ZH, "collection": "收集"}
_ORDER = ("collection", "storage", "utilisation", "disposal")


def scope_explained(
    facts: Facts,
    view: RegistryView,
    wastes: Sequence[WasteLine],
    valid: Sequence[Licence],
    instants: Sequence[Instant],
    *,
    doubtful: bool,
) -> Explanation:
    """Return why no licence in force at the first act covers some lines; ``doubtful``: may be."""
    at = instants[0]
    conditions = list(needs_licence(facts, view, wastes, instants))
    pairs = [(w, x) for w in wastes for x in valid]
    conditions.append(
        condition(
            ("许可证范围含代码和方式", "a licence covers code and method"),
            (
                f"{china_text(at.fact.at)} {at.zh}时 {len(valid)} 份有效，均不含",
                f"at {at.en} ({china_text(at.fact.at)}) {len(valid)} in force, none covers it",
            ),
            ("范围的同一项含该代码和方式", "code and method in one line of a scope"),
            holds=None if doubtful else False,
        )
    )
    edition = edition_in_force(china_day(at.fact.at))
    unlisted = [w.code for w in wastes if in_catalogue(w.code, edition) is not True]
    if unlisted:
        conditions.append(
            condition(
                ("代码在现有名录表中", "the code is in the catalogue table at hand"),
                some(unlisted),
                (f"{edition} 年版名录", f"catalogue of {edition}"),
                holds=None,
            )
        )
    shown = pairs[:MOST_SHOWN]
    for waste, licence in shown:
        conditions.append(
            within_validity(licence, at.fact.at, (at.zh, at.en), licence_group(licence))
        )
        conditions += _covered(waste, licence)
    conditions += left_out(("的许可证与代码组合", "pairs of licence and code"), shown, len(pairs))
    return Explanation(tuple(conditions), tuple(_cures(facts, wastes, valid, doubtful)))


def _covered(waste: WasteLine, licence: Licence) -> Iterable[Condition]:
    group = licence_group(licence)
    if not licence.scope:
        yield condition(
            ("许可证范围已录入", "the scope is on record"),
            ("未录入", "not recorded"),
            holds=None,
            group=group,
        )
        return
    older = any(line.edition < _CATALOGUE for line in licence.scope)
    named = covers_code(licence, waste)
    yield condition(
        ("范围含该代码", "the scope names the code"),
        (waste.code, waste.code),
        some(n for line in licence.scope for n in _near_first(line, waste.code)),
        holds=None if older and not named else named,
        group=group,
    )
    lines = [x for x in licence.scope if names_code(x, waste.code)] or licence.scope
    licensed = {mode for line in lines for mode in line.modes}
    modes = [m for m in _ORDER if m in licensed]
    covered = bool(modes_for(waste.method) & licensed)
    yield condition(
        ("方式在许可之内", "the method is licensed"),
        (METHODS_ZH[waste.method], waste.method),
        ("、".join(_MODES_ZH[m] for m in modes), ", ".join(modes)),
        holds=None if older and not covered else covered,
        group=group,
    )
    if older:
        oldest = min(line.edition for line in licence.scope)
        yield condition(
            ("范围按现行名录核发", "the scope cites the catalogue in force"),
            (f"{oldest} 年版", str(oldest)),
            (f"{_CATALOGUE} 年版或以后", f"{_CATALOGUE} or later"),
            holds=None,
            group=group,
        )


def _near_first(line: ScopeLine, code: str) -> list[str]:
    """Return what a line names, what is of the code's own category first."""
    category = category_of(code)
    every = [*(_with_exceptions(line, c) for c in line.categories), *line.codes]
    return sorted(every, key=lambda n: (n != code, n[:4] != category, n[8:] != code[8:]))


def _with_exceptions(line: ScopeLine, category: str) -> str:
    but = [code for code in line.except_codes if category_of(code) == category]
    return f"{category}（除 except {'、'.join(but)}）" if but else category


def _cures(
    facts: Facts, wastes: Sequence[WasteLine], valid: Sequence[Licence], doubtful: bool
) -> Iterable[Cure]:
    form = facts.form
    numbers_zh = "、".join(name_zh(x) for x in valid[:MOST_SHOWN])
    numbers_en = ", ".join(name_en(x) for x in valid[:MOST_SHOWN])
    what_zh = "、".join(f"{w.code}（{METHODS_ZH[w.method]}）" for w in wastes[:MOST_SHOWN])
    what_en = ", ".join(f"{w.code} ({w.method})" for w in wastes[:MOST_SHOWN])
    if doubtful:
        yield Cure(
            zh=f"若发证机关确认{numbers_zh} 的范围含 {what_zh}，登记部门按现行名录录入后，本项不成立。",
            en=f"If the issuer confirms that {numbers_en} covers {what_en} and the scope is recorded by "
            "the catalogue in force, this does not stand.",
            party="authority",
            kind="licence",
        )
    for w in wastes[:MOST_SHOWN]:
        licensed = {
            m for x in valid for line in x.scope if names_code(line, w.code) for m in line.modes
        }
        modes = [m for m in _ORDER if m in licensed]
        if modes:
            yield Cure(
                zh=f"若{form.receiver.name}按许可的方式（{'、'.join(_MODES_ZH[m] for m in modes)}）接收"
                f" {w.code}，则本项合法。",
                en=f"Had {form.receiver.name} taken {w.code} for what is licensed ({', '.join(modes)}), "
                "this would be legal.",
                party="receiver",
            )
    yield Cure(
        zh=f"若{form.receiver.name}在此之前申请变更、{numbers_zh} 的范围含 {what_zh}，则本项合法。",
        en=f"Had {form.receiver.name} had {what_en} added to the scope of {numbers_en} before, this would "
        "be legal.",
        party="receiver",
        kind="licence",
    )
    yield another_receiver(facts, wastes)
