"""提示: what a unit should know of its own papers before it is late; told to the unit only.

What ends soon (licence, approval, transport permit, insurance) is told once 60, 30 and 7 days before,
unless what comes after it is on record already. What will be used up before its end, by the pace so far,
is told from the forecast (``forecast.py``). Renewing a licence takes a request 30 working days before its
end (permit measures; domain 5.8), an approval up to 20 working days (order 23 Arts 21-23).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Literal, NamedTuple
from uuid import UUID, uuid5

from schemas.quantity import tonnes_text
from schemas.registry import CarrierPermit, Insurance, Licence, RegistryRecord, TransferApproval
from streams.judging.forecast import Forecast, allowance_of, forecast
from streams.judging.limit import limit_key, plan_key, pool_key, year_key
from streams.judging.outcome import Draw
from streams.judging.registry import RegistryView, on_day
from streams.judging.rules import RULE_BOOK, RuleBook

__all__ = ["STEPS", "Notice", "NoticeKind", "endings", "own_limits", "running_out"]

STEPS = (60, 30, 7)
"""Days before an end at which a unit is told."""
_NAMESPACE = UUID("0b7c2f1e-6d0a-5a53-8d5c-8f2b3c6a9e41")

NoticeKind = Literal[
    "licence_ends", "approval_ends", "permit_ends", "insurance_ends", "limit_runs_out"
]


class Notice(NamedTuple):
    """One thing a unit should know. The same one has the same id on every day."""

    id: UUID
    kind: NoticeKind
    ref: str
    """The record (``licence/lic-1``), or the limit's subject."""
    step: int | None
    """How many days before the end it was first told (60, 30, 7); None of a limit."""
    day: date | None
    """Its last day, or the day on which the limit is likely used up; None: it is already."""
    earliest: date | None
    latest: date | None
    """Of a limit: the span of nine cases in ten."""
    zh: str
    en: str


# what ends -------------------------------------------------------------------------------------------


def endings(uscc: str, view: RegistryView, today: date) -> list[Notice]:
    """Return what of a unit's own papers ends within 60 days of a China date, soonest first."""
    papers: tuple[tuple[NoticeKind, Sequence[Any], Callable[[Iterable[Any]], set[Any]]], ...] = (
        ("licence_ends", view.licences(uscc), _licensed),
        ("approval_ends", [a for a in view.approvals(uscc) if a.decision == "approved"], _approved),
        ("permit_ends", view.permits(uscc), _any),
        ("insurance_ends", view.policies(uscc), _any),
    )
    found = [
        _ending(kind, record, step, today)
        for kind, held, serves in papers
        for record in held
        if (step := _step(record, today)) is not None and not _followed(record, held, serves)
    ]
    return sorted(found, key=lambda n: (n.day or date.max, n.ref))


def _step(record: Any, today: date) -> int | None:
    """Return at which of the steps a record in force stands, None while its end is far."""
    if record.valid_to is None or not on_day(record, today):
        return None
    left = (record.valid_to - today).days
    return min((step for step in STEPS if left <= step), default=None)


def _followed(
    record: Any, held: Sequence[Any], serves: Callable[[Iterable[Any]], set[Any]]
) -> bool:
    """Whether what the record serves for is served by others on the day after its end."""
    after = record.valid_to + timedelta(days=1)
    others = [r for r in held if r.id != record.id and on_day(r, after)]
    return bool(others) and serves([record]) <= serves(others)


def _licensed(licences: Iterable[Licence]) -> set[Any]:
    return {
        (what, mode)
        for licence in licences
        for line in licence.scope
        for what in (*line.codes, *line.categories)
        for mode in line.modes
    }


def _approved(approvals: Iterable[TransferApproval]) -> set[Any]:
    return {(x.code, x.receiver, x.purpose) for a in approvals for x in a.lines}


def _any(_records: Iterable[CarrierPermit | Insurance]) -> set[Any]:
    """Any other of the kind will do."""
    return set()


