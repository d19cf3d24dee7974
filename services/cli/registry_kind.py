"""Arguments that registry commands share."""

import typer

from schemas.checks import Refusal
from schemas.instant import read_instant
from schemas.registry import REGISTRY_KINDS
from services.registry.history import Known

__all__ = ["AS_KNOWN_AT_HELP", "KIND_HELP", "known_kind", "known_until"]

KIND_HELP = "记录类型 / kind: " + ", ".join(REGISTRY_KINDS)
AS_KNOWN_AT_HELP = "此刻所知 / as known at, for example 2026-11-22T08:30:00+08:00"


def known_kind(kind: str) -> str:
    """Return the kind. Raises BadParameter."""
    if kind not in REGISTRY_KINDS:
        raise typer.BadParameter(f"{kind}: {'、'.join(REGISTRY_KINDS)}", param_hint="KIND")
    return kind


def known_until(text: str | None) -> Known:
    """Return the state of knowledge that ``--as-known-at`` asks for. Raises BadParameter."""
    if text is None:
        return Known()
    try:
        return Known(read_instant(text))
    except Refusal as refusal:
        told = f"{refusal.zh} / {refusal.en}"
        raise typer.BadParameter(told, param_hint="--as-known-at") from None
