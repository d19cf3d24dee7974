"""The database from nothing to ready: roles (superuser, once) and plain SQL migrations."""

from infra.postgres.bootstrap import DATABASE, ROLES, bootstrap
from infra.postgres.migrate import MigrationError, contracts_waiting, migrate

__all__ = ["DATABASE", "ROLES", "MigrationError", "bootstrap", "contracts_waiting", "migrate"]
