"""Alerts of many manifests, kept packed: as objects they would be most of what judging files holds."""

from collections.abc import Iterator, Sequence
from typing import overload

from schemas.alert import Alert
from streams.judging.packing import pack_alert, read_alert

__all__ = ["KeptAlerts"]


class KeptAlerts(Sequence[Alert]):
    """Alerts by time, rule and subject, half a kilobyte each; unpacked when they are looked at."""

    def __init__(self) -> None:
        self._rows: list[tuple[bytes, bytes]] = []

    def put(self, alert: Alert) -> None:
        """Keep an alert."""
        order = f"{alert.in_time}\n{alert.rule}\n{alert.subject}".encode()
        self._rows.append((order, pack_alert(alert)))

    def sort(self) -> None:
        """Bring them in order; those of one time, rule and subject stay as they came."""
        self._rows.sort(key=lambda row: row[0])

    @overload
    def __getitem__(self, at: int) -> Alert: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Alert]: ...
    def __getitem__(self, at: int | slice) -> Alert | Sequence[Alert]:
        """Return an alert, or some of them."""
        if isinstance(at, slice):
            return tuple(read_alert(packed) for _, packed in self._rows[at])
        return read_alert(self._rows[at][1])

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[Alert]:
        return (read_alert(packed) for _, packed in self._rows)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, str | bytes):
            return NotImplemented
        return len(self) == len(other) and all(x == y for x, y in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]
