"""What operators are told of files: the last backup's note, and the end of a certificate."""

import json
from datetime import datetime
from pathlib import Path

from infra.runtime.certificate import CertificateUnreadable, first_end
from infra.runtime.settings import Settings
from services.courier.metrics import BACKUP_DONE, BACKUP_VERIFIED, CERTIFICATE_ENDS

__all__ = ["backup_moment", "certificate_end", "watch_upkeep"]


def watch_upkeep(settings: Settings) -> None:
    """Let the gauges read the files whenever they are asked for."""
    note = settings.home.expanduser() / "run" / "backup.json"
    BACKUP_DONE.set_function(lambda: backup_moment(note, "finished_at"))
    BACKUP_VERIFIED.set_function(lambda: backup_moment(note, "verified_at"))
    if settings.tls_certificate_file:
        file = Path(settings.tls_certificate_file).expanduser()
        CERTIFICATE_ENDS.labels(file.name).set_function(lambda: certificate_end(file))


def backup_moment(note: Path, field: str) -> float:
    """Return a moment of ``run/backup.json`` in seconds since 1970; 0 if there is none."""
    try:
        value = json.loads(note.read_text(encoding="utf-8"))[field]
        moment = datetime.fromisoformat(value)
    except (OSError, ValueError, TypeError, LookupError):
        return 0.0
    # Without an offset it would be this machine's time, or anyone's: no proof of anything.
    return moment.timestamp() if moment.tzinfo is not None else 0.0


def certificate_end(file: Path) -> float:
    """Return when the first certificate of a PEM file ends, in seconds since 1970; 0: unreadable."""
    try:
        return first_end(file.read_bytes()).timestamp()
    except (OSError, CertificateUnreadable):
        return 0.0
