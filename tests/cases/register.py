"""What the registry holds in a case: the usual records, and the story's own in their place."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, get_args, get_type_hints

from schemas import registry
from schemas.credit_code import CreditCode
from schemas.record import Record
from tests.cases.cast import Cast, cast_file
from tests.cases.moments import with_offsets
from tests.cases.story import Case
from tests.cases.tonnes import in_tonnes

__all__ = ["Register"]


def _names_of_firms(kind: Any) -> frozenset[str]:
    """Return the members of registry records, and of their lines, that are of this kind."""
    models = [m for m in vars(registry).values() if isinstance(m, type) and issubclass(m, Record)]
    return frozenset(
        name
        for model in models
        for name, hint in get_type_hints(model, include_extras=True).items()
        if hint == kind or kind in get_args(hint)
    )


_FIRM_MEMBERS = _names_of_firms(CreditCode)
"""Members of records whose value is a firm of the cast."""
_FIRM_LISTS = _names_of_firms(list[CreditCode])


class Register:
    """The registry of one case."""

    def __init__(self, case: Case, cast: Cast) -> None:
        self._case, self._cast = case, cast

    @cached_property
    def lines(self) -> list[bytes]:
        """Lines of ``registry.ndjson``: usual records first, then the story's, in its order."""
        own: list[tuple[str, dict[str, Any]]] = []
        counted: Counter[str] = Counter()
        for item in self._case.registry:
            kind, members = _only(item)
            record = self._record(kind, dict(members or {}))
            if "id" not in record:
                counted[kind] += 1
                record["id"] = kind if counted[kind] == 1 else f"{kind}-{counted[kind]}"
            own.append((kind, record))
        taken = {(kind, _of(record)) for kind, record in own}
        left_out = {_only(item) for item in self._case.without}
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
                firm = self._cast.firm(label)
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
            record["region"] = self._cast.firm(record["holder"]).region
        if kind == "transfer_approval":
            lines = record.get("lines") or [{}]
            record["lines"] = [
                {"line": n, **defaults["approval_line"], **line}
                for n, line in enumerate(lines, start=1)
            ]
            for line in record["lines"]:
                in_tonnes(line, "quantity_t")
        return record

    def _line(self, kind: str, record: dict[str, Any]) -> bytes:
        members = {**self._firms(record), "kind": kind, "id": self.record_id(record["id"])}
        return json.dumps(with_offsets(members), ensure_ascii=False).encode()

    def record_id(self, label: str) -> str:
        """Return the id of a record that the story calls ``label``."""
        return f"{self._case.name}.{label}"

    def _firms(self, record: dict[str, Any]) -> dict[str, Any]:
        """Return a record with credit codes for the firms that it names."""
        found: dict[str, Any] = {}
        for key, value in record.items():
            if key in _FIRM_MEMBERS and value is not None:
                found[key] = self._cast.firm(value).uscc
            elif key in _FIRM_LISTS:
                found[key] = [self._cast.firm(v).uscc for v in value]
            elif isinstance(value, list):
                found[key] = [self._firms(v) if isinstance(v, dict) else v for v in value]
            else:
                found[key] = value
        return found


def _of(record: Mapping[str, Any]) -> str | None:
    """Return the firm that a record is about."""
    return next((v for k, v in record.items() if k in _FIRM_MEMBERS), None)


def _only(item: Mapping[str, Any]) -> tuple[str, Any]:
    """Return the only member of a mapping."""
    if len(item) != 1:
        raise ValueError(f"one kind at a time, not {sorted(item)}")
    return next(iter(item.items()))
