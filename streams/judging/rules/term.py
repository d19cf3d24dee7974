"""期限: a term that one thing on a manifest begins and another must end.

Its end is the first instant that is too late. What is still owed then is found by silence: the clock
fires the deadline, and a late report that shows it was in time takes the finding back.
"""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from schemas.instant import china_day
from schemas.manifest import FiledData
from schemas.registry import Licence
from streams.judging.explanation import CureParty
from streams.judging.facts import Fact, Facts, earliest
from streams.judging.registry import RegistryView
from streams.judging.rules.once import once
from streams.judging.rules.parameter import Parameter, Parameters
from streams.judging.rules.rule import Said
from streams.judging.rules.transfer import crosses, exemption_for
from streams.judging.working_days import end_of_day, end_of_term

__all__ = [
    "BACK_ENTRY",
    "RECEIPT",
    "STORAGE",
    "TRANSIT",
    "Term",
    "back_entry_term",
    "entered_at_once",
    "receipt_term",
    "received_soon",
    "storage_term",
    "term_years",
    "there_soon",
    "transit_term",
    "treated_soon",
]

_WORKING_DAYS = ("个工作日", "working days")
RECEIPT = Parameters(
    Parameter(
        "days",
        5,
        _WORKING_DAYS,
        1,
        20,
        "law",
        "自运抵次日起",
        "from the day after the arrival",
        "危险废物转移管理办法第十八条 / order 23 Art 18",
    )
)
BACK_ENTRY = Parameters(
    Parameter(
        "days",
        10,
        _WORKING_DAYS,
        1,
        20,
        "law",
        "自转移结束次日起",
        "from the day after the transfer's end",
        "危险废物转移管理办法第二十条 / order 23 Art 20",
    )
)
TRANSIT = Parameters(
    *(
        Parameter(
            name,
            hours,
            ("小时", "hours"),
            1,
            720,
            "choice",
            f"{zh}在途时间",
            f"time on the way {en}",
            "法规未规定，各地自定 / no text; local practice",
        )
        for name, hours, zh, en in (
            ("city", 24, "市内", "inside a city"),
            ("province", 48, "省内跨市", "between cities of a province"),
            ("nation", 120, "跨省", "across provinces"),
        )
    )
)
"""How long a load may be on its way. No text gives a limit; local platforms ask for an explanation. [M]"""

STORAGE = Parameters(
    Parameter(
        "months",
        12,
        ("个月", "months"),
        1,
        36,
        "law",
        "自运抵次日起",
        "from the day after the arrival",
        "生态环境法典第五百三十五条 / Code Art 535",
    ),
    Parameter(
        "silence",
        0,
        ("", ""),
        0,
        1,
        "choice",
        "1：没有利用处置的上报也须核查；仅用于要求逐单上报利用处置的地方",
        "1: that nothing was reported of its treatment is to be checked as well; only where treatment "
        "must be reported by manifest",
        "本系统 / our own",
    ),
)

_STAGES = frozenset(("transfer", "whole_process"))
_SHORTEST_MONTH = 28
_LONGEST = timedelta(days=30)
"""A term of working days runs no longer, whatever the calendar."""


class Term(NamedTuple):
    """Who owes what, from when, until when, and what ended it if anything did."""

    party: CureParty
    name: str
    start: Fact
    started: Said
    """What began it: 运抵."""
    length: Said
    """5 个工作日."""
    over: datetime
    """The first instant that is too late."""
    kept: Fact | None
    owed: Said
    """What is owed: 确认接受."""

    @property
    def late(self) -> bool:
        """Whether what was owed came too late."""
        return self.kept is not None and self.kept.at >= self.over


@once
def receipt_term(facts: Facts, view: RegistryView, parameters: Parameters) -> Term | str:
    """Return the receiver's term to confirm what arrived, or why none runs."""
    reason = _no_transfer(facts)
    if reason is not None:
        return reason
    arrived = facts.arrived
    if arrived is None:
        return "not_arrived"
    if _exempt(facts, view, arrived):
        return "exempt"
    days = parameters["days"]
    over = end_of_term(arrived.at, days, view)
    if facts.received is None and facts.voided is not None and facts.voided.at < over:
        return "voided"
    return Term(
        "receiver",
        facts.form.receiver.name,
        arrived,
        ("运抵", "arrival"),
        (f"{days} 个工作日", f"{days} working days"),
        over,
        facts.received,
        ("在系统中确认接受", "confirm in the system"),
    )


@once
def back_entry_term(facts: Facts, view: RegistryView, parameters: Parameters) -> Term | str:
    """Return the term to enter a paper manifest after the transfer's end, or why none runs."""
    reason = _no_transfer(facts)
    if reason is not None:
        return reason
    if not facts.form.back_entry:
        return "electronic"
    end = facts.taken_over
    if end is None:
        return "not_arrived"
    if _exempt(facts, view, end):
        return "exempt"
    days = parameters["days"]
    return Term(
        "consignor",
        facts.form.consignor.name,
        end,
        ("转移结束", "the transfer's end"),
        (f"{days} 个工作日", f"{days} working days"),
        end_of_term(end.at, days, view),
        facts.filed,
        ("补录电子联单", "enter the manifest in the system"),
    )


