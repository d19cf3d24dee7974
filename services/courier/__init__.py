"""The courier: outbox → feed, `alerts` topic, signed webhooks, messages to people."""
