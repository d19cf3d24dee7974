"""Tonnes as the stories write them."""

from typing import Any

__all__ = ["in_tonnes"]


def in_tonnes(line: dict[str, Any], name: str) -> dict[str, Any]:
    """Write ``t`` as the contract calls it."""
    if "t" in line:
        line[name] = line.pop("t")
    return line
