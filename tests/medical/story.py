"""A story of medical waste: one file, what was said, what must be found, what must not.

``tests/medical/cases/<name>.yaml``; members are the fields below. Who plays and what the registry
holds unless a story says otherwise is in ``cast.yaml``.
"""

import json
from collections import Counter
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal

import msgspec

from schemas.credit_code import check_character
from tests.cases.moments import moment, with_offsets
from tests.cases.yaml_text import read_yaml

__all__ = ["CASES", "Expected", "Story", "all_stories"]

CASES = Path(__file__).parent / "cases"
_CAST = Path(__file__).parent / "cast.yaml"
_FIRMS = {"uscc", "owner", "holder", "institution", "plant", "to"}
_FIRM_LISTS = {"plants"}
_SPOKEN_BY = {
    "sealed": "hospital", "transferred": "clinic", "collected": "plant", "received": "plant",
    "treated": "plant", "returned": "plant", "lost": "plant", "found": "plant", "washed": "plant",
}  # fmt: skip


class Expected(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A finding that must be made."""

    rule: str
    state: Literal["violated", "needs_review", "notice"]
    because: str
    of: str = "hospital"
    """Whose day it is."""
    day: str | None = None
    """Else the day of the first thing said."""
    week: str | None = None
    """The Monday, of what is found about a week."""
    at: str | None = None
    articles: list[str] = []


class Story(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True, dict=True):
    """One story."""

    why_zh: str
    why_en: str
    said: list[dict[str, Any]]
    """Each: the verb with its time (China time), ``by``, ``id``, and members of its data; a correction
    names with ``of`` the id that it corrects and under ``as`` the verb."""
    registry: list[dict[str, Any]] = []
    without: list[str] = []
    """Ids of usual records that are not there."""
    now: str | None = None
    expect: list[Expected] = []
    silent: dict[str, str] = {}
    """Rule and the reason that it gives."""
    name: str = ""
    serial: int = 0

    def code(self, label: str) -> str:
        """Return the credit code of a player; no two stories share one."""
        number = list(cast()["firms"]).index(label) + self.serial * 20
        first = f"521301{80_000_000_000 + number:011d}"
        return first + check_character(first)

    @cached_property
    def registry_lines(self) -> list[bytes]:
        """What the registry holds: the usual records, the story's own in their place."""
        records: dict[str, dict[str, Any]] = {}
        for item in [*cast()["usual"], *self.registry]:
            ((kind, members),) = item.items()
            known = records.get(members["id"], {})
            records[members["id"]] = {**known, **members, "kind": kind}
        for gone in self.without:
            del records[gone]
        return [
            json.dumps(self._named(with_offsets(record)), ensure_ascii=False).encode()
            for record in records.values()
        ]

    def _named(self, value: Any) -> Any:
        if not isinstance(value, dict):
            return [self._named(v) for v in value] if isinstance(value, list) else value
        found = {}
        for key, inner in value.items():
            if key in _FIRMS and isinstance(inner, str):
                found[key] = self.code(inner)
            elif key in _FIRM_LISTS:
                found[key] = [self.code(each) for each in inner]
            elif key == "id" and "kind" in value:
                found[key] = f"{self.name}.{inner}"
            elif key.endswith("_g"):
                found[key] = int(inner)  # longer numbers than five digits are read as text
            elif key in ("plate", "plates"):
                found[key] = self.plates(inner)
            else:
                found[key] = self._named(inner)
        return found

    def plates(self, label: Any) -> Any:
        """Return the plate of a vehicle, of this story alone."""
        if isinstance(label, list):
            return [self.plates(each) for each in label]
        return f"冀{'ABCDEFGH'[cast()['plates'].index(label)]}{10000 + self.serial}"

    @cached_property
    def event_lines(self) -> list[bytes]:
        """What was said, in the order of the story."""
        counted: Counter[str] = Counter()
        lines = []
        for item in self.said:
            told = dict(item)
            verb = next(v for v in (*_SPOKEN_BY, "corrected") if v in told)
            at = told.pop(verb)
            counted[verb] += 1
            what = told.pop("as", verb)
            event_id = told.pop("id", verb if counted[verb] == 1 else f"{verb}-{counted[verb]}")
            by = told.pop("by", _SPOKEN_BY[what])
            subject = told.pop("subject", None) or told.pop("bag", None) or f"{verb}-{event_id}"
            if what == "washed" and subject in cast()["plates"]:
                subject = self.plates(subject)
            of, happened = told.pop("of", None), told.pop("happened", None)
            data = self._data(what, told)
            if verb == "corrected":
                data = {"corrects": of, "reason": "填报有误", what: data}
                if happened is not None:
                    data["happened_at"] = moment(happened).isoformat()
            event = {
                "specversion": "1.0",
                "id": event_id,
                "source": f"urn:uscc:{self.code(by)}",
                "type": f"liandan.medical.{verb}.v1",
                "subject": subject,
                "time": moment(at).isoformat(),
                "data": data,
            }
            lines.append(json.dumps(event, ensure_ascii=False).encode())
        return lines

    def _data(self, verb: str, told: dict[str, Any]) -> dict[str, Any]:
        usual: dict[str, Any] = dict(cast()["events"].get(verb, {}))
        bags = told.pop("bags", None)
        data = {**usual, **told}
        if bags is not None:
            if verb == "treated":
                data["loads"] = [
                    {"institution": data.pop("institution", "hospital"), "packages": bags}
                ]
            else:
                data["packages"] = [b if isinstance(b, dict) else {"id": b} for b in bags]
        elif verb == "treated":
            data.pop("institution", None)
        named: dict[str, Any] = self._named(data)
        return named

    @property
    def first_day(self) -> str:
        """The China day of the first thing said."""
        verb = next(v for v in (*_SPOKEN_BY, "corrected") if v in self.said[0])
        return str(self.said[0][verb])[:10]

    def subject(self, expected: Expected) -> str:
        """Return the subject of an expected finding."""
        if expected.week is not None:
            return f"week/{self.code(expected.of)}/{expected.week}"
        kind = "plant" if expected.of in ("plant", "far_plant", "emergency") else "medical"
        return f"{kind}/{self.code(expected.of)}/{expected.day or self.first_day}"


@cache
def cast() -> dict[str, Any]:
    """Return ``cast.yaml``."""
    said: dict[str, Any] = read_yaml(_CAST)
    return said


@cache
def all_stories() -> tuple[Story, ...]:
    """Return every story, by name."""
    found = []
    for serial, path in enumerate(sorted(CASES.glob("*.yaml")), start=1):
        story = msgspec.convert(read_yaml(path), Story)
        found.append(msgspec.structs.replace(story, name=path.stem, serial=serial))
    return tuple(found)
