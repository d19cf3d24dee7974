"""A case as the product hears it: registry lines and events, each with when it became known."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, NamedTuple, get_args, get_type_hints

from schemas import registry
from schemas.credit_code import CreditCode
from schemas.decode import decode_registry_record
from schemas.record import Record
from schemas.registry import RegistryRecord
from streams.judging.statement import Statement, read_statement, to_micros
from tests.cases.cast import Cast, cast_file
from tests.cases.moments import moment, with_offsets
from tests.cases.story import Case, Event, Load

__all__ = ["Told"]


def _names_of_firms() -> frozenset[str]:
    """Return the members of registry records, and of their lines, that are credit codes."""
    models = [m for m in vars(registry).values() if isinstance(m, type) and issubclass(m, Record)]
    return frozenset(
        name
        for model in models
        for name, hint in get_type_hints(model, include_extras=True).items()
        if hint == CreditCode or CreditCode in get_args(hint)
    )


_FIRM_MEMBERS = _names_of_firms()
"""Members of records whose value is a firm of the cast."""
_MINUTE = timedelta(minutes=1)


class _Said(NamedTuple):
    heard: datetime
    raw: bytes


class Told:
    """One case, told."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.cast = Cast(case)

    # Registry -------------------------------------------------------------------------------------

    @cached_property
    def records(self) -> list[RegistryRecord]:
        """What the registry holds in the end: usual records first, then the story's, in its order."""
        return [decode_registry_record(line) for line in self.registry_lines]

    @cached_property
    def registry_lines(self) -> list[bytes]:
        """The same as lines of ``registry.ndjson``."""
        own: list[tuple[str, dict[str, Any]]] = []
        counted: Counter[str] = Counter()
        for item in self.case.registry:
            kind, members = _only(item)
            record = self._record(kind, dict(members or {}))
            if "id" not in record:
                counted[kind] += 1
                record["id"] = kind if counted[kind] == 1 else f"{kind}-{counted[kind]}"
            own.append((kind, record))
        taken = {(kind, _of(record)) for kind, record in own}
        left_out = {_only(item) for item in self.case.without}
        usual = [
            (kind, record)
            for kind, record in self._usual()
            if (kind, _of(record)) not in taken and (kind, _of(record)) not in left_out
        ]
        unknown = left_out - {(kind, _of(record)) for kind, record in self._usual()}
        if unknown:
            raise ValueError(f"the registry would not hold it anyway: {sorted(unknown)}")
        return [self._line(kind, record) for kind, record in (*usual, *own)]

    def _usual(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for item in cast_file()["usual"]:
            ((kind, members),) = ((k, v) for k, v in item.items() if k != "each")
            for label in item["each"]:
                firm = self.cast.firm(label)
                record = {
                    key: (label if key in _FIRM_MEMBERS else firm.region)
                    if value == "each"
                    else value
                    for key, value in members.items()
                }
                yield kind, {**record, "id": f"usual-{kind}-{label}"}

    def _record(self, kind: str, said: dict[str, Any]) -> dict[str, Any]:
        defaults = cast_file()["records"]
        record = {**defaults.get(kind, {}), **said}
        if kind == "licence" and "region" not in record:
            record["region"] = self.cast.firm(record["holder"]).region
        if kind == "transfer_approval":
            lines = record.get("lines") or [{}]
            record["lines"] = [
                {"line": n, **defaults["approval_line"], **line}
                for n, line in enumerate(lines, start=1)
            ]
            for line in record["lines"]:
                _tonnes(line, "quantity_t")
        return record

    def _line(self, kind: str, record: dict[str, Any]) -> bytes:
        members = {**self._firms(record), "kind": kind, "id": self.record_id(record["id"])}
        return _json(with_offsets(members))

    def record_id(self, label: str) -> str:
        """Return the id of a record that the story calls ``label``."""
        return f"{self.case.name}.{label}"

    def _firms(self, record: dict[str, Any]) -> dict[str, Any]:
        """Return a record with credit codes for the firms that it names."""
        found: dict[str, Any] = {}
        for key, value in record.items():
            if key in _FIRM_MEMBERS and value is not None:
                found[key] = self.cast.firm(value).uscc
            elif isinstance(value, list):
                found[key] = [self._firms(v) if isinstance(v, dict) else v for v in value]
            else:
                found[key] = value
        return found

    # Events ---------------------------------------------------------------------------------------

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
            told.append(_tonnes(row, "accepted_t" if verb == "received" else "quantity_t"))
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
            },
            "carriers": [self._carrier(one) for one in carriers],
            "wastes": [
                _tonnes({"line": n, **_weightless(usual["waste"], line), **line}, "quantity_t")
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


def _tonnes(line: dict[str, Any], name: str) -> dict[str, Any]:
    """Write ``t`` as the contract calls it."""
    if "t" in line:
        line[name] = line.pop("t")
    return line


def _of(record: Mapping[str, Any]) -> str | None:
    """Return the firm that a record is about."""
    return next((v for k, v in record.items() if k in _FIRM_MEMBERS), None)


def _only(item: Mapping[str, Any]) -> tuple[str, Any]:
    """Return the only member of a mapping."""
    if len(item) != 1:
        raise ValueError(f"one kind at a time, not {sorted(item)}")
    return next(iter(item.items()))


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
