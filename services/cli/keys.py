"""API keys of units: made and revoked on a connection of role ``liandan_registry``."""

from typing import Any

from schemas.credit_code import read_credit_code
from services.gateway.keys import NewToken, new_token

__all__ = ["create_key", "revoke_key"]


async def create_key(connection: Any, uscc: str, name: str) -> NewToken:
    """Store a new key of a unit and return it; the token is shown once and kept nowhere.

    ``connection``: an asyncpg connection or pool. Raises ``schemas.checks.Refusal`` if ``uscc`` is
    no credit code.
    """
    read_credit_code(uscc)
    fresh = new_token()
    await connection.execute(
        "INSERT INTO api_key (key_id, secret, uscc, name) VALUES ($1, $2, $3, $4)",
        fresh.key_id,
        fresh.digest,
        uscc,
        name,
    )
    return fresh


async def revoke_key(connection: Any, key_id: str) -> bool:
    """Revoke a key from now on; False if there is no such key in force."""
    done = await connection.execute(
        "UPDATE api_key SET revoked_at = clock_timestamp() "
        "WHERE key_id = $1 AND revoked_at IS NULL",
        key_id,
    )
    return bool(done == "UPDATE 1")
