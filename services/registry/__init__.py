"""The registry desk's writes: change sets, all or nothing."""

from services.registry.change_set import Change, ChangeSet, RegistryRefused, write_change_set

__all__ = ["Change", "ChangeSet", "RegistryRefused", "write_change_set"]