_NAMES: dict[str, tuple[str, str]] = {
    "licence_ends": ("经营许可证", "licence"),
    "approval_ends": ("跨省转移审批", "transfer approval"),
    "permit_ends": ("道路运输许可", "road-transport permit"),
    "insurance_ends": ("环境污染责任保险", "liability insurance"),
}
_ADVICE: dict[str, tuple[str, str]] = {
    "licence_ends": (
        "换证申请应于届满三十个工作日前提出",
        "its renewal is to be asked for thirty working days before its end",
    ),
    "approval_ends": (
        "到期后继续转移须重新申请，审批至多二十个工作日",
        "moving on after it needs a new application, which takes up to twenty working days",
    ),
    "permit_ends": ("到期后不得承运危险废物", "nothing may be carried after it"),
    "insurance_ends": ("到期后须续保", "it is to be renewed"),
}


def _ending(kind: NoticeKind, record: RegistryRecord, step: int, today: date) -> Notice:
    r: Any = record
    left = (r.valid_to - today).days
    number = next(
        (getattr(r, name) for name in ("number", "document", "policy_no") if hasattr(r, name)), r.id
    )
    (name_zh, name_en), (advice_zh, advice_en) = _NAMES[kind], _ADVICE[kind]
    return Notice(
        uuid5(_NAMESPACE, f"{kind}\n{r.kind}/{r.id}\n{r.valid_to}\n{step}"),
        kind,
        f"{r.kind}/{r.id}",
        step,
        r.valid_to,
        None,
        None,
        f"{name_zh} {number} {r.valid_to} 到期，还有 {left} 天；{advice_zh}。",
        f"The {name_en} {number} ends on {r.valid_to}, in {left} days; {advice_en}.",
    )


# what is used up -------------------------------------------------------------------------------------


def own_limits(uscc: str, view: RegistryView, today: date) -> list[str]:
    """Return the limits in force on a China date that are a unit's own, by subject."""
    year, found = today.year, []
    for approval in view.approvals(uscc):
        if approval.decision == "approved" and on_day(approval, today):
            codes = [line.code for line in approval.lines]
            found += [limit_key(approval.id, line.line) for line in approval.lines]
            found += [pool_key(approval.id, c) for c in sorted(set(codes)) if codes.count(c) > 1]
    found += [year_key("licence", x.id, year) for x in view.licences(uscc) if on_day(x, today)]
    found += [year_key("whitelist", x.id, year) for x in view.whitelist(uscc) if on_day(x, today)]
    codes = sorted({x.code for p in view.plans(uscc, year) for x in p.lines})
    return [*found, *(plan_key(uscc, year, code) for code in codes)]


def running_out(
    limits: Sequence[str],
    drawn: Mapping[str, Sequence[Draw]],
    view: RegistryView,
    today: date,
    book: RuleBook = RULE_BOOK,
) -> list[Notice]:
    """Return which limits are used up, or will or may be before their end, soonest first."""
    found = []
    for subject in limits:
        allowance = allowance_of(subject, view, book)
        if allowance is None:
            continue
        told = forecast(allowance, drawn.get(subject, ()), today)
        if told.outlook in ("used_up", "will_run_out", "may_run_out"):
            found.append(_exhausted(subject, allowance.cap.name, told))
    return sorted(found, key=lambda n: (n.day or date.min, n.ref))


_OUTLOOKS: dict[str, tuple[str, str]] = {
    "used_up": ("已用完", "is used up"),
    "will_run_out": ("按目前进度将在到期前用完", "will be used up before its end at this pace"),
    "may_run_out": ("到期前可能用完", "may be used up before its end"),
}


def _exhausted(subject: str, name: tuple[str, str], told: Forecast) -> Notice:
    out = told.runs_out
    when_zh = f"，预计 {out.likely}（{out.earliest} 至 {out.latest or '…'}）" if out else ""
    when_en = f", likely on {out.likely} ({out.earliest} to {out.latest or '…'})" if out else ""
    outlook_zh, outlook_en = _OUTLOOKS[told.outlook]
    left = tonnes_text(told.left)
    return Notice(
        uuid5(_NAMESPACE, f"limit_runs_out\n{subject}\n{told.outlook}"),
        "limit_runs_out",
        subject,
        None,
        out.likely if out else None,
        out.earliest if out else None,
        out.latest if out else None,
        f"{name[0]} {tonnes_text(told.cap)} 吨，余 {left} 吨，{outlook_zh}{when_zh}。",
        f"Of {tonnes_text(told.cap)} t, {name[1]}, {left} t are left; it {outlook_en}{when_en}.",
    )
