"""Licences explained: each licence of the receiver against each act, and its suspensions."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from schemas.instant import china_day
from schemas.manifest import WasteLine
from schemas.registry import Licence, Suspension
from streams.judging.explanation import Condition, Cure, Explanation
from streams.judging.facts import Facts
from streams.judging.outcome import china_text
from streams.judging.registry import RegistryView, in_force
from streams.judging.rules.explained import scope
from streams.judging.rules.explained.wording import (
    MOST_SHOWN,
    Group,
    condition,
    day_text,
    left_out,
    span,
    within_validity,
)
from streams.judging.rules.licensing import Instant, in_force_at, name_en, name_zh, suspension_at
from streams.judging.rules.transfer import METHODS_ZH, codes, names

__all__ = [
    "another_receiver",
    "licence_group",
    "needs_licence",
    "suspension_explained",
    "unlicensed_explained",
]


def needs_licence(
    facts: Facts, view: RegistryView, wastes: Sequence[WasteLine], instants: Sequence[Instant]
) -> Iterable[Condition]:
    """Return why the receiver needs a licence for some lines."""
    form = facts.form
    yield from scope.transfer(facts, wastes)
    yield condition(
        ("接受人非移出人本单位", "the receiver is not the consignor itself"),
        (form.receiver.uscc, form.receiver.uscc),
        (form.consignor.uscc, form.consignor.uscc),
        holds=True,
        role="applies",
    )
    stages = tuple(dict.fromkeys(w.method for w in wastes))
    yield scope.not_exempt(facts, view, wastes, instants[0].fact.at, *stages)
    if facts.taken_over is not None and facts.refused:
        yield condition(
            ("接受人已整批拒收，不计其接受", "refused: the receiver did not take it over"),
            ("拒收", "refused"),
            holds=True,
            role="applies",
        )


def licence_group(licence: Licence) -> Group:
    """Return the heading of one licence's conditions."""
    return Group(name_zh(licence), name_en(licence), f"licence/{licence.id}")


def unlicensed_explained(
    facts: Facts,
    view: RegistryView,
    wastes: Sequence[WasteLine],
    held: Sequence[Licence],
    instants: Sequence[Instant],
) -> Explanation:
    """Return why no licence was in force at one of the acts; ``held``: all that the receiver has."""
    conditions = list(needs_licence(facts, view, wastes, instants))
    for i in instants:
        valid = in_force_at(held, i.fact.at)
        conditions.append(
            condition(
                (f"{i.zh}时接受人持有有效许可证", f"a licence in force at {i.en}"),
                (
                    f"{china_text(i.fact.at)}：{len(held)} 份中 {len(valid)} 份有效",
                    f"{china_text(i.fact.at)}: {len(valid)} of {len(held)} in force",
                ),
                ("至少 1 份", "at least 1"),
                holds=bool(valid),
            )
        )
    first = next(i for i in instants if not in_force_at(held, i.fact.at))
    shown = sorted(held, key=lambda x: (_missed(x, first), x.id))[:MOST_SHOWN]
    for x in shown:
        conditions += [
            within_validity(x, i.fact.at, (i.zh, i.en), licence_group(x)) for i in instants
        ]
    conditions += left_out(("的许可证", "licences"), shown, len(held))
    return Explanation(
        tuple(conditions), tuple(_licence_cures(facts, wastes, shown[:1], instants, first))
    )


def _missed(licence: Licence, at: Instant) -> int:
    """Return by how many days an act misses a licence."""
    day = china_day(at.fact.at)
    if licence.valid_to is not None and licence.valid_to < day:
        return (day - licence.valid_to).days
    return max((licence.valid_from - day).days, 0)


def _licence_cures(
    facts: Facts,
    wastes: Sequence[WasteLine],
    nearest: Sequence[Licence],
    instants: Sequence[Instant],
    first: Instant,
) -> Iterable[Cure]:
    form = facts.form
    when_zh = "、".join(f"{i.zh}（{day_text(i.fact.at)}）" for i in instants)
    when_en = " and ".join(f"{i.en} ({day_text(i.fact.at)})" for i in instants)
    for x in nearest:
        if x.valid_to is not None and x.valid_to < china_day(first.fact.at):
            yield Cure(
                zh=f"若在 {x.valid_to} 当日或之前起运并接受，或{name_zh(x)} 在到期前获准延续，则本项合法。",
                en=f"Dispatched and taken over on or before {x.valid_to}, or with {name_en(x)} renewed "
                "before it ended, this would be legal.",
                party="receiver",
                kind="licence",
            )
        else:
            yield Cure(
                zh=f"若在{name_zh(x)} 生效（{x.valid_from}）当日或之后起运并接受，则本项合法。",
                en=f"Dispatched and taken over on or after {x.valid_from}, when {name_en(x)} begins, this "
                "would be legal.",
                party="receiver",
                kind="licence",
            )
    yield Cure(
        zh=f"若{form.receiver.name}（{form.receiver.uscc}）在{when_zh}时持有有效的危险废物经营许可证"
        "（或豁免、虚拟登记），则本项合法。",
        en=f"Had {form.receiver.name} ({form.receiver.uscc}) held a licence (or an exempted or virtual "
        f"register entry) in force at {when_en}, this would be legal.",
        party="receiver",
        kind="licence",
    )
    yield another_receiver(facts, wastes)
    yield Cure(
        zh="若许可证当时有效、只是未录入或期限录入有误，登记部门补录后本告警附理由撤回。",
        en="If the licence was in force and only its record is missing or its dates are wrong, this "
        "alert is withdrawn with the reason once that is recorded.",
        party="authority",
        kind="licence",
    )


