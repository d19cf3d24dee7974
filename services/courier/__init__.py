"""The courier: outbox → feed and `alerts` topic."""