@once
def transit_term(facts: Facts, view: RegistryView, parameters: Parameters) -> Term | str:
    """Return how long a load may be on its way, or why that is not asked."""
    reason = _no_transfer(facts)
    if reason is not None:
        return reason
    left = facts.dispatched
    if left is None:
        return "not_dispatched"
    if _exempt(facts, view, left):
        return "exempt"
    if facts.reached is None and facts.voided is not None:
        return "voided"
    form = facts.form
    hours = parameters[_reach(form)]
    part = form.carriers[-1] if form.carriers else None
    return Term(
        "carrier",
        part.name if part is not None else left.data.carrier,
        left,
        ("起运", "departure"),
        (f"{hours} 小时", f"{hours} hours"),
        left.at + timedelta(hours=hours),
        facts.arrived or facts.reached,
        ("运抵接受地", "reach the receiver"),
    )


@once
def storage_term(facts: Facts, view: RegistryView, parameters: Parameters) -> Term | str:
    """Return how long the receiver may store what it accepted, or why that is not asked.

    The licensing authority may have consented to longer, for all wastes of the load.
    """
    reason = _no_transfer(facts)
    if reason is not None:
        return reason
    form, there = facts.form, facts.taken_over
    if facts.received is None or there is None:
        return "not_received"
    if facts.refused:
        return "refused"
    if form.consignor.uscc == form.receiver.uscc:
        return "own_waste"
    if _exempt(facts, view, there):
        return "exempt"
    treated = min((f for f in facts.treated if f.data.finished), key=earliest, default=None)
    if treated is None and not parameters["silence"]:
        return "not_treated"
    months = parameters["months"]
    last = _months_later(china_day(there.at), months)
    longer = _extended(facts, view.licences(form.receiver.uscc))
    over = end_of_day(last if longer is None else max(last, longer))
    if treated is None and facts.voided is not None and facts.voided.at < over:
        return "voided"
    return Term(
        "receiver",
        form.receiver.name,
        there,
        ("运抵", "arrival"),
        (f"{months} 个月", f"{months} months"),
        over,
        treated,
        ("利用处置完毕", "finish using or disposing of it"),
    )


def received_soon(facts: Facts, parameters: Parameters) -> bool:
    """Whether what arrived was confirmed within as many days as it may take working days; else not known."""
    arrived, received = facts.arrived, facts.received
    if arrived is None or received is None:
        return arrived is None
    return received.at < arrived.at + timedelta(days=parameters["days"])


def entered_at_once(facts: Facts, _parameters: Parameters) -> bool:
    """Whether a manifest was never one of paper."""
    return not facts.form.back_entry


def there_soon(facts: Facts, parameters: Parameters) -> bool:
    """Whether a load was there in time, or never left; else not known."""
    left, there = facts.dispatched, facts.arrived or facts.reached
    if left is None or there is None:
        return left is None
    return there.at < left.at + timedelta(hours=parameters[_reach(facts.form)])


def treated_soon(facts: Facts, parameters: Parameters) -> bool:
    """Whether what was accepted was treated within months of 28 days, or need not be told; else not known."""
    there = facts.taken_over
    if facts.received is None or there is None:
        return True
    done = [fact.at for fact in facts.treated if fact.data.finished]
    if not done:
        return not parameters["silence"]
    return min(done) < there.at + timedelta(days=_SHORTEST_MONTH * parameters["months"])


def _reach(form: FiledData) -> str:
    """Return how far a load goes, as the parameters of ``TRANSIT`` name it."""
    start, end = form.consignor.site_region, form.receiver.site_region
    return "nation" if crosses(start, end) else "city" if start[:4] == end[:4] else "province"


def _months_later(day: date, months: int) -> date:
    """Return the same day so many months on, or the last of a month that is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _extended(facts: Facts, licences: Sequence[Licence]) -> date | None:
    """Return until when storing all of a load was consented to."""
    granted = [e for licence in licences for e in licence.storage_extensions]
    until = [
        max((e.until for e in granted if not e.codes or w.code in e.codes), default=None)
        for w in facts.hazardous
    ]
    found = [day for day in until if day is not None]
    return min(found) if found and len(found) == len(until) else None


def term_years(facts: Facts) -> set[int]:
    """Return the years whose calendars may bear on the terms of a manifest."""
    days = [f.at for f in (facts.filed, facts.moved, facts.taken_over) if f is not None]
    return {china_day(at).year for day in days for at in (day, day + _LONGEST)}


def _no_transfer(facts: Facts) -> str | None:
    if facts.filed is None:
        return "not_filed"
    if facts.called_off:
        return "voided"
    return None if facts.hazardous else "not_hazardous"


def _exempt(facts: Facts, view: RegistryView, at: Fact) -> bool:
    """Whether an exemption lifts the rules of transfer for all that is carried."""
    return all(exemption_for(facts, view, w.code, at, _STAGES) for w in facts.hazardous)
