"""What is true of a world: which subject breaks which rule, and which only looks as if."""

import json
from dataclasses import dataclass
from typing import Literal

__all__ = ["RULES", "Label"]

RULES = (
    "cross_province.no_approval",
    "cross_province.approval_not_in_force",
    "cross_province.quantity_exceeded",
    "licence.receiver_unlicensed",
    "licence.code_out_of_scope",
)
"""Rules that this issue of the product has; the simulator knows their names, not their code."""


@dataclass(frozen=True, slots=True)
class Label:
    """The truth about one subject: a manifest number or ``approval/<record id>/<line>``.

    A violation names its ``rule``, a lawful subject its ``likeness`` (``ordinary`` for everyday
    traffic). One subject may break several rules and then has several labels.
    """

    label: Literal["violation", "lawful"]
    subject: str
    story_zh: str
    story_en: str
    rule: str | None = None
    likeness: str | None = None

    def line(self) -> bytes:
        """Return the label as one NDJSON line without newline."""
        told = {"rule": self.rule} if self.label == "violation" else {"likeness": self.likeness}
        members = {
            "label": self.label,
            **told,
            "subject": self.subject,
            "story_zh": self.story_zh,
            "story_en": self.story_en,
        }
        return json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()

    @classmethod
    def read(cls, line: bytes | str) -> "Label":
        """Return the label that ``line`` wrote; TypeError or ValueError for anything else."""
        return cls(**json.loads(line))
