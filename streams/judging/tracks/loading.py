"""The vehicles that a manifest names: each loading told, or the plates of the form while none is."""

import re

import msgspec

from streams.judging.facts import Fact, Facts
from streams.judging.registry import RegistryView, in_force
from streams.judging.rules.amount import shipped
from streams.judging.rules.loading import Loading, loadings
from streams.judging.rules.transfer import codes, exemption_for, names
from streams.judging.tracks.leg import Leg
from streams.judging.tracks.segments import seconds

__all__ = ["legs_of"]

_NAMES = re.compile(r"[、，,；;/]+")
"""Between the names of people in one box of the form."""
_STAGES = frozenset(("transport", "whole_process"))


def legs_of(facts: Facts, view: RegistryView) -> list[Leg]:
    """Return the vehicles that a manifest names, by plate; none while it is not filed."""
    if facts.filed is None:
        return []
    told = loadings(facts)
    found: dict[str, Leg] = {}
    for n, loading in enumerate(told):
        if loading.plate is None:
            continue
        last = n + 1 == len(told)
        over = facts.taken_over if last else told[n + 1].fact
        known = found.get(loading.plate)
        leg = _leg(facts, view, loading, over, n == 0 and facts.dispatched is not None, last)
        found[loading.plate] = leg if known is None else _joined(known, leg)
    if facts.dispatched is None:
        for part in facts.form.carriers:
            if part.plate is not None and part.plate not in found:
                named = Loading(part.uscc, part.plate, facts.filed)
                found[part.plate] = _leg(facts, view, named, None, False, False)
    return [found[plate] for plate in sorted(found)]


def _leg(
    facts: Facts, view: RegistryView, loading: Loading, over: Fact | None, first: bool, last: bool
) -> Leg:
    form, arrived, taken = facts.form, facts.arrived, facts.taken_over
    fact = loading.fact
    loaded = fact is not facts.filed
    wastes = tuple(
        w for w in facts.hazardous if exemption_for(facts, view, w.code, fact, _STAGES) is None
    )
    amount = shipped(facts, wastes)
    filed = facts.filed or fact
    return Leg(
        facts.subject,
        loading.plate or "",
        loading.carrier,
        form.consignor.uscc,
        form.consignor.name,
        form.receiver.uscc,
        form.receiver.name,
        form.consignor.site_region,
        form.receiver.site_region,
        seconds(filed.at),
        seconds(fact.at) if loaded else None,
        seconds(over.at) if over is not None else None,
        first,
        last,
        seconds(arrived.at) if arrived is not None and last else None,
        seconds(taken.at) if taken is not None and last else None,
        facts.called_off,
        bool(wastes) and not facts.called_off,
        amount.grams,
        amount.unweighed,
        f"{names(wastes)}共 {amount.zh}",
        f"{amount.en} of {codes(wastes)}",
        (str(fact.ref), fact.ref.digest) if loaded else None,
        (str(arrived.ref), arrived.ref.digest) if arrived is not None and last else None,
        len(_drivers(facts, view, loading)),
    )


def _drivers(facts: Facts, view: RegistryView, loading: Loading) -> set[str]:
    """Return who may drive: the drivers named, and escorts who are on record as the carrier's drivers."""
    carrier, plate, fact = loading
    parts = [part for part in facts.form.carriers if part.uscc == carrier]
    parts = [part for part in parts if part.plate == plate] or parts
    told = {name for part in parts for name in _names(part.driver)}
    if facts.dispatched is fact:
        told.update(_names(fact.data.driver))
    for part in parts:
        for name in _names(part.escort):
            held = view.crew(carrier, name)
            if any("driver" in one.roles and in_force(one, fact.at) for one in held):
                told.add(name)
    return told


def _names(text: str | None) -> list[str]:
    """Return the names in one box; a blank parts two of them unless it only spaces one out (``张 三``)."""
    found: list[str] = []
    for part in _NAMES.split(text or ""):
        words = part.split()
        spaced = any(len(word) == 1 or word.isascii() for word in words)
        found += ["".join(words)] if words and spaced else words
    return found


def _joined(one: Leg, later: Leg) -> Leg:
    """Return the part of a plate that took the load over twice."""
    return msgspec.structs.replace(
        later, loaded=one.loaded, first=one.first or later.first, loading=one.loading
    )
