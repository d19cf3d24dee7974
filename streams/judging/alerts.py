"""From outcomes to alerts: raised, revised, withdrawn with the reason, never deleted."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

import msgspec

from schemas.alert import Alert, alert_digest, alert_id
from streams.judging.facts import Facts
from streams.judging.limit import limit_of
from streams.judging.outcome import Outcome
from streams.judging.registry import RegistryView
from streams.judging.rules import RULE_BOOK, RuleBook
from streams.judging.rules.plan_quantity import plan_holder

__all__ = [
    "AlertChange",
    "AlertMemo",
    "Parties",
    "alert_changes",
    "limit_parties",
    "manifest_parties",
]


class Parties(NamedTuple):
    """Who and where a subject is about; what an alert's columns and filters need."""

    consignor: str | None = None
    consignor_name: str | None = None
    receiver: str | None = None
    receiver_name: str | None = None
    origin_region: str | None = None
    destination_region: str | None = None


class AlertMemo(msgspec.Struct, array_like=True):
    """What the owner of a subject remembers of one alert it raised."""

    state: Literal["open", "withdrawn"]
    revision: int
    digest: str
    body: bytes
    """JSON of the alert, so that it can be withdrawn as it stood."""


class AlertChange(NamedTuple):
    """One alert to write. ``opened``: raised now, or again after it had been withdrawn."""

    alert: Alert
    revision: int
    digest: str
    opened: bool


def manifest_parties(facts: Facts) -> Parties:
    """Return who and where a manifest is about; nothing while it is not filed."""
    if facts.filed is None:
        return Parties()
    form = facts.form
    return Parties(
        form.consignor.uscc,
        form.consignor.name,
        form.receiver.uscc,
        form.receiver.name,
        form.consignor.site_region,
        form.receiver.site_region,
    )


def limit_parties(subject: str, view: RegistryView) -> Parties:
    """Return who and where a limit is about; nothing once its record is retracted."""
    limit = limit_of(subject)
    if limit is None:
        return Parties()
    if limit.kind == "licence":
        licence = view.licence(limit.record)
        if licence is None:
            return Parties()
        return Parties(
            receiver=licence.holder,
            receiver_name=licence.holder_name,
            destination_region=licence.region,
        )
    if limit.kind == "plan":
        uscc, year = limit.planned_year
        if not view.plans(uscc, year):
            return Parties()
        unit = view.unit(uscc)
        return Parties(
            uscc,
            plan_holder(view, uscc, year),
            origin_region=unit.region if unit else None,
        )
    if limit.kind == "whitelist":
        entry = view.whitelist_entry(limit.record)
        if entry is None:
            return Parties()
        return Parties(
            receiver=entry.receiver,
            receiver_name=entry.receiver_name,
            destination_region=entry.destination,
        )
    approval = view.approval(limit.record)
    if approval is None:
        return Parties()
    line = (
        next(iter(approval.lines), None)
        if limit.kind == "single"
        else next((x for x in approval.lines if limit.part in (str(x.line), x.code)), None)
    )
    return Parties(
        approval.consignor,
        approval.consignor_name,
        line.receiver if line else None,
        line.receiver_name if line else None,
        approval.origin,
        line.destination if line else None,
    )


