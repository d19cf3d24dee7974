"""The database from nothing to ready: roles (superuser, once) and plain SQL migrations."""

from infra.postgres.bootstrap import DATABASE, MIGRATOR, ROLES, bootstrap
from infra.postgres.migrate import MigrationError, contracts_waiting, migrate

__all__ = [
    "DATABASE",
    "MIGRATOR",
    "ROLES",
    "MigrationError",
    "bootstrap",
    "contracts_waiting",
    "migrate",
]
