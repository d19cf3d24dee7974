"""A case as the product hears it: registry lines and events, each with when it became known."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple

from schemas.decode import decode_registry_record
from schemas.registry import RegistryRecord
from streams.judging.statement import Statement, read_statement, to_micros
from tests.cases.cast import Cast, cast_file
from tests.cases.moments import moment, with_offsets
from tests.cases.register import Register
from tests.cases.story import Case, Event, Load
from tests.cases.tonnes import in_tonnes

__all__ = ["Told"]


_MINUTE = timedelta(minutes=1)


class _Said(NamedTuple):
    heard: datetime
    raw: bytes


class Told:
    """One case, told."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.cast = Cast(case)
        self.register = Register(case, self.cast)

    @cached_property
    def records(self) -> list[RegistryRecord]:
        """What the registry holds in the end, in the order in which it was recorded."""
        return [decode_registry_record(line) for line in self.registry_lines]

    @property
    def registry_lines(self) -> list[bytes]:
        """The same as lines of ``registry.ndjson``."""
        return self.register.lines

    @cached_property
    def statements(self) -> list[Statement]:
        """What was said, in the order in which it was heard."""
        return [read_statement(said.raw, to_micros(said.heard)) for said in self._said]

    @property
    def event_lines(self) -> list[bytes]:
        """The same as lines of an exported log."""
        return [said.raw for said in self._said]

    @cached_property
    def now(self) -> datetime:
        """The clock of the verdict."""
        if self.case.now is not None:
            return moment(self.case.now)
        return max(s.event.time for s in self.statements)

    @cached_property
    def _said(self) -> list[_Said]:
        said = [one for label, load in self.case.loads.items() for one in self._load(label, load)]
        return sorted(said, key=lambda s: s.heard)

    def _load(self, label: str, load: Load) -> Iterator[_Said]:
        carriers = [_carrier(c)["firm"] for c in _carriers(load)]
        carrier = carriers[0] if carriers else "carrier"
        authors: dict[str, tuple[str, str]] = {}
        counted: Counter[str] = Counter()
        for event in load.events:
            verb = event.verb
            counted[verb] += 1
            event_id = event.id or (verb if counted[verb] == 1 else f"{verb}-{counted[verb]}")
            what, author = authors.get(event.of or "", (verb, ""))
            by = event.by or {
                "filed": load.from_, "voided": load.from_, "received": load.to, "treated": load.to,
                "corrected": author,
            }.get(verb, carrier)  # fmt: skip
            if verb == "corrected" and event.of not in authors:
                raise ValueError(f"load {label}: nothing before is called {event.of}")
            if verb == "handed_over":
                carrier = event.to or carrier
            authors.setdefault(event_id, (what, by))
            at = moment(event.at)
            heard = moment(event.heard) if event.heard is not None else at + _MINUTE
            yield _Said(
                heard,
                _json(
                    {
                        "specversion": "1.0",
                        "id": event_id,
                        "source": f"urn:uscc:{self.cast.firm(by).uscc}",
                        "type": f"liandan.manifest.{verb}.v1",
                        "subject": self.cast.numbers[label],
                        "time": at.isoformat(),
                        "liandanreceivedat": heard.isoformat(),
                        "data": self._data(load, event, verb, what, by),
                    }
                ),
            )

    def _data(self, load: Load, event: Event, verb: str, what: str, by: str) -> dict[str, Any]:
        match verb:
            case "filed":
                return self._form(load, event.form or {})
            case "voided":
                return {"reason": event.reason or "填写错误"}
            case "corrected":
                data: dict[str, Any] = {"corrects": event.of, "reason": event.reason or "填写错误"}
                if event.happened is not None:
                    data["happened_at"] = moment(event.happened).isoformat()
                changes = event.with_ or {}
                if what == "filed":
                    return {**data, "filed": self._form(load, changes)}
                before = next(e for e in load.events if e.verb == what)
                after = _changed(before, changes)
                return {**data, what: self._data(load, after, what, what, by)}
        data = (
            {"carrier": self.cast.firm(by).uscc}
            if verb in ("dispatched", "handed_over", "arrived")
            else {}
        )
        if event.plate is not None:
            data["plate"] = event.plate
        if verb == "handed_over":
            to = self.cast.firm(event.to or "other_carrier")
            data |= {"to": to.uscc, "to_name": to.name}
        opinion = event.opinion or "accepted"
        if verb == "received":
            data["opinion"] = opinion
        lines = list(event.wastes or ([{"t": event.t}] if event.t is not None else []))
        told = []
        for n, line in enumerate(lines, start=1):
            row = {"line": n, **line}
            if verb == "received":
                row = {"opinion": opinion, **row}
            if verb == "treated":
                row = {"method": "disposal", **row}
            told.append(in_tonnes(row, "accepted_t" if verb == "received" else "quantity_t"))
        if told:
            data["wastes"] = told
        return data

    def _form(self, load: Load, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Return the form of a load, with what this filing or correction says otherwise."""
        known = {f.rstrip("_") for f in Load.__struct_fields__} - {
            "events",
            "number",
            "number_year",
            "number_city",
        }
        unknown = set(changes) - known
        if unknown:
            raise ValueError(f"no members of a load: {sorted(unknown)}")
        if {"t", "waste"} & set(changes):
            changes = {"wastes": None, "waste": None, **changes}
        said = {
            name: changes.get(name, getattr(load, "from_" if name == "from" else name))
            for name in known
        }
        usual = cast_file()["load"]
        wastes = said["wastes"]
        if wastes is None:
            weight = {} if said["t"] is None else {"t": said["t"]}
            wastes = [{**(said["waste"] or {}), **weight}]
        consignor, receiver = self.cast.firm(said["from"]), self.cast.firm(said["to"])
        carriers = usual["carriers"] if said["carriers"] is None else said["carriers"]
        return {
            "consignor": {
                "uscc": consignor.uscc,
                "name": consignor.name,
                "site_region": said["from_site"] or consignor.region,
            },
            "receiver": {
                "uscc": receiver.uscc,
                "name": receiver.name,
                "site_region": said["to_site"] or receiver.region,
                "licence_no": said["licence_no"],
            },
            "carriers": [self._carrier(one) for one in carriers],
            "wastes": [
                in_tonnes({"line": n, **_weightless(usual["waste"], line), **line}, "quantity_t")
                for n, line in enumerate(wastes, start=1)
            ],
            **with_offsets(said["form"] or {}),
        }

    def _carrier(self, said: str | dict[str, str]) -> dict[str, Any]:
        told = dict(_carrier(said))
        firm = self.cast.firm(told.pop("firm"))
        return {"uscc": firm.uscc, "name": firm.name, **told}


def _carriers(load: Load) -> list[Any]:
    carriers: list[Any] = (
        cast_file()["load"]["carriers"] if load.carriers is None else load.carriers
    )
    return carriers


def _carrier(said: str | dict[str, str]) -> dict[str, str]:
    return {"firm": said} if isinstance(said, str) else said


def _changed(event: Event, changes: Mapping[str, Any]) -> Event:
    """Return an event as corrected."""
    unknown = set(changes) - {"t", "wastes", "opinion", "plate", "to"}
    if unknown:
        raise ValueError(f"no members of an event: {sorted(unknown)}")
    if {"t", "wastes"} & set(changes):
        changes = {"t": None, "wastes": None, **changes}
    return Event(
        **{name: changes.get(name, getattr(event, name)) for name in Event.__struct_fields__}
    )


def _weightless(usual: dict[str, Any], line: dict[str, Any]) -> dict[str, Any]:
    """Return the usual waste, without its weight for a line that is counted in packages."""
    return usual if line.get("packages") is None else {k: v for k, v in usual.items() if k != "t"}


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
