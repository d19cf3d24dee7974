"""平战转换: which limits hold at which instant, in peace and under an emergency order (domain 9).

An order's limits apply from its minute in its area, also to packages already in store, and end with it.
"""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from schemas.instant import CHINA
from schemas.registry import EmergencyOrder
from streams.judging.registry import RegistryView

__all__ = ["Limit", "limit_end", "ordered_on", "orders_at", "region_of"]


class Limit(NamedTuple):
    """When a stay becomes too long, and by which order if not by the law."""

    end: datetime
    hours: int
    order: EmergencyOrder | None


def region_of(view: RegistryView, uscc: str, at: datetime) -> str | None:
    """Return the region of an institution, plant or other unit, as the registry has it."""
    held = view.institution(uscc, at) or view.medical_plant(uscc, at) or view.unit(uscc)
    return held.region if held is not None else None


def in_force_at(order: EmergencyOrder, at: datetime) -> bool:
    """Whether an order stands at an instant; its last one is no longer under it."""
    return order.from_at <= at and (order.until_at is None or at < order.until_at)


def orders_at(view: RegistryView, region: str | None, at: datetime) -> list[EmergencyOrder]:
    """Return the orders in force in a region at an instant, the newest first."""
    found = [o for o in view.orders(region) if in_force_at(o, at)] if region is not None else []
    return sorted(found, key=lambda o: (o.from_at, o.id), reverse=True)


def ordered_on(view: RegistryView, region: str, day: date) -> bool:
    """Whether an order stands in a region at any time of a China day."""
    start = datetime.combine(day, time(), CHINA)
    end = start + timedelta(days=1)
    return any(
        o.from_at < end and (o.until_at is None or o.until_at > start) for o in view.orders(region)
    )


def limit_end(start: datetime, hours: int, orders: Sequence[tuple[EmergencyOrder, int]]) -> Limit:
    """Return the first instant at which a stay since ``start`` is longer than what then holds.

    ``hours``: without an order. ``orders``: those that set another limit; of several in force the one
    that began last holds.
    """
    if not orders:
        return Limit(start + timedelta(hours=hours), hours, None)

    def holds(at: datetime) -> tuple[int, EmergencyOrder | None]:
        standing = [(o.from_at, o.id, o, h) for o, h in orders if in_force_at(o, at)]
        if not standing:
            return hours, None
        *_, order, its = max(standing, key=lambda s: s[:2])
        return its, order

    moments = {start + timedelta(hours=hours)}
    for order, its in orders:
        moments |= {order.from_at, start + timedelta(hours=its)}
        if order.until_at is not None:
            moments.add(order.until_at)
    for at in sorted(m for m in moments if m >= start):
        most, by = holds(at)
        if at - start >= timedelta(hours=most):
            return Limit(at, most, by)
    raise AssertionError("the limit without orders is among the moments")  # and orders end or hold