def another_receiver(facts: Facts, wastes: Sequence[WasteLine]) -> Cure:
    """Return that a receiver licensed for the waste would have done."""
    methods = list(dict.fromkeys(w.method for w in wastes))
    return Cure(
        zh=f"若{facts.form.consignor.name}将{names(wastes)}交由许可证有效、范围含该代码和方式"
        f"（{'、'.join(METHODS_ZH[m] for m in methods)}）的其他单位，则本项合法。",
        en=f"Had {facts.form.consignor.name} given {codes(wastes)} to another unit whose licence is in "
        f"force and covers code and method ({', '.join(methods)}), this would be legal.",
        party="consignor",
    )


def suspension_explained(
    facts: Facts,
    view: RegistryView,
    wastes: Sequence[WasteLine],
    held: Sequence[Licence],
    instants: Sequence[Instant],
) -> Explanation:
    """Return why every licence in force at one of the acts was suspended."""
    conditions = list(needs_licence(facts, view, wastes, instants))
    stopped: dict[str, tuple[Licence, Suspension]] = {}
    for i in instants:
        valid = in_force_at(held, i.fact.at)
        usable = [x for x in valid if suspension_at(x, i.fact.at) is None]
        conditions.append(
            condition(
                (f"{i.zh}时有未被暂扣的许可证", f"a licence that is not suspended at {i.en}"),
                (
                    f"{china_text(i.fact.at)}：{len(valid)} 份有效，{len(usable)} 份未暂扣",
                    f"{china_text(i.fact.at)}: {len(valid)} in force, {len(usable)} not suspended",
                ),
                ("至少 1 份未暂扣", "at least 1 not suspended"),
                holds=bool(usable),
            )
        )
        for x in valid[:MOST_SHOWN]:
            conditions += _unsuspended(x, i)
        conditions += left_out(("的许可证", "licences"), valid[:MOST_SHOWN], len(valid))
        if not usable:
            for x in valid[:MOST_SHOWN]:
                suspension = suspension_at(x, i.fact.at)
                if suspension is not None:
                    stopped.setdefault(x.id, (x, suspension))
    cures = [_outside(x, s) for x, s in stopped.values()]
    return Explanation(
        tuple(conditions),
        (
            *cures,
            another_receiver(facts, wastes),
            Cure(
                zh="若暂扣在此之前已经解除、只是未录入，登记部门补录解除日期后本告警附理由撤回。",
                en="If the suspension had been lifted before and only that record is missing, this "
                "alert is withdrawn with the reason once its end is recorded.",
                party="authority",
                kind="licence",
            ),
        ),
    )


def _unsuspended(licence: Licence, i: Instant) -> Iterable[Condition]:
    group, day = licence_group(licence), day_text(i.fact.at)
    yield within_validity(licence, i.fact.at, (i.zh, i.en), group)
    stop = suspension_at(licence, i.fact.at)
    every = [s for s in licence.suspensions if in_force(s, i.fact.at)] or licence.suspensions
    shown = (stop,) if stop is not None else tuple(every[:1])
    document = stop.document if stop is not None and stop.document else None
    threshold = ("无暂扣记录", "never suspended")
    if shown:
        zh, en = span(shown[0])
        threshold = (
            f"暂扣 {zh}{f'（{document}）' if document else ''}",
            f"suspended {en}{f' ({document})' if document else ''}",
        )
    yield condition(
        (f"{i.zh}当日未被暂扣", f"not suspended on the day of {i.en}"),
        (day, day),
        threshold,
        holds=stop is None,
        group=group,
    )


def _outside(licence: Licence, stop: Suspension) -> Cure:
    before = (stop.valid_from - timedelta(days=1)).isoformat()
    after_zh, after_en = "", ","
    if stop.valid_to is not None:
        after_zh = f"，或在 {stop.valid_to} 之后"
        after_en = f", or after {stop.valid_to},"
    return Cure(
        zh=f"若在 {before} 当日或之前{after_zh}起运并接受，则{name_zh(licence)} 未被暂扣，本项合法。",
        en=f"Dispatched and taken over on or before {before}{after_en} {name_en(licence)} would not be "
        "suspended, and this would be legal.",
        party="receiver",
    )
