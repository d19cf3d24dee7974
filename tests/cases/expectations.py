"""What a case expects, held against what was found. Everything found must be expected."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from schemas.alert import Alert
from schemas.quantity import tonnes_text
from streams.judging.outcome import Outcome
from tests.cases.articles import cited
from tests.cases.moments import moment
from tests.cases.story import Expected, Silent, reasons_of
from tests.cases.telling import Told

__all__ = ["assert_as_expected", "assert_silent"]

_FINDINGS = {"violated": "violation", "needs_review": "review", "notice": "notice"}
_NOTES = {
    "the new text is lighter": "新规定较轻",
    "the old text applies": "适用行为时的法律",
    "depends on the case": "孰轻须依案情认定",
}


def assert_as_expected(told: Told, expect: Sequence[Expected], alerts: Iterable[Alert]) -> None:
    """Match each expectation with one open alert; none may be left over on either side."""
    left = [alert for alert in alerts if alert.state == "open"]
    for expected in expect:
        fits = [alert for alert in left if _fits(told, expected, alert)]
        assert len(fits) == 1, f"{expected.rule}: {len(fits)} findings, among {_listed(left)}"
        (alert,) = fits
        _assert_told(told, expected, alert)
        left.remove(alert)
    assert not left, f"found but not expected: {_listed(left)}"


def assert_silent(silent: Silent, outcomes: Mapping[str, Sequence[Outcome]]) -> None:
    """Check why the rules that the case is about say nothing, where it gives a reason."""
    for rule, reasons in reasons_of(silent).items():
        said = [o for each in outcomes.values() for o in each if o.rule == rule]
        assert not any(o.found for o in said), f"{rule} is not silent"
        if reasons is not None:
            wanted = {reasons} if isinstance(reasons, str) else set(reasons)
            assert {o.reason for o in said} == wanted, f"{rule} is silent for another reason"


def _fits(told: Told, expected: Expected, alert: Alert) -> bool:
    if alert.rule != expected.rule:
        return False
    if expected.load is not None and alert.subject != told.cast.numbers[expected.load]:
        return False
    if expected.who is not None and not alert.discriminator.startswith(
        told.cast.firm(expected.who).uscc
    ):
        return False
    return expected.limit is None or f"/{told.register.record_id(expected.limit)}/" in alert.subject


def _assert_told(told: Told, expected: Expected, alert: Alert) -> None:
    found: dict[str, object] = {
        "state": alert.finding,
        "at": datetime.fromisoformat(alert.act_at),
        "because": alert.reason,
        "articles": cited(alert.law),
        "party": {basis.party for basis in alert.law if basis.party is not None},
        "which_law": {
            _which_law(basis.note_zh) for basis in alert.law if basis.note_zh is not None
        },
    }
    wanted: dict[str, object] = {
        "state": _FINDINGS[expected.state],
        "at": moment(expected.at),
        "because": expected.because,
        "articles": set(expected.articles),
        "party": expected.parties,
        "which_law": expected.laws,
    }
    if expected.t is not None:
        found["t"], wanted["t"] = tonnes_text(alert.grams), str(expected.t)
    if expected.severity is not None:
        found["severity"], wanted["severity"] = alert.severity, expected.severity
    if expected.margin is not None:
        found["margin"], wanted["margin"] = alert.margin, expected.margin
    if expected.past is not None:
        found["past"] = [e.ref for e in alert.evidence if e.kind == "manifest"]
        wanted["past"] = [told.cast.numbers[label] for label in expected.past]
    assert found == wanted, f"{expected.rule}: {alert.text_zh}"


def _which_law(note: str) -> str:
    (said,) = (which for which, words in _NOTES.items() if words in note)
    return said


def _listed(alerts: Iterable[Alert]) -> str:
    return "; ".join(f"{a.rule} {a.finding} ({a.reason}): {a.text_zh}" for a in alerts) or "none"
