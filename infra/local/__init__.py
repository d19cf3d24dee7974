"""The one-command stack: real Kafka and real Postgres under one directory, no Docker, no root."""
