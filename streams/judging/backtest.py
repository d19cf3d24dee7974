"""回测: what another book of rules, or other parameters, would have said of the same events.

Pure: both verdicts are compared alert by alert, by the alert's id, which no version and no parameter
changes. Same events, registry, clock and books give the same difference.
"""

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

from schemas.alert import Alert, alert_digest
from schemas.region import province_name

__all__ = ["Changed", "Difference", "compare"]


class Changed(NamedTuple):
    """One alert that both raise, with other contents."""

    before: Alert
    after: Alert


class Difference(NamedTuple):
    """Alerts in order of act, rule and subject."""

    new: tuple[Alert, ...]
    lost: tuple[Alert, ...]
    changed: tuple[Changed, ...]
    same: int

    @property
    def touched(self) -> list[tuple[str, Alert]]:
        """Return each alert that differs with ``new``, ``lost`` or ``changed``."""
        return [
            *(("new", alert) for alert in self.new),
            *(("lost", alert) for alert in self.lost),
            *(("changed", pair.after) for pair in self.changed),
        ]

    def by_province(self) -> dict[str, Counter[str]]:
        """Return counts by the province of origin, of the destination where that is not known."""
        return _counted(
            (_province(alert.origin_region or alert.destination_region), kind)
            for kind, alert in self.touched
        )

    def by_unit(self) -> dict[str, Counter[str]]:
        """Return counts by the consignor, by the receiver where there is none."""
        return _counted((_unit(alert), kind) for kind, alert in self.touched)


def compare(
    before: Iterable[Alert],
    after: Iterable[Alert],
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    rules: Collection[str] = (),
) -> Difference:
    """Return how two verdicts differ, over acts from ``since`` to before ``until``, of some rules."""
    first = {a.id: a for a in before if _asked(a, since, until, rules)}
    second = {a.id: a for a in after if _asked(a, since, until, rules)}
    both = [Changed(first[i], second[i]) for i in first if i in second]
    changed = [pair for pair in both if alert_digest(pair.before) != alert_digest(pair.after)]
    return Difference(
        tuple(sorted((a for i, a in second.items() if i not in first), key=_order)),
        tuple(sorted((a for i, a in first.items() if i not in second), key=_order)),
        tuple(sorted(changed, key=lambda pair: _order(pair.after))),
        len(both) - len(changed),
    )


def _asked(
    alert: Alert, since: datetime | None, until: datetime | None, rules: Collection[str]
) -> bool:
    if alert.state != "open" or (rules and alert.rule not in rules):
        return False
    if since is None and until is None:
        return True
    if not alert.act_at:
        return False
    at = datetime.fromisoformat(alert.act_at)
    return (since is None or at >= since) and (until is None or at < until)


def _order(alert: Alert) -> tuple[str, str, str, str]:
    return alert.in_time, alert.rule, alert.subject, alert.discriminator


def _unit(alert: Alert) -> str:
    if alert.consignor:
        return f"{alert.consignor} {alert.consignor_name or ''}".rstrip()
    return f"{alert.receiver or '-'} {alert.receiver_name or ''}".rstrip()


def _province(region: str | None) -> str:
    return "-" if region is None else province_name(region)


def _counted(pairs: Iterable[tuple[str, str]]) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {}
    for name, kind in pairs:
        found.setdefault(name, Counter())[kind] += 1
    return dict(sorted(found.items(), key=lambda item: (-item[1].total(), item[0])))
