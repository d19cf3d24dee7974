"""Backups of the database around Postgres' own tools: made whole, checked, put back, noted."""

from infra.postgres.backup.contents import Contents, check_files
from infra.postgres.backup.errors import BackupDamaged, BackupError
from infra.postgres.backup.folder import Backup, find_backup, list_backups, mark_verified
from infra.postgres.backup.make import make_backup
from infra.postgres.backup.note import BackupNote, note_backup, note_verified, read_note
from infra.postgres.backup.restore import Restored, fill_database, restore_backup
from infra.postgres.backup.tools import Tools, find_tools
from infra.postgres.backup.versions import require_fit, server_version

__all__ = [
    "Backup",
    "BackupDamaged",
    "BackupError",
    "BackupNote",
    "Contents",
    "Restored",
    "Tools",
    "check_files",
    "fill_database",
    "find_backup",
    "find_tools",
    "list_backups",
    "make_backup",
    "mark_verified",
    "note_backup",
    "note_verified",
    "read_note",
    "require_fit",
    "restore_backup",
    "server_version",
]
