"""Whose a manifest is: only its parties may see it."""

from typing import Any

from services.gateway.gateway import Gateway

__all__ = ["is_party", "manifest_of"]

_COLUMNS = """
SELECT subject, consignor, receiver, carriers, aliases, origin_region, destination_region, events,
       state, act_at, outcomes, verdict, registry_seq, clock, updated_at
FROM manifest
"""
_BY_SUBJECT = _COLUMNS + "WHERE subject = $1"
_BY_ALIAS = _COLUMNS + "WHERE aliases @> ARRAY[$1] AND aliases <> '{}' ORDER BY subject LIMIT 20"


def is_party(row: Any, uscc: str) -> bool:
    """Say whether a unit is consignor, receiver or a carrier of a row of table ``manifest``."""
    return uscc in (row["consignor"], row["receiver"], *row["carriers"])


async def manifest_of(gateway: Gateway, number: str, uscc: str) -> Any | None:
    """Return the row of a manifest of this unit by its number or an alias, None if there is none.

    Raises ``Refused("record_away")``.
    """
    for query in (_BY_SUBJECT, _BY_ALIAS):
        for row in await gateway.database.rows(query, number):
            if is_party(row, uscc):
                return row
    return None