def alert_changes(
    subject: str,
    parties: Parties,
    outcomes: Sequence[Outcome],
    known: Mapping[str, AlertMemo],
    book: RuleBook = RULE_BOOK,
    facts: Facts | None = None,
) -> tuple[dict[str, AlertMemo], list[AlertChange]]:
    """Return what to remember of the subject's alerts, and those that changed.

    ``facts``: of a manifest, which may carry a check ticket that its alerts tell of.
    """
    memo = dict(known)
    changes: list[AlertChange] = []
    if not known and not any(outcome.found for outcome in outcomes):
        return memo, changes
    by_key = {outcome.key: outcome for outcome in outcomes}
    note = _ticket_note(facts, book)
    wanted = {
        key: _alert(subject, parties, outcome, book, note)
        for key, outcome in by_key.items()
        if outcome.found
    }
    for key, before in known.items():
        if key not in wanted and before.state == "open":
            wanted[key] = _withdrawn(before, by_key.get(key), outcomes, key)
    for key, alert in wanted.items():
        digest = alert_digest(alert)
        known_memo = memo.get(key)
        if known_memo is not None and known_memo.digest == digest:
            continue
        revision = known_memo.revision + 1 if known_memo is not None else 1
        opened = alert.state == "open" and (known_memo is None or known_memo.state != "open")
        memo[key] = AlertMemo(alert.state, revision, digest, msgspec.json.encode(alert))
        changes.append(AlertChange(alert, revision, digest, opened))
    return memo, changes


_FINDINGS: Mapping[str, Literal["violation", "review", "notice"]] = {
    "violated": "violation",
    "needs_review": "review",
    "notice": "notice",
}


def _ticket_note(facts: Facts | None, book: RuleBook) -> tuple[str, str] | None:
    if facts is None or facts.filed is None or facts.filed.data.check_ticket is None:
        return None
    from streams.judging.ticket import ticket_note  # few carry one, and it takes a library's memory

    return ticket_note(facts, book.ticket_keys)


def _alert(
    subject: str,
    parties: Parties,
    outcome: Outcome,
    book: RuleBook,
    note: tuple[str, str] | None = None,
) -> Alert:
    text_zh, text_en = outcome.zh, outcome.en
    if note is not None:
        text_zh, text_en = text_zh + note[0], f"{text_en} {note[1]}"
    title_zh, title_en = book.title(outcome.rule)
    return Alert(
        id=alert_id(outcome.rule, subject, outcome.discriminator),
        rule=outcome.rule,
        rule_version=outcome.version,
        subject=subject,
        discriminator=outcome.discriminator,
        finding=_FINDINGS[outcome.state],
        state="open",
        severity=outcome.severity,
        grams=outcome.grams,
        unweighed=True if outcome.unweighed else msgspec.UNSET,
        title_zh=title_zh,
        title_en=title_en,
        reason=outcome.reason,
        text_zh=text_zh,
        text_en=text_en,
        act_at=outcome.act_at.isoformat() if outcome.act_at is not None else "",
        law=outcome.law,
        evidence=outcome.evidence,
        margin=outcome.margin,
        **parties._asdict(),
    )


_NO_LONGER = (
    "no_longer_stands",
    "按现有事实和登记信息，该情形不复存在",
    "with the facts and records now known, this no longer stands",
)


def _withdrawn(
    before: AlertMemo, now: Outcome | None, outcomes: Sequence[Outcome], key: str
) -> Alert:
    """Return the alert as it stood, withdrawn for what the rule says now."""
    if now is None:  # another receiver, say: the rule now speaks under another discriminator
        now = _silent(key.partition("|")[0], outcomes)
    reason, zh, en = _NO_LONGER
    if now is not None:
        reason, zh, en = now.reason, now.zh, now.en
    return msgspec.structs.replace(
        msgspec.json.decode(before.body, type=Alert),
        state="withdrawn",
        withdrawn_reason=reason,
        withdrawn_zh=zh,
        withdrawn_en=en,
    )


def _silent(rule: str, outcomes: Sequence[Outcome]) -> Outcome | None:
    """Return what tells why a rule finds nothing: its own word, else that of its family's first.

    Narrow rules say nothing where all is well; the first of their family speaks for them. Rules of
    the form have nothing to do with each other.
    """
    if rule.startswith("form."):
        return next((o for o in outcomes if o.rule == rule and not o.found), None)
    family = [o for o in outcomes if o.rule.partition(".")[0] == rule.partition(".")[0]]
    own = next((o for o in family if o.rule == rule and not o.found), None)
    if own is not None or any(o.found for o in family):
        return own
    return family[0] if family else None
